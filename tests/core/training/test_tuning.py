"""The search learns from the past of what it is judged on, and looks at all rows before it decides."""

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from scripts.core.errors import USAGE, Mistake
from scripts.core.params import Train, Tune
from scripts.core.scoring.metrics import METRICS
from scripts.core.tables import table
from scripts.core.training import fitting, model, tuning
from tests import tables

SPACE = {"max_depth": [1, 4], "min_samples_leaf": [1, 20, 40]}


def target_of(made: tables.Table) -> Any:
    return table.labels(made.frame[made.data["target"]], made.checked)


def searched(made: tables.Table, tune: dict[str, Any], **changed: Any) -> dict[str, Any]:
    given = made.params(train__tune=tune, **changed)
    rows = made.frame[made.frame[given.data.target].notna()]
    return tuning.best(rows, target_of(made), given.train, given.data, fitting.HERE)


@pytest.mark.parametrize("name", ["binary", "three_classes", "wide_regression", "text_labels", "missing_targets"])
def test_the_best_parameters_of_the_space_are_found_the_same_way_each_time(name: str) -> None:
    made = tables.ALL[name]() if name != "wide_regression" else tables.wide_regression(120, columns=20)
    found = searched(made, {"space": SPACE, "candidates": 4, "folds": 2})
    assert set(found) == {"model__max_depth", "model__min_samples_leaf"}
    assert all(value in SPACE[key.removeprefix("model__")] for key, value in found.items())
    assert searched(made, {"space": SPACE, "candidates": 4, "folds": 2}) == found


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "seed"), [("binary", 0), ("three_classes", 1), ("wide_regression", 2)])
def test_it_chooses_as_scikit_learn_does(name: str, seed: int) -> None:
    from sklearn.experimental import enable_halving_search_cv  # noqa: F401
    from sklearn.model_selection import HalvingRandomSearchCV

    made = tables.ALL[name]() if name != "wide_regression" else tables.wide_regression(120, columns=20)
    tune = {"space": SPACE, "candidates": 5, "folds": 2, "factor": 2}
    given = made.params(train__tune=tune, train__seed=seed)
    rows, target = made.frame[table.features(given.data)], target_of(made)
    assert given.train.tune is not None
    search = HalvingRandomSearchCV(
        model.build(given.train, given.data, rows),
        {f"model__{name}": values for name, values in SPACE.items()},
        n_candidates=5,
        factor=2,
        min_resources="exhaust",
        cv=tuning.folds(given.train.tune, seed, given.data),
        scoring=tuning.scorer(given.train.tune, given.data, target),
        random_state=seed,
        refit=False,
    ).fit(rows, target)
    assert searched(made, tune, train__seed=seed) == search.best_params_
    shares = tuning._shares(5, len(rows), 2, 2)
    assert [int(share * len(rows)) for share in shares] == search.n_resources_


