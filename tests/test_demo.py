"""The demo in a scratch copy: two months of the real data, and what it says of them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import demo
from scripts.core.plots.plots import Month
from tests.layout import ROOT
from tests.scratch import QUIET


def month(name: str, production: float | None, never: float | None, *, promoted: bool) -> Month:
    return Month(name, production, never, promoted, 2, 0.1, "log_loss")


def test_the_ending_compares_the_months_that_both_models_met() -> None:
    told = demo.ending(
        [
            month("2013-01", None, None, promoted=True),
            month("2013-02", 0.5, 0.6, promoted=True),
            month("2013-03", 0.3, 0.6, promoted=False),
        ]
    )
    assert "2 months" in told and "0.4000 with Evergreen (2 promotions)" in told and "0.6000 with the first" in told


def test_a_year_of_one_month_has_nothing_to_compare() -> None:
    assert demo.ending([month("2013-01", None, None, promoted=True)]) == "No month was scored by both models."


@pytest.mark.flows
def test_two_months_are_lived_through_and_nothing_outside_is_touched(tmp_path: Path) -> None:
    into = tmp_path / "demo"
    before = subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True).stdout
    command = [sys.executable, "-m", "scripts.demo", "--months", "2", "--into", str(into)]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | QUIET, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert next(line for line in lines if line.startswith("2013-01")).endswith("v1 is production")
    second = next(line for line in lines if line.startswith("2013-02")).split()
    assert second[1] == second[2], "the first model is still production when February comes"
    assert (into / "year.png").read_bytes().startswith(b"\x89PNG")
    assert subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True).stdout == before


@pytest.mark.parametrize("value", [0.61692, 12.5])
def test_a_month_is_one_line(value: float) -> None:
    told = demo.said(month("2013-02", value, value, promoted=True), {"verdict": "PROMOTE"})
    assert told.startswith("2013-02") and "\n" not in told and told.endswith("v2 is production")
