"""The rows that predictions are judged on, and what every metric needs of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Statistic = Callable[[Floats], Floats]  # weights (resamples, blocks) -> values (resamples,), NaN if undefined
LEAST_BLOCKS = 3
MOST_BLOCKS = 250  # more blocks would tell no more about the standard error (4 % off), but cost their square


@dataclass(frozen=True)
class Truth:
    target: Any  # Ints (class numbers) or Floats (values), (n,)
    blocks: Ints  # (n,), 0 .. count - 1
    count: int
    classes: int | None  # None: the target is a value
    positive: int | None  # number of the positive class in a binary task

    @property
    def positive_number(self) -> int:
        if self.positive is None:
            raise ValueError("a metric of a binary task needs `positive`")
        return self.positive

    @property
    def hits(self) -> Bools:
        """Rows of the positive class."""
        return np.asarray(self.target == self.positive_number)

    @property
    def effective(self) -> float:
        """So many blocks of one size tell as much: a week of which one day has most rows is less than seven days.

        Kish (1965); as degrees of freedom: Carter, Schnepel and Steigerwald (2017). Not below 2.
        """
        sizes = self.sums()
        return max(2.0, float(sizes.sum() ** 2 / (sizes**2).sum())) if len(sizes) else 2.0

    def sums(self, values: Any = None) -> Floats:
        """Sum of a value over the rows of each block; without values, the number of rows."""
        return np.bincount(self.blocks, values, self.count).astype(np.float64)


def truth_of(target: Any, blocks: Any, classes: Sequence[Any] | None, positive: Any, seed: int) -> Truth:
    """`classes`: sorted labels, None for a value; `blocks` None: independent rows, dealt out by the seed."""
    codes, count = _blocks(blocks, len(target), seed)
    if classes is None:
        return Truth(np.asarray(target, np.float64), codes, count, None, None)
    number = None if positive is None else int(numbered([positive], classes)[0])
    return Truth(numbered(target, classes), codes, count, len(classes), number)


def numbered(labels: Any, classes: Sequence[Any]) -> Ints:
    """The number of each label among the sorted classes."""
    known = np.asarray(classes)
    order = np.minimum(np.searchsorted(known, labels), len(known) - 1)
    if not np.array_equal(known[order], labels):
        raise ValueError("the target has labels that are not among the classes")
    return np.asarray(order, np.int64)


def _blocks(blocks: Any, rows: int, seed: int) -> tuple[Ints, int]:
    """Block numbers and their count. Past the greatest number, neighbouring blocks are joined."""
    if blocks is None:
        codes = np.random.default_rng(seed).permutation(rows)
    else:
        codes = np.unique(np.asarray(blocks), return_inverse=True)[1]
    count = int(codes.max(initial=-1)) + 1
    kept = min(count, MOST_BLOCKS)
    return np.asarray(codes * kept // max(count, 1), np.int64), kept


def fault(predictions: Any, truth: Truth) -> str | None:
    """Why predictions can't be scored; None when they can."""
    shape = truth.target.shape if truth.classes is None else (len(truth.target), truth.classes)
    if predictions.shape != shape:
        return f"predictions have the shape {predictions.shape} instead of {shape}"
    finite = np.isfinite(predictions)
    if not finite.all():
        finite = finite if finite.ndim == 1 else finite.all(axis=1)
        return f"{np.sum(~finite):,} of {len(finite):,} predictions are not finite"
    if truth.classes is None:
        return None
    if predictions.min(initial=0) < -1e-6 or predictions.max(initial=1) > 1 + 1e-6:
        return "predictions are no probabilities: some lie outside 0 to 1"
    if np.abs(predictions @ np.ones(truth.classes) - 1).max(initial=0) > 1e-3:  # ten times as fast as a sum by rows
        return "predictions are no probabilities: some rows do not sum to 1"
    return None


def ratio(above: Floats, below: Floats, empty: float = np.nan) -> Floats:
    """above / below, and `empty` where there is nothing to divide by."""
    out = np.full(np.shape(above), empty)
    np.divide(above, below, out=out, where=below != 0)
    return out
