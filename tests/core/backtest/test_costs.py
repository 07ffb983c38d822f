"""Costs in the user's units, in the direction of the metric."""

import pytest

from tests.backtesting import market


def test_a_day_costs_by_the_points_that_a_model_is_worse_than_the_best_of_its_time() -> None:
    known = market({0: {1: 0.9, 2: 0.50}, 1: {2: 0.45}}, cost_per_point_day=0.2)
    assert known.best(2) == 0.45
    assert known.loss(0, 2) == pytest.approx(5 * 10 * 0.2)
    assert known.loss(1, 2) == 0 and known.loss(0, 1) == 0, "a hard batch costs nothing where there is one model"


def test_of_a_score_more_is_better() -> None:
    known = market({0: {1: 0.9, 2: 0.80}, 1: {2: 0.85}}, "roc_auc", cost_per_point_day=0.2)
    assert known.best(2) == 0.85
    assert known.loss(0, 2) == pytest.approx(5 * 10 * 0.2) and known.loss(1, 2) == 0


def test_a_batch_counts_when_every_model_of_its_time_was_scored_on_it() -> None:
    known = market({0: {1: 0.5, 2: 0.5, 3: 0.5}, 1: {2: float("nan"), 3: 0.4}, 2: {3: 0.4}})
    assert known.served == [1, 3] and known.models(3) == [0, 1, 2]
    assert known.loss(0, 2) == 0
