from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.core.gate import evidence as evidences
from scripts.core.gate import gate as gates
from scripts.core.gate import measure, selftests
from scripts.core.gate.evidence import Comparison, Scored
from scripts.core.params import Gate
from scripts.core.scoring import resampling
from scripts.core.scoring.metrics import METRICS, Metric
from scripts.core.scoring.scores import statistic
from scripts.core.scoring.truth import truth_of

TASKS = [(name, task) for name, metric in METRICS.items() for task in sorted(metric.tasks)]
CLASSES: dict[str, Any] = {"binary": ["no", "yes"], "multiclass": ["a", "b", "c", "d"], "regression": None}


def gate(metric: str, **changed: Any) -> Gate:
    return Gate.model_validate({"metric": metric, "resamples": 1000, "block": "1D"} | changed)


def scored(task: str, seed: int = 0, rows: int = 700, blocks: int | None = 7) -> Scored:
    rng = np.random.default_rng(seed)
    period = None if blocks is None else rng.integers(0, blocks, rows)
    classes = CLASSES[task]
    if classes is None:
        y = rng.normal(3, 2, rows)
        return Scored(y, y + rng.normal(0, 1, rows), y + rng.normal(0, 1, rows), period, None, None, {})
    codes = rng.integers(0, len(classes), rows)
    raw = np.exp(rng.normal(0, 1, (2, rows, len(classes))) + np.eye(len(classes))[codes])
    p = raw / raw.sum(axis=2, keepdims=True)
    return Scored(np.asarray(classes)[codes], p[0], p[1], period, classes, classes[-1], {})


def failed(both: Scored, rules: Gate) -> list[str]:
    tests = selftests.run(both, rules)
    assert tests
    return [one.name for one in tests if not one.passed]


@pytest.mark.parametrize("blocks", [3, 7, None])
@pytest.mark.parametrize(("name", "task"), TASKS)
def test_they_pass_for_every_metric_of_every_task(name: str, task: str, blocks: int | None) -> None:
    both = scored(task, blocks=blocks)
    assert failed(both, gate(name)) == []
    others = [other for other, its in TASKS if its == task and other != name]
    guards = {other: {"max_worse": 0.1} for other in others[:2]}
    tests = selftests.run(both, gate(name, guardrails=guards))
    assert len(tests) == 2 + 2 * len(guards)
    assert all(one.passed for one in tests)


HOPELESS = {
    "never positive": lambda p: np.column_stack([np.ones(len(p)), np.zeros(len(p))]),
    "always positive": lambda p: np.column_stack([np.zeros(len(p)), np.ones(len(p))]),
    "knows nothing": lambda p: np.full_like(p, 0.5),
    "wrong way round": lambda p: p[:, ::-1],
}


@pytest.mark.parametrize("kind", HOPELESS)
@pytest.mark.parametrize("name", [name for name, task in TASKS if task == "binary"])
def test_a_hopeless_production_does_not_fail_them(name: str, kind: str) -> None:
    both = scored("binary")
    assert failed(replace(both, production=HOPELESS[kind](both.production)), gate(name)) == []


@pytest.mark.parametrize("name", [name for name, task in TASKS if task == "binary"])
def test_a_rare_class_does_not_fail_them(name: str) -> None:
    both = scored("binary", rows=2000)
    rare = np.where(np.arange(2000) % 100 == 0, "yes", "no")
    assert failed(replace(both, target=rare), gate(name)) == []


@pytest.mark.parametrize("name", [name for name, task in TASKS if task == "regression" and name != "r2"])
def test_a_target_with_zeros_and_giants_does_not_fail_them(name: str) -> None:
    both = scored("regression", blocks=3)
    target = np.where(np.arange(700) % 3 == 0, 0.0, np.exp(np.random.default_rng(1).normal(0, 3, 700)))
    assert failed(replace(both, target=target), gate(name)) == []


@settings(max_examples=100, deadline=None)
@given(case=st.sampled_from(TASKS), seed=st.integers(0, 10**6), rows=st.integers(30, 200))
def test_the_spoiled_copy_is_worse_by_any_metric(case: tuple[str, str], seed: int, rows: int) -> None:
    name, task = case
    both = scored(task, seed, rows)
    truth = truth_of(both.target, both.blocks, both.classes, both.positive, 0)
    good, bad = selftests.copies(both.production, truth, name)
    ones = np.ones((1, truth.count))
    better, worse = (float(statistic(METRICS[name], truth, copy)(ones)[0]) for copy in (good, bad))
    assert METRICS[name].gain(worse - better) < 0


def test_copies_are_still_probabilities() -> None:
    both = scored("multiclass")
    truth = truth_of(both.target, both.blocks, both.classes, None, 0)
    for copy in selftests.copies(both.production, truth, "log_loss"):
        assert copy.sum(axis=1) == pytest.approx(1)
        assert copy.min() >= 0


def test_without_a_production_the_candidate_sits_in_both_seats() -> None:
    both = replace(scored("binary"), production=None)
    assert failed(both, gate("log_loss")) == []


def test_too_few_blocks_or_broken_predictions_can_not_be_tested() -> None:
    assert selftests.run(scored("binary", blocks=2), gate("log_loss")) == ()
    both = scored("binary")
    assert selftests.run(replace(both, production=both.production * np.nan), gate("log_loss")) == ()


# Bugs planted in the machinery: each must be found.


def turned(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    real = METRICS[name]
    monkeypatch.setitem(METRICS, name, replace(real, greater_is_better=not real.greater_is_better))


def candidate_in_both_seats(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    real = resampling.paired

    def wrong(metric: Metric, target: Any, candidate: Any, production: Any, blocks: Any, **asked: Any) -> Any:
        return real(metric, target, candidate, candidate, blocks, **asked)

    monkeypatch.setattr(resampling, "paired", wrong)


def seats_exchanged(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    real = resampling.paired

    def wrong(metric: Metric, target: Any, candidate: Any, production: Any, blocks: Any, **asked: Any) -> Any:
        return real(metric, target, production, candidate, blocks, **asked)

    monkeypatch.setattr(resampling, "paired", wrong)


def rows_shuffled(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    real = evidences.compare

    def wrong(metric: Metric, both: Scored, *rest: Any) -> Comparison:
        order = np.random.default_rng(0).permutation(len(both.target))
        return real(metric, replace(both, candidate=both.candidate[order]), *rest)

    monkeypatch.setattr(measure, "compare", wrong)


def ends_negated(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(Comparison, "gains", property(lambda self: (self.paired.improvement, 1.0, 2.0)))


@pytest.mark.parametrize("plant", [turned, candidate_in_both_seats, seats_exchanged, rows_shuffled, ends_negated])
@pytest.mark.parametrize("name", ["log_loss", "roc_auc", "mean_absolute_error", "f1"])
def test_a_bug_in_the_machinery_makes_the_verdict_invalid(
    monkeypatch: pytest.MonkeyPatch, name: str, plant: Any
) -> None:
    task = "regression" if name == "mean_absolute_error" else "binary"
    both, rules = scored(task), gate(name)
    plant(monkeypatch, name)
    found = measure.gather(both, rules)
    judged = gates.judge(replace(found, self_tests=selftests.run(both, rules)), rules)
    assert judged.verdict == "INVALID"
    assert any("self-test failed" in reason for reason in judged.reasons)


def test_a_guardrail_that_does_not_know_its_direction_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    turned(monkeypatch, "roc_auc")
    assert failed(scored("binary"), gate("log_loss", guardrails={"roc_auc": {"max_worse": 0.02}})) == [
        "production against a spoiled copy (roc_auc)"
    ]
