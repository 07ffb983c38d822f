"""What a run left behind: the candidate, the reports about it, and how the commands before this one ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scripts.core import bundle, code, standing
from scripts.core.params import Params
from scripts.core.paths import CANDIDATE, DRIFT, EVALUATION, RUN, VALIDATION
from scripts.edges import dvc, outcome, pointers, project

Report = Mapping[str, Any]


@dataclass(frozen=True)
class Judged:
    """None for what there is not."""

    params: Params
    content: bytes | None  # the candidate's bundle
    candidate: str | None  # its digest
    evaluation: Report | None
    validation: Report | None
    drift: Report | None
    run: Report | None
    data: str  # digest of the table that the candidate was judged on
    retrain: Report | None
    record: Report | None

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
    def failed(self) -> str | None:
        """Why nothing is to be proposed now, whatever the reports say."""
        if self.retrain is not None and self.retrain.get("code"):
            return "the run failed"
        if self.record is not None and self.record.get("moved"):
            return "main changed while the candidate was trained: the next run judges anew"
        if self.record is not None and self.record.get("code"):
            return "the run could not be recorded"
        return None

    def manifest(self) -> Report:
        assert self.content is not None
        return bundle.unpack(self.content, self.candidate, str(CANDIDATE)).manifest


def read() -> Judged:
    content = CANDIDATE.read_bytes() if CANDIDATE.is_file() else None
    return Judged(
        params=project.read_params(),
        content=content,
        candidate=None if content is None else bundle.digest(content),
        evaluation=project.read_json(EVALUATION),
        validation=project.read_json(VALIDATION),
        drift=project.read_json(DRIFT),
        run=project.read_json(RUN),
        data=pointers.data_of("evaluate") or dvc.digest(),
        retrain=outcome.read("retrain"),
        record=outcome.read("record"),
    )
