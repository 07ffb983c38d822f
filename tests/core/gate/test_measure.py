from dataclasses import replace
from datetime import timedelta

import numpy as np

from scripts.core.gate import gate as gates
from scripts.core.gate import measure
from scripts.core.gate.evidence import Scored
from tests.core.known_evidence import PASSED, gate


def scored(seed: int, worse: float = 0.0, rows: int = 600, shared: bool = False) -> Scored:
    """Two models of equal worth on days of their own kind; `worse` is taken from the candidate's knowledge."""
    rng = np.random.default_rng(seed)
    day = np.arange(rows) * 14 // rows
    y = (rng.random(rows) < 0.5).astype(int)
    both = []
    for knowledge in (1.0 - worse, 1.0):
        own = rng.normal(0, 0.4, 14)[day] + rng.normal(0, 0.6, rows)
        p = 1 / (1 + np.exp(-(knowledge * (2 * y - 1) + own)))
        both.append(np.column_stack([1 - p, p]))
    return Scored(y, both[1] if shared else both[0], both[1], day, [0, 1], 1, {})


def test_a_model_never_beats_itself() -> None:
    rules = gate(metrics=("roc_auc",))
    for seed in range(100):
        found = measure.gather(scored(seed, shared=True), rules)
        assert gates.judge(replace(found, self_tests=PASSED), rules).verdict == "INVALID"
        unknowing = gates.decide(replace(found, same=()), rules)
        assert unknowing.verdict == "HOLD"
        assert unknowing.evidence.metrics["log_loss"].gains == (0, 0, 0)


def test_equal_models_are_seldom_promoted_and_worse_ones_more_seldom() -> None:
    """400 seeded trials each; the figure for 1,000 is in benchmarks/resampling.py."""
    rules = gate()
    promoted = {
        worse: sum(
            gates.decide(measure.gather(scored(seed, worse), rules), rules).verdict == "PROMOTE" for seed in range(400)
        )
        for worse in (0.0, 0.05)
    }
    assert promoted[0.0] <= 0.05 * 400
    assert promoted[0.05] <= 0.015 * 400


def test_predictions_that_differ_by_rounding_are_the_same() -> None:
    found = scored(1, shared=True)
    nearly = replace(found, candidate=found.candidate + np.random.default_rng(0).choice([-1e-15, 1e-15], (600, 2)))
    assert measure.gather(nearly, gate()).same == ("predictions",)
    assert measure.gather(scored(1), gate()).same == ()


def test_metrics_have_their_own_names_whatever_they_were_called() -> None:
    rules = measure.canonical(
        gate(
            metric="neg_log_loss", metrics=("brier", "neg_brier_score"), guardrails={"auc": {"max_worse": 0.1}},
            limits={"brier_score_loss": 0.3},
        )
    )  # fmt: skip
    assert [metric.name for metric in measure.measured(rules)] == ["log_loss", "brier_score", "roc_auc"]
    assert rules.block == timedelta(days=1)
    assert set(rules.guardrails) == {"roc_auc"}
    assert rules.limits == {"brier_score": 0.3}
