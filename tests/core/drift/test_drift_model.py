from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss, mean_absolute_error

from scripts.core.bundle import Bundle
from scripts.core.drift import drift_model
from scripts.core.gate.seat import Seat
from scripts.core.params import Drift, Gate
from scripts.core.settings.data_params import Data

GATE = Gate(metric="log_loss", resamples=1000)


def data(task: str = "binary", **changes: Any) -> Data:
    plain: dict[str, Any] = {
        "name": "toy",
        "task": task,
        "target": "y",
        "holdout": 0.2,
        "source": {"kind": "replay"},
        "columns": {"x": {"kind": "number"}},
    }
    return Data.model_validate(plain | changes)


class Probable:
    """Says x of the last class, and shares the rest among the others."""

    def __init__(self, classes: list[Any]) -> None:
        self.classes_ = np.asarray(classes)

    def predict_proba(self, frame: pd.DataFrame) -> Any:
        last = frame["x"].to_numpy()
        others = np.repeat((1 - last)[:, None] / (len(self.classes_) - 1), len(self.classes_) - 1, axis=1)
        return np.column_stack([others, last])


class Value:
    def predict(self, frame: pd.DataFrame) -> Any:
        return frame["x"].to_numpy() * 100


class Broken:
    def predict(self, frame: pd.DataFrame) -> Any:
        raise ValueError("no such luck")


def seat(model: Any, task: str = "binary", classes: Any = None, positive: Any = None, release: Any = None) -> Seat:
    manifest = {
        "task": task,
        "classes": classes,
        "positive": positive,
        "features": {"x": "number"},
        "metrics": release or {},
    }
    return Seat("production", "sha256:0", Bundle("", manifest, b"", b"", np.empty(0, dtype=np.uint64)), model)


def rows(low: float, high: float, count: int = 400, seed: int = 0, **columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"x": np.random.default_rng(seed).uniform(low, high, count)} | columns)


BINARY = seat(Probable([0, 1]), classes=[0, 1], positive=1)


def test_predictions_that_moved_are_found_and_such_that_did_not_are_not() -> None:
    judged = rows(0.1, 0.9)
    still, why = drift_model.prediction_drift(BINARY, judged, rows(0.1, 0.9, seed=1), data(), Drift())
    far, _ = drift_model.prediction_drift(BINARY, judged, rows(0.5, 0.9, seed=1), data(), Drift())
    assert still is not None and far is not None and why is None
    assert not still.drifted and far.drifted
    assert far.effect == 0.2
    own, _ = drift_model.prediction_drift(BINARY, judged, rows(0.5, 0.9), data(), Drift(prediction_effect=9.0))
    assert own is not None and own.threshold == 9.0 and not own.drifted


def test_a_positive_class_that_is_not_the_last_is_followed() -> None:
    first = seat(Probable(["no", "yes"]), classes=["no", "yes"], positive="no")
    answers = np.array([[0.9, 0.1], [0.2, 0.8]])
    assert drift_model._said(answers, first.bundle.manifest).tolist() == [0.9, 0.2]  # type: ignore[union-attr]


def test_a_multiclass_model_drifts_by_the_class_that_it_predicts() -> None:
    three = seat(Probable(["a", "b", "c"]), "multiclass", ["a", "b", "c"])
    judged, often = rows(0, 1), rows(0.5, 1)
    far, _ = drift_model.prediction_drift(three, judged, often, data("multiclass"), Drift())
    bolder = judged.assign(x=judged["x"] / 2 + (judged["x"] > 1 / 3) / 2)  # the same classes, said with more certainty
    same, _ = drift_model.prediction_drift(three, judged, bolder, data("multiclass"), Drift())
    assert far is not None and far.drifted
    assert same is not None and same.distance == 0


def test_values_drift_too() -> None:
    given = seat(Value(), "regression")
    far, _ = drift_model.prediction_drift(given, rows(0, 1), rows(0.5, 1), data("regression"), Drift())
    assert far is not None and far.drifted


def test_without_the_rows_that_it_was_judged_on_nothing_is_measured_and_it_is_said_why() -> None:
    moved, why = drift_model.prediction_drift(BINARY, rows(0, 1, 0), rows(0, 1), data(), Drift())
    assert moved is None and why is not None and "judged on" in why


