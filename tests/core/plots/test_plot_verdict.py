import numpy as np
import pytest

from scripts.core.plots import plot_verdict, plots
from tests.core import pictures
from tests.core.pictures import dots, report, texts

pytestmark = pytest.mark.filterwarnings("error")  # a glyph that is missing is a warning of matplotlib's


def test_right_is_better_whatever_the_metric() -> None:
    entry = {"difference": -0.03, "interval": [-0.05, -0.01]}
    assert plot_verdict.oriented(entry, greater=False) == (0.03, 0.01, 0.05)
    assert plot_verdict.oriented(entry, greater=True) == (-0.03, -0.05, -0.01)
    assert plot_verdict.oriented({"difference": None, "interval": None}, greater=False) == (None, None, None)


def test_the_deciding_metric_stands_first_with_its_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = pictures.drawn(monkeypatch)
    plot_verdict.differences(report())
    found = texts(drawn[0])
    assert found[0] == "PROMOTE: log loss better by 0.05"
    assert found.index("log loss") < found.index("roc auc")
    assert {"0.600 → 0.550", "−0.0500", "−0.0600 … −0.0400", "better"} <= set(found)
    assert all(dot > 0 for dot in dots(drawn[0]))


def test_margin_lies_right_and_tolerated_loss_left(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = pictures.drawn(monkeypatch)
    guards = [{"metric": "roc_auc", "limit": 0.02, "relative": 0.1, "worse_by": -0.05, "broken": False}]
    plot_verdict.differences(report(method={"confidence": 0.95, "min_improvement": 0.03}, guardrails=guards))
    ticks = [line for line in drawn[0].axes[0].lines if line.get_linewidth() == 1.0]
    places = [(round(np.mean(line.get_ydata())), float(line.get_xdata()[0])) for line in ticks]
    assert [row for row, _ in places] == [0, 1, 1]
    assert [place for _, place in places] == pytest.approx([0.5, -0.02 / 0.07, -1.0])


def test_a_first_model_shows_its_values_and_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = pictures.drawn(monkeypatch)
    limits = [{"metric": "roc_auc", "limit": 0.8, "value": 0.75, "broken": True}]
    alone = report(first=True, limits=limits)
    alone["metrics"]["log_loss"]["candidate_interval"] = [0.5, 0.6]
    plot_verdict.differences(alone)
    found = texts(drawn[0])
    assert {"0.550", "0.500 … 0.600", "at least 0.8 is asked: broken"} <= set(found)


def test_no_metric_at_all_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = pictures.drawn(monkeypatch)
    plots.evaluation(report(metrics={}), pictures.predictions("binary"))
    assert any("No metric could be measured." in texts(figure) for figure in drawn)
