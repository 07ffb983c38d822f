"""Simulated hold-outs on which the true difference of two models is known, for benchmarks/verdicts.py.

Both models see the same signal through noise of their own, part of it common to a whole day. One knob makes the
candidate better or worse: how much it knows (classes), or how large its errors are (values). What a model is worth does
not depend on which days come, so the truth of a knob is computed on a million rows whose label is not drawn but weighed
by its probability, with the same noise for both models: equal knobs are equal exactly, the others to about 1e-5.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Task = Literal["binary", "regression"]

METRICS: dict[str, Task] = {
    "accuracy": "binary",
    "log_loss": "binary",
    "mean_absolute_error": "regression",
    "root_mean_squared_error": "regression",
    "roc_auc": "binary",
}
POINTS = (0.0, -0.5, -2.0, 0.5, 2.0)  # how much better the candidate is, in hundredths
DAYS = 14  # of a hold-out, as data.holdout has it by default
LARGE = 1_000_000
USUAL = 0.6  # what production knows: less than there is, so that there is room above it


@dataclass(frozen=True)
class Noise:
    """Standard deviations of what a model sees beside the signal: by row and by day, its own and shared by both.

    Set by two models of the default data, whose ROC AUC differs with a standard error of 0.22 points over 6,500 single
    rows and 2.1 times that over their 7 days. Here it is 0.25 points and 2.1 times.
    """

    shared: float = 0.5
    row: float = 0.15
    day: float = 0.12
    daily: float = 0.0  # of what a day brings, how much more a model knows that knows more; else both know it alike


@dataclass(frozen=True)
class Rows:
    signal: Floats
    weather: Floats
    shared: Floats
    own: tuple[Floats, Floats]  # the candidate's, production's
    luck: Floats  # uniform: decides the label
    surprise: Floats  # what of a value nobody can know: Student's t, 5 degrees of freedom
    day: Ints | None  # None: rows are independent
    noise: Noise


def drawn(rng: np.random.Generator, rows: int, by_day: bool, noise: Noise) -> Rows:
    """Days differ in size, in what happens on them, and in how far each model is off on them."""
    day = None
    if by_day:
        share = rng.lognormal(0, 0.3, DAYS)
        day = np.repeat(np.arange(DAYS), rng.multinomial(rows, share / share.sum()))

    def daily() -> Floats:
        return rng.normal(size=rows) if day is None else rng.normal(size=DAYS)[day]

    own = [noise.row * rng.normal(size=rows) + noise.day * daily() for _ in range(2)]
    signal, shared = rng.normal(size=rows), noise.shared * rng.normal(size=rows)
    luck, surprise = rng.random(rows), rng.standard_t(5, rows)
    return Rows(signal, daily(), shared, (own[0], own[1]), luck, surprise, day, noise)


def logistic(x: Floats) -> Floats:
    return 1 / (1 + np.exp(-x))


def label_chance(rows: Rows) -> Floats:
    return logistic(-1 + 1.2 * rows.signal + 0.5 * rows.weather)


def probability(rows: Rows, knob: float, seat: int) -> Floats:
    daily = rows.noise.daily
    known = knob * (rows.signal + daily * rows.weather) + (0.2 - USUAL * daily) * rows.weather
    return logistic(-1 + known + rows.shared + rows.own[seat])


def error(rows: Rows, knob: float, seat: int) -> Floats:
    """What the target is more than the prediction says."""
    return 0.3 * rows.weather + rows.surprise - knob * (rows.shared + rows.own[seat])


def target(rows: Rows, task: Task) -> Any:
    if task == "binary":
        return (rows.luck < label_chance(rows)).astype(np.int64)
    return 10 + 2 * rows.signal + 0.3 * rows.weather + rows.surprise


def predictions(rows: Rows, task: Task, knob: float, seat: int) -> Floats:
    if task == "binary":
        p = probability(rows, knob, seat)
        return np.column_stack([1 - p, p])
    return np.asarray(10 + 2 * rows.signal + knob * (rows.shared + rows.own[seat]))


def usual(task: Task) -> float:
    return USUAL if task == "binary" else 1.0


def worth(metric: str, rows: Rows, knob: float) -> float:
    """The metric of a model on the rows, the label weighed by its probability."""
    if METRICS[metric] == "regression":
        off = error(rows, knob, 1)
        return float(np.abs(off).mean() if metric == "mean_absolute_error" else np.sqrt((off**2).mean()))
    true, p = label_chance(rows), probability(rows, knob, 1)
    if metric == "accuracy":
        return float(np.where(p > 0.5, true, 1 - true).mean())
    if metric == "log_loss":
        return float(-(true * np.log(p) + (1 - true) * np.log1p(-p)).mean())
    true = true[np.argsort(p)]
    below = np.cumsum(1 - true) - (1 - true) / 2
    return float((true * below).sum() / (true.sum() * (1 - true).sum()))


@cache
def knobs(metric: str, noise: Noise) -> dict[float, tuple[float, float]]:
    """Points of improvement -> the candidate's knob, and the true difference in the metric's units.

    A point is 0.01 of accuracy, log loss or ROC AUC, and one hundredth of production's mean absolute or root mean
    squared error, which have the unit of the target.
    """
    task = METRICS[metric]
    rows = drawn(np.random.default_rng(2015), LARGE, False, noise)
    base = worth(metric, rows, usual(task))
    point = 0.01 * (base if task == "regression" else 1.0)
    sign = 1.0 if metric in ("accuracy", "roc_auc") else -1.0

    def short(knob: float, points: float) -> float:
        return sign * (worth(metric, rows, knob) - base) - points * point

    found = {}
    for points in POINTS:
        knob = usual(task) if points == 0 else _root(lambda x, wanted=points: short(x, wanted), usual(task))
        found[points] = (knob, worth(metric, rows, knob) - base)
    return found


def _root(of: Callable[[float], float], start: float) -> float:
    """By secants; what is asked for is smooth and near."""
    one, other = start, start * 1.05
    at_one, at_other = of(one), of(other)
    for _ in range(30):
        step = at_other * (other - one) / (at_other - at_one)
        one, at_one = other, at_other
        other = other - float(np.clip(step, -0.2, 0.2))
        at_other = of(other)
        if abs(at_other) < 1e-5:
            return other
    raise ArithmeticError("no knob makes this difference")
