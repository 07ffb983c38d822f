"""The oracle against every way there is, on small histories."""

from itertools import product

import numpy as np
import pytest

from scripts.core.backtest import oracle
from scripts.core.backtest.costs import Market
from tests.backtesting import market


def cost(market: Market, way: list[int]) -> float:
    """Of serving batches 1, 2 ... with these models; the first model is the one of batch 0."""
    changes = sum(model != before for model, before in zip(way, [0, *way], strict=False))
    served = sum(market.loss(model, place) for place, model in zip(market.later, way, strict=True))
    return served + changes * market.prices.cost_per_retrain


def cheapest(market: Market) -> float:
    return min(cost(market, list(way)) for way in product(*(market.models(place) for place in market.later)))


@pytest.mark.parametrize("seed", range(40))
def test_no_way_through_the_batches_is_cheaper(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(2, 7))
    scores = {
        model: {place: float(rng.uniform(0.3, 0.7)) for place in range(model + 1, count)} for model in range(count)
    }
    if seed % 4 == 0 and count > 3:
        del scores[2]  # a batch that no model could be made with
    metric = ("log_loss", "roc_auc")[seed % 2]
    known = market(scores, metric, cost_per_retrain=float(rng.choice([0.0, 0.5, 5.0])), cost_per_point_day=0.01)
    way = oracle.served(known)
    assert list(way) == list(known.later)
    assert cost(known, list(way.values())) == pytest.approx(cheapest(known))


def test_a_change_that_saves_nothing_is_not_made() -> None:
    known = market({0: {1: 0.5, 2: 0.5}, 1: {2: 0.5}}, cost_per_retrain=0.0)
    assert oracle.served(known) == {1: 0, 2: 0}


def test_a_batch_on_which_no_model_was_scored_costs_nothing() -> None:
    known = market({0: {1: 0.5, 2: float("nan"), 3: 0.9}, 1: {2: 0.4, 3: 0.4}}, cost_per_retrain=1.0)
    assert known.served == [1, 3]
    assert oracle.served(known) == {1: 0, 2: 1, 3: 1} or oracle.served(known) == {1: 0, 2: 0, 3: 1}
