"""What a command did is there for the next one, however it ended."""

from pathlib import Path

import pytest

from scripts.core.errors import OUTSIDE, Mistake
from scripts.edges import outcome


def test_what_a_block_found_is_read_again(tmp_path: Path) -> None:
    with outcome.kept("retrain", tmp_path / "outcome") as found:
        found["verdict"] = "HOLD"
    assert outcome.read("retrain", tmp_path / "outcome") == {"code": 0, "lines": [], "verdict": "HOLD"}


def test_a_mistake_is_kept_with_its_lines_and_goes_on(tmp_path: Path) -> None:
    with pytest.raises(Mistake), outcome.kept("retrain", tmp_path) as found:
        found["run"] = "1"
        raise Mistake("one", "two", code=OUTSIDE)
    assert outcome.read("retrain", tmp_path) == {"code": 3, "lines": ["one", "two"], "run": "1"}


def test_a_crash_is_kept_too(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), outcome.kept("retrain", tmp_path):
        _ = 1 / 0
    assert outcome.read("retrain", tmp_path) == {"code": 1, "lines": ["retrain: ZeroDivisionError: division by zero"]}


def test_what_never_ran_and_what_was_cut_off_is_none(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{")
    assert outcome.read("retrain", tmp_path) is None
    assert outcome.read("broken", tmp_path) is None
    outcome.begin(tmp_path / "gone")
