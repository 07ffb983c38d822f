"""What the gate judges by: both models' predictions of the same rows, and the measurements made of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from scripts.core.params import Gate
from scripts.core.scoring import resampling
from scripts.core.scoring.metrics import Metric
from scripts.core.scoring.resampling import Estimate, Paired

if TYPE_CHECKING:
    import pandas as pd

    from scripts.core.gate.anchors import Anchored


@dataclass(frozen=True)
class Scored:
    """The compared hold-out rows. Predictions: (n, K) probabilities in the order of `classes`, or (n,) values."""

    target: Any
    candidate: Any
    production: Any  # None: there is no production yet
    blocks: Any  # the block of each row; None: rows are independent
    classes: Sequence[Any] | None
    positive: Any
    slices: Mapping[str, "pd.Categorical[Any]"]  # column -> the level of each row


@dataclass(frozen=True)
class Comparison:
    """One metric. `paired` is None when there is no production to compare with."""

    metric: Metric
    alone: Estimate
    paired: Paired | None

    @property
    def complete(self) -> bool:
        """Whether every number in it is finite."""
        alone, paired = self.alone, self.paired
        numbers = [alone.value, alone.low, alone.high, alone.standard_error]
        if paired is not None:
            numbers += [paired.candidate, paired.production, paired.difference, paired.improvement]
            numbers += [paired.low, paired.high, paired.standard_error]
        return all(isfinite(number) for number in numbers)

    @property
    def gains(self) -> tuple[float, float, float]:
        """The improvement and its interval: positive is better, whatever the metric's direction."""
        assert self.paired is not None
        ends = sorted(self.metric.gain(end) for end in (self.paired.low, self.paired.high))
        return self.paired.improvement, ends[0], ends[1]


@dataclass(frozen=True)
class Slice:
    """Rows of one level of a column. `comparison` is None when they are too few to be compared."""

    column: str
    value: str
    rows: int
    blocks: int
    comparison: Comparison | None


@dataclass(frozen=True)
class SelfTest:
    name: str
    expected: str
    verdict: str

    @property
    def passed(self) -> bool:
        return self.verdict == self.expected


@dataclass(frozen=True)
class Evidence:
    first: bool  # there is no production: only the candidate is looked at
    rows: int  # compared rows
    blocks: int  # periods, or the groups that independent rows are dealt into
    leaked: int  # hold-out rows left out, because a model was trained on them
    metrics: Mapping[str, Comparison]
    slices: tuple[Slice, ...] = ()
    faults: tuple[str, ...] = ()  # why a model can't be scored
    same: tuple[str, ...] = ()  # in what candidate and production are the same: bundle, model, predictions
    self_tests: tuple[SelfTest, ...] = ()
    anchors: "tuple[Anchored, ...]" = ()  # earlier releases on these rows


def compare(metric: Metric, scored: Scored, gate: Gate, confidence: float | None = None) -> Comparison:
    asked: dict[str, Any] = {
        "classes": scored.classes,
        "positive": scored.positive,
        "resamples": gate.resamples,
        "confidence": gate.confidence if confidence is None else confidence,
        "seed": gate.seed,
    }
    target, candidate, blocks = scored.target, scored.candidate, scored.blocks
    if scored.production is None:
        return Comparison(metric, resampling.single(metric, target, candidate, blocks, **asked), None)
    both = resampling.paired(metric, target, candidate, scored.production, blocks, **asked)
    return Comparison(metric, both.alone, both)
