"""What a finished run changes on the main branch, and whether it may still do so."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from scripts.core.handover import Handover
from scripts.core.paths import (
    ANCHORS_DVC,
    DATA,
    DATA_DVC,
    DECLARATION,
    LOCK,
    PARAMS,
    PIPELINE,
    PLOTS,
    REPORTS,
    RUN,
    VALIDATION,
)

INPUTS = (DATA_DVC, PARAMS, DECLARATION, PIPELINE, "scripts")  # what a result rests on
NAMES = 2  # of batches, in the first line


@dataclass(frozen=True)
class Change:
    """Files to be put on the branch; None: to be taken off it."""

    files: Mapping[str, bytes | None]
    message: str


def change(handover: Handover, kept: Mapping[str, bool], there: Iterable[str]) -> Change:
    """`kept`: outputs of dvc.yaml, and whether DVC keeps them; `there`: what the branch has under reports/."""
    by_git = {path for path, cached in kept.items() if not cached} | {
        DATA_DVC.as_posix(),
        ANCHORS_DVC.as_posix(),
        LOCK.as_posix(),
        RUN.as_posix(),
    }
    files: dict[str, bytes | None] = {path: content for path, content in handover.files.items() if path in by_git}
    gone = {path: None for path in there if _report(path) and path not in files}
    return Change(files | gone, _message(handover))


def _report(path: str) -> bool:
    """Whether a file of the branch is one that a run leaves there."""
    folder, _, name = path.rpartition("/")
    return (folder == str(REPORTS) and name.endswith(".json")) or (folder == str(PLOTS) and name.endswith(".png"))


def _message(handover: Handover) -> str:
    run = handover.json(RUN)
    batches = (handover.json(VALIDATION) or {}).get("batches", ())
    new = [batch for batch in batches if f"{DATA}/{batch['name']}" in handover.files]
    rows = sum(int(batch["rows"]) for batch in new)
    verdict = run["verdict"] or "no reason to retrain"
    what = f"{_called(new)}: {rows:,} new rows" if new else f"run {run['run']}: no new rows"
    return f"Record {what}, {verdict}\n\nEvergreen-Run: {run['run']}\n"


def _called(batches: list[Any]) -> str:
    names = [PurePosixPath(batch["name"]).stem for batch in batches]
    more = f" and {len(names) - NAMES} more" if len(names) > NAMES else ""
    return ", ".join(names[:NAMES]) + more
