"""`dvc repro` for real, by hand, on a small table of each task."""

from pathlib import Path

import pytest

from tests import small
from tests.scratch import Scratch, scratch


def filled(root: Path, task: str, *, timed: bool = True) -> Scratch:
    """A copy whose data/ has been filled."""
    batches = {f"2024-0{number + 1}.parquet": small.month(number, task) for number in range(2)}
    copy = scratch(root, small.params(task, timed=timed), batches)
    copy.command("ingest")
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
    assert "up to date" in copy.dvc("status").stdout  # nothing that git names is missing in the cache either
    assert "mean_absolute_error" in copy.dvc("metrics", "show").stdout
    copy.dvc("plots", "show", "-o", "plots")
    assert (copy.root / "plots/index.html").stat().st_size > 1000
    params = copy.root / "params.yaml"
    params.write_text(params.read_text().replace("alpha: 1.0", "alpha: 0.5"))
    assert "train.parameters.alpha" in copy.dvc("params", "diff").stdout


@pytest.mark.flows
def test_what_one_clone_pushes_is_all_that_another_needs(tmp_path: Path) -> None:
    copy = filled(tmp_path / "one", "regression", timed=False)
    copy.dvc("repro")
    copy.dvc("remote", "add", "-d", "kept", str(tmp_path / "kept"))
    copy.dvc("push")
    copy.run("git", "add", "-A")
    copy.run("git", "-c", "user.name=one", "-c", "user.email=one@example.org", "commit", "-qm", "A model")
    copy.run("git", "clone", "-q", str(copy.root), str(tmp_path / "two"))
    other = Scratch(tmp_path / "two")
    other.dvc("pull")
    assert (other.root / "models/anchors").is_dir() and (other.root / "models/production.zip").read_bytes() == b""
    assert "Running stage" not in other.dvc("repro").stdout
    assert other.state() == copy.state()


def test_a_stage_that_fails_says_why_in_one_line_and_stops_what_follows(tmp_path: Path) -> None:
    copy = filled(tmp_path, "binary")
    params = copy.root / "params.yaml"
    params.write_text(params.read_text().replace("LogisticRegression", "LogisticRegresion"))
    failed = copy.dvc("repro", code=255)
    said = [line for line in failed.stderr.splitlines() if line.startswith("params.yaml")]
    assert len(said) == 1 and "LogisticRegression" in said[0]
    assert "Traceback" not in failed.stderr
    assert not (copy.root / "reports/evaluation.json").exists()
