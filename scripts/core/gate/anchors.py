"""Earlier releases on the rows that candidate and production are judged on: a slow decline is seen, and stopped.

A gate that only looks at production lets quality go down a stair: each step is too small to be proven, or a person
overrides it, and the next candidate is measured from the lower step. So the candidate is compared with earlier releases
too, on the same rows, and must not be worse than the best of them by more than is tolerated (a ratchet). As with a
guardrail the measured difference counts. The intervals are those of the gate, widened for the number of releases, as
the best of several is compared (Bonferroni; Dunn 1961). A release that a rollback went past does not hold a candidate
up: a person had a reason. One with a fault is named and counts for nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite, nan
from typing import TYPE_CHECKING, Any

import numpy as np

from scripts.core.bundle import digest
from scripts.core.gate import seat
from scripts.core.gate.anchor_list import Anchor
from scripts.core.gate.evidence import Comparison, Evidence, Scored, compare
from scripts.core.gate.seat import Seat
from scripts.core.params import Gate, Guardrail
from scripts.core.paths import ANCHORS
from scripts.core.scoring.metrics import find
from scripts.core.scoring.truth import fault, truth_of
from scripts.core.settings.data_params import Data
from scripts.core.tables import rows

if TYPE_CHECKING:
    import pandas as pd

Answers = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Heard:
    """What an earlier release says of the compared rows: NaN of those that it was trained on, None with a fault."""

    anchor: Anchor
    answers: Answers | None
    fault: str | None = None


@dataclass(frozen=True)
class Anchored:
    """An earlier release, measured; each pair on the rows that it was not trained on."""

    anchor: Anchor
    rows: int = 0
    against: Comparison | None = None  # the candidate, with this release in production's place
    beside: Comparison | None = None  # this release in the candidate's place, with production
    fault: str | None = None

    @property
    def value(self) -> float:
        return nan if self.beside is None else self.beside.alone.value

    @property
    def better(self) -> bool:
        """Whether it is proven better than production."""
        return self.beside is not None and bool(self.beside.gains[1] > 0)


@dataclass(frozen=True)
class Ratchet:
    """`best` is the best of the releases that count; `worse_by` how much worse than it the candidate is."""

    tolerated: Guardrail | None = None
    best: Anchored | None = None
    worse_by: float | None = None
    worse_by_relative: float | None = None
    broken: bool = False

    @property
    def rollback(self) -> bool:
        """Whether the best is better than the candidate, and proven better than production."""
        return self.best is not None and self.best.better and self.worse_by is not None and self.worse_by > 0


def seated(anchor: Anchor, content: bytes | None, trusted: Sequence[str], data: Data) -> Seat:
    name, file = f"anchor v{anchor.version}", f"{ANCHORS}/{anchor.file}"
    why = None
    if anchor.missing is not None:
        why = anchor.missing
    elif content and (found := digest(content)) != anchor.bundle:
        why = f"{file} is {found[:19]}, and what was released is {anchor.bundle[:19]}. Bring it: make retrain"
    if why is not None:
        return Seat(name, anchor.bundle, fault=f"the {name} can't be scored: {why}")
    return seat.seated(name, file, content, anchor.bundle, trusted, data)


def heard(anchor: Anchor, each: Seat, frame: "pd.DataFrame", data: Data, scored: Scored, gate: Gate) -> Heard:
    """Its predictions of the rows of `frame`, which are those of `scored`."""
    if strange := [label for label in each.classes if label not in (scored.classes or ())]:
        why = f"it knows the class {strange[0]!r}, which neither these rows nor the compared models have"
        return Heard(anchor, None, each.fault or f"the {each.name} can't be scored: {why}")
    said, answers = seat.predictions(each, frame, data, scored.classes) if len(frame) else (each, None)
    if answers is None or said.bundle is None:
        return Heard(anchor, None, said.fault or f"the {each.name} can't be scored: there are no rows")
    truth = truth_of(scored.target, scored.blocks, scored.classes, scored.positive, gate.seed)
    if (broken := fault(answers, truth)) is not None:
        return Heard(anchor, None, f"the {each.name} can't be scored: {broken}")
    known = rows.leaked(rows.fingerprints(frame, data, said.bundle.manifest["identity"]), said.bundle.rows)
    if known.sum() > gate.max_leaked * len(known):
        why = f"it was trained on {known.sum():,} of these {len(known):,} rows"
        return Heard(anchor, None, f"the {each.name} can't be scored: {why}")
    answers[known] = np.nan
    return Heard(anchor, answers)


def measured(said: Sequence[Heard], scored: Scored, gate: Gate) -> tuple[Anchored, ...]:
    """Without a production there is nothing that they came before."""
    if scored.production is None:
        return ()
    sound = sum(each.answers is not None for each in said)
    confidence = 1 - (1 - gate.confidence) / max(1, sound)
    return tuple(_measured(each, scored, gate, confidence) for each in said)


def _measured(said: Heard, scored: Scored, gate: Gate, confidence: float) -> Anchored:
    if said.answers is None:
        return Anchored(said.anchor, fault=said.fault)
    fresh = ~np.isnan(said.answers if said.answers.ndim == 1 else said.answers[:, 0])
    part = replace(
        scored,
        target=scored.target[fresh],
        candidate=scored.candidate[fresh],
        production=scored.production[fresh],
        blocks=None if scored.blocks is None else scored.blocks[fresh],
        slices={},
    )
    metric, answers = find(gate.metric), said.answers[fresh]
    against = compare(metric, replace(part, production=answers), gate, confidence)
    beside = compare(metric, replace(part, candidate=answers), gate, confidence)
    return Anchored(said.anchor, int(fresh.sum()), against, beside)


def ratchet(evidence: Evidence, gate: Gate) -> Ratchet:
    metric, rule = find(gate.metric), gate.anchor_max_worse
    counting = [each for each in evidence.anchors if each.anchor.counts and isfinite(each.value)]
    if not counting:
        return Ratchet(rule)
    best = max(counting, key=lambda each: metric.gain(each.value))
    worse = nan if best.against is None or best.against.paired is None else -best.against.paired.improvement
    if not isfinite(worse):  # a candidate that can't be scored is not promoted anyhow
        return Ratchet(rule, best)
    relative = share(worse, best.value)
    return Ratchet(rule, best, worse, relative, rule is not None and not within(rule, worse, relative))


def share(worse: float, value: float) -> float:
    """How much worse, as a share of a value; anything is infinitely much of nothing."""
    return worse / abs(value) if value else float("inf") if worse > 0 else 0.0


def within(rule: Guardrail, worse: float, relative: float) -> bool:
    return (rule.max_worse is None or worse <= rule.max_worse) and (
        rule.max_worse_relative is None or relative <= rule.max_worse_relative
    )
