"""What a person asks, on the command line and on the form of the workflow."""

import pytest

from scripts.core.errors import Mistake
from scripts.edges.asked import Asked, of_a_retrain

PLAIN = Asked(reason=None, ingest=True, json=False, as_of=None, dry_run=False)


def asked(*words: str, **form: str) -> Asked:
    return of_a_retrain("about", {f"EVERGREEN_{name.upper()}": value for name, value in form.items()}, list(words))


def test_nothing_asked_is_an_ordinary_run() -> None:
    assert asked() == PLAIN
    assert asked(reason="", force="false", as_of="", dry_run="false") == PLAIN


def test_the_form_says_what_the_command_line_would() -> None:
    words = asked("--force", "--reason", "new  labels", "--as-of", "2013-06-30", "--dry-run")
    assert words == Asked("new labels", True, False, "2013-06-30", True)
    assert asked(reason="new labels", force="true", as_of="2013-06-30", dry_run="true") == words


def test_a_reason_on_the_form_forces_nothing_by_itself() -> None:
    assert asked(reason="just looking", force="false") == PLAIN


@pytest.mark.parametrize("words", [("--force",), ("--reason", "x"), ("--force", "--reason", "  ")])
def test_force_and_reason_go_together(words: tuple[str, ...]) -> None:
    with pytest.raises(Mistake, match="go together"):
        asked(*words)


def test_the_form_can_not_force_without_a_reason() -> None:
    with pytest.raises(Mistake, match="go together"):
        asked(force="true")


@pytest.mark.parametrize("day", ["June", "2013-6-1", "2013-06-30; rm -rf /"])
def test_a_day_is_a_day(day: str) -> None:
    with pytest.raises(Mistake, match="is no day"):
        asked(as_of=day)
