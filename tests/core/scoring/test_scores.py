import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as theirs

from scripts.core.scoring.metrics import find
from scripts.core.scoring.resampling import paired, single
from scripts.core.scoring.scores import statistic
from scripts.core.scoring.truth import truth_of
from tests.core.known_predictions import ASKED, MULTICLASS, cases, table


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
@given(case=st.sampled_from(cases()), seed=st.integers(0, 10**6), factor=st.integers(2, 9))
def test_multiplying_all_weights_changes_nothing(case: Any, seed: int, factor: int) -> None:
    name, classes, positive = case
    y, p, _, blocks = table(seed, classes, 120)
    truth = truth_of(y, blocks, classes, positive, 0)
    weights = np.random.default_rng(seed).integers(0, 3, (4, truth.count)).astype(float)
    value = statistic(find(name), truth, p)
    assert value(weights) == pytest.approx(value(weights * factor), abs=1e-12, nan_ok=True)
