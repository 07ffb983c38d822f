import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.core.text import BREAK, did_you_mean, nearest, number, rounded, shown, to_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@pytest.mark.parametrize("broken", [float("nan"), float("inf"), [1, {"a": float("-inf")}], np.float64("nan")])
def test_a_number_that_is_not_finite_is_never_written(broken: object) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json({"value": broken})


@given(JSON)
def test_what_is_written_is_read_back_and_written_alike(value: object) -> None:
    text = to_json(value)
    assert text.endswith("\n")
    assert to_json(json.loads(text)) == text


def test_floats_keep_ten_digits_and_order_is_kept() -> None:
    assert to_json({"b": 1 / 3, "a": (np.float64(2), 10**17)}) == (
        '{\n  "b": 0.3333333333,\n  "a": [\n    2.0,\n    100000000000000000\n  ]\n}\n'
    )


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_rounding_twice_is_rounding_once(value: float) -> None:
    assert rounded(rounded(value)) == rounded(value)


def test_text_stays_readable() -> None:
    assert "Łódź" in to_json({"city": "Łódź"})


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.45167, "0.4517"),
        (-0.001, "-0.0010"),
        (0.00012345, "0.0001234"),
        (12345.678, "1.235e+04"),
        (0, "0"),
        (1234.5, "1234"),
    ],
)
def test_numbers_for_people(value: float, shown: str) -> None:
    assert number(value) == shown


def test_the_nearest_word_is_named_else_what_there_is() -> None:
    assert nearest("min_improvment", ["min_rows", "min_improvement"]) == "min_improvement"
    assert nearest("zzz", ["min_rows"]) is None
    assert did_you_mean("log_los", ["log_loss", "roc_auc"]) == "Did you mean log_loss?"
    assert did_you_mean("zzz", ["b", "a"]) == "Known: a, b."


def test_a_long_list_of_words_is_cut() -> None:
    line = did_you_mean("zzz", [f"column_{number}" for number in range(1000)])
    assert line.endswith(", ...")
    assert len(line) < 300


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
