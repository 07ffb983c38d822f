from typing import Any

import pytest

from scripts.core.plots import plot_slices
from tests.core import pictures
from tests.core.pictures import dots, part, report, texts

pytestmark = pytest.mark.filterwarnings("error")  # a glyph that is missing is a warning of matplotlib's


def names_of(figure: Any) -> list[str]:
    return [text for text in texts(figure) if text.startswith("carrier = ")]


def test_broken_slices_stand_first_then_worst_to_best_then_too_small(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = pictures.drawn(monkeypatch)
    rows = [
        part("best", -0.2),
        part("tiny", None, "too_small"),
        part("worst", 0.04),
        part("broken", 0.03, "broken"),
        part("even", 0.0),
    ]
    found = {"compared": 4, "broken": ["broken"], "too_small": ["tiny"], "max_worse": 0.02, "rows": rows}
    plot_slices.slices(report(slices=found))
    order = ["broken", "worst", "even", "best", "tiny"]
    assert names_of(drawn[0]) == [f"carrier = {name}" for name in order]
    assert dots(drawn[0]) == [pytest.approx(place) for place in (-0.03, -0.04, 0.0, 0.2)]
    assert texts(drawn[0])[0] == "1 of 4 slices broken: carrier = broken"
    assert "too small" in texts(drawn[0])
    limits = [line.get_xdata()[0] for line in drawn[0].axes[0].lines if line.is_dashed()]
    assert limits == [-0.02]


def test_the_worst_of_many_slices_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = pictures.drawn(monkeypatch)
    rows = [part(place, -place / 1000) for place in range(60)]
    plot_slices.slices(report(slices={"compared": 60, "broken": [], "too_small": [], "rows": rows}))
    assert names_of(drawn[0]) == [f"carrier = {place}" for place in range(plot_slices.MOST)]
    assert "40 of 60 shown" in texts(drawn[0])[1].replace("\n", " ")


def test_an_interval_past_the_edge_ends_in_an_arrow(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = pictures.drawn(monkeypatch)
    rows = [part(place) for place in range(12)]
    rows[0]["interval"] = [-5.0, 0.01]
    plot_slices.slices(report(slices={"compared": 12, "broken": [], "too_small": [], "rows": rows}))
    arrows = [line for line in drawn[0].axes[0].lines if line.get_marker() == ">"]
    assert len(arrows) == 1 and drawn[0].axes[0].get_xlim()[1] < 0.1


def test_a_first_model_is_shown_against_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = pictures.drawn(monkeypatch)
    rows = [part("AA"), part("UA", 0.1)]
    rows = [one | {"production": None, "difference": None, "interval": None} for one in rows]
    slices = {"compared": 2, "broken": [], "too_small": [], "rows": rows}
    plot_slices.slices(report(first=True, slices=slices))
    assert names_of(drawn[0]) == ["carrier = UA", "carrier = AA"]
    assert dots(drawn[0]) == [pytest.approx(-0.05), pytest.approx(0.05)]


def test_no_slices_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = pictures.drawn(monkeypatch)
    plot_slices.slices(report(slices={"compared": 0, "broken": [], "too_small": [], "rows": []}))
    assert texts(drawn[0])[0] == "No slices"
