"""The points of the pictures: how two models rank, how far they are off, how well they know it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

ROC, PRECISION_RECALL = "ROC", "precision-recall"
MACRO_ROC = "ROC, mean of one class against the rest"
ACTUAL, ERROR = "predicted against actual", "absolute error by share of rows"
CALIBRATION = "calibration"

POINTS = 100  # of one curve of one model in a JSON file: a file has two curves at most
CLASSES = 60  # the most common ones: every class is sorted once a model
BINS = 10
LEAST_FINDS = 20


@dataclass(frozen=True)
class Predictions:
    """What both models said of the same n hold-out rows.

    `candidate` and `production` are (n, K) probabilities in the order of `classes`, or (n,) values when
    `classes` is None (regression); None for a model that could not be scored. `positive` is the place in
    `classes` of a binary task's positive label.
    """

    target: npt.NDArray[np.generic]
    classes: Sequence[object] | None
    candidate: Floats | None
    production: Floats | None
    positive: int | None

    def models(self) -> Mapping[str, Floats]:
        """What there is, production first: the candidate is drawn over it."""
        both = {"production": self.production, "candidate": self.candidate}
        arrays = {name: np.asarray(said, dtype=np.float64) for name, said in both.items() if said is not None}
        return {name: said for name, said in arrays.items() if said.size}

    @cached_property
    def codes(self) -> npt.NDArray[np.int64]:
        """Each row's place in `classes`; -1 for a label that the models do not know."""
        assert self.classes is not None
        places = {label: place for place, label in enumerate(self.classes)}
        labels, inverse = np.unique(self.target, return_inverse=True)
        return np.array([places.get(label, -1) for label in labels.tolist()], dtype=np.int64)[inverse]


@dataclass(frozen=True)
class Curve:
    """Points in drawing order and one number that sums them up (area, mean distance, median error)."""

    name: str
    model: str
    x: Floats
    y: Floats
    summary: float
    rows: npt.NDArray[np.int64] | None = None  # behind each point

    def points(self) -> Iterator[dict[str, object]]:
        few = thinned(self, POINTS) if self.rows is None else self
        for place, (x, y) in enumerate(zip(few.x.tolist(), few.y.tolist(), strict=True)):
            point = {"curve": self.name, "model": self.model, "x": _short(x), "y": _short(y)}
            yield point if few.rows is None else point | {"rows": int(few.rows[place])}


def _short(number: float) -> float:
    """Six digits are more than a picture shows."""
    return float(f"{number:.6g}")


def thinned(curve: Curve, most: int) -> Curve:
    """At most `most` points, first and last included, evenly spaced along the way."""
    if len(curve.x) <= most:
        return curve
    way = _way(curve)
    kept = np.searchsorted(way, np.linspace(0.0, way[-1], most - 1)).clip(0, len(way) - 1)
    kept = np.unique(np.append(kept, len(way) - 1))
    return replace(curve, x=curve.x[kept], y=curve.y[kept])


def _way(curve: Curve) -> Floats:
    """How far along the curve each point is: a ROC both rises and runs, a cloud has no length."""
    steps = {
        ACTUAL: np.ones(len(curve.x) - 1),
        PRECISION_RECALL: np.diff(curve.x),
    }.get(curve.name, np.abs(np.diff(curve.x)) + np.abs(np.diff(curve.y)))
    return np.append(0.0, np.cumsum(steps))


def ranked(positive: Flags, score: Floats) -> tuple[Floats, Floats]:
    """Counts of true and of false positives at every distinct score, from the highest down."""
    order = np.argsort(-score)  # of equal scores only the last counts: any order of theirs will do
    hits, falling = np.cumsum(positive[order]), score[order]
    last = np.append(np.flatnonzero(np.diff(falling)), len(falling) - 1)
    return hits[last].astype(np.float64), (last + 1 - hits[last]).astype(np.float64)


def roc(hits: Floats, misses: Floats) -> tuple[Floats, Floats, float]:
    """False positive rate, true positive rate, area, from what `ranked` counted. Needs rows of both kinds."""
    x, y = np.append(0.0, misses / misses[-1]), np.append(0.0, hits / hits[-1])
    return x, y, float(np.trapezoid(y, x))


def precision_recall(hits: Floats, misses: Floats) -> tuple[Floats, Floats, float]:
    """Recall, precision, average precision (the step-wise sum, as scikit-learn has it).

    The points start where there are enough finds for their precision to be more than noise.
    """
    found = hits + misses
    recall, precision = hits / hits[-1], hits / found
    area = float(np.sum(np.diff(recall, prepend=0.0) * precision))
    shown = found >= min(LEAST_FINDS, found[-1] / 10)
    return recall[shown], precision[shown], area


def both_kinds(flags: Flags) -> bool:
    return bool(flags.any() and not flags.all())


