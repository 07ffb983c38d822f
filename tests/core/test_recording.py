import json

import pytest

from scripts.core import recording
from scripts.core.handover import Handover

KEPT = {"reports/validation.json": False, "reports/plots/drift.png": False, "reports/drift.html": True}


def handed(verdict: str | None = "PROMOTE", new: tuple[str, ...] = ("2013-02.parquet",)) -> Handover:
    batches = [{"name": f"2013-0{month}.parquet", "rows": month * 1000} for month in (1, 2, 3, 4)]
    files = {
        "data.dvc": b"pointer",
        "models/anchors.dvc": b"earlier releases",
        "models/anchors/anchors.json": b"{}",
        "dvc.lock": b"lock",
        "reports/run.json": json.dumps({"run": "ab12cd34", "verdict": verdict}).encode(),
        "reports/validation.json": json.dumps({"batches": batches}).encode(),
        "reports/plots/drift.png": b"picture",
        "reports/drift.html": b"page",
        "models/candidate.zip": b"candidate",
        "outcome/retrain.json": b"{}",
        **{f"data/{name}": b"rows" for name in new},
    }
    return Handover("a" * 40, True, files)


def test_git_gets_pointers_and_small_reports_and_loses_reports_that_are_no_more() -> None:
    there = ["reports/run.json", "reports/evaluation.json", "reports/plots/slices.png", "reports/.gitignore"]
    files = recording.change(handed(), KEPT, [*there, "reports/note.md", "reports/mine/x.json"]).files
    assert {path for path, content in files.items() if content is None} == {
        "reports/evaluation.json",
        "reports/plots/slices.png",
    }
    assert {path for path, content in files.items() if content is not None} == {
        "data.dvc",
        "models/anchors.dvc",
        "dvc.lock",
        "reports/run.json",
        "reports/validation.json",
        "reports/plots/drift.png",
    }


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (handed(), "Record 2013-02: 2,000 new rows, PROMOTE"),
        (handed(new=("2013-02.parquet", "2013-03.parquet")), "Record 2013-02, 2013-03: 5,000 new rows, PROMOTE"),
        (
            handed("HOLD", tuple(f"2013-0{month}.parquet" for month in (1, 2, 3, 4))),
            "Record 2013-01, 2013-02 and 2 more: 10,000 new rows, HOLD",
        ),
        (handed(None), "Record 2013-02: 2,000 new rows, no reason to retrain"),
        (handed("HOLD", ()), "Record run ab12cd34: no new rows, HOLD"),
    ],
)
def test_the_commit_says_what_arrived_and_what_came_of_it(given: Handover, line: str) -> None:
    assert recording.change(given, KEPT, []).message == f"{line}\n\nEvergreen-Run: ab12cd34\n"


def test_what_a_result_rests_on_is_neither_lock_nor_report() -> None:
    named = set(map(str, recording.INPUTS))
    assert named == {"data.dvc", "params.yaml", "models/production.json", "dvc.yaml", "scripts"}
