"""Make a candidate that won production on this machine; what is to be committed is said, not done."""

import argparse
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.core import bundle, declaration, errors, text
from scripts.core.declaration import Declaration
from scripts.core.errors import USAGE, Mistake
from scripts.core.params import Params
from scripts.core.paths import (
    ANCHORS_DVC,
    CANDIDATE,
    DATA_DVC,
    DECLARATION,
    EVALUATION,
    LOCK,
    PARAMS,
    PRODUCTION,
    PRODUCTION_DVC,
    REPORTS,
    RUN,
)
from scripts.core.promotion import Case, decide, declared, headline
from scripts.edges import files, lock, project
from scripts.edges.registry import tracking
from scripts.edges.registry.mlflow_registry import Recorded, Unrecorded
from scripts.edges.repository import git, history
from scripts.edges.versions import dvc


@dataclass(frozen=True)
class Asked:
    override: str | None  # a person's reason to promote against the verdict
    json: bool


@dataclass(frozen=True)
class Promoted:
    declaration: Declaration
    new: bool  # False: it was production already
    headline: str
    commit: tuple[str, ...]
    registry: Recorded | Unrecorded


def commands(now: Declaration, said: str, present: Sequence[str]) -> tuple[str, ...]:
    """What to type to commit the promotion."""
    against = f" against the verdict {now.verdict.verdict}" if now.verdict and now.verdict.override else ""
    subject = f"Promote v{now.version}{against}: {said}"
    return (f"git add {shlex.join(present)}", f"git commit -m {shlex.quote(subject)}")


def place(now: Declaration, content: bytes, params: Params, new: bool) -> Recorded | Unrecorded:
    """Make it so; done again after a kill it ends the same, and what fails ends where it began.

    The declaration is the last of the files; the registry's alias follows what is declared.
    """
    assert now.bundle is not None
    with tracking.started(params) as recorder:
        with together(PRODUCTION, PRODUCTION_DVC, DECLARATION):
            if _content(PRODUCTION) != content:
                files.write(PRODUCTION, content)
            dvc.add(PRODUCTION)
            if new:
                files.write(DECLARATION, declaration.render(now).encode())
        return recorder.alias(params.data.name, now.bundle, "production")


@contextmanager
def together(*paths: Path) -> Iterator[None]:
    """These files as they were, if the block fails: production is never one model by its bytes and another by name."""
    before = {path: _content(path) for path in paths}
    try:
        yield
    except Exception:
        for path, content in before.items():
            with suppress(Mistake):  # what made the block fail is what is to be told
                _put(path, content)
        raise


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _put(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink(missing_ok=True)
    elif _content(path) != content:
        files.write(path, content)


def promote(asked: Asked) -> Promoted:
    project.settled()
    params, production = project.read_params(), project.read_declaration()
    content = _candidate()
    evaluation, run = project.read_json(EVALUATION), project.read_json(RUN)
    case = Case(bundle.digest(content), production, evaluation, run, params.promotion.allow_override)
    verdict = decide(case, asked.override)
    now = production
    if verdict is not None:
        highest = history.highest() if git.commit() else 0  # before the first commit there is no history
        now = declared(case, verdict, bundle.unpack(content, case.candidate, str(CANDIDATE)).manifest, highest)
    said = headline(now, params.gate.metric)
    registry = place(now, content, params, new=verdict is not None)
    known = (DECLARATION, PRODUCTION_DVC, ANCHORS_DVC, DATA_DVC, LOCK, PARAMS, REPORTS)
    present = [path.as_posix() for path in known if path.exists()]
    return Promoted(now, verdict is not None, said, commands(now, said, present), registry)


def _candidate() -> bytes:
    try:
        return CANDIDATE.read_bytes()
    except OSError as error:
        raise Mistake(f"{CANDIDATE}: can't be read ({error.strerror}). Make one: make retrain.") from None


def lines(done: Promoted) -> list[str]:
    now = done.declaration
    if done.new:
        changed = f"  {PRODUCTION} is {now.bundle}; {PRODUCTION_DVC} and {DECLARATION} name it"
        out = [f"v{now.version} is production on this machine: {done.headline}", changed, "", "Commit it:"]
    else:
        out = [f"v{now.version} is production already: {done.headline}", "", "If it is not committed yet:"]
    if isinstance(done.registry, Unrecorded):
        out.insert(1, f"  Warning: {done.registry}")
    elif done.registry.version:
        out.insert(1, f"  MLflow: the alias production points at version {done.registry.version}")
    return out + [f"  {command}" for command in done.commit]


def machines(done: Promoted) -> dict[str, Any]:
    return {
        "promoted": done.new,
        "declaration": done.declaration.model_dump(by_alias=True, mode="json"),
        "headline": done.headline,
        "commit": done.commit,
        "warnings": [str(done.registry)] if isinstance(done.registry, Unrecorded) else [],
    }


def arguments() -> Asked:
    parser = argparse.ArgumentParser(prog="python -m scripts.promote", description=__doc__)
    parser.add_argument("--override", action="store_true", help="against HOLD or REJECT; needs --reason")
    parser.add_argument("--reason", help="why; it is written into models/production.json")
    parser.add_argument("--json", action="store_true", help="print the result for machines")
    given = parser.parse_args()
    printable = "".join(letter if letter.isprintable() else " " for letter in given.reason or "")
    reason = " ".join(printable.split())
    if given.override != bool(reason):
        raise Mistake(
            "--override and --reason go together: say why, as in --override --reason 'a safer model'.", code=USAGE
        )
    return Asked(reason or None, given.json)


@errors.reported
def main() -> int:
    asked = arguments()
    with lock.held():
        done = promote(asked)
    print(text.to_json(machines(done)).rstrip() if asked.json else "\n".join(lines(done)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
