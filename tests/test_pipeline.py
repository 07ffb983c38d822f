"""`dvc repro` for real, by hand, on a small table of each task."""

from pathlib import Path

import pytest

from tests import small
from tests.scratch import Scratch, scratch


def filled(root: Path, task: str, *, timed: bool = True) -> Scratch:
    """A copy whose data/ a person has filled."""
    copy = scratch(root, small.params(task, timed=timed))
    (copy.root / "data").mkdir()
    for number in range(2):
        (copy.root / f"data/2024-0{number + 1}.parquet").write_bytes(small.month(number, task))
    (copy.root / "models/production.zip").touch()
    (copy.root / "models/anchors").mkdir()
    copy.dvc("add", "-q", "data")
    return copy


@pytest.mark.flows
@pytest.mark.parametrize("task", ["multiclass", "binary"])
def test_the_first_model_of_a_task(tmp_path: Path, task: str) -> None:
    copy = filled(tmp_path, task)
    copy.dvc("repro")
    first(copy)


def first(copy: Scratch) -> None:
    evaluation = copy.json("reports/evaluation.json")
    assert evaluation["verdict"] == {
        "verdict": "PROMOTE",
        "first": True,
        "reasons": evaluation["verdict"]["reasons"],
    }
    assert all(test["passed"] for test in evaluation["self_tests"])
    assert evaluation["holdout"]["leaked"] == 0
    assert copy.json("reports/drift.json")["production"] == 0
    assert copy.json("reports/validation.json")["passed"]


def test_the_same_inputs_give_the_same_bytes_and_dvc_shows_them(tmp_path: Path) -> None:
    copy = filled(tmp_path, "regression", timed=False)
    copy.dvc("repro")
    first(copy)
    before = (copy.root / "dvc.lock").read_bytes()
    copy.dvc("repro", "-f")
    assert (copy.root / "dvc.lock").read_bytes() == before
    assert "didn't change" in copy.dvc("repro").stdout
    assert "mean_absolute_error" in copy.dvc("metrics", "show").stdout
    copy.dvc("plots", "show", "-o", "plots")
    assert (copy.root / "plots/index.html").stat().st_size > 1000
    params = copy.root / "params.yaml"
    params.write_text(params.read_text().replace("alpha: 1.0", "alpha: 0.5"))
    assert "train.parameters.alpha" in copy.dvc("params", "diff").stdout


def test_a_stage_that_fails_says_why_in_one_line_and_stops_what_follows(tmp_path: Path) -> None:
    copy = filled(tmp_path, "binary")
    params = copy.root / "params.yaml"
    params.write_text(params.read_text().replace("LogisticRegression", "LogisticRegresion"))
    failed = copy.dvc("repro", code=255)
    said = [line for line in failed.stderr.splitlines() if line.startswith("params.yaml")]
    assert len(said) == 1 and "LogisticRegression" in said[0]
    assert "Traceback" not in failed.stderr
    assert not (copy.root / "reports/evaluation.json").exists()
