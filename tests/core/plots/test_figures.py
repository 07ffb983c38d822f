import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.core.plots import figures

pytestmark = pytest.mark.filterwarnings("error")  # a glyph that is missing is a warning of matplotlib's


@given(st.text(max_size=120))
@settings(max_examples=60, deadline=None)
def test_clean_text_is_one_line_that_the_font_has(text: str) -> None:
    found = figures.clean(text)
    assert found.strip() == found != ""
    assert "\n" not in found
    assert figures.clean(found) == found


@given(st.text(min_size=1, max_size=120), st.floats(0.3, 4.0))
@settings(max_examples=60, deadline=None)
def test_fitted_text_is_no_wider_than_asked(text: str, width: float) -> None:
    found = figures.fit(figures.clean(text), width)
    assert sum(figures.advances(found, figures.BODY)) <= width + 1e-9


def test_labels_that_look_alike_are_told_apart() -> None:
    names = ["x" * 79 + "y", "x" * 90, "x" * 80, "a\nb", "a b", "", " ", "a b (2)", "中文", "列名"]
    found = figures.labels(names, 1.5)
    assert len(set(found)) == len(names)
    assert found[3:5] == ["a b", "a b (2)"]
    assert all(sum(figures.advances(label, figures.BODY)) <= 1.5 for label in found)


def test_a_long_name_keeps_both_ends() -> None:
    found = figures.fit("feature_of_a_long_table_number_1", 1.0)
    assert found.startswith("featu") and found.endswith("r_1") and "…" in found


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.57594, "0.576"),
        (-0.0149, "−0.0149"),
        (12345.6, "12,346"),
        (float("nan"), "–"),
        (None, "–"),
        (1e300, "1e+300"),
    ],
)
def test_numbers_are_said_in_few_digits(number: float | None, text: str) -> None:
    assert figures.said(number) == text


def test_a_column_of_numbers_has_the_same_decimals() -> None:
    assert figures.column([0.0179, -0.0004, None], sign="+") == ["+0.0179", "−0.0004", "–"]
    assert figures.column([1234.5, 2.0]) == ["1,234", "2"]
