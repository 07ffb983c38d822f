"""The backtest for machines: backtest.json."""

from dataclasses import asdict
from math import isfinite
from typing import Any

from scripts.core.backtest.outcome import Outcome, frontier
from scripts.core.backtest.suggestion import differing
from scripts.core.backtest.table import Found
from scripts.core.backtest.walk import Step
from scripts.core.params import Triggers


def report(found: Found, current: Triggers) -> dict[str, Any]:
    """Models are named by the batch that they were made with; what could not be measured is null."""
    market, choice = found.market, found.choice
    best = frontier(found.outcomes, market)
    return {
        "metric": market.metric.name,
        "greater_is_better": market.metric.greater_is_better,
        "prices": market.prices.model_dump(mode="json"),
        "first": found.batches[market.first].name,
        "batches": [
            {"name": batch.name, "rows": batch.rows, "to": batch.last, "days": batch.days} for batch in found.batches
        ],
        "scores": {
            found.batches[model].name: {found.batches[place].name: _finite(value) for place, value in scores.items()}
            for model, scores in market.scores.items()
        },
        "policies": [_policy(one, found, any(one is other for other in best)) for one in found.outcomes],
        "choice": {
            "best": choice.best.name,
            "cheapest": choice.cheapest.called,
            "told": {name: _finite(value) for name, value in asdict(choice.told).items()},
            "apart": choice.told.apart,
            "changes": differing(current, choice.best.settings or current),
        },
        "faults": list(found.faults),
    }


def _policy(one: Outcome, found: Found, best: bool) -> dict[str, Any]:
    return {
        "policy": one.name,
        "gate": one.gate,
        "retrains": one.retrains,
        "promotions": one.promotions,
        "seconds": round(one.seconds, 3),
        "mean": _finite(one.mean),
        "worst": _finite(one.worst(found.market)),
        "cost": one.cost,
        "regret": one.cost - found.oracle.cost,
        "frontier": best,
        "steps": [_step(step, one, found) for step in one.steps],
    }


def _step(step: Step, one: Outcome, found: Found) -> dict[str, Any]:
    score = one.scores.get(step.place)
    fired = None if step.decision is None else [trigger.name for trigger in step.decision.fired]
    return {
        "batch": found.batches[step.place].name,
        "served": found.batches[step.served].name,
        "score": None if score is None else _finite(score),
        "fired": fired,
        "retrained": step.retrained,
        "verdict": step.verdict,
        "promoted": step.promoted,
        "cost": one.losses[step.place],
    }


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None
