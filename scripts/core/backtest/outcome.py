"""What came of each policy: its counts, its metric as served, its costs, and which policies nothing beats."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan

from scripts.core.backtest import oracle
from scripts.core.backtest.costs import Market
from scripts.core.backtest.walk import Step, Walk
from scripts.core.params import Triggers

ORACLE = "oracle (hindsight)"


@dataclass(frozen=True)
class Outcome:
    name: str
    gate: bool | None  # None: the oracle has none
    retrains: int
    promotions: int
    seconds: float  # of the fits, drift and verdicts that it used
    scores: Mapping[int, float]  # the deciding metric as served, by batch; those that count
    losses: Mapping[int, float]  # cost of every batch: a worse model than the best one, and a retraining
    steps: tuple[Step, ...] = ()
    settings: Triggers | None = None  # what params.yaml would say for it

    @property
    def mean(self) -> float:
        return sum(self.scores.values()) / len(self.scores) if self.scores else nan

    @property
    def cost(self) -> float:
        return sum(self.losses.values())

    @property
    def called(self) -> str:
        """With the gate, where it has something to decide."""
        return (
            self.name if self.gate is None or not self.retrains else f"{self.name}, gate {'on' if self.gate else 'off'}"
        )

    def worst(self, market: Market) -> float:
        ends = min if market.metric.greater_is_better else max
        return ends(self.scores.values()) if self.scores else nan

    def served(self, place: int) -> int:
        """The model that served a batch."""
        return next(step.served for step in self.steps if step.place == place)


def of_walk(walk: Walk, market: Market) -> Outcome:
    served = {step.place: step.served for step in walk.steps}
    paid = {step.place: step.retrained * market.prices.cost_per_retrain for step in walk.steps}
    return Outcome(
        walk.policy.name,
        walk.gate,
        walk.retrains,
        walk.promotions,
        walk.seconds,
        _scores(served, market),
        {place: paid[place] + market.loss(model, place) for place, model in served.items()},
        tuple(walk.steps),
        walk.policy.settings if walk.gate else None,
    )


def of_oracle(market: Market, seconds: Mapping[int, float]) -> Outcome:
    """`seconds` of each fit. A change that serves a batch is paid with the batch before it, as a policy pays it."""
    served = oracle.served(market)
    changes = {place: model for place, model in served.items() if model != served.get(place - 1, market.first)}
    steps = [
        Step(place, model, None, place + 1 in changes, None, place + 1 in changes, 0.0)
        for place, model in served.items()
    ]
    losses = {place: market.loss(model, place) for place, model in served.items()}
    for place in changes:
        losses[place - 1] += market.prices.cost_per_retrain
    return Outcome(
        ORACLE,
        None,
        len(changes),
        len(changes),
        sum(seconds[model] for model in changes.values()),
        _scores(served, market),
        losses,
        tuple(steps),
    )


def _scores(served: Mapping[int, int], market: Market) -> dict[int, float]:
    return {place: market.scores[served[place]][place] for place in market.served}


def frontier(outcomes: Sequence[Outcome], market: Market) -> list[Outcome]:
    """Pareto-optimal: no other policy has a better mean with as few retrainings. The oracle is no policy."""
    tried = [one for one in outcomes if one.gate is not None and one.scores]
    ordered = sorted(tried, key=lambda one: (one.retrains, -market.metric.gain(one.mean), one.cost))
    found: list[Outcome] = []
    for one in ordered:
        if not found or market.metric.gain(one.mean - found[-1].mean) > 0:
            found.append(one)
    return found
