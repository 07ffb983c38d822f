"""One simulated hold-out under three gates: ours, a paired one that takes rows for independent, a plain comparison."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from benchmarks import verdict_worlds as worlds
from benchmarks.verdict_worlds import Floats, Noise
from scripts.core.gate import gate as gates
from scripts.core.gate import measure, selftests
from scripts.core.gate.evidence import Scored, SelfTest
from scripts.core.params import Gate
from scripts.core.scoring import resampling
from scripts.core.scoring.metrics import find

NORMAL = 1.959964  # of a 95 % interval
PASSED = (SelfTest("production against itself", "HOLD", "HOLD"),)  # where they are not run once more


@dataclass(frozen=True)
class Cell:
    metric: str
    rows: int
    by_day: bool


@dataclass(frozen=True)
class Outcome:
    points: float
    verdict: str
    covered: bool
    by_rows: str  # the verdict when rows are taken for independent
    plain: str  # the verdict of a gate that looks at the two values alone


def gate_of(cell: Cell) -> Gate:
    """As params.yaml has it, without guardrails, limits and slices: they only ever take promotions away."""
    block = "1D" if cell.by_day else None
    return Gate.model_validate({"metric": cell.metric, "resamples": 1000, "block": block})


@contextmanager
def remembered(predictions: Any) -> Iterator[None]:
    """These predictions' resamples are the same under every truth: computed once."""
    real, known = resampling.statistic, {}

    def statistic(metric: Any, truth: Any, asked: Any) -> Any:
        if asked is not predictions:
            return real(metric, truth, asked)

        def values(weights: Any) -> Any:
            if id(weights) not in known:
                known[id(weights)] = real(metric, truth, asked)(weights)
            return known[id(weights)]

        return values

    resampling.statistic = statistic
    try:
        yield
    finally:
        resampling.statistic = real


def trial(cell: Cell, seed: int, noise: Noise, tested: bool = True) -> Iterator[Outcome]:
    """Every truth on the same rows. The self-tests look at production alone: one run of them serves all truths."""
    task, rules = worlds.METRICS[cell.metric], gate_of(cell)
    rows = worlds.drawn(np.random.default_rng([cell.rows, seed]), cell.rows, cell.by_day, noise)
    target, classes = worlds.target(rows, task), [0, 1] if task == "binary" else None
    production = worlds.predictions(rows, task, worlds.usual(task), 1)
    known = Scored(target, production, production, rows.day, classes, 1 if classes else None, {})
    tests = selftests.run(known, rules) if tested else PASSED
    row_by_row = influence(cell.metric, target, production)
    with remembered(production):
        for points, (knob, difference) in worlds.knobs(cell.metric, noise).items():
            scored = replace(known, candidate=worlds.predictions(rows, task, knob, 0))
            evidence = replace(measure.gather(scored, rules), self_tests=tests)
            found = evidence.metrics[cell.metric].paired
            assert found is not None
            yield Outcome(
                points=points,
                verdict=gates.judge(evidence, rules).verdict,
                covered=bool(found.low <= difference <= found.high),
                by_rows=by_rows(cell.metric, influence(cell.metric, target, scored.candidate) - row_by_row),
                plain="PROMOTE" if found.improvement > 0 else "REJECT",
            )


def by_rows(metric: str, apart: Floats) -> str:
    """The textbook's paired comparison: the difference plus and minus 1.96 standard errors over the rows."""
    half = NORMAL * apart.std() / np.sqrt(len(apart))
    gain = find(metric).gain(float(apart.mean()))
    return "PROMOTE" if gain > half else "REJECT" if gain < -half else "HOLD"


def influence(metric: str, target: Any, predicted: Floats) -> Floats:
    """Per row; the mean is the metric (for the ROC AUC as DeLong et al. 1988, for a root by its first derivative)."""
    if metric == "mean_absolute_error":
        return np.asarray(np.abs(predicted - target))
    if metric == "root_mean_squared_error":
        squares = (predicted - target) ** 2
        root = np.sqrt(squares.mean())
        return np.asarray(root + (squares - squares.mean()) / (2 * root))
    p = predicted[:, 1]
    if metric == "accuracy":
        return ((p > 0.5) == target).astype(np.float64)
    if metric == "log_loss":
        return np.asarray(-np.log(np.where(target == 1, p, 1 - p)))
    return _placements(target == 1, p)


def _placements(hits: Any, p: Floats) -> Floats:
    order = np.argsort(p)
    sorted_hits = hits[order]
    positives, negatives = hits.sum(), (~hits).sum()
    below = np.cumsum(~sorted_hits) / negatives
    above = 1 - (np.cumsum(sorted_hits) - sorted_hits) / positives
    area = below[sorted_hits].mean()
    out = np.empty(len(p))
    rows = len(p)
    out[order] = area + np.where(sorted_hits, (below - area) * rows / positives, (above - area) * rows / negatives)
    return out
