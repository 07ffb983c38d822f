"""When to retrain: each policy looks at what was known when a batch had come, and says yes or no."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scripts.core.params import Triggers
from scripts.core.settings.backtest_params import Backtest

NEVER, CURRENT = "never", "current params"
Point = tuple[float, float]  # days since release, points (0.01 of the deciding metric) worse than at release


@dataclass(frozen=True)
class Now:
    """What was known when a batch had come, before anything was done about it."""

    since: int  # batches since the last retraining, this one included
    fired: tuple[bool, ...]  # whether a trigger fired, for each batch since the last retraining, this one included
    points: tuple[Point, ...]  # production's score on each batch since its release whose labels are final
    age: float  # days since production's release, at the end of this batch
    days: float  # of this batch: the next one is expected to last as long


@dataclass(frozen=True)
class Policy:
    name: str
    retrain: Callable[[Now], bool]
    triggers: Triggers | None = None  # what drift is measured for; None: nothing looks at it
    settings: Triggers | None = None  # what params.yaml would say for it; None: no setting says it


def policies(current: Triggers, asked: Backtest) -> list[Policy]:
    """All that are tried, the cheapest to run first."""
    drift, drop = only(current, "data_drift", "prediction_drift"), only(current, "performance_drop")
    return [
        Policy(NEVER, never, settings=only(current)),
        Policy("every batch", always, settings=every_batch(current)),
        *(Policy(f"every {count} batches", every(count)) for count in sorted(set(asked.every)) if count > 1),
        Policy("drift", fired, drift, drift),
        Policy("performance drop", fired, drop, drop),
        Policy(f"{asked.fired} of {asked.among} fired", repeated(asked.fired, asked.among), current),
        Policy(CURRENT, fired, current, current),
        Policy("cost-aware", worth_it(asked)),
    ]


def never(now: Now) -> bool:
    return False


def always(now: Now) -> bool:
    return True


def every(count: int) -> Callable[[Now], bool]:
    return lambda now: now.since >= count


def fired(now: Now) -> bool:
    return now.fired[-1]


def repeated(count: int, among: int) -> Callable[[Now], bool]:
    """A reason that a retraining has answered does not count again."""
    return lambda now: sum(now.fired[-among:]) >= count


def worth_it(prices: Backtest) -> Callable[[Now], bool]:
    """Whether waiting for the next batch is expected to cost more than a retraining.

    A new model is expected to start where this one was at release; this one is expected to go on along the straight
    line that its batches so far give.
    """

    def retrain(now: Now) -> bool:
        ahead = max(0.0, slope(now.points) * (now.age + now.days))
        return ahead * now.days * prices.cost_per_point_day > prices.cost_per_retrain

    return retrain


def slope(points: Sequence[Point]) -> float:
    """Points a day: the least squares through no loss at release. 0 while nothing is known."""
    squares = sum(days * days for days, _ in points)
    return sum(days * worse for days, worse in points) / squares if squares else 0.0


def only(triggers: Triggers, *names: str) -> Triggers:
    """These triggers with their limits as they are, all others off.

    But not `changed`: how params and code will change the history can't tell, so it stays as it is.
    """
    blocks = {name: getattr(triggers, name) for name in type(triggers).model_fields if name != "changed"}
    return triggers.model_copy(
        update={name: block.model_copy(update={"enabled": name in names}) for name, block in blocks.items()}
    )


def every_batch(triggers: Triggers) -> Triggers:
    """One new row is reason enough."""
    bare = only(triggers, "new_rows")
    return bare.model_copy(update={"new_rows": bare.new_rows.model_copy(update={"rows": 1})})
