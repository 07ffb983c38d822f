"""The backtest for people: the table, the frontier and the advice, in lines of at most a hundred characters."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from scripts.core.backtest.choice import Choice
from scripts.core.backtest.costs import Market
from scripts.core.backtest.history import Batch
from scripts.core.backtest.outcome import Outcome, frontier
from scripts.core.text import number

WIDTH = 100
HEAD = (
    f"{'policy':<20}{'gate':>5}{'retrains':>10}{'promoted':>10}{'compute s':>11}"
    f"{'mean':>9}{'worst':>9}{'cost':>10}{'regret':>10}"
)
MARK = "  *"


@dataclass(frozen=True)
class Found:
    """Everything that a backtest found."""

    market: Market
    outcomes: Sequence[Outcome]  # the policies, then the oracle
    choice: Choice
    faults: Sequence[str]  # batches without a candidate, and why

    @property
    def batches(self) -> Sequence[Batch]:
        return self.market.batches

    @property
    def oracle(self) -> Outcome:
        return self.outcomes[-1]

    @property
    def metric(self) -> str:
        return self.market.metric.name.replace("_", " ")


def lines(found: Found) -> list[str]:
    return [*opening(found), "", *table(found), "", *front(found), "", *advice(found)]


def opening(found: Found) -> list[str]:
    market, prices = found.market, found.market.prices
    counted = len(market.served)
    first, last = found.batches[market.first], found.batches[-1]
    better = "greater" if market.metric.greater_is_better else "lower"
    return _wrapped(
        f"{len(found.batches)} batches, {first.name} to {last.name}: the first model is made with {first.name}, "
        f"{counted} batches are served. Mean and worst {found.metric} as served ({better} is better). "
        f"Cost: {prices.cost_per_retrain:g} a retraining, {prices.cost_per_point_day:g} a day and point (0.01) worse "
        "than the best model there was. Regret: cost above the oracle's."
    )


def table(found: Found) -> list[str]:
    """The cheapest first."""
    best = set(map(id, frontier(found.outcomes, found.market)))
    ordered = sorted(found.outcomes, key=lambda one: (one.gate is not None, one.cost, one.retrains))
    rows = [_row(one, found) + MARK * (id(one) in best) for one in ordered]
    return [HEAD, *rows, f"{MARK.strip()} no policy has a better mean with as few retrainings"]


def _row(one: Outcome, found: Found) -> str:
    gate = {True: "on", False: "off", None: "-"}[one.gate]
    return (
        f"{one.name:<20}{gate:>5}{one.retrains:>10,}{one.promotions:>10,}{one.seconds:>11,.1f}"
        f"{_score(one.mean):>9}{_score(one.worst(found.market)):>9}{_money(one.cost):>10}"
        f"{_money(one.cost - found.oracle.cost):>10}"
    )


def _score(value: float) -> str:
    return number(value) if isfinite(value) else "-"


def _money(value: float) -> str:
    """Nine characters at most, whatever the unit."""
    return f"{value:,.2f}" if abs(value) < 1e5 else f"{value:,.0f}" if abs(value) < 1e7 else f"{value:.3g}"


def front(found: Found) -> list[str]:
    rows = frontier(found.outcomes, found.market)
    said = [f"{one.retrains:>10,}  {_score(one.mean):>9}  {one.called}" for one in rows]
    return [f"{'retrains':>10}  {'mean':>9}  the frontier, from no retraining to the best mean", *said]


def advice(found: Found) -> list[str]:
    choice, told = found.choice, found.choice.told
    out = [*_short(found), *(f"No candidate: {fault}" for fault in found.faults)]
    if not choice.changes:
        out.append(
            f"Of what params.yaml can say, nothing would have been cheaper than it is now: cost "
            f"{_money(choice.current.cost)}."
        )
    else:
        out.append(
            f"Cheapest of what params.yaml can say: {choice.best.name}, cost {_money(choice.best.cost)} against "
            f"{_money(choice.current.cost)} of the current params. It {told}."
        )
        out.append(
            "That is more than chance between these batches explains."
            if told.apart
            else "That is less than these batches can tell apart: no reason by itself to change params.yaml."
        )
    if choice.cheapest is not choice.best and round(choice.cheapest.cost, 9) < round(choice.best.cost, 9):
        out.append(
            f"Cheaper still was {choice.cheapest.called} (cost {_money(choice.cheapest.cost)}), which no setting says."
        )
    return [line for text in out for line in _wrapped(text)]


def _short(found: Found) -> list[str]:
    count, least = len(found.batches), found.market.prices.min_batches
    left = [found.batches[place].name for place in found.market.later if not found.market.measured(place)]
    out = []
    if count < least:
        out.append(
            f"Warning: {count} batches are too few to choose a policy by (backtest.min_batches is {least}): "
            "take all of this as an example."
        )
    if left:
        out.append(f"Not counted, because some model could not be scored on it: {', '.join(left)}.")
    return out


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)
