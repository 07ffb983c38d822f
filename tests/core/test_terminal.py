import pytest

from scripts.core.terminal import BREAK, shown


@pytest.mark.parametrize(
    "text", ["::set-env name=x::y", "a ::add-mask::b", ":::::", "##[error]x", "\x1b[2J\r\n\x07a\u202eb"]
)
def test_no_command_and_no_control_character_is_left(text: str) -> None:
    line = shown(text)
    assert "::" not in line and "##[" not in line
    assert all(letter.isprintable() or letter == BREAK for letter in line)
    assert shown(line) == line


def test_what_people_write_stays_as_it_is() -> None:
    assert shown("Zürich: 12 % of JFK → v4 #3 [a]") == "Zürich: 12 % of JFK → v4 #3 [a]"
