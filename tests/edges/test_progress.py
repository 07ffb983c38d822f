import io
import sys

import pytest

from scripts.edges.progress import Progress


def test_away_from_a_terminal_every_step_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress() as progress:
        progress("train")
        progress("something else")
    out, err = capsys.readouterr()
    assert out == ""
    first, second = err.splitlines()
    assert first.endswith(" s  training the candidate") and second.endswith(" s  something else")


def test_quiet_means_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(quiet=True) as progress:
        progress("train")
    assert capsys.readouterr() == ("", "")


def test_in_a_terminal_one_line_moves_and_is_gone_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with pytest.raises(KeyError), Progress() as progress:
        progress("drift")
        progress("train")
        assert progress.status is not None
        assert progress.status.status == "measuring drift · training the candidate"
        raise KeyError
    assert "\n\n" not in terminal.getvalue()
