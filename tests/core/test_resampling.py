import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import metrics as theirs

from scripts.core.metrics import METRICS, find
from scripts.core.resampling import paired, single
from scripts.core.scores import statistic
from scripts.core.truth import MOST_BLOCKS, fault, truth_of

BINARY = [name for name, metric in METRICS.items() if "binary" in metric.tasks]
MULTICLASS = [name for name, metric in METRICS.items() if "multiclass" in metric.tasks]
REGRESSION = [name for name, metric in METRICS.items() if "regression" in metric.tasks]
ASKED: dict[str, Any] = {"resamples": 200, "confidence": 0.95, "seed": 1}


def labels(p: Any, classes: Any) -> Any:
    return np.asarray(classes)[p.argmax(axis=1)]


SKLEARN: dict[str, Any] = {
    "log_loss": lambda y, p, c, pos, w: theirs.log_loss(y, p, labels=c, sample_weight=w),
    "roc_auc": lambda y, p, c, pos, w: theirs.roc_auc_score(y == pos, p[:, c.index(pos)], sample_weight=w),
    "roc_auc_ovr": lambda y, p, c, pos, w: theirs.roc_auc_score(y, p, labels=c, multi_class="ovr", sample_weight=w),
    "average_precision": lambda y, p, c, pos, w: theirs.average_precision_score(
        y == pos, p[:, c.index(pos)], sample_weight=w
    ),
    "f1": lambda y, p, c, pos, w: theirs.f1_score(y, labels(p, c), pos_label=pos, sample_weight=w),
    "precision": lambda y, p, c, pos, w: theirs.precision_score(y, labels(p, c), pos_label=pos, sample_weight=w),
    "recall": lambda y, p, c, pos, w: theirs.recall_score(y, labels(p, c), pos_label=pos, sample_weight=w),
    "accuracy": lambda y, p, c, pos, w: theirs.accuracy_score(y, labels(p, c), sample_weight=w),
    "balanced_accuracy": lambda y, p, c, pos, w: theirs.balanced_accuracy_score(y, labels(p, c), sample_weight=w),
    "f1_macro": lambda y, p, c, pos, w: theirs.f1_score(y, labels(p, c), average="macro", sample_weight=w),
    "f1_weighted": lambda y, p, c, pos, w: theirs.f1_score(y, labels(p, c), average="weighted", sample_weight=w),
    "mean_absolute_error": lambda y, p, c, pos, w: theirs.mean_absolute_error(y, p, sample_weight=w),
    "mean_squared_error": lambda y, p, c, pos, w: theirs.mean_squared_error(y, p, sample_weight=w),
    "root_mean_squared_error": lambda y, p, c, pos, w: theirs.root_mean_squared_error(y, p, sample_weight=w),
    "mean_absolute_percentage_error": lambda y, p, c, pos, w: theirs.mean_absolute_percentage_error(
        y, p, sample_weight=w
    ),
    "r2": lambda y, p, c, pos, w: theirs.r2_score(y, p, sample_weight=w),
}


def brier(y: Any, p: Any, c: Any, pos: Any, w: Any) -> float:
    if len(c) == 2:
        return float(theirs.brier_score_loss(y, p[:, c.index(pos)], pos_label=pos, sample_weight=w))
    return float(theirs.brier_score_loss(y, p, labels=c, sample_weight=w))


def median(y: Any, p: Any, c: Any, pos: Any, w: Any) -> float:
    repeats = np.ones(len(y), int) if w is None else w.astype(int)
    return float(theirs.median_absolute_error(np.repeat(y, repeats), np.repeat(p, repeats)))


SKLEARN |= {"brier_score": brier, "median_absolute_error": median}


def table(seed: int, classes: list[Any] | None, rows: int = 300, ties: bool = False) -> tuple[Any, Any, Any, Any]:
    """Target, two models' predictions, blocks."""
    rng = np.random.default_rng(seed)
    blocks = rng.integers(0, 6, rows)
    if classes is None:
        y = rng.normal(3, 2, rows)
        return y, y + rng.normal(0, 1, rows), y + rng.normal(0.1, 1.2, rows), blocks
    codes = rng.integers(0, len(classes), rows)
    both = []
    for noise in (1.0, 1.3):
        raw = np.exp(rng.normal(0, noise, (rows, len(classes))) + np.eye(len(classes))[codes])
        p = raw / raw.sum(axis=1, keepdims=True)
        both.append(np.round(p * 8) / 8 if ties and len(classes) == 2 else p)
    return np.asarray(classes)[codes], both[0], both[1], blocks