def binary(predictions: Predictions) -> list[Curve]:
    """ROC and precision-recall; none when the rows are of one class."""
    assert predictions.positive is not None
    positive = predictions.codes == predictions.positive
    rocs, precisions = [], []
    for model, scores in predictions.models().items():
        score = scores if scores.ndim == 1 else scores[:, predictions.positive]
        finite = np.isfinite(score)
        if both_kinds(positive[finite]):
            counts = ranked(positive[finite], score[finite])
            rocs.append(Curve(ROC, model, *roc(*counts)))
            precisions.append(Curve(PRECISION_RECALL, model, *precision_recall(*counts)))
    return rocs + precisions


@dataclass(frozen=True)
class ClassArea:
    """How well a model tells one class from the rest."""

    model: str
    place: int
    rows: int
    area: float


def common_classes(predictions: Predictions) -> list[tuple[int, Flags]]:
    """The most common classes that the rows have, with their rows."""
    assert predictions.classes is not None
    codes = predictions.codes
    counts = np.bincount(codes[codes >= 0], minlength=len(predictions.classes))
    common = [place for place in np.argsort(-counts, kind="stable").tolist() if 0 < counts[place] < len(codes)]
    return [(place, codes == place) for place in common[:CLASSES]]


def multiclass(predictions: Predictions) -> tuple[list[Curve], list[ClassArea]]:
    """The mean one-against-the-rest ROC of the most common classes, and the area of each."""
    grid = np.linspace(0.0, 1.0, 2 * POINTS)
    curves, areas = [], []
    common = common_classes(predictions)
    for model, scores in predictions.models().items():
        finite = np.isfinite(scores).all(axis=1)
        heights = []
        for place, flags in common:
            if both_kinds(flags[finite]):
                x, y, area = roc(*ranked(flags[finite], scores[finite, place]))
                heights.append(np.interp(grid, x, y))
                areas.append(ClassArea(model, place, int(flags.sum()), area))
        if heights:
            mean = float(np.mean([one.area for one in areas if one.model == model]))
            x, y = np.append(0.0, grid), np.append(0.0, np.mean(heights, axis=0))
            curves.append(Curve(MACRO_ROC, model, x, y, mean))
    return curves, areas


def regression(predictions: Predictions) -> list[Curve]:
    """Pairs of actual and predicted value, and the error that a share of the rows stays within."""
    target = np.asarray(predictions.target, dtype=np.float64)
    pairs, errors = [], []
    for model, values in predictions.models().items():
        finite = np.isfinite(values) & np.isfinite(target)
        if not finite.any():
            continue
        actual, value = target[finite], values[finite]
        order = np.argsort(actual, kind="stable")
        few = order[np.linspace(0, len(order) - 1, min(len(order), 4 * POINTS)).round().astype(int)]
        error = np.abs(actual - value)
        middle = float(np.median(error))
        pairs.append(Curve(ACTUAL, model, value[few], actual[few], middle))
        shares = np.linspace(0.0, 1.0, POINTS)
        errors.append(Curve(ERROR, model, shares, np.quantile(error, shares), middle))
    return pairs + errors


def certainty(predictions: Predictions) -> Iterator[tuple[str, Floats, Floats]]:
    """What each model said and what came: (model, said, came), finite rows only.

    Binary: probability of the positive class, and whether it was. Multiclass: probability of the class that
    the model picked, and whether it was right. Regression: value predicted, and the actual one.
    """
    for model, scores in predictions.models().items():
        if predictions.classes is None:
            said, came = scores, np.asarray(predictions.target, dtype=np.float64)
        elif predictions.positive is not None:
            said = scores if scores.ndim == 1 else scores[:, predictions.positive]
            came = (predictions.codes == predictions.positive).astype(np.float64)
        else:
            said = scores.max(axis=1)
            picked = np.nan_to_num(scores, nan=-1.0).argmax(axis=1)
            came = (predictions.codes == picked).astype(np.float64)
        finite = np.isfinite(said) & np.isfinite(came)
        if finite.any():
            yield model, said[finite], came[finite]


def calibration(model: str, said: Floats, came: Floats) -> Curve:
    """Mean of what came over mean of what was said, in tenths of the rows; equal values stay together.

    The summary is the mean distance of the two, weighted by rows (expected calibration error).
    """
    edges = np.unique(np.quantile(said, np.linspace(0.0, 1.0, BINS + 1)))
    places = np.searchsorted(edges[1:-1], said, side="right")
    rows = np.bincount(places)
    filled = rows > 0
    x, y = (np.bincount(places, values)[filled] / rows[filled] for values in (said, came))
    distance = float(np.average(np.abs(x - y), weights=rows[filled]))
    return Curve(CALIBRATION, model, x, y, distance, rows[filled])
