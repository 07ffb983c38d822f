"""Metrics as functions of block weights.

Every metric is first reduced to what each block of rows contributes. A resample, which is a weight per block,
then costs as much as there are blocks and not as much as there are rows. With all weights one the value is
scikit-learn's.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from scripts.core.scoring.metrics import Metric
from scripts.core.scoring.rankings import CELLS, average_precision, roc_auc, roc_auc_ovr
from scripts.core.scoring.truth import Floats, Ints, Statistic, Truth, fault, ratio

EPSILON = float(np.finfo(np.float64).eps)


def statistic(metric: Metric, truth: Truth, predictions: Any) -> Statistic:
    """NaN, whatever the weights, without rows and for predictions that can't be scored."""
    predictions = np.asarray(predictions, np.float64)
    if truth.count == 0 or fault(predictions, truth) is not None:
        return lambda weights: np.full(len(weights), np.nan)
    if metric.needs == "labels":
        return _counts(COUNTS[metric.name], truth, predictions.argmax(axis=1))
    return KERNELS[metric.name](truth, predictions)


def _mean(truth: Truth, losses: Floats) -> Statistic:
    sums, sizes = truth.sums(losses), truth.sums()
    return lambda weights: ratio(weights @ sums, weights @ sizes)


def _log_loss(truth: Truth, predictions: Floats) -> Statistic:
    right = predictions[np.arange(len(predictions)), truth.target]
    return _mean(truth, -np.log(np.clip(right, EPSILON, 1 - EPSILON)))


def _brier(truth: Truth, predictions: Floats) -> Statistic:
    right = predictions[np.arange(len(predictions)), truth.target]
    squares = np.einsum("ij,ij->i", predictions, predictions) + 1 - 2 * right
    return _mean(truth, squares / 2 if truth.classes == 2 else squares)


Counts = Callable[[Truth, Floats, Floats, Floats], Floats]  # found, actual, predicted: (resamples, classes)


def _counts(of: Counts, truth: Truth, labels: Ints) -> Statistic:
    """Metrics of the confusion counts, as scikit-learn has them with zero_division=0."""
    right = labels == truth.target
    found = _by_class(truth, truth.target[right], truth.blocks[right])
    actual, predicted = (_by_class(truth, codes, truth.blocks) for codes in (truth.target, labels))
    return lambda weights: of(truth, weights @ found, weights @ actual, weights @ predicted)


def _by_class(truth: Truth, codes: Ints, blocks: Ints) -> Floats:
    classes = truth.classes or 0
    flat = np.bincount(blocks * classes + codes, minlength=truth.count * classes)
    return flat.reshape(truth.count, classes).astype(np.float64)


def _accuracy(truth: Truth, found: Floats, actual: Floats, predicted: Floats) -> Floats:
    return ratio(found.sum(axis=1), actual.sum(axis=1))


def _balanced(truth: Truth, found: Floats, actual: Floats, predicted: Floats) -> Floats:
    return ratio(ratio(found, actual, 0.0).sum(axis=1), (actual > 0).sum(axis=1).astype(float))


def _precision(truth: Truth, found: Floats, actual: Floats, predicted: Floats) -> Floats:
    return ratio(found, predicted, 0.0)[:, truth.positive_number]


def _recall(truth: Truth, found: Floats, actual: Floats, predicted: Floats) -> Floats:
    return ratio(found, actual, 0.0)[:, truth.positive_number]


def _f1_each(found: Floats, actual: Floats, predicted: Floats) -> Floats:
    return ratio(2 * found, actual + predicted, 0.0)


def _f1(truth: Truth, found: Floats, actual: Floats, predicted: Floats) -> Floats:
    return _f1_each(found, actual, predicted)[:, truth.positive_number]


def _f1_macro(truth: Truth, found: Floats, actual: Floats, predicted: Floats) -> Floats:
    """Over the labels that occur in the target or the predictions."""
    occurring = (actual + predicted > 0).sum(axis=1).astype(float)
    return ratio(_f1_each(found, actual, predicted).sum(axis=1), occurring)


def _f1_weighted(truth: Truth, found: Floats, actual: Floats, predicted: Floats) -> Floats:
    return ratio((actual * _f1_each(found, actual, predicted)).sum(axis=1), actual.sum(axis=1))


def _absolute(truth: Truth, predictions: Floats) -> Floats:
    return np.asarray(np.abs(predictions - truth.target))


def _mean_absolute(truth: Truth, predictions: Floats) -> Statistic:
    return _mean(truth, _absolute(truth, predictions))


def _mean_squared(truth: Truth, predictions: Floats) -> Statistic:
    return _mean(truth, _absolute(truth, predictions) ** 2)


def _root_mean_squared(truth: Truth, predictions: Floats) -> Statistic:
    square = _mean_squared(truth, predictions)
    return lambda weights: np.sqrt(square(weights))


def _mean_relative(truth: Truth, predictions: Floats) -> Statistic:
    return _mean(truth, _absolute(truth, predictions) / np.maximum(np.abs(truth.target), EPSILON))


def _median_absolute(truth: Truth, predictions: Floats) -> Statistic:
    """Median of the rows repeated by their weights, which are whole numbers."""
    errors = _absolute(truth, predictions)
    order = np.argsort(errors, kind="stable")
    errors, blocks = errors[order], truth.blocks[order]
    step = max(1, CELLS // max(1, len(order)))

    def middle(weights: Floats) -> Floats:
        upto = np.cumsum(weights[:, blocks], axis=1)
        both = [((one[-1] - 1) // 2, one[-1] // 2) for one in upto]
        places = [one.searchsorted(middles, "right") for one, middles in zip(upto, both, strict=True)]
        return np.asarray(errors[np.array(places)].mean(axis=1))

    return lambda weights: np.concatenate([middle(weights[i:][:step]) for i in range(0, len(weights), step)])


def _r2(truth: Truth, predictions: Floats) -> Statistic:
    """Undefined for a target that does not vary, where scikit-learn says 0 or 1."""
    if np.ptp(truth.target) == 0:
        return lambda weights: np.full(len(weights), np.nan)
    centred = truth.target - truth.target.mean()  # else the squares cancel
    left, sizes = truth.sums((predictions - truth.target) ** 2), truth.sums()
    firsts, squares = truth.sums(centred), truth.sums(centred**2)
    return lambda weights: 1 - ratio(weights @ left, weights @ squares - (weights @ firsts) ** 2 / (weights @ sizes))


COUNTS: dict[str, Counts] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced,
    "precision": _precision,
    "recall": _recall,
    "f1": _f1,
    "f1_macro": _f1_macro,
    "f1_weighted": _f1_weighted,
}
KERNELS: dict[str, Callable[[Truth, Floats], Statistic]] = {
    "log_loss": _log_loss,
    "brier_score": _brier,
    "roc_auc": roc_auc,
    "roc_auc_ovr": roc_auc_ovr,
    "average_precision": average_precision,
    "mean_absolute_error": _mean_absolute,
    "mean_squared_error": _mean_squared,
    "root_mean_squared_error": _root_mean_squared,
    "median_absolute_error": _median_absolute,
    "mean_absolute_percentage_error": _mean_relative,
    "r2": _r2,
}
