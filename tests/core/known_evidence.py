"""Evidence with known numbers, for the tests of the gate."""

from dataclasses import replace
from typing import Any

from scripts.core.gate.evidence import Comparison, Evidence, SelfTest
from scripts.core.params import Gate
from scripts.core.scoring.metrics import find
from scripts.core.scoring.resampling import Estimate, Paired

NAN, INF = float("nan"), float("inf")
PASSED = (SelfTest("production against itself", "HOLD", "HOLD"),)
FAILED = (SelfTest("production against a spoiled copy", "REJECT", "PROMOTE"),)


def gate(**changed: Any) -> Gate:
    return Gate.model_validate({"metric": "log_loss", "block": "1D", "resamples": 1000} | changed)


def compared(improvement: float, half: float = 0.01, name: str = "log_loss", production: float = 0.5) -> Comparison:
    metric = find(name)
    difference = metric.gain(improvement)
    candidate = production + difference
    alone = Estimate(candidate, candidate - 0.05, candidate + 0.05, 0.025, 14)
    return Comparison(
        metric,
        alone,
        Paired(
            candidate, production, difference, difference - half, difference + half, half / 2, 14, improvement, alone
        ),
    )


def first(one: Comparison) -> Comparison:
    return replace(one, paired=None)


def evidence(*metrics: Comparison, **changed: Any) -> Evidence:
    known: dict[str, Any] = {"first": False, "rows": 6500, "blocks": 14, "leaked": 0, "self_tests": PASSED}
    return Evidence(metrics={one.metric.name: one for one in metrics}, **(known | changed))
