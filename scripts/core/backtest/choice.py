"""Which params would have served best, and whether the batches can tell that from what params.yaml says now."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt

from scripts.core.backtest.outcome import Outcome
from scripts.core.text import number

CONFIDENCE = 0.95
LEAST = 3  # batches


@dataclass(frozen=True)
class Told:
    """By how much one policy was cheaper than another, by the batches, and the interval of that for all of them."""

    saved: float
    low: float
    high: float
    batches: int
    compared: int  # policies that the cheaper one was chosen from

    @property
    def apart(self) -> bool:
        return self.low > 0 or self.high < 0

    def __str__(self) -> str:
        among = f"{self.batches} batches, the best of {self.compared} policies chosen after the event"
        if not (self.low > -inf and self.high < inf):
            return f"saves {number(self.saved)}; too few batches for an interval ({among})"
        ends = f"95% interval {_signed(self.low)} to {_signed(self.high)}"
        return f"saves {_signed(self.saved)}, {ends} ({among})"


def _signed(value: float) -> str:
    return f"{value:+.2f}" if abs(value) < 1000 else f"{value:+,.0f}"


def paired(best: Outcome, current: Outcome, compared: int) -> Told:
    """Of the sum of the differences of each batch's cost.

    Student's t on the differences, for as many batches as they are worth: neighbouring batches are served by the same
    models, so the count is made less by their correlation at a distance of one (Bayley and Hammersley 1946, for a
    series whose memory fades evenly). The level is Bonferroni's for all policies that the best one was chosen from.
    """
    differences = [current.losses[place] - best.losses[place] for place in best.losses]
    count, saved = len(differences), sum(differences)
    if not any(differences):
        return Told(0.0, 0.0, 0.0, count, compared)
    worth = effective(differences)
    if count < LEAST or worth <= 1:
        return Told(saved, -inf, inf, count, compared)
    from scipy.special import stdtrit

    mean = saved / count
    spread = sqrt(sum((each - mean) ** 2 for each in differences) / (count - 1))
    level = 1 - (1 - CONFIDENCE) / max(1, compared) / 2
    half = float(stdtrit(worth - 1, level)) * spread / sqrt(worth) * count
    return Told(saved, saved - half, saved + half, count, compared)


def effective(values: Sequence[float]) -> float:
    """How many independent values tell as much about the mean; at most their count."""
    count = len(values)
    mean = sum(values) / count
    apart = [value - mean for value in values]
    squares = sum(one * one for one in apart)
    if not squares:
        return float(count)
    together = sum(one * other for one, other in itertools.pairwise(apart)) / squares
    together = max(0.0, together)
    return count * (1 - together) / (1 + together)


@dataclass(frozen=True)
class Choice:
    current: Outcome
    best: Outcome  # of those that params.yaml can say
    cheapest: Outcome  # of all policies
    told: Told

    @property
    def changes(self) -> bool:
        return self.best is not self.current


def chosen(outcomes: Sequence[Outcome], current: str) -> Choice:
    """Of equally cheap ones the current params, then the one with fewer retrainings."""
    sayable = [one for one in outcomes if one.settings is not None]
    now = next(one for one in sayable if one.name == current)
    policies = [one for one in outcomes if one.gate is not None]

    def dear(one: Outcome) -> tuple[float, bool, int]:
        return round(one.cost, 9), one is not now, one.retrains

    best = min(sayable, key=dear)
    return Choice(now, best, min(policies, key=dear), paired(best, now, len(sayable)))
