import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scripts.core.tables.findings import LONGEST, finding, in_rows, place, shown


@given(st.text())
def test_a_shown_value_is_short_and_printable(text: str) -> None:
    said = shown(text)
    assert said.isprintable()
    assert "##[" not in said
    assert len(said) <= 10 * LONGEST  # an escaped sign takes up to ten


def test_a_shown_value_says_what_it_is() -> None:
    assert [shown(value) for value in ("n/a", "a\nb\x1b[31m", 3, 2.0, 50.004, True, None, np.float64(0.1))] == [
        "'n/a'",
        "'a\\nb\\x1b[31m'",
        "3",
        "2",
        "50.004",
        "True",
        "None",
        "0.1",
    ]
    assert shown("x" * 1000) == "'" + "x" * (LONGEST - 3) + "...'"


def test_a_place_has_no_line_break_whatever_the_names() -> None:
    assert place("a\nb.csv", "c\u202ed") == "data/a\\nb.csv: column 'c\\u202ed'"


def test_rows_are_counted_numbered_from_one_and_shown() -> None:
    broken = np.zeros(29_425, dtype=bool)
    broken[[11, 39, 40]] = True
    found = in_rows(("2013-07.parquet", "temp"), "number", "has text", "Fix it.", broken, values=["n/a", "n/a", "--"])
    assert found.message == (
        "data/2013-07.parquet: column 'temp' has text in 3 of 29,425 rows "
        "(rows 12, 40, 41: 'n/a', 'n/a', '--'). Fix it."
    )
    assert (found.count, found.share, found.limit) == (3, 3 / 29_425, None)
    assert found.examples == ("row 12: 'n/a'", "row 40: 'n/a'", "row 41: '--'")


def test_many_rows_are_shortened_and_held_against_the_limit() -> None:
    found = in_rows(("a", "b"), "missing", "is missing", "Fix it.", np.ones(50, dtype=bool), tolerated=0.05, among=100)
    assert found.message == (
        "data/a: column 'b' is missing in 50 of 100 rows (50%, limit 5%; rows 1, 2, 3, 4, 5, ...). Fix it."
    )
    assert (found.limit, found.examples) == (0.05, ("1", "2", "3", "4", "5"))


def test_a_finding_has_five_examples_at_most() -> None:
    assert len(finding((None, None), "rule", "is wrong", "Fix it.", examples=list("abcdefgh")).examples) == 5
