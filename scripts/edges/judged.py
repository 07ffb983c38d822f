"""What a run left behind: the candidate, the reports about it, and how the commands before this one ended."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from scripts.core import bundle, code, objects, standing
from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.params import Params
from scripts.core.paths import CANDIDATE, DATA, DRIFT, EVALUATION, LOCK, RUN, VALIDATION
from scripts.edges import outcome, project
from scripts.edges.versions import dvc

Report = Mapping[str, Any]


@dataclass(frozen=True)
class Judged:
    """None for what there is not."""

    params: Params
    candidate: str | None  # digest of the bundle
    evaluation: Report | None
    validation: Report | None
    drift: Report | None
    run: Report | None
    data: str  # digest of the table that the candidate was judged on
    retrain: Report | None
    record: Report | None
    fetch: Callable[[str], bytes]  # from the store, by DVC's name

    @cached_property
    def content(self) -> bytes:
        """The candidate's bundle. A run that finds nothing new hands none over: then it comes from the store."""
        if CANDIDATE.is_file():
            return CANDIDATE.read_bytes()
        oids = [each.oid for each in objects.locked(_lock()) if each.path == CANDIDATE.as_posix()]
        if not oids:
            raise Mistake(f"{CANDIDATE}: is not here, and {LOCK} does not name it. Make one: make retrain.")
        content = self.fetch(oids[0])
        if bundle.digest(content) != self.candidate:
            said = f"{CANDIDATE}: {LOCK} names another than {EVALUATION} judges"
            raise Mistake(f"{said}. Judge it again: make retrain.", code=OUTSIDE)
        return content

    def manifest(self) -> Report:
        return bundle.unpack(self.content, self.candidate, str(CANDIDATE)).manifest

    @property
    def key(self) -> str:
        """What a refusal is about: see core/standing.py."""
        return standing.key(self.data, code.training_params(self.params), code.gate_params(self.params))

    @property
    def made_now(self) -> bool:
        """Whether this very run made the candidate."""
        found = self.retrain or {}
        return bool(found.get("new") and found.get("verdict"))

    @property
    def dropped(self) -> str | None:
        """Why nothing is to be proposed now, whatever the reports say."""
        if self.record is not None and self.record.get("moved"):
            return "main changed while the candidate was trained: the next run judges anew"
        if self.record is not None and self.record.get("code"):
            return "the run could not be recorded"
        return None


def read(fetch: Callable[[str], bytes]) -> Judged:
    evaluation = project.read_json(EVALUATION)
    return Judged(
        params=project.read_params(),
        candidate=_candidate(evaluation),
        evaluation=evaluation,
        validation=project.read_json(VALIDATION),
        drift=project.read_json(DRIFT),
        run=project.read_json(RUN),
        data=objects.depended(_lock(), "evaluate").get(DATA.as_posix()) or dvc.digest(),
        retrain=outcome.read("retrain"),
        record=outcome.read("record"),
        fetch=fetch,
    )


def _candidate(evaluation: Any) -> str | None:
    """That of the file; where there is none, of the one that was judged last."""
    if CANDIDATE.is_file():
        return bundle.digest(CANDIDATE.read_bytes())
    try:
        return str(evaluation["models"]["candidate"]["bundle"])
    except (LookupError, TypeError):
        return None


def _lock() -> str:
    return LOCK.read_text("utf-8") if LOCK.is_file() else "{}"
