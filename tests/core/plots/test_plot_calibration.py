from collections.abc import Iterator

import numpy as np
import pytest

from scripts.core.plots import figures
from scripts.core.plots.plot_calibration import calibrated
from scripts.core.plots.plots import Predictions
from tests.core import pictures

pytestmark = pytest.mark.filterwarnings("error")

NAMES = {"candidate": "candidate", "production": "production v4"}


@pytest.fixture(autouse=True)
def styled() -> Iterator[None]:
    with figures.style():
        yield


@pytest.mark.parametrize(
    ("task", "title", "axis"),
    [
        ("binary", "Probabilities are off by", "share that was “class 1”"),
        ("multiclass", "Confidence is off by", "share that was right"),
        ("regression", "Tenth by tenth, predictions are off by", "actual, mean"),
    ],
)
def test_words_for_every_task(monkeypatch: pytest.MonkeyPatch, task: str, title: str, axis: str) -> None:
    drawn = pictures.drawn(monkeypatch)
    _, found = calibrated(pictures.predictions(task), NAMES)
    assert [curve.model for curve in found] == ["production", "candidate"]
    assert pictures.texts(drawn[0])[0].startswith(title)
    assert axis in pictures.texts(drawn[0])


def test_both_axes_have_one_range_that_holds_every_point(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = pictures.drawn(monkeypatch)
    _, found = calibrated(pictures.predictions("regression"), NAMES)
    axes, strip = drawn[0].axes
    low, high = axes.get_xlim()
    assert axes.get_ylim() == strip.get_xlim() == (low, high)
    assert all(low < value < high for curve in found for value in (*curve.x, *curve.y))


def test_counts_are_of_all_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = pictures.drawn(monkeypatch)
    scores = np.column_stack([np.linspace(1, 0, 500), np.linspace(0, 1, 500)])
    calibrated(Predictions(np.array([0, 1] * 250), [0, 1], scores, None, 1), NAMES)
    [steps] = drawn[0].axes[1].patches
    assert steps.get_data().values.sum() == pytest.approx(500, abs=60)
