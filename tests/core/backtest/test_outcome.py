"""Counts and costs of one policy, and which policies nothing beats."""

import itertools
from typing import Any

import pytest

from scripts.core.backtest import outcome
from scripts.core.backtest.outcome import Outcome
from scripts.core.backtest.policies import Policy, never
from scripts.core.backtest.walk import Step, Walk
from scripts.core.declaration import Judged
from tests.backtesting import market

SCORES = {0: {1: 0.5, 2: 0.6, 3: 0.9}, 1: {2: 0.5, 3: 0.5}, 2: {3: 0.4}}


def walk(*served: int, retrained: tuple[bool, ...]) -> Walk:
    judged = Judged(rows=1, holdout="", uses=0)
    steps = [
        Step(place, model, None, yes, "HOLD", False, 1.5)
        for place, (model, yes) in enumerate(zip(served, retrained, strict=True), start=1)
    ]
    return Walk(Policy("p", never), True, 0, judged, (), [0], steps=steps)


def test_a_policy_pays_for_what_it_served_and_for_each_retraining_promoted_or_not() -> None:
    known = market(SCORES, cost_per_retrain=2.0, cost_per_point_day=0.1)
    found = outcome.of_walk(walk(0, 0, 1, retrained=(True, True, False)), known)
    assert (found.retrains, found.promotions, found.seconds) == (2, 0, 4.5)
    assert found.scores == {1: 0.5, 2: 0.6, 3: 0.5}
    assert found.mean == pytest.approx(1.6 / 3) and found.worst(known) == 0.6
    assert found.losses == {1: 2.0, 2: pytest.approx(2.0 + 10.0), 3: pytest.approx(10.0)}
    assert found.served(3) == 1


def test_the_oracle_pays_like_a_policy_and_never_more() -> None:
    known = market(SCORES, cost_per_retrain=2.0, cost_per_point_day=0.1)
    best = outcome.of_oracle(known, {0: 1.0, 1: 2.0, 2: 4.0})
    assert best.gate is None and best.called == "oracle (hindsight)"
    assert [step.served for step in best.steps] == [0, 1, 2]
    assert best.losses == {1: 2.0, 2: 2.0, 3: 0.0} and best.seconds == 6.0
    for way in ((0, 0, 0), (0, 1, 1), (0, 1, 2), (0, 0, 2)):
        changed = tuple(after != before for before, after in itertools.pairwise(way))
        assert best.cost <= outcome.of_walk(walk(*way, retrained=(*changed, False)), known).cost + 1e-9


def dot(name: str, retrains: int, mean: float, gate: bool | None = True) -> Outcome:
    plain: dict[str, Any] = {"promotions": 0, "seconds": 0.0, "losses": {}}
    return Outcome(name=name, gate=gate, retrains=retrains, scores={1: mean}, **plain)


def test_the_frontier_holds_what_nothing_beats_with_as_few_retrainings() -> None:
    tried = [dot("never", 0, 0.6), dot("a", 2, 0.5), dot("b", 2, 0.55), dot("c", 3, 0.5), dot("d", 4, 0.4)]
    found = outcome.frontier([*tried, dot("oracle", 1, 0.1, None)], market(SCORES))
    assert [one.name for one in found] == ["never", "a", "d"]
    greater = outcome.frontier([dot("x", 0, 0.6), dot("y", 1, 0.7), dot("z", 2, 0.65)], market(SCORES, "roc_auc"))
    assert [one.name for one in greater] == ["x", "y"]
