"""Intervals by resampling whole blocks of rows: of one model's metric, and of the difference of two models.

Rows of one block (a day, say) hang together, so blocks are drawn with replacement and not rows (Efron and
Tibshirani 1993, chapter 8). Both models are computed on the same draws. The interval is the estimate plus and
minus Student's t with G - 1 degrees of freedom times the bootstrap's standard error, widened by sqrt(G / (G - 1)):
percentiles and the normal distribution make intervals too short when the blocks are few (Cameron, Gelbach and Miller
2008; Cameron and Miller 2015). G is the effective number of blocks, which is less than their count when their sizes
differ: with the count, 95 % intervals over 14 days of very unequal sizes hold the truth in 86 % of trials.
benchmarks/resampling.py and benchmarks/verdicts.py measure the coverage.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from scripts.core.scoring.metrics import Metric
from scripts.core.scoring.scores import statistic
from scripts.core.scoring.truth import LEAST_BLOCKS, Floats, Truth, truth_of


@dataclass(frozen=True)
class Estimate:
    """A value with its interval; not finite when the rows can't tell."""

    value: float
    low: float
    high: float
    standard_error: float
    blocks: int


@dataclass(frozen=True)
class Paired:
    """Two models on the same rows.

    `difference` is candidate - production in the metric's units, `low` to `high` its interval;
    `improvement` is positive when the candidate is better, whatever the metric's direction.
    """

    candidate: float
    production: float
    difference: float
    low: float
    high: float
    standard_error: float
    blocks: int
    improvement: float
    alone: Estimate  # the candidate by itself


def paired(
    metric: Metric,
    target: Any,
    candidate: Any,
    production: Any,
    blocks: Any,
    *,
    classes: Sequence[Any] | None,
    positive: Any = None,
    resamples: int,
    confidence: float,
    seed: int,
) -> Paired:
    """`blocks` names the block of each row; None: rows are independent. For predictions see `single`."""
    truth = truth_of(target, blocks, classes, positive, seed)
    weights = _weights(truth.count, resamples, seed)
    values = [statistic(metric, truth, predictions)(weights) for predictions in (candidate, production)]
    ready = measurable(metric, truth)
    alone = _estimate(values[0], truth, confidence, ready)
    both = _estimate(values[0] - values[1], truth, confidence, ready)
    return Paired(
        candidate=float(values[0][0]),
        production=float(values[1][0]),
        difference=both.value,
        low=both.low,
        high=both.high,
        standard_error=both.standard_error,
        blocks=both.blocks,
        improvement=metric.gain(both.value),
        alone=alone,
    )


def single(
    metric: Metric,
    target: Any,
    predictions: Any,
    blocks: Any,
    *,
    classes: Sequence[Any] | None,
    positive: Any = None,
    resamples: int,
    confidence: float,
    seed: int,
) -> Estimate:
    """`predictions`: (n, K) probabilities in the order of the sorted `classes`, or (n,) values with None.

    `positive` is the label that counts as positive; metrics of binary tasks need it.
    """
    truth = truth_of(target, blocks, classes, positive, seed)
    values = statistic(metric, truth, predictions)(_weights(truth.count, resamples, seed))
    return _estimate(values, truth, confidence, measurable(metric, truth))


def measurable(metric: Metric, truth: Truth) -> bool:
    """Whether these rows can tell: enough blocks, and a target that varies where the metric needs that."""
    if metric.name in ("roc_auc", "average_precision"):
        return all(len(np.unique(truth.blocks[side])) >= LEAST_BLOCKS for side in (truth.hits, ~truth.hits))
    varies = metric.name not in ("roc_auc_ovr", "r2") or len(np.unique(truth.target)) > 1
    return varies and truth.count >= LEAST_BLOCKS


@lru_cache(maxsize=32)  # every metric and every slice of as many blocks is computed on the same draws
def _weights(count: int, resamples: int, seed: int) -> Floats:
    """(1 + resamples, blocks): first all ones, for the value itself, then how often each block was drawn."""
    if count == 0:
        return np.ones((1, 0))
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=resamples)
    weights = np.vstack([np.ones(count), drawn])
    weights.flags.writeable = False
    return weights


def _estimate(values: Floats, truth: Truth, confidence: float, ready: bool) -> Estimate:
    """From the value and its resamples. A resample without a value (no positive row in it) does not count."""
    from scipy.special import stdtrit

    drawn = values[1:][np.isfinite(values[1:])]
    if not ready or len(drawn) < 2 or not np.isfinite(values[0]):
        return Estimate(float(values[0]), np.nan, np.nan, np.nan, truth.count)
    freedom = truth.effective - 1
    error = float(drawn.std(ddof=1)) * np.sqrt((freedom + 1) / freedom)
    half = float(stdtrit(freedom, (1 + confidence) / 2)) * error
    value = float(values[0])
    return Estimate(value, value - half, value + half, error, truth.count)
