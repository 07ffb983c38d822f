from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from scripts.core.checks import columns
from scripts.core.settings.data_params import Validate
from scripts.core.tables.findings import Finding
from tests.core.small_table import COLUMNS, NOW, data, found, frame, only


def check(table: pd.DataFrame, unread: Any = None, extra: tuple[str, ...] = (), **changes: Any) -> list[Finding | None]:
    given, limits = data(**changes), Validate()
    return columns.check("a.csv", table, unread or {}, columns.schema(given, limits, NOW), extra)


def of(column: str, **settings: Any) -> dict[str, Any]:
    return {"columns": COLUMNS | {column: COLUMNS[column] | settings}}


def with_values(column: str, values: dict[int, Any]) -> pd.DataFrame:
    table = frame()
    table.loc[list(values), column] = list(values.values())
    return table


def test_a_sound_batch_passes_every_check() -> None:
    strict = {"min": -100.0, "max": 100.0, "max_missing": 0.0}
    checked = check(frame(), **of("temp", **strict))
    assert not found(checked)
    assert len(checked) == 6 + 2 + 1 + 3  # columns, of time, of id, of temp


@pytest.mark.parametrize(
    ("column", "settings", "values", "rule", "limit"),
    [
        ("temp", {"min": 0.0}, {3: -0.5, 7: -9.0}, "min", 0.0),
        ("temp", {"max": 100.0}, {3: 100.5, 7: 101.0}, "max", 100.0),
        ("city", {"categories": ("a", "b", "c")}, {3: "d", 7: "e"}, "categories", None),
        ("temp", {"max_missing": 0.009}, {3: np.nan, 7: np.nan}, "missing", 0.009),
        ("city", {"max_missing": 0.009}, {3: None, 7: None}, "missing", 0.009),
        ("at", {}, {3: pd.NaT, 7: pd.NaT}, "missing", 0.0),
        ("id", {}, {3: None, 7: None}, "missing", 0.0),
        ("at", {}, {3: pd.Timestamp("2024-06-02 00:00:01"), 7: pd.Timestamp("2999-01-01")}, "future", None),
    ],
)
def test_a_broken_rule_is_found_with_its_rows(
    column: str, settings: dict[str, Any], values: dict[int, Any], rule: str, limit: float | None
) -> None:
    changes = of(column, **settings) if settings else {}
    finding = only(check(with_values(column, values), **changes))
    assert (finding.batch, finding.column, finding.rule, finding.level) == ("a.csv", column, rule, "fail")
    assert (finding.count, finding.share, finding.limit) == (2, 0.01, limit)
    assert [example.removeprefix("row ").split(":")[0] for example in finding.examples] == ["4", "8"]
    assert finding.message.startswith(f"data/a.csv: column '{column}' ")


@pytest.mark.parametrize(
    ("column", "settings", "values"),
    [
        ("temp", {"min": 0.0, "max": 100.0}, {3: 0.0, 7: 100.0, 9: np.nan}),
        ("city", {"categories": ("a", "b", "c", 1)}, {3: "1", 7: None}),
        ("temp", {"max_missing": 0.01}, {3: np.nan, 7: np.nan}),
        ("at", {}, {3: pd.Timestamp("2024-06-02 00:00:00")}),
    ],
)
def test_a_value_on_the_border_passes(column: str, settings: dict[str, Any], values: dict[int, Any]) -> None:
    assert not found(check(with_values(column, values), **(of(column, **settings) if settings else {})))


def test_a_column_may_only_warn() -> None:
    assert only(check(with_values("temp", {3: -1.0}), **of("temp", min=0.0, level="warn"))).level == "warn"


def test_everything_is_found_at_once() -> None:
    table = with_values("temp", {3: -1.0, 4: 101.0}).drop(columns=["city", "y"])
    rules = [(f.column, f.rule) for f in found(check(table, **of("temp", min=0.0, max=100.0)))]
    assert rules == [("temp", "min"), ("temp", "max"), ("city", "column"), ("y", "column")]


def test_a_column_that_may_be_absent_is_not_missed() -> None:
    assert not found(check(frame().drop(columns="city"), **of("city", required=False)))


def test_an_absent_column_that_has_another_name_is_named() -> None:
    finding = only(check(frame().drop(columns="temp"), extra=("Temp ",)))
    assert (finding.column, finding.rule) == ("temp", "column")
    assert "Rename 'Temp '" in finding.message


def test_what_could_not_be_read_is_not_missing() -> None:
    table, unread = with_values("temp", dict.fromkeys(range(10), np.nan)), np.zeros(200, dtype=bool)
    unread[:9] = True
    limits = of("temp", max_missing=0.01)
    assert not found(check(table, {"temp": unread}, **limits))
    unread[7:] = False
    assert only(check(table, {"temp": unread}, **limits)).count == 3


def test_a_local_clock_is_ahead_of_utc() -> None:
    now = datetime(2024, 1, 1, 12, tzinfo=UTC)
    table = frame(1).assign(at=pd.Timestamp("2024-01-02 20:00:00"))
    for zone, rules in (("Asia/Tokyo", []), ("UTC", ["future"]), (None, ["future"])):
        schema = columns.schema(data(timezone=zone), Validate(), now)
        assert [finding.rule for finding in found(columns.check("a", table, {}, schema, ()))] == rules


def test_the_target_of_a_regression_has_a_range() -> None:
    limits = Validate(target_min=0.0, target_max=0.5)
    schema = columns.schema(data(task="regression"), limits, NOW)
    finding = only(columns.check("a", frame().astype({"y": "float64"}), {}, schema, ()))
    assert (finding.column, finding.rule, finding.limit) == ("y", "max", 0.5)
    assert "validate.target_max" in finding.message


def test_a_frame_of_another_type_is_an_error_of_the_program() -> None:
    assert columns.schema(data(), Validate(), NOW).pandera.columns["temp"].dtype.type == np.dtype("float64")
