import pytest

from scripts.core.plots import plot_year
from tests.core import pictures
from tests.core.pictures import is_picture, month, texts

pytestmark = pytest.mark.filterwarnings("error")  # a glyph that is missing is a warning of matplotlib's


def test_the_year_is_compared_over_months_that_both_were_scored_on(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = pictures.drawn(monkeypatch)
    rows = [
        month("2013-01", None, None, 1),
        month("2013-02", 0.4, 0.5),
        month("2013-03", 0.6, 0.9, 2),
    ]
    is_picture(plot_year.year([*rows, month("2013-04", None, 9.0)]))
    found = texts(drawn[0])
    assert found[0] == "Mean log loss: 0.500 retrained, 0.700 never retrained"
    assert "Lower is better. Mean of 2 months" in found[1] and "promoted, 2 times" in found[1]
    scores, drift = drawn[0].axes
    markers = [line.get_xdata()[0] for line in scores.lines if line.is_dashed()]
    assert markers == [0, 2] and {"v1", "v2", "limit 25%", "retrained", "never retrained"} <= set(found)
    assert [bar.get_height() for bar in drift.patches] == [0.3] * 4


def test_months_say_once_what_stays_the_same() -> None:
    assert plot_year.months(["2013-11", "2013-12", "2014-01"]) == ["2013-11", "12", "2014-01"]
    assert plot_year.months(["a", "b"]) == ["a", "b"]


@pytest.mark.parametrize("count", [0, 1, 2, 300])
def test_any_number_of_months(count: int) -> None:
    is_picture(plot_year.year([month(f"2013-{place}", 0.4, 0.5, place) for place in range(count)]))
