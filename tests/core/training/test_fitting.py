"""An error of the fit names the setting whose fault it is."""

import sys
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from scripts.core.errors import Mistake
from scripts.core.tables import table
from scripts.core.training import fitting, model
from tests import tables


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A user's module with preprocessing steps."""
    module = ModuleType("own_steps")
    monkeypatch.setitem(sys.modules, "own_steps", module)
    return module


def fit(made: tables.Table, **changed: Any) -> Any:
    given = made.params(**changed)
    target = table.labels(made.frame[given.data.target], given.data)
    return fitting.fitted(made.frame, target, given.train, given.data)


def told(made: tables.Table, **changed: Any) -> str:
    with pytest.raises(Mistake) as raised:
        fit(made, **changed)
    (line,) = raised.value.lines
    assert "\n" not in line
    return line


def test_a_fit_without_a_fault() -> None:
    made = tables.binary()
    fitted = fit(made)
    answers = model.predict(fitted, made.frame, made.checked, [0, 1])
    assert (answers.argmax(axis=1) == made.frame["late"]).mean() > 0.7


def test_a_tuned_fit_has_the_parameters_that_were_found() -> None:
    fitted = fit(tables.binary(), train__tune={"space": {"max_depth": [2], "min_samples_leaf": [7]}, "folds": 2})
    tree = fitted.named_steps["model"]
    assert (tree.max_depth, tree.min_samples_leaf) == (2, 7)


def test_empty_columns_are_left_out_and_may_have_values_later() -> None:
    made = tables.wide_regression()
    fitted = fit(
        made, train__estimator="sklearn.ensemble.HistGradientBoostingRegressor", train__parameters={"max_iter": 2}
    )
    numbers = fitted.named_steps["columns"].transformers_[1][2]
    assert "n2" not in numbers and "n3" in numbers
    assert np.isfinite(fitted.predict(made.frame.assign(n2=5.0))).all()


def test_what_the_estimator_objects_to_is_told() -> None:
    line = told(tables.binary(), train__parameters={"max_depth": "deep"})
    assert line.startswith(
        "params.yaml: train.estimator: sklearn.tree.DecisionTreeClassifier can't be fitted (InvalidParameterError: "
        "The 'max_depth' parameter of DecisionTreeClassifier must be"
    )
    assert line.endswith("Change train.parameters, or the data.")


@pytest.mark.parametrize(
    "error", [KeyError("gone"), ZeroDivisionError("by zero"), AttributeError("no\nsuch"), RecursionError()]
)
def test_an_own_step_that_raises_is_named_whatever_it_raises(steps: ModuleType, error: Exception) -> None:
    def broken(frame: pd.DataFrame) -> pd.DataFrame:
        raise error

    steps.broken = broken  # type: ignore[attr-defined]
    line = told(tables.binary(), train__preprocess="own_steps.broken")
    assert line.startswith(f"params.yaml: train.preprocess: own_steps.broken raises {type(error).__name__}: ")
    assert line.endswith("Mend the function.")


def test_an_own_step_that_raises_while_the_model_is_asked_is_named_too(steps: ModuleType) -> None:
    def trap(frame: pd.DataFrame) -> pd.DataFrame:
        if len(frame) < 5:
            raise ValueError("too few")
        return frame

    steps.trap = trap  # type: ignore[attr-defined]
    given = tables.binary().params(train__preprocess="own_steps.trap")
    fitted = fit(tables.binary(), train__preprocess="own_steps.trap")
    said = r"train\.preprocess: own_steps\.trap raises ValueError: too few"
    with pytest.raises(Mistake, match=said), fitting.blamed(given.train, "asked"):
        model.predict(fitted, tables.binary().frame.head(2), given.data, [0, 1])


def test_the_estimator_is_not_blamed_for_the_step_nor_the_step_for_the_estimator(steps: ModuleType) -> None:
    steps.same = lambda frame: frame  # type: ignore[attr-defined]
    line = told(tables.binary(), train__preprocess="own_steps.same", train__parameters={"max_depth": "deep"})
    assert "train.estimator" in line and "own_steps" not in line


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (lambda frame: frame.to_numpy(), "answers with ndarray, not with a frame"),
        (lambda frame: None, "answers with NoneType, not with a frame"),
        (lambda frame: frame.dropna(), "rows of 400, which must stay as many"),
    ],
)
def test_an_own_step_must_answer_with_a_frame_of_as_many_rows(steps: ModuleType, step: Any, said: str) -> None:
    steps.step = step  # type: ignore[attr-defined]
    line = told(tables.binary(), train__preprocess="own_steps.step")
    assert line.startswith("params.yaml: train.preprocess: own_steps.step ")
    assert said in line


def test_an_own_step_sees_copies_and_features_only(steps: ModuleType) -> None:
    seen = []

    def look(frame: pd.DataFrame) -> pd.DataFrame:
        seen.append(list(frame))
        return frame.assign(double=frame["size"] * 2, night=frame["speed"] < 50)

    steps.look = look  # type: ignore[attr-defined]
    made = tables.binary()
    before = made.frame.copy()
    fitted = fit(made, train__preprocess="own_steps.look", train__tune={"space": {"max_depth": [2, 3]}, "folds": 2})
    assert set(map(tuple, seen)) == {("size", "speed", "place")}
    assert fitted.named_steps["columns"].transformers_[1][2] == ["size", "speed", "double", "night"]
    pd.testing.assert_frame_equal(made.frame, before)


def test_a_mistake_stays_the_mistake_it_is() -> None:
    given = tables.binary().params()
    with pytest.raises(Mistake, match="mine"), fitting.blamed(given.train, "fitted"):
        raise Mistake("mine")
