import numpy as np
import pandas as pd
import pytest

from scripts.core.tables import table
from scripts.core.training import model
from scripts.core.training.importance import importance
from tests import tables


def shares(made: tables.Table, seed: int = 0, **changed: object) -> dict[str, float]:
    given = made.params(**changed)
    target = table.labels(made.frame[given.data.target], given.data)
    classes = None if given.data.task == "regression" else np.unique(target).tolist()
    fit = model.build(given.train, given.data, made.frame).fit(made.frame[table.features(given.data)], target)
    return importance(fit, made.frame, given.data, classes, seed)


@pytest.mark.parametrize("name", ["binary", "three_classes", "wide_regression", "whole_classes"])
def test_shares_of_all_features_sum_to_1(name: str) -> None:
    made = tables.ALL[name]() if name != "wide_regression" else tables.wide_regression(120, columns=20)
    found = shares(made)
    assert list(found) == table.features(made.checked)
    assert all(share >= 0 for share in found.values())
    assert sum(found.values()) == pytest.approx(1)


def test_what_decides_matters_most_and_what_says_nothing_not_at_all() -> None:
    made = tables.binary()
    frame = made.frame.assign(late=(made.frame["size"] > 0).astype(int), speed=7.0)
    found = shares(tables.Table(frame, made.data))
    assert found["size"] > 0.9
    assert found["speed"] == 0


def test_the_same_seed_gives_the_same_shares() -> None:
    made = tables.binary()
    assert shares(made, 3) == shares(made, 3)
    assert shares(made, 3) != shares(made, 4)


def test_a_model_that_uses_nothing_has_no_shares() -> None:
    found = shares(tables.binary(), train__estimator="sklearn.dummy.DummyClassifier", train__parameters={})
    assert set(found.values()) == {0.0}


def test_rows_of_all_times_are_looked_at_and_not_the_oldest_alone() -> None:
    """Rows come in the order of time; what changes only late matters as well."""
    made = tables.binary(3000)
    late = np.arange(3000) >= 1500
    size = np.where(late, np.random.default_rng(0).normal(size=3000), 0.0)
    frame = made.frame.assign(size=size, late=(size > 0).astype(int), speed=0.0, place=pd.array(["a"] * 3000, "str"))
    assert shares(tables.Table(frame, made.data))["size"] == pytest.approx(1)


def test_the_rows_are_left_as_they_are() -> None:
    made = tables.binary()
    before = made.frame.copy()
    shares(made)
    pd.testing.assert_frame_equal(made.frame, before)


def test_a_column_may_bear_any_name() -> None:
    made = tables.binary()
    frame = made.frame.rename(columns={"size": "self", "speed": "a b.c: 'd'"})
    columns = {"self": {"kind": "number"}, "a b.c: 'd'": {"kind": "number"}, "place": {"kind": "category"}}
    assert shares(tables.Table(frame, made.data | {"columns": columns}))["self"] > 0
