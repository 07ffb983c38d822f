"""What is known of the run under way: its job, what its commands left in outcome/, the reports in the folder."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scripts.core import bundle
from scripts.core.errors import Mistake
from scripts.core.ledger_line import Known, Origin
from scripts.core.paths import DECLARATION, EVALUATION, LOCK, OUTCOME, PARAMS, PREDICTIONS, RUN
from scripts.edges import outcome, project
from scripts.edges.actions import Job
from scripts.edges.repository import git

REPORTS = {"run": RUN, "evaluation": EVALUATION, "declaration": DECLARATION}


def known(job: Job, command: str | None = None, now: datetime | None = None) -> Known:
    return Known(
        now=now or datetime.now(UTC),
        origin=Origin(job.run, job.attempt, job.event, job.actor, job.workflow, job.commit or git.commit(), job.url),
        outcomes=dict(_outcomes()),
        reports={name: project.read_json(path) for name, path in REPORTS.items()},
        predictions_md5=md5(PREDICTIONS),
        digests=dict(_digests()),
        command=command,
    )


def _outcomes() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(OUTCOME.glob("*.json")):
        if (found := outcome.read(path.stem)) is not None:
            yield path.stem, found


def _digests() -> Iterator[tuple[str, str]]:
    """What is broken has no digest; that it is, others say."""
    if PARAMS.is_file():
        yield "params", bundle.digest(PARAMS.read_bytes())
    try:
        yield "code", project.training_code()
    except Mistake:
        return


def md5(path: Path, lock: Path = LOCK) -> str | None:
    """By which the store knows an output, as dvc.lock says; None when it does not."""
    import yaml

    try:
        stages = yaml.safe_load(lock.read_text("utf-8"))["stages"].values()
        outs = [out for stage in stages for out in stage.get("outs", ())]
        return next((str(out["md5"]) for out in outs if out["path"] == path.as_posix()), None)
    except (OSError, ValueError, yaml.YAMLError, LookupError, TypeError, AttributeError):
        return None
