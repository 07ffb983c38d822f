"""What a release is made of, gathered from git's history and the store; nothing is parsed whose digest is not known."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from scripts.core import bundle, mlflow_format, objects, publication
from scripts.core.bundle import Bundle
from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.paths import (
    DRIFT,
    DRIFT_HTML,
    EVALUATION,
    LOCK,
    METRICS,
    PLOTS,
    PREDICTIONS,
    PRODUCTION,
    RUN,
    VALIDATION,
)
from scripts.core.report.material import LOCKED, Material
from scripts.core.training import model as models
from scripts.edges import bundles
from scripts.edges.repository import history
from scripts.edges.repository.history import Declared

SOURCES = ("scripts/__init__.py", "scripts/core")


class Store(Protocol):
    def fetch(self, oid: str) -> bytes: ...


def gather(
    declared: Declared, store: Store, trusted: Sequence[str], predictions: bool, root: Path = Path()
) -> Material:
    """`trusted` are types that params.yaml adds; `predictions`: whether those of the hold-out are published."""
    judged = _judged(declared, root)
    opened = _bundle(declared, store, root)
    wanted = (EVALUATION, METRICS, VALIDATION, DRIFT, RUN, LOCKED)
    reports = {path.as_posix(): history.at(judged, path, root) for path in wanted}
    pictures = history.files(judged, (PLOTS.as_posix(),), root)
    own = mlflow_format.needs_sources(opened.manifest)
    found = Material(
        declaration=declared.declaration,
        commit=declared.commit,
        bundle=opened,
        reports={path: content for path, content in reports.items() if content is not None} | pictures,
        stored=_stored(judged, store, (PREDICTIONS, DRIFT_HTML) if predictions else (DRIFT_HTML,), root),
        sources=history.files(judged, SOURCES, root) if own else {},
        trusted=types(opened.model, trusted),
    )
    _check_predictions(found)
    return found


def _judged(declared: Declared, root: Path) -> str:
    """The commit that holds the evaluation which the declaration rests on."""
    now = declared.declaration
    assert now.bundle is not None
    found = history.evaluation_of(
        now.bundle, declared.commit, root, lambda evaluation: publication.judges(now, evaluation)
    )
    if found is None:
        raise Mistake(
            f"v{now.version}: no commit up to {declared.commit[:12]} holds a {EVALUATION} of {now.bundle[:19]} that "
            "comes to the declared verdict. Commit the reports with the declaration: git add reports dvc.lock",
            code=OUTSIDE,
        )
    return found


def _bundle(declared: Declared, store: Store, root: Path) -> Bundle:
    return bundle.unpack(bundles.content(declared, store.fetch, root), declared.declaration.bundle, str(PRODUCTION))


def _stored(commit: str, store: Store, wanted: Sequence[Path], root: Path) -> dict[str, bytes]:
    lock = history.at(commit, LOCK, root)
    named = {} if lock is None else {each.path: each.oid for each in objects.locked(lock.decode(errors="replace"))}
    found = {path: store.fetch(named[path]) for path in map(Path.as_posix, wanted) if path in named}
    return {path: content for path, content in found.items() if content}  # an empty page is one that nobody asked for


def _check_predictions(found: Material) -> None:
    content = found.stored.get(PREDICTIONS.as_posix())
    expected = (found.evaluation.get("predictions") or {}).get("digest")
    if content is not None and expected is not None and bundle.digest(content) != expected:
        raise Mistake(
            f"{PREDICTIONS}: dvc.lock names other predictions than {EVALUATION}. Judge anew: make retrain.",
            code=OUTSIDE,
        )


def types(content: bytes, trusted: Sequence[str]) -> tuple[str, ...]:
    """Those in a model file that skops does not trust by itself; a Mistake if the repository trusts one of them not."""
    import skops.io

    if unknown := models.untrusted(content, trusted):
        cure = "If you know them, list them in params.yaml under train.trusted"
        said = f"holds types that nobody trusts here: {', '.join(unknown)}"
        raise Mistake(f"model.skops: {said}. {cure}.", code=OUTSIDE)
    return tuple(sorted(skops.io.get_untrusted_types(data=content)))
