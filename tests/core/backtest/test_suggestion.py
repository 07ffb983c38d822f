"""The patch applies, and what it makes of params.yaml says what is wanted and nothing else."""

import subprocess
from pathlib import Path

import pytest

from scripts.core import params
from scripts.core.backtest import policies, suggestion
from tests import backtesting
from tests.layout import ROOT

OWN = (ROOT / "params.yaml").read_text("utf-8")
TEXT = backtesting.text().replace("tracking:", "# of tracking\ntracking:") + "backtest: {}\n"
START, END = TEXT.index("triggers:"), TEXT.index("# of tracking")
OTHERS = {
    "plain": TEXT,
    "no block": TEXT[:START] + TEXT[END:],
    "at the end": TEXT[:START] + TEXT[END:] + "\n" + TEXT[START:END].rstrip("\n"),
    "empty": TEXT[:START] + "triggers: {}\n" + TEXT[END:],
    "comments": TEXT[:START]
    + "triggers:  # why\n    # before\n    performance_drop:\n        relative: 0.1   # a tenth\n        floor: null\n"
    + "    max_age: {age: '90D'}  # a quarter\n\n# of everything else\n"
    + TEXT[END:],
    "no last line end": TEXT.rstrip("\n"),
}


GIT, PATCH = ("git", "apply"), ("patch", "-p1", "-i")


@pytest.mark.parametrize(
    ("text", "tool"),
    [*((text, GIT) for text in OTHERS.values()), (OWN, PATCH), (OTHERS["no last line end"], PATCH)],
    ids=[*OTHERS, "the project's own", "no last line end, by patch"],
)
def test_the_patch_applies_and_changes_the_triggers_alone(text: str, tool: tuple[str, ...], tmp_path: Path) -> None:
    now = params.parse(text)
    wanted = policies.every_batch(now.triggers)
    patch = suggestion.patch(text, wanted)
    assert patch
    (tmp_path / "params.yaml").write_bytes(text.encode())
    (tmp_path / "params.diff").write_bytes(patch.encode())
    subprocess.run([*tool, "params.diff"], cwd=tmp_path, check=True, capture_output=True)
    after = (tmp_path / "params.yaml").read_bytes().decode()
    assert params.parse(after) == now.model_copy(update={"triggers": wanted})
    gone = [line for line in patch.splitlines() if line.startswith("-") and not line.startswith("---")]
    assert all(line[1:] in text for line in gone) and len(gone) <= 7
    for comment in ("# why", "# before", "# a tenth", "# a quarter", "# of everything else", "# of tracking"):
        assert (comment in after) == (comment in text)


def test_windows_line_ends_stay() -> None:
    text = TEXT.replace("\n", "\r\n")
    patch = suggestion.patch(text, policies.only(params.parse(text).triggers))
    assert patch
    assert all(line.endswith("\r\n") for line in patch.splitlines(keepends=True)[3:])


def test_nothing_to_change_is_an_empty_patch_and_a_file_of_another_make_none() -> None:
    now = params.parse(TEXT).triggers
    assert suggestion.patch(TEXT, now) == ""
    anchored = TEXT.replace("threads: 1", "threads: &one 1").replace("{rows: 900}", "{rows: *one}")
    assert suggestion.patch(anchored, policies.only(now)) is None


def test_changes_are_said_by_their_settings() -> None:
    now = params.parse(TEXT).triggers
    said = suggestion.said(suggestion.differing(now, policies.every_batch(now)))
    assert "triggers.new_rows.rows: 1" in said and "triggers.data_drift.enabled: false" in said