def cases() -> list[Any]:
    two = [(name, ["no", "yes"], "no") for name in BINARY] + [(name, [0, 1], 1) for name in BINARY]
    many = [(name, ["a", "b", "c", "d"], None) for name in MULTICLASS]
    return [*two, *many, *((name, None, None) for name in REGRESSION)]


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize(("name", "classes", "positive"), cases())
def test_values_are_scikit_learns(name: str, classes: Any, positive: Any, ties: bool) -> None:
    y, p, _, blocks = table(0, classes, ties=ties)
    truth = truth_of(y, blocks, classes, positive, 0)
    weights = np.vstack([np.ones(truth.count), np.random.default_rng(2).integers(0, 4, (3, truth.count))]).astype(float)
    ours = statistic(find(name), truth, p)(weights)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for value, drawn in zip(ours, weights, strict=True):
            kept = drawn[truth.blocks] > 0
            expected = SKLEARN[name](y[kept], p[kept], classes, positive, drawn[truth.blocks][kept])
            assert value == pytest.approx(expected, abs=1e-12, rel=1e-12)


@pytest.mark.parametrize("name", MULTICLASS)
def test_a_class_that_the_holdout_lacks_is_no_obstacle(name: str) -> None:
    y, p, q, blocks = table(1, ["a", "b", "c", "d"])
    keep = y != "b"
    found = paired(find(name), y[keep], p[keep], q[keep], blocks[keep], classes=["a", "b", "c", "d"], **ASKED)
    assert np.isfinite([found.candidate, found.low, found.high]).all()


@pytest.mark.parametrize("name", ["f1_macro", "f1_weighted", "balanced_accuracy", "accuracy", "log_loss"])
def test_a_label_that_is_predicted_and_never_true_counts_as_scikit_learn_counts_it(name: str) -> None:
    classes = ["a", "b", "c", "d"]
    y, p, _, blocks = table(1, classes)
    y, p, blocks = y[y != "b"], p[y != "b"], blocks[y != "b"]
    assert "b" in labels(p, classes)
    found = single(find(name), y, p, blocks, classes=classes, **ASKED)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert found.value == pytest.approx(SKLEARN[name](y, p, classes, None, None), abs=1e-12)


def test_a_target_of_zero_is_off_by_as_much_as_scikit_learn_says() -> None:
    y, p = np.array([0.0, 1.0, 2.0]), np.array([1e-18, 1.5, 2.0])
    found = single(find("mape"), y, p, None, classes=None, **ASKED)
    assert found.value == pytest.approx(theirs.mean_absolute_percentage_error(y, p), rel=1e-12)


def test_a_class_that_a_model_does_not_know_costs_what_scikit_learn_says() -> None:
    y, p = np.array(["a", "b"] * 5), np.tile([1.0, 0.0], (10, 1))
    found = single(find("log_loss"), y, p, None, classes=["a", "b"], **ASKED)
    assert found.value == theirs.log_loss(y, p)


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


@settings(max_examples=60, deadline=None)
@given(case=st.sampled_from(cases()), seed=st.integers(0, 10**6), factor=st.integers(2, 9))
def test_multiplying_all_weights_changes_nothing(case: Any, seed: int, factor: int) -> None:
    name, classes, positive = case
    y, p, _, blocks = table(seed, classes, 120)
    truth = truth_of(y, blocks, classes, positive, 0)
    weights = np.random.default_rng(seed).integers(0, 3, (4, truth.count)).astype(float)
    value = statistic(find(name), truth, p)
    assert value(weights) == pytest.approx(value(weights * factor), abs=1e-12, nan_ok=True)


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


def test_many_periods_are_joined_with_their_neighbours() -> None:
    truth = truth_of(np.zeros(2000), np.repeat(np.arange(1000), 2), None, None, 0)
    assert truth.count == MOST_BLOCKS
    assert (np.diff(truth.blocks) >= 0).all()
    assert set(truth.sums()) == {8.0}


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


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda p: p[:, :1], "shape"),
        (lambda p: p * 2 - 0.5, "outside 0 to 1"),
        (lambda p: p / 2, "do not sum to 1"),
        (lambda p: np.where(np.arange(len(p))[:, None] == 3, np.nan, p), "1 of 300 predictions are not finite"),
    ],
)
def test_what_is_wrong_with_predictions_is_said(spoil: Any, why: str) -> None:
    y, p, _, blocks = table(12, [0, 1])
    truth = truth_of(y, blocks, [0, 1], 1, 0)
    assert fault(p, truth) is None
    assert why in str(fault(spoil(p), truth))


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


def test_a_label_that_is_no_class_is_refused() -> None:
    with pytest.raises(ValueError, match="not among the classes"):
        truth_of(np.array(["a", "x"]), None, ["a", "b"], None, 0)


def test_a_binary_metric_asks_for_the_positive_label() -> None:
    y, p, _, blocks = table(15, [0, 1])
    with pytest.raises(ValueError, match="positive"):
        single(find("roc_auc"), y, p, blocks, classes=[0, 1], **ASKED)


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