def test_a_clearly_better_setting_wins() -> None:
    made = tables.binary(600)
    frame = made.frame.assign(late=((made.frame["speed"] // 10) % 2).astype(int))
    found = searched(tables.Table(frame, made.data), {"space": {"max_depth": [1, None]}, "folds": 2})
    assert found == {"model__max_depth": None}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_every_metric_of_a_task_can_lead_the_search(task: str) -> None:
    made = {
        "binary": tables.text_labels,
        "multiclass": tables.three_classes,
        "regression": lambda: tables.wide_regression(120, columns=20),
    }[task]()
    given = made.params()
    fit = model.build(given.train, given.data, made.frame).fit(made.frame[table.features(given.data)], target_of(made))
    for name in (metric.name for metric in METRICS.values() if task in metric.tasks):
        score = tuning.scorer(Tune(space={"max_depth": (1,)}, metric=name), made.checked, target_of(made))
        value = score(fit, made.frame, target_of(made))
        assert np.isfinite(value)
        assert value >= 0 if METRICS[name].greater_is_better else value <= 0


@pytest.mark.filterwarnings("ignore")
def test_classes_that_come_and_go_are_no_obstacle() -> None:
    found = searched(tables.many_classes(600), {"space": {"max_depth": [2, 8]}, "folds": 3})
    assert found["model__max_depth"] in (2, 8)


class Spy(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Knows the newest row that it has learned from, and how many rows the largest fit had."""

    seen: ClassVar[list[tuple[float, float, int]]] = []

    def __init__(self, strength: int = 1) -> None:
        self.strength = strength

    def fit(self, rows: Any, target: Any) -> "Spy":
        self.classes_ = np.unique(target)
        self.newest_, self.rows_ = float(np.max(rows)), len(rows)
        return self

    def predict_proba(self, rows: Any) -> Any:
        Spy.seen.append((self.newest_, float(np.min(rows)), self.rows_))
        return np.full((len(rows), 2), 0.5)

    def predict(self, rows: Any) -> Any:
        return self.classes_[np.zeros(len(rows), dtype=int)]


@pytest.fixture
def spied(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Spy]]:
    module = ModuleType("spying")
    module.Spy = Spy  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "spying", module)
    Spy.seen.clear()
    yield Spy


def a_spied_table() -> tables.Table:
    """The only column is the time, so that an estimator knows when its rows were; they come in no order."""
    made = tables.binary(400)
    frame = made.frame.assign(when=np.arange(400.0)).sample(frac=1, random_state=0).reset_index(drop=True)
    return tables.Table(frame, made.data | {"columns": {"when": {"kind": "number"}}})


def allow_scaling(made: tables.Table) -> dict[str, Any]:
    return {"train__estimator": "spying.Spy", "train__parameters": {}}


def test_no_fold_looks_ahead_and_the_last_round_has_all_rows(spied: type[Spy]) -> None:
    made = a_spied_table()
    searched(
        made, {"space": {"strength": [1, 2, 3, 4]}, "candidates": 4, "folds": 3, "factor": 2}, **allow_scaling(made)
    )
    assert spied.seen
    assert all(learned < judged for learned, judged, _ in spied.seen)
    assert max(rows for *_, rows in spied.seen) == 300, "three quarters of all rows: the last of three folds"
    assert min(rows for *_, rows in spied.seen) < 100


def test_without_time_folds_are_mixed(spied: type[Spy]) -> None:
    made = a_spied_table()
    data = {key: value for key, value in made.data.items() if key != "time"} | {"holdout": 0.3}
    searched(tables.Table(made.frame, data), {"space": {"strength": [1, 2]}, "folds": 2}, **allow_scaling(made))
    assert any(learned > judged for learned, judged, _ in spied.seen)


def test_settings_are_no_more_than_there_are() -> None:
    assert searched(tables.binary(), {"space": {"max_depth": [3]}, "candidates": 50, "folds": 2}) == {
        "model__max_depth": 3
    }


def test_a_parameter_that_is_not_there_is_named() -> None:
    with pytest.raises(Mistake) as raised:
        searched(tables.binary(), {"space": {"max_deph": [1]}})
    assert raised.value.code == USAGE
    assert raised.value.lines == (
        "params.yaml: train.tune.space.max_deph: is no parameter of the estimator. Did you mean max_depth?",
    )


@pytest.mark.filterwarnings("ignore")
def test_what_every_setting_fails_on_is_raised_and_not_hidden_in_scores() -> None:
    with pytest.raises(ValueError, match="max_depth"):
        searched(tables.binary(), {"space": {"max_depth": ["deep", "deeper"]}, "folds": 2})


@pytest.mark.filterwarnings("ignore")
def test_folds_that_can_not_be_scored_are_told() -> None:
    made = tables.binary()
    frame = made.frame.assign(late=(made.frame.index < 390).astype(int))  # the last fold has one label, others too
    with pytest.raises(Mistake, match=r"no setting could be scored in every fold. Lower train\.tune\.folds"):
        searched(tables.Table(frame, made.data), {"space": {"max_depth": [1, 2]}, "metric": "roc_auc", "folds": 3})


@pytest.mark.filterwarnings("ignore")
def test_a_column_that_begins_late_does_not_stop_the_search() -> None:
    made = tables.binary(400)
    frame = made.frame.assign(speed=made.frame["speed"].where(made.frame.index > 300))
    tune = {"space": {"max_iter": [2, 4]}, "folds": 3}
    estimator = "sklearn.ensemble.HistGradientBoostingClassifier"
    found = searched(
        tables.Table(frame, made.data), tune, train__estimator=estimator, train__parameters={"min_samples_leaf": 5}
    )
    assert found["model__max_iter"] in (2, 4)


def test_folds_keep_time_or_classes() -> None:
    tune, seed = Tune(space={"a": (1,)}, folds=4), Train(estimator="a.b").seed
    kinds = {name: type(tuning.folds(tune, seed, tables.ALL[name]().checked)).__name__ for name in tables.ALL}
    assert kinds["binary"] == kinds["many_classes"] == "TimeSeriesSplit"
    assert kinds["three_classes"] == "StratifiedKFold"
    assert kinds["wide_regression"] == "KFold"


def test_the_score_knows_the_direction() -> None:
    made = tables.wide_regression()
    target = target_of(made)

    class Perfect:
        def predict(self, rows: pd.DataFrame) -> Any:
            return target

    class Wrong:
        def predict(self, rows: pd.DataFrame) -> Any:
            return target + 10

    for metric in ("rmse", "r2", "mae"):
        score = tuning.scorer(Tune(space={"a": (1,)}, metric=metric), made.checked, target)
        assert score(Perfect(), made.frame, target) > score(Wrong(), made.frame, target)
