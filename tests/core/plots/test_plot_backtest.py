import itertools
from typing import Any

import pytest

from scripts.core.plots import plot_backtest
from scripts.core.plots.plot_backtest import Dot, Line, Picture, Role
from tests.core import pictures
from tests.core.pictures import HOSTILE, is_picture, texts

pytestmark = pytest.mark.filterwarnings("error")  # a glyph that is missing is a warning of matplotlib's

LINES = [
    Line("never", "never", [0.5, 0.6, 0.7]),
    Line("current", "current params", [0.5, None, 0.4]),
    Line("oracle", "oracle", [0.5, 0.4, 0.4]),
]
DOTS = [
    Dot("drift, gate off", False, 1, 0.5, True),
    Dot("never", True, 0, 0.6, True),
    Dot("a", True, 2, 0.55, False),
]


def picture(**other: Any) -> Picture:
    plain: dict[str, Any] = {
        "metric": "log_loss", "greater_is_better": False, "batches": ["2013-02", "2013-03", "2013-04"],
        "lines": LINES, "dots": DOTS,
    }  # fmt: skip
    return Picture(**plain | other)


def test_lines_by_batch_and_a_dot_for_each_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = pictures.drawn(monkeypatch)
    is_picture(plot_backtest.backtest(picture()))
    found = texts(drawn[0])
    assert found[0] == "Mean log loss: 0.6 with 0 retrainings, 0.5 with 1 retraining"
    assert {"never", "current params", "oracle", "0: never", "1: drift, gate off"} <= set(found)
    assert not any(text.endswith(": a") for text in found), "only what nothing beats is named"
    scores, frontier = drawn[0].axes
    assert [line.get_marker() for line in scores.lines] == ["o"] * 3
    dots = [line for line in frontier.lines if line.get_marker() == "o"]
    assert sorted(dot.get_xdata()[0] for dot in dots) == [0, 1, 2]
    assert [dot.get_markerfacecolor() for dot in dots if dot.get_xdata()[0] == 1] == ["white"]


@pytest.mark.parametrize("heights", [[0.1, 0.5, 0.9], [0.5, 0.5, 0.5, 0.5], [], [0.2]])
def test_names_keep_apart_around_where_they_belong(heights: list[float]) -> None:
    found = plot_backtest.spread(heights)
    assert all(upper - lower >= plot_backtest.APART - 1e-9 for lower, upper in itertools.pairwise(found))
    assert sum(found) == pytest.approx(sum(heights))


def test_nothing_scored_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = pictures.drawn(monkeypatch)
    is_picture(plot_backtest.backtest(picture(dots=[])))
    assert "No policy to compare yet" in texts(drawn[0])


def test_many_batches_and_hostile_names() -> None:
    roles: list[Role] = ["never", "current", "best", "oracle"]
    lines = [Line(role, name, [0.5] * 300) for role, name in zip(roles, HOSTILE, strict=False)]
    dots = [Dot(name, True, place, 0.5 - place / 100, True) for place, name in enumerate(HOSTILE)]
    is_picture(plot_backtest.backtest(picture(batches=[f"b{n}" for n in range(300)], lines=lines, dots=dots)))
