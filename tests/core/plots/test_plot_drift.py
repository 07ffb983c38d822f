from typing import Any

import pytest

from scripts.core.plots import figures, plot_drift
from tests.core import pictures
from tests.core.pictures import drifted, is_picture, moved, texts

pytestmark = pytest.mark.filterwarnings("error")  # a glyph that is missing is a warning of matplotlib's


def test_nothing_is_read_as_mathematics(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = pictures.drawn(monkeypatch)
    plot_drift.drift(drifted([moved("$x^2$", 0.3)]))
    assert "$x^2$" in texts(drawn[0])


def test_predictions_stand_first_then_the_farthest_columns() -> None:
    columns = [moved("near", 0.1), moved("far", 0.5), moved("strict", 0.2, threshold=0.05)]
    found = plot_drift.moved(drifted(columns))
    assert [one.name for one in found] == ["predictions", "strict", "far", "near"]
    assert [one.ratio for one in found] == [pytest.approx(r) for r in (0.25, 4.0, 2.5, 0.5)]


def test_bars_say_what_drifted_and_by_what(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = pictures.drawn(monkeypatch)
    from matplotlib.colors import to_hex

    lost = moved("lost", 0.1, drifted=True, missing_drifted=True, missing_then=0.03, missing_now=0.4)
    plot_drift.drift(drifted([moved("far", 9.0), moved("near", 0.1), lost], prediction=None))
    bars = drawn[0].axes[0].patches
    assert [to_hex(bar.get_facecolor()).upper() for bar in bars] == [figures.ALERT, figures.PALE, figures.PALE]
    assert bars[0].get_width() <= drawn[0].axes[0].get_xlim()[1]
    found = texts(drawn[0])
    assert found[0] == "Drift in 2 of 3 columns: 30% when weighted by use"
    assert {"9.00 of 0.20", "0.10 of 0.20", "3% → 40%", "10%"} <= set(found)


def test_thirty_columns_are_shown_and_the_rest_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    skipped = [{"column": "gone", "why": "not compared"}, {"column": "c1", "why": "not drawn"}]
    drawn = pictures.drawn(monkeypatch)
    plot_drift.drift(drifted([moved(f"c{place}", place / 1000) for place in range(100)], skipped=skipped))
    shown = [text for text in texts(drawn[0]) if text.startswith("c")]
    assert shown == [f"c{place}" for place in range(99, 69, -1)]
    assert "And 70 more columns that moved less. 1 could not be compared." in texts(drawn[0])[1].replace("\n", " ")


@pytest.mark.parametrize(
    ("nothing", "sentence"),
    [
        (drifted([], production=0), "no production model yet"),
        (drifted([], new={"rows": 0, "labelled": 0, "from": None, "to": None}), "No row is newer"),
        (drifted([]), "No column could be compared"),
    ],
)
def test_nothing_to_compare_is_said(monkeypatch: pytest.MonkeyPatch, nothing: dict[str, Any], sentence: str) -> None:
    drawn = pictures.drawn(monkeypatch)
    is_picture(plot_drift.drift(nothing))
    assert sentence in " ".join(texts(drawn[0]))


def test_a_limit_of_zero_does_not_divide() -> None:
    found = plot_drift.moved(drifted([moved("a", 0.1, threshold=0.0), moved("b", 0.0, threshold=0.0)]))
    assert [one.ratio for one in found[1:]] == [float("inf"), 0.0]
    is_picture(plot_drift.drift(drifted([moved("a", 0.1, threshold=0.0, importance=None)])))
