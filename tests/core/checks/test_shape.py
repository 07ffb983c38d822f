from typing import Any

import numpy as np
import pandas as pd
import pytest

from scripts.core.checks import shape
from scripts.core.settings.data_params import Validate
from scripts.core.tables.findings import Finding
from tests.core.small_table import COLUMNS, data, found, frame, only


def check(table: pd.DataFrame, unread: Any = None, settings: Any = None, **limits: Any) -> list[Finding | None]:
    given = data(columns=COLUMNS | {"temp": COLUMNS["temp"] | (settings or {})})
    return shape.check("a.csv", table, unread or {}, given, Validate.model_validate(limits))


def test_a_sound_batch_has_nothing_to_say() -> None:
    assert check(frame()) == [None] * 5  # three columns, outliers in two
    assert check(frame(0)) == []


def outliers(count: int) -> pd.DataFrame:
    values = np.tile([0.0, 1.0, 2.0, 3.0], 50)
    values[:count] = 99.0
    return frame().assign(temp=values)


def test_outliers_are_counted_by_the_quartiles() -> None:
    assert not found(check(outliers(10)))
    finding = only(check(outliers(11)))
    assert (finding.column, finding.rule, finding.level) == ("temp", "outliers", "warn")
    assert (finding.count, finding.share, finding.limit) == (11, 0.055, 0.05)
    assert not found(check(outliers(11), outlier_factor=100.0))
    assert only(check(outliers(11), outlier_level="fail")).level == "fail"


def test_a_column_has_a_limit_of_its_own() -> None:
    assert not found(check(outliers(11), settings={"max_outliers": 0.06}))
    assert only(check(outliers(3), settings={"max_outliers": 0.01})).limit == 0.01


def test_outliers_are_a_share_of_what_is_there() -> None:
    table = outliers(8)
    table.loc[100:, "temp"] = np.nan
    assert only(check(table)).share == 0.08


def test_where_half_are_equal_nothing_is_an_outlier() -> None:
    assert not found(check(frame().assign(temp=np.where(np.arange(200) < 20, 1e6, 0.0))))


@pytest.mark.parametrize(("column", "value"), [("temp", 20.0), ("city", "a")])
def test_a_column_that_never_changes_is_warned_of(column: str, value: object) -> None:
    table = frame().assign(**{column: value})
    table.loc[3, column] = None
    finding = only(check(table))
    assert (finding.column, finding.rule, finding.level, finding.count) == (column, "constant", "warn", 199)


def test_a_column_without_a_value_is_warned_of_where_it_is_allowed() -> None:
    table = frame().assign(temp=np.nan)
    assert (only(check(table)).rule, only(check(table)).level) == ("empty", "warn")
    assert not found(check(table, settings={"max_missing": 0.5}))  # fails by that rule
    assert not found(check(table, unread={"temp": np.ones(200, dtype=bool)}))  # is a finding by then
