import numpy as np
import pytest

from scripts.core.plots import figures, forest
from scripts.core.plots.forest import Layout, Row
from tests.core import pictures

pytestmark = pytest.mark.filterwarnings("error")

LAYOUT = Layout(1.0, 2.0, ((5.0, "rows"),))


def row(centre: float | None, low: float | None = None, high: float | None = None, hollow: bool = False) -> Row:
    return Row("a", centre, low, high, figures.QUIET, ("300", "ok"), hollow=hollow)


def test_own_scale_reaches_from_minus_one_to_one() -> None:
    found = Row("a", 2.0, -4.0, 8.0, figures.QUIET, (), marks=(-16.0,)).in_own_scale()
    assert (found.centre, found.low, found.high, found.marks) == (0.125, -0.25, 0.5, (-1.0,))
    assert row(0.0).in_own_scale().centre == 0.0
    assert row(None).in_own_scale().centre is None


def test_what_lies_beyond_is_drawn_at_the_edge() -> None:
    with figures.style():
        page = figures.sheet(2.0, "title")
        axes = forest.draw(page, [row(5.0, -9.0, 9.0), row(None), row(0.5, 0.4, 0.6, hollow=True)], 1.0, LAYOUT)
    lines = [line for line in axes.lines if line.get_marker() in ("o", "<", ">")]
    assert [(line.get_marker(), float(np.ravel(line.get_xdata())[0])) for line in lines] == [
        ("<", -1.0),
        (">", 1.0),
        ("o", 1.0),
        ("o", 0.5),
    ]
    assert lines[-1].get_markerfacecolor() == "white"
    assert axes.get_ylim() == (2.5, -0.5)


def test_every_row_has_its_name_and_notes() -> None:
    with figures.style():
        page = figures.sheet(2.0, "title")
        forest.draw(page, [row(0.1)], 1.0, LAYOUT)
    assert {"a", "300", "ok", "rows", "← worse", "better →"} <= set(pictures.texts(page.figure))
