"""The command: data/ as it is, or the whole replay; and the loop itself against what the backtest says of it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts import backtest
from scripts.core import params
from scripts.core.text import number
from scripts.edges.batches import flights
from tests import backtesting
from tests.backtesting import STRENGTHS, contents
from tests.layout import ROOT
from tests.scratch import QUIET, Scratch, scratch


def lay_out(root: Path, patch: pytest.MonkeyPatch, text: str, files: dict[str, bytes]) -> None:
    patch.chdir(root)
    patch.setattr(sys, "argv", ["backtest"])
    Path("params.yaml").write_text(text)
    for name, content in files.items():
        Path("data").mkdir(exist_ok=True)
        (Path("data") / name).write_bytes(content)


def test_a_table_a_picture_and_params_that_can_be_applied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = backtesting.text() + "backtest: {cost_per_retrain: 50000}\n"
    lay_out(tmp_path, monkeypatch, text, contents(STRENGTHS[:4]))
    assert backtest.main() == 0
    said = capsys.readouterr().out
    assert all(len(line) <= 100 for line in said.splitlines())
    assert "current params" in said and "oracle" in said and "4 batches are too few" in said
    report = json.loads(Path("backtest/backtest.json").read_text())
    assert report["choice"]["best"] == "never", "nothing is worth that price"
    assert Path("backtest/backtest.png").read_bytes().startswith(b"\x89PNG")
    subprocess.run(["git", "apply", "backtest/params.diff"], check=True)
    after = params.parse(Path("params.yaml").read_text()).triggers
    assert not any(getattr(after, name).enabled for name in ("new_rows", "data_drift", "performance_drop"))
    assert sorted(path.name for path in Path("data").iterdir()) == sorted(contents(STRENGTHS[:4]))


def test_the_whole_replay_is_tried_and_data_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    year = contents(STRENGTHS[:3])
    first = next(iter(year))
    text = backtesting.text().replace("{kind: files, path: inbox}", "{kind: replay}")
    lay_out(tmp_path, monkeypatch, text, {first: year[first]})
    monkeypatch.setattr(flights, "months", lambda: list(year))
    monkeypatch.setattr(flights, "several", lambda names: (year[name] for name in names))
    assert backtest.main() == 0
    assert [path.name for path in Path("data").iterdir()] == [first]
    report = json.loads(Path("backtest/backtest.json").read_text())
    assert [batch["name"] for batch in report["batches"]] == list(year)


def test_a_batch_that_the_pipeline_would_turn_away_is_told_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lay_out(tmp_path, monkeypatch, backtesting.text(), contents((2.0,)) | {"b.parquet": b"no table"})
    assert backtest.main() == 1
    assert "b.parquet" in capsys.readouterr().err
    assert not Path("backtest").exists()


def test_no_data_at_all_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lay_out(tmp_path, monkeypatch, backtesting.text(), {})
    assert backtest.main() == 1
    assert "holds no batch" in capsys.readouterr().err.splitlines()[-1]


def lived(copy: Scratch, files: dict[str, bytes]) -> list[dict[str, Any]]:
    """Every batch through the real commands: retrain, and promote when the candidate won."""
    runs = []
    for name, content in files.items():
        (copy.root / "inbox" / name).write_bytes(content)
        run = copy.retrain()
        run["promoted"] = run["verdict"] == "PROMOTE"
        if run["promoted"]:
            copy.command("promote")
            copy.run("git", "add", "-A")
            copy.run("git", "commit", "-qm", "promoted")
        runs.append(run)
    return runs


@pytest.mark.flows
def test_the_loop_itself_does_what_the_backtest_says_of_the_current_params(tmp_path: Path) -> None:
    files = contents((2.0, 2.0, -2.0, -2.0, 2.0, 2.0, 2.0))
    copy = scratch(tmp_path / "copy", backtesting.text())
    first, *later = lived(copy, files)
    copy.command("backtest")
    report = copy.json("backtest/backtest.json")
    current = next(one for one in report["policies"] if (one["policy"], one["gate"]) == ("current params", True))
    assert first["promoted"] and report["first"] == "2024-01.parquet"
    assert {run["verdict"] for run in later} >= {None, "PROMOTE"}, "there is something to compare"
    for step, run in zip(current["steps"], later, strict=True):
        assert step["fired"] == [one["name"] for one in run["triggers"] if one["state"] == "fired"], step["batch"]
        assert (step["verdict"], step["promoted"]) == (run["verdict"], run["promoted"]), step["batch"]


@pytest.mark.flows
def test_on_the_default_data_the_current_params_live_through_the_year_of_the_demo(tmp_path: Path) -> None:
    """The README's table was made by the loop itself, month by month."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if name.startswith(("scripts/", "params.yaml", "dvc.yaml")) and (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "scripts.backtest"]
    subprocess.run(command, cwd=tmp_path, env=os.environ | QUIET, check=True, capture_output=True)
    report = json.loads((tmp_path / "backtest/backtest.json").read_text())
    policies = {(one["policy"], one["gate"]): one["steps"] for one in report["policies"]}
    steps = zip(policies["current params", True], policies["never", True], strict=True)
    found = [
        (step["batch"].partition(".")[0], *(number(one["score"]) for one in (step, first)), step["promoted"])
        for step, first in steps
    ]
    table = (ROOT / "README.md").read_text().partition("<!-- demo:begin -->")[2].partition("<!-- demo:end -->")[0]
    rows = [line.split() for line in table.splitlines() if line.startswith("2013-")]
    assert len(rows) == 12
    assert found == [(row[0], row[1], row[2], row[4] == "PROMOTE") for row in rows[1:]]
