"""The gate tested before it judges: on the same rows, by the same rules, with pairs whose verdict is known."""

from dataclasses import replace
from typing import Any

import numpy as np

from scripts.core.gate.evidence import Scored, SelfTest
from scripts.core.gate.gate import decide
from scripts.core.gate.measure import gather
from scripts.core.params import Gate, Guardrail
from scripts.core.scoring.truth import LEAST_BLOCKS, Floats, Truth, fault, truth_of

KEPT = 0.4  # of a prediction that is pushed: less than half, so that the pushed-to class is always the likeliest


def run(scored: Scored, gate: Gate) -> tuple[SelfTest, ...]:
    """One pair of tests for the deciding metric and for each guarded one.

    Without a production the candidate takes its place. None can be run on rows that are too few, or on predictions
    that can't be scored: then the verdict is INVALID anyhow.
    """
    judged = scored.candidate if scored.production is None else scored.production
    truth = truth_of(scored.target, scored.blocks, scored.classes, scored.positive, gate.seed)
    if judged is None or truth.count < LEAST_BLOCKS or fault(judged, truth) is not None:
        return ()
    return tuple(
        test for one in _gates(gate) for test in _pair(replace(scored, production=judged, slices={}), truth, one)
    )


def _gates(gate: Gate) -> list[Gate]:
    """The deciding metric under the rule of the interval, each guarded one under a guardrail that tolerates nothing."""
    bare = gate.model_copy(update={"metrics": (), "guardrails": {}, "limits": {}, "slices": (), "min_rows": 1})
    guards = [{"metric": name, "guardrails": {name: Guardrail(max_worse=0.0)}} for name in gate.guardrails]
    return [bare, *(bare.model_copy(update=guard) for guard in guards if guard["metric"] != gate.metric)]


def _pair(scored: Scored, truth: Truth, gate: Gate) -> list[SelfTest]:
    good, bad = copies(scored.production, truth, gate.metric)
    itself = replace(scored, candidate=scored.production)
    spoiled = replace(scored, candidate=bad, production=good)
    return [
        SelfTest(f"production against itself ({gate.metric})", "HOLD", _verdict(itself, gate)),
        SelfTest(f"production against a spoiled copy ({gate.metric})", "REJECT", _verdict(spoiled, gate)),
    ]


def _verdict(scored: Scored, gate: Gate) -> str:
    """That both are one model is forgiven here: the rules on numbers must find it out by themselves."""
    return decide(replace(gather(scored, gate), same=()), gate).verdict


def copies(predictions: Any, truth: Truth, metric: str) -> tuple[Floats, Floats]:
    """A copy of the predictions pushed towards the truth, and that copy spoiled: worse on every row, by any metric.

    The first push is there because a model that never finds a positive can't be spoiled as its F1 goes.
    """
    if truth.classes is None:
        return _shifted(predictions, truth, metric)
    present = np.unique(truth.target)
    following = present[(np.searchsorted(present, truth.target) + 1) % len(present)]
    wrong = following if len(present) > 1 else (truth.target + 1) % truth.classes
    good = _pushed(predictions, truth.target)
    return good, _pushed(good, wrong)


def _pushed(probabilities: Floats, towards: Any) -> Floats:
    out = np.asarray(KEPT * probabilities)
    out[np.arange(len(out)), towards] += 1 - KEPT
    return out


def _shifted(values: Floats, truth: Truth, metric: str) -> tuple[Floats, Floats]:
    """Errors held below half a unit, then a whole unit more; a unit is what the metric compares errors with."""
    target = truth.target
    size, spread = np.abs(target), float(np.std(target)) or 1.0
    units = {
        "mean_absolute_percentage_error": np.maximum(size, np.finfo(float).eps),
        "r2": np.abs(target - target.mean()),
    }
    unit = units.get(metric, np.full(len(target), spread))
    errors = values - target
    away = np.where(errors >= 0, 1.0, -1.0)
    held = np.minimum(np.abs(errors), unit / 2)
    return target + away * held, target + away * (held + unit)
