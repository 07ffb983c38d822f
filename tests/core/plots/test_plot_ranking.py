from collections.abc import Iterator

import numpy as np
import pytest

from scripts.core.plots import curves, figures
from scripts.core.plots.plot_ranking import ranking
from scripts.core.plots.plots import Predictions
from tests.core import pictures

pytestmark = pytest.mark.filterwarnings("error")

NAMES = {"candidate": "candidate", "production": "production v4"}


@pytest.fixture(autouse=True)
def styled() -> Iterator[None]:
    with figures.style():
        yield


def test_the_title_says_both_areas_with_the_candidate_first(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = pictures.drawn(monkeypatch)
    _, found = ranking(pictures.predictions("binary"), NAMES)
    areas = {curve.model: f"{curve.summary:.3f}" for curve in found if curve.name == curves.ROC}
    title = f"Ranking: ROC AUC {areas['candidate']} (candidate), {areas['production']} (production v4)"
    assert pictures.texts(drawn[0])[0] == title
    assert f"production v4 {areas['production']}" in pictures.texts(drawn[0])
    assert len(drawn[0].axes) == 2


def test_the_candidate_is_drawn_over_production(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = pictures.drawn(monkeypatch)
    ranking(pictures.predictions("binary"), NAMES)
    colours = [line.get_color() for line in drawn[0].axes[0].lines]
    assert colours == [figures.FAINT, figures.PRODUCTION, figures.CANDIDATE]


def test_the_most_common_classes_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = pictures.drawn(monkeypatch)
    codes = np.repeat(np.arange(48), np.arange(48) + 1)
    scores = np.random.default_rng(0).random((len(codes), 48))
    ranking(Predictions(codes, list(range(48)), scores, scores, None), NAMES)
    names = [label.get_text() for label in drawn[0].axes[1].get_yticklabels()]
    assert names == [str(place) for place in range(47, 35, -1)]
    assert "the mean of 48 classes" in pictures.texts(drawn[0])[1].replace("\n", " ")


def test_far_errors_are_drawn_on_the_edge(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = pictures.drawn(monkeypatch)
    actual = np.linspace(0.0, 1.0, 1000)
    guesses = np.where(np.arange(1000) == 999, 1e9, actual)
    _, found = ranking(Predictions(actual, None, guesses, None, None), NAMES)
    axes = drawn[0].axes[0]
    assert axes.get_xlim()[1] < 1e6
    assert axes.lines[-1].get_xdata().max() <= axes.get_xlim()[1]
    assert found[0].x.max() == 1e9
