"""From predictions to evidence: every metric and every slice that the gate's rules need."""

import numpy as np

from scripts.core.gate.evidence import Evidence, Scored, compare
from scripts.core.gate.slices import slices
from scripts.core.params import Gate
from scripts.core.scoring.metrics import Metric, find
from scripts.core.scoring.truth import fault, truth_of

SAME = 1e-9  # predictions closer than this (to their spread) come from one model


def canonical(gate: Gate) -> Gate:
    """The gate with every metric under its own name, so that neg_log_loss and log_loss are one."""
    return gate.model_copy(
        update={
            "metric": find(gate.metric).name,
            "metrics": tuple(dict.fromkeys(find(name).name for name in gate.metrics)),
            "guardrails": {find(name).name: rule for name, rule in gate.guardrails.items()},
            "limits": {find(name).name: limit for name, limit in gate.limits.items()},
        }
    )


def measured(gate: Gate) -> list[Metric]:
    """The deciding metric, then every other that is reported, guarded or limited."""
    return [find(name) for name in dict.fromkeys([gate.metric, *gate.metrics, *gate.guardrails, *gate.limits])]


def gather(scored: Scored, gate: Gate, *, leaked: int = 0, confidence: float | None = None) -> Evidence:
    """Predictions that can't be scored are named as faults; their metrics are not finite.

    `confidence` is that of the metrics on all rows, where it is another one than that of the slices: a guard must not
    get weaker because a proof gets harder.
    """
    truth = truth_of(scored.target, scored.blocks, scored.classes, scored.positive, gate.seed)
    seats = {"candidate": scored.candidate, "production": scored.production}
    whys = {name: fault(seat, truth) for name, seat in seats.items() if seat is not None}
    faults = tuple(f"the {name} can't be scored: {why}" for name, why in whys.items() if why is not None)
    return Evidence(
        first=scored.production is None,
        rows=len(truth.target),
        blocks=truth.count if scored.blocks is None else len(np.unique(scored.blocks)),
        leaked=leaked,
        metrics={metric.name: compare(metric, scored, gate, confidence) for metric in measured(gate)},
        slices=() if faults else slices(scored, gate),
        faults=faults,
        same=("predictions",) if same_predictions(scored) else (),
    )


def same_predictions(scored: Scored) -> bool:
    if scored.production is None or np.shape(scored.candidate) != np.shape(scored.production):
        return False
    apart = np.abs(scored.candidate - scored.production).max(initial=0.0)
    spread = 1.0 if scored.classes is not None else float(np.std(scored.production)) if len(scored.production) else 0.0
    return bool(apart <= SAME * spread)