def test_a_model_that_fails_is_a_reason_and_no_crash() -> None:
    broken = seat(Broken(), "regression", release={"mean_absolute_error": 1.0})
    moved, why = drift_model.prediction_drift(broken, rows(0, 1), rows(0, 1), data("regression"), Drift())
    assert moved is None and "no such luck" in str(why)
    gate = Gate(metric="mae", resamples=1000)
    score, why = drift_model.performance(broken, rows(0, 1, y=1.0), None, data("regression"), gate)
    assert score is None and "no such luck" in str(why)


def test_the_score_is_scikit_learns_with_an_interval_beside_what_it_was() -> None:
    scored = rows(0.1, 0.9)
    scored["y"] = (np.random.default_rng(1).random(400) < scored["x"]).astype(int)
    days = np.arange(400) // 20
    given = seat(Probable([0, 1]), classes=[0, 1], positive=1, release={"log_loss": 0.61})
    score, why = drift_model.performance(given, scored, days, data(), GATE)
    assert why is None and score is not None
    assert score["now"] == pytest.approx(log_loss(scored["y"], scored["x"]))
    assert score["interval"][0] < score["now"] < score["interval"][1]
    assert (score["metric"], score["greater_is_better"], score["at_release"]) == ("log_loss", False, 0.61)
    assert (score["rows"], score["blocks"]) == (400, 20)
    alone, _ = drift_model.performance(given, scored, None, data(), GATE)
    assert alone is not None and alone["blocks"] is None


def test_a_regression_is_scored_too() -> None:
    scored = rows(0, 1, y=50.0)
    score, _ = drift_model.performance(
        seat(Value(), "regression"), scored, None, data("regression"), Gate(metric="mae", resamples=1000)
    )
    assert score is not None and score["at_release"] is None
    assert score["now"] == pytest.approx(mean_absolute_error(scored["y"], scored["x"] * 100))


def test_a_class_that_production_never_saw_is_scored_as_impossible() -> None:
    two = seat(Probable(["a", "b"]), "multiclass", ["a", "b"])
    gate = Gate(metric="accuracy", resamples=1000)
    scored = rows(0.6, 1, 100, y=["b"] * 50 + ["new"] * 50)
    score, _ = drift_model.performance(two, scored, None, data("multiclass"), gate)
    assert score is not None and score["now"] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("labels", "metric", "says"),
    [(["yes"] * 10, "log_loss", "labels like 0"), ([1] * 10, "roc_auc", "roc_auc can't be measured")],
)
def test_what_cannot_be_scored_says_why(labels: Any, metric: str, says: str) -> None:
    score, why = drift_model.performance(
        BINARY, rows(0.1, 0.9, 10, y=labels), None, data(), Gate(metric=metric, resamples=1000)
    )
    assert score is None and says in str(why)


def test_too_few_blocks_give_a_score_without_an_interval() -> None:
    score, _ = drift_model.performance(BINARY, rows(0.1, 0.9, 10, y=[0, 1] * 5), np.zeros(10), data(), GATE)
    assert score is not None and score["interval"] is None and np.isfinite(score["now"])


def test_no_labels_no_score() -> None:
    empty = rows(0, 1, 0, y=[])
    assert drift_model.performance(BINARY, empty, None, data(), GATE) == (None, None)
    assert drift_model.target_drift(rows(0, 1, y=1), empty, data(), Drift()) is None


def test_the_target_drifts_by_its_labels_whatever_type_a_file_gave_them() -> None:
    then = rows(0, 1, y=[0, 1] * 200)
    same, far = rows(0, 1, y=[0.0, 1.0] * 200), rows(0, 1, y=[0.0, 1.0, 1.0, 1.0] * 100)
    still, moved = (drift_model.target_drift(then, now, data(), Drift()) for now in (same, far))
    assert still is not None and still.distance == 0
    assert moved is not None and moved.drifted
    values = [
        drift_model.target_drift(rows(0, 1, y=v), rows(0, 1, y=w), data("regression"), Drift())
        for v, w in ((1.0, 1.0), (1.0, 2.0))
    ]
    assert [shift.drifted for shift in values if shift] == [False, True]
