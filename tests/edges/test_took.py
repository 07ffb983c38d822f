from pathlib import Path

import pytest

from scripts.edges import took


def test_the_last_few_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "took.json"
    assert took.known(file) == []
    for seconds in range(8):
        took.keep(seconds + 0.123, file)
    assert took.known(file) == [3.1, 4.1, 5.1, 6.1, 7.1]


@pytest.mark.parametrize("content", ["", "{", '{"a": 1}', '["x"]', "[NaN]", "7"])
def test_what_can_not_be_read_is_not_known(tmp_path: Path, content: str) -> None:
    file = tmp_path / "took.json"
    file.write_text(content)
    assert took.known(file) == []
    took.keep(5, file)
    assert took.known(file) == [5]


def test_a_place_that_takes_no_file_keeps_no_run_from_its_end(tmp_path: Path) -> None:
    took.keep(5, tmp_path / "missing" / "took.json")
