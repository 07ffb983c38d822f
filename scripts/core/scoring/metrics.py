"""Metrics by their scikit-learn names: direction, tasks, and what they are computed from."""

from dataclasses import dataclass
from typing import Literal

from scripts.core.errors import USAGE, Mistake
from scripts.core.text import did_you_mean

Needs = Literal["probabilities", "labels", "values"]
BINARY = frozenset({"binary"})
MULTICLASS = frozenset({"multiclass"})
CLASSES = BINARY | MULTICLASS
REGRESSION = frozenset({"regression"})


@dataclass(frozen=True)
class Metric:
    """Losses are perfect at 0, scores at 1: improvements are measured against the distance to that."""

    name: str
    greater_is_better: bool
    tasks: frozenset[str]
    needs: Needs

    @property
    def perfect(self) -> float:
        return 1.0 if self.greater_is_better else 0.0

    def gain(self, difference: float) -> float:
        """A difference in the metric's units as an improvement: positive is better."""
        return difference if self.greater_is_better else -difference


def _score(name: str, tasks: frozenset[str], needs: Needs) -> Metric:
    return Metric(name, True, tasks, needs)


def _loss(name: str, tasks: frozenset[str], needs: Needs) -> Metric:
    return Metric(name, False, tasks, needs)


METRICS = {
    metric.name: metric
    for metric in (
        _loss("log_loss", CLASSES, "probabilities"),
        _loss("brier_score", CLASSES, "probabilities"),
        _score("roc_auc", BINARY, "probabilities"),
        _score("roc_auc_ovr", MULTICLASS, "probabilities"),
        _score("average_precision", BINARY, "probabilities"),
        _score("f1", BINARY, "labels"),
        _score("precision", BINARY, "labels"),
        _score("recall", BINARY, "labels"),
        _score("accuracy", CLASSES, "labels"),
        _score("balanced_accuracy", CLASSES, "labels"),
        _score("f1_macro", CLASSES, "labels"),
        _score("f1_weighted", CLASSES, "labels"),
        _loss("mean_absolute_error", REGRESSION, "values"),
        _loss("root_mean_squared_error", REGRESSION, "values"),
        _loss("mean_squared_error", REGRESSION, "values"),
        _loss("median_absolute_error", REGRESSION, "values"),
        _loss("mean_absolute_percentage_error", REGRESSION, "values"),
        _score("r2", REGRESSION, "values"),
    )
}
ALIASES = {
    "logloss": "log_loss",
    "brier": "brier_score",
    "brier_score_loss": "brier_score",
    "auc": "roc_auc",
    "roc_auc_score": "roc_auc",
    "average_precision_score": "average_precision",
    "f1_score": "f1",
    "precision_score": "precision",
    "recall_score": "recall",
    "accuracy_score": "accuracy",
    "balanced_accuracy_score": "balanced_accuracy",
    "mae": "mean_absolute_error",
    "mse": "mean_squared_error",
    "rmse": "root_mean_squared_error",
    "mape": "mean_absolute_percentage_error",
    "r2_score": "r2",
}


def find(name: str) -> Metric:
    """The metric of a name, of a scorer's name (neg_...), or of a short form."""
    plain = name.removeprefix("neg_")
    metric = METRICS.get(ALIASES.get(plain, plain))
    if metric is None or (metric.greater_is_better and plain != name):
        raise Mistake(f"{name!r} is no known metric. {did_you_mean(plain, METRICS)}", code=USAGE)
    return metric
