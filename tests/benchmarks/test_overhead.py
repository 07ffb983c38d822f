"""The yardsticks must do the loop's own job: the same rows to fit on, the same rows to score."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks import bare, measure, months, overhead_report, results, scratch
from scripts.core.settings.data_params import Data
from scripts.core.tables import rows, table

ROOT = Path(__file__).parents[2]


def flights(first: str, days: int, per_day: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(days)
    times = np.repeat(pd.date_range(first, periods=days), per_day) + pd.to_timedelta(
        rng.integers(0, 1440, days * per_day), "m"
    )
    frame = pd.DataFrame(
        {"flight_id": [f"{first}-{n}" for n in range(len(times))], "sched_dep": times.astype("M8[us]")}
    )
    for name in bare.CATEGORIES:
        frame[name] = rng.choice(["A", "B", "C"], len(frame))
    for name in bare.NUMBERS:
        frame[name] = rng.normal(size=len(frame))
    frame.loc[::7, "wind_gust"] = np.nan
    return frame.assign(disrupted=(frame["temp"] + rng.normal(size=len(frame)) > 0).astype("int64"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    flights("2013-01-01", 31).to_parquet(tmp_path / "2013-01.parquet", index=False)
    newest = flights("2013-02-01", 20)
    newest[newest["sched_dep"] < "2013-02-20 12:00"].to_parquet(tmp_path / "2013-02.parquet", index=False)
    return tmp_path


def data() -> Data:
    kinds = dict.fromkeys(bare.CATEGORIES, "category") | dict.fromkeys(bare.NUMBERS, "number")
    columns = {name: {"kind": kind} for name, kind in kinds.items()}
    settings: dict[str, Any] = {"name": "flights", "task": "binary", "target": "disrupted", "holdout": "14D"}
    settings["source"] = {"kind": "replay"}
    return Data.model_validate({**settings, "id": "flight_id", "time": "sched_dep", "columns": columns})


def printed(module: str, folder: Path) -> Any:
    command = [sys.executable, "-m", module, "--data", str(folder)]
    run = measure.run(command, ROOT, {**os.environ, "OMP_NUM_THREADS": "1"})
    assert run.seconds > 0
    assert run.largest > 50e6  # scikit-learn alone takes more
    return json.loads(run.printed.splitlines()[-1])


def test_bare_splits_as_the_loop_does(folder: Path) -> None:
    with (folder / "2013-01.parquet").open("rb") as one, (folder / "2013-02.parquet").open("rb") as two:
        frame = table.read({"2013-01.parquet": one, "2013-02.parquet": two}, data())
    split = rows.split(frame, data())
    train, holdout = bare.split(bare.read(folder))
    assert set(holdout["flight_id"]) == set(frame["flight_id"][split.holdout])
    assert set(train["flight_id"]) == set(frame["flight_id"][split.train])


@pytest.mark.flows
def test_both_scripts_score_the_same_rows_alike(folder: Path) -> None:
    alone, tutorial = printed("benchmarks.bare", folder), printed("benchmarks.tutorial", folder)
    assert alone == tutorial
    assert alone["train"] == 37 * 40
    assert 13 * 40 < alone["holdout"] < 14 * 40
    assert 0 < alone["log_loss"] < 1


def test_a_command_that_fails_is_not_a_figure(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="the reason"):
        measure.run([sys.executable, "-c", "raise SystemExit('the reason')"], tmp_path, os.environ)


def test_the_whole_tree_is_watched(tmp_path: Path) -> None:
    child = "x = bytearray(80_000_000); import time; time.sleep(0.6)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    tree = measure.watch([sys.executable, "-c", parent], tmp_path, os.environ)
    assert len(tree.processes) == 2
    assert max(one.largest for one in tree.processes.values()) > 80e6
    assert tree.resident >= tree.proportional > 80e6


def test_enlarged_rows_are_new_rows_of_the_same_days() -> None:
    batch = flights("2013-03-01", 5)
    large = months.enlarged(batch, 4)
    assert len(large) == 4 * len(batch)
    assert large["flight_id"].is_unique
    assert large["sched_dep"].is_monotonic_increasing
    minutes = large["sched_dep"].dt.floor("min").value_counts()
    pd.testing.assert_series_equal(minutes, 4 * batch["sched_dep"].value_counts(), check_like=True)
    assert not large.drop(columns="flight_id").duplicated().any()


def test_a_scratch_goes_back_to_what_it_was(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "data").mkdir(parents=True)
    (home / "data/one").write_text("1")
    (home / "two").write_text("2")
    project = scratch.Scratch(home)
    project.save("ready")
    kept = (home / "data/one").stat()
    (home / "two").unlink()
    (home / "two").mkdir()
    (home / "two/three").write_text("3")
    (home / "data/four").write_text("4")
    project.restore("ready")
    assert sorted(path.relative_to(home).as_posix() for path in home.rglob("*")) == ["data", "data/one", "two"]
    assert (home / "two").read_text() == "2"
    assert (home / "data/one").stat().st_ino == kept.st_ino


def test_a_section_replaces_itself_only() -> None:
    document = results.replaced(results.replaced(results.TITLE, "one", "old 1"), "two", "second")
    document = results.replaced(document, "one", r"new \1")
    assert document.startswith("# Results")
    assert "old" not in document
    assert r"<!-- one -->" + "\n" + r"new \1" + "\n" + "<!-- /one -->" in document
    assert "<!-- two -->\nsecond\n<!-- /two -->" in document


def overhead(retrain: float, together: int = 700) -> overhead_report.Overhead:
    def run(seconds: float) -> list[measure.Run]:
        return [measure.Run(seconds, seconds, 500, "")]

    runs = {scale: {"bare": run(5.0), "tutorial": run(20.0), "retrain": run(retrain)} for scale in (1, 10)}
    tree = measure.Tree(together, together + 100, {1: measure.Process("scripts.retrain", 0.0, 9.0, 500)})
    stage = overhead_report.Stage({1: [1.0], 10: [11.5]}, 0.5)
    idle = {"dvc status": run(1.0), "nothing new": run(2.9)}
    same = dict.fromkeys(runs, "Alike.")
    return overhead_report.Overhead(
        runs, {1: {"retrain": tree}, 10: {"retrain": tree}}, {"train": stage}, idle, {"bare": 1.0}, same, 0.1
    )


def test_a_limit_that_is_passed_is_said() -> None:
    broken = [one.what for one in overhead_report.limits(overhead(retrain=19.0)) if not one.holds]
    assert broken == ["full retrain / bare, wall at 10 times the rows", "stage train, 10 times the rows / default"]
    text = overhead_report.text(overhead(retrain=19.0))
    assert "| full retrain / bare, wall | 3.80 | 4 | yes |" in text
    assert "| full retrain / bare, wall at 10 times the rows | 3.80 | 1.5 | **no** |" in text
    assert "| retrain with nothing new / dvc status, wall | 2.90 | 3 | yes |" in text


def test_memory_is_that_of_all_processes_together() -> None:
    within, past = overhead(retrain=7.0, together=750), overhead(retrain=7.0, together=760)
    limits = {one.what: one for one in overhead_report.limits(within)}
    assert limits["peak memory, all processes together / bare"].value == 1.5
    broken = [one.what for one in overhead_report.limits(past) if "memory" in one.what and not one.holds]
    assert broken == [f"peak memory, all processes together / bare{rows}" for rows in ("", " at 10 times the rows")]
    assert "| retrain | 7.0 | 7.0 to 7.0 | 1.40 | 7.0 | 0 | 1.00 | 0 | 1.52 |" in overhead_report.text(past)


def test_figures_of_a_busy_machine_are_not_taken() -> None:
    quiet = overhead(retrain=19.0)
    assert not quiet.disturbed
    assert overhead_report.DISTURBED not in overhead_report.text(quiet)
    busy = replace(quiet, load=2.5)
    uneven = replace(
        quiet, runs={1: {**quiet.runs[1], "bare": [*quiet.runs[1]["bare"], measure.Run(9.0, 9.0, 500, "")]}}
    )
    for found in (busy, uneven):
        assert found.disturbed
        assert overhead_report.DISTURBED in overhead_report.text(found)


def test_the_command_explains_itself() -> None:
    command = [sys.executable, "-m", "benchmarks.overhead", "--help"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "--write" in said
