from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scripts.core.scoring.metrics import find
from scripts.core.scoring.resampling import paired, single
from scripts.core.scoring.truth import MOST_BLOCKS
from tests.core.known_predictions import ASKED, cases, table


@settings(max_examples=60, deadline=None)
@given(case=st.sampled_from(cases()), seed=st.integers(0, 10**6), rows=st.integers(30, 200))
def test_exchanging_the_models_changes_the_sign_alone(case: Any, seed: int, rows: int) -> None:
    name, classes, positive = case
    y, p, q, blocks = table(seed, classes, rows)
    there = paired(find(name), y, p, q, blocks, classes=classes, positive=positive, **ASKED)
    back = paired(find(name), y, q, p, blocks, classes=classes, positive=positive, **ASKED)
    assume(np.isfinite(there.low))
    assert (back.difference, back.improvement) == (-there.difference, -there.improvement)
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low), abs=1e-12)
    assert (back.candidate, back.production) == (there.production, there.candidate)


@settings(max_examples=60, deadline=None)
@given(case=st.sampled_from(cases()), seed=st.integers(0, 10**6))
def test_the_order_of_rows_does_not_matter(case: Any, seed: int) -> None:
    name, classes, positive = case
    y, p, q, blocks = table(seed, classes, 120)
    order = np.random.default_rng(seed).permutation(len(y))
    one = paired(find(name), y, p, q, blocks, classes=classes, positive=positive, **ASKED)
    two = paired(find(name), y[order], p[order], q[order], blocks[order], classes=classes, positive=positive, **ASKED)
    for part in ("candidate", "production", "difference", "low", "high"):
        assert getattr(one, part) == pytest.approx(getattr(two, part), abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("blocked", [True, False])
@pytest.mark.parametrize(("name", "classes", "positive"), cases())
def test_a_model_against_itself_differs_by_exactly_nothing(
    name: str, classes: Any, positive: Any, blocked: bool
) -> None:
    y, p, _, blocks = table(3, classes)
    its = blocks if blocked else None
    found = paired(find(name), y, p, p.copy(), its, classes=classes, positive=positive, **ASKED)
    assert (found.difference, found.low, found.high, found.standard_error) == (0, 0, 0, 0)


def test_improvement_follows_the_direction_of_the_metric() -> None:
    y, good, bad, blocks = table(4, [0, 1], 2000)
    asked = {"classes": [0, 1], "positive": 1, **ASKED}
    loss = paired(find("log_loss"), y, good, bad, blocks, **asked)
    score = paired(find("roc_auc"), y, good, bad, blocks, **asked)
    assert loss.difference < 0 < loss.improvement
    assert score.difference > 0
    assert score.improvement == score.difference


def test_the_error_of_a_mean_over_equal_blocks_is_the_textbook_one() -> None:
    rng = np.random.default_rng(5)
    per_block = rng.normal(0, 1, 9)
    errors = np.repeat(np.abs(per_block), 20)
    found = single(
        find("mean_absolute_error"), np.zeros(180), errors, np.repeat(np.arange(9), 20),
        classes=None, resamples=40_000, confidence=0.95, seed=0,
    )  # fmt: skip
    standard_error = np.abs(per_block).std(ddof=1) / 3
    assert found.standard_error == pytest.approx(standard_error, rel=0.02)
    assert found.high - found.value == pytest.approx(2.306004 * found.standard_error, rel=1e-5)  # t, 8 degrees


def test_rows_that_hang_together_make_the_interval_wider() -> None:
    rng = np.random.default_rng(6)
    day = np.repeat(np.arange(14), 100)
    errors = np.abs(rng.normal(0, 1, 14)[day] + rng.normal(0, 1, 1400))
    asked = {"classes": None, **ASKED}
    by_day = single(find("mean_absolute_error"), np.zeros(1400), errors, day, **asked)
    by_row = single(find("mean_absolute_error"), np.zeros(1400), errors, None, **asked)
    assert by_day.standard_error > 2 * by_row.standard_error
    assert by_day.value == pytest.approx(by_row.value, abs=1e-12)


def test_independent_rows_are_dealt_into_at_most_so_many_blocks() -> None:
    errors = np.random.default_rng(7).exponential(size=1003)
    found = single(find("mean_absolute_error"), np.zeros(1003), errors, None, classes=None, **ASKED)
    assert found.blocks == MOST_BLOCKS
    assert found.standard_error == pytest.approx(errors.std() / np.sqrt(1003), rel=0.2)
    few = single(find("mean_absolute_error"), np.zeros(40), errors[:40], None, classes=None, **ASKED)
    assert few.blocks == 40


@pytest.mark.parametrize("blocks", [np.zeros(60), np.repeat([0, 1], 30)])
def test_one_or_two_blocks_have_a_value_and_no_interval(blocks: Any) -> None:
    y, p, q, _ = table(8, [0, 1], 60)
    found = paired(find("log_loss"), y, p, q, blocks, classes=[0, 1], positive=1, **ASKED)
    assert np.isfinite(found.difference)
    assert np.isnan([found.low, found.high]).all()


@pytest.mark.parametrize("name", ["roc_auc", "average_precision"])
def test_a_ranking_needs_both_classes_in_three_blocks(name: str) -> None:
    y, p, _, blocks = table(9, [0, 1])
    asked = {"classes": [0, 1], "positive": 1, **ASKED}
    y = np.where(blocks < 2, y, 0)
    assert np.isnan(single(find(name), y, p, blocks, **asked).low)
    y, p, _, blocks = table(9, [0, 1])
    y = np.where(blocks < 3, y, 0)
    assert np.isfinite(single(find(name), y, p, blocks, **asked).low)


def test_a_ranking_of_one_class_has_no_value() -> None:
    _, p, _, blocks = table(10, [0, 1])
    found = single(find("roc_auc"), np.zeros(300, int), p, blocks, classes=[0, 1], positive=1, **ASKED)
    assert np.isnan([found.value, found.low, found.high]).all()


def test_r2_of_a_target_that_does_not_vary_has_no_value() -> None:
    _, p, _, blocks = table(10, None)
    assert np.isnan(single(find("r2"), np.full(300, 0.1), p, blocks, classes=None, **ASKED).value)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(("name", "classes", "positive"), cases())
def test_one_number_that_is_not_finite_makes_the_value_so(name: str, classes: Any, positive: Any, bad: float) -> None:
    y, p, q, blocks = table(11, classes)
    p[7] = bad
    found = paired(find(name), y, p, q, blocks, classes=classes, positive=positive, **ASKED)
    assert np.isnan([found.candidate, found.difference, found.low, found.high]).all()
    assert np.isfinite(found.production)


@pytest.mark.parametrize(("name", "classes", "positive"), cases())
def test_no_rows_have_no_value(name: str, classes: Any, positive: Any) -> None:
    y, p, q, blocks = table(13, classes)
    found = paired(find(name), y[:0], p[:0], q[:0], blocks[:0], classes=classes, positive=positive, **ASKED)
    assert np.isnan([found.candidate, found.production, found.difference, found.low]).all()


def test_the_seed_decides_everything() -> None:
    y, p, q, _ = table(14, [0, 1])
    asked = {"classes": [0, 1], "positive": 1, "resamples": 200, "confidence": 0.95}
    one, two, other = (paired(find("roc_auc"), y, p, q, None, **asked, seed=seed) for seed in (1, 1, 2))
    assert one == two
    assert one.low != other.low


def test_a_binary_metric_asks_for_the_positive_label() -> None:
    y, p, _, blocks = table(15, [0, 1])
    with pytest.raises(ValueError, match="positive"):
        single(find("roc_auc"), y, p, blocks, classes=[0, 1], **ASKED)


def test_blocks_of_unequal_sizes_count_as_fewer() -> None:
    """One block with most of the rows: by the count of blocks, 84 % of these intervals hold the truth."""
    rng = np.random.default_rng(17)
    held = 0
    for _ in range(300):
        sizes = np.maximum(3, 40 * rng.lognormal(0, 1.2, 7)).astype(int)
        day = np.repeat(np.arange(7), sizes)
        errors = 5 + rng.normal(0, 1, 7)[day] + rng.normal(0, 1, len(day))
        found = single(find("mean_absolute_error"), np.zeros(len(day)), errors, day, classes=None, **ASKED)
        held += found.low <= 5 <= found.high
    assert held / 300 >= 0.92


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """Few blocks, rows that hang together: 300 trials, so 95 % is between 91 and 99 % with near certainty."""
    rng = np.random.default_rng(16)
    day = np.repeat(np.arange(7), 40)
    held = 0
    for _ in range(300):
        errors = 5 + rng.normal(0, 1, 7)[day] + rng.normal(0, 1, 280)
        found = single(find("mean_absolute_error"), np.zeros(280), errors, day, classes=None, **ASKED)
        held += found.low <= 5 <= found.high
    assert 0.91 <= held / 300 <= 0.99
