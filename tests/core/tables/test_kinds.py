import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.core.tables import kinds
from tests.core.small_table import data


def rules(kind: kinds.Kind) -> list[str]:
    return [problem.rule for problem in kind.problems]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.none()))
def test_a_number_is_the_same_as_number_and_as_text(values: list[float | None]) -> None:
    text = pa.array([None if value is None else repr(value) for value in values], pa.string())
    for array in (pa.array(values, pa.float64()), text):
        kind = kinds.number(array, data())
        assert kind.values.to_pylist() == values
        assert not kind.problems


@pytest.mark.parametrize("text", ["12", "+5", ".5", "5.", "1e5", "-0.0"])
def test_text_that_is_a_number(text: str) -> None:
    kind = kinds.number(pa.array([text, "1"]), data())
    assert kind.values.to_pylist() == [float(text), 1.0]
    assert not kind.problems


@pytest.mark.parametrize(
    "text", ["n/a", "--", " 12", "1,5", "0x10", "1_000", "True", "١٢", "1 2", "null", "2013-01-01"]
)
def test_text_that_is_none(text: str) -> None:
    kind = kinds.number(pa.array(["1", text, None, "NA"]), data())
    assert kind.values.to_pylist() == [1.0, None, None, None]
    assert rules(kind) == ["number"]
    assert kind.problems[0].broken.tolist() == [False, True, False, False]
    assert "missing_values" in kind.problems[0].cure or text == "1,5"


@given(st.lists(st.text("0123456789+-.eEinfa", max_size=6)))
def test_any_text_is_a_number_or_said_to_be_none(texts: list[str]) -> None:
    kind = kinds.number(pa.array(texts, pa.string()), data(missing_values=()))
    broken = np.logical_or.reduce([problem.broken for problem in kind.problems], axis=0)
    for text, value, wrong in zip(texts, kind.values.to_pylist(), np.broadcast_to(broken, len(texts)), strict=True):
        assert (value is None) == wrong
        assert value is None or value == float(text) or value != value


def test_the_cure_for_text_depends_on_the_text() -> None:
    assert "point" in kinds.number(pa.array(["1,5", "2"]), data()).problems[0].cure
    assert "kind: category" in kinds.number(pa.array(["warm", "cold"]), data()).problems[0].cure


@pytest.mark.parametrize("values", [[1.0, np.inf], ["1", "-inf"], ["1", "1e999"]])
def test_infinity_is_no_number(values: list[Any]) -> None:
    kind = kinds.number(pa.array(values), data())
    assert rules(kind) == ["finite"]
    assert kind.values.to_pylist() == [1.0, None]


@pytest.mark.parametrize(
    "values",
    [[True, None], [dt.datetime(2024, 1, 1)], [dt.date(2024, 1, 1)], [[1.0]], [{"a": 1}], [b"1"], [dt.time(1)]],
)
def test_what_is_of_another_kind_is_no_number(values: list[Any]) -> None:
    kind = kinds.number(pa.array(values), data())
    assert rules(kind) == ["kind"]
    assert kind.values.null_count == len(values)
    assert kind.problems[0].broken.tolist() == [value is not None for value in values]


def test_whole_numbers_of_any_width_are_numbers() -> None:
    for array in (pa.array([1, None], pa.uint8()), pa.array([1, None], pa.int64()), pa.array([Decimal(1), None])):
        assert kinds.number(array, data()).values.to_pylist() == [1.0, None]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, None], ["1", None]),
        ([1.0, None], ["1", None]),
        ([1.0, float("nan"), 2e15], ["1", None, "2000000000000000"]),
        ([1.5, 1.0], ["1.5", "1"]),
        ([True, False], ["true", "false"]),
        (["1.0", "NA"], ["1.0", "NA"]),
    ],
)
def test_a_category_is_text(values: list[Any], expected: list[str | None]) -> None:
    kind = kinds.category(pa.array(values))
    assert kind.values.to_pylist() == expected
    assert not kind.problems


def test_a_time_stamp_is_no_category() -> None:
    assert rules(kinds.category(pa.array([dt.datetime(2024, 1, 1)]))) == ["kind"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 1, None], [0, 1, None]),
        ([0.0, float("nan")], [0, None]),
        ([True, False], [1, 0]),
        (["no", "", "yes"], ["no", None, "yes"]),
        ([0.5, 1.0], ["0.5", "1"]),
    ],
)
def test_a_label_is_a_whole_number_or_text(values: list[Any], expected: list[Any]) -> None:
    assert kinds.label(pa.array(values), data()).values.to_pylist() == expected


def test_the_target_of_a_regression_is_a_number() -> None:
    kind = kinds.label(pa.array(["1", "x"]), data(task="regression"))
    assert (kind.values.to_pylist(), rules(kind)) == ([1.0, None], ["number"])


NEW_YEAR = dt.datetime(2024, 1, 1)
NOON = dt.datetime(2024, 1, 1, 12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024", NEW_YEAR),
        ("2024-01", NEW_YEAR),
        ("2024-01-01", NEW_YEAR),
        ("2024-01-01 12:00", NOON),
        ("2024-01-01T12:00:00", NOON),
        ("2024-01-01 12:00:00.000000000", NOON),
    ],
)
def test_a_time_stamp_is_written_as_iso_8601(text: str, expected: dt.datetime) -> None:
    for values in ([text], [text, "2024-01-01 12:00:00"]):
        kind = kinds.time(pa.array(values), data())
        assert kind.values.to_pylist()[0] == expected
        assert kind.values.type == pa.timestamp("us")
        assert not kind.problems


@pytest.mark.parametrize("text", ["31/12/2024", "20240101", "2024-02-30", "2024-01-01 25:00", "1704067200", "now"])
def test_text_that_is_no_time_stamp(text: str) -> None:
    kind = kinds.time(pa.array(["2024-01-01", text, None]), data())
    assert kind.values.to_pylist() == [NEW_YEAR, None, None]
    assert kind.problems[0].broken.tolist() == [False, True, False]
    assert rules(kind) == ["stamp"]


@given(
    st.lists(st.from_regex(r"[0-9]{4}(-[0-9]{2}){0,2}([ T][0-9]{2}(:[0-9]{2}){0,2})?(Z|[+-][0-9]{2})?", fullmatch=True))
)
def test_any_text_is_a_time_stamp_or_said_to_be_none(texts: list[str]) -> None:
    kind = kinds.time(pa.array(texts, pa.string()), data(timezone="UTC"))
    wrong = sum(int(problem.broken.sum()) for problem in kind.problems)
    assert kind.values.null_count == wrong


@pytest.mark.parametrize("value", [2024, 1_704_067_200.0, True])
def test_what_is_no_text_and_no_time_stamp(value: Any) -> None:
    assert rules(kinds.time(pa.array([value]), data())) == ["kind"]


@pytest.mark.parametrize("text", ["2024-01-01T11:00:00Z", "2024-01-01 12:00:00+01:00", "2024-01-01 06:00:00 -0500"])
def test_an_offset_needs_a_zone_to_be_turned_into(text: str) -> None:
    assert rules(kinds.time(pa.array([text]), data())) == ["zone"]
    kind = kinds.time(pa.array([text]), data(timezone="Europe/Berlin"))
    assert (kind.values.to_pylist(), rules(kind)) == ([NOON], [])


def test_a_stored_zone_needs_one_too() -> None:
    stored = pa.array([dt.datetime(2024, 1, 1, 11)], pa.timestamp("ns", "UTC"))
    assert rules(kinds.time(stored, data())) == ["zone"]
    assert kinds.time(stored, data(timezone="Europe/Berlin")).values.to_pylist() == [NOON]


def test_stamps_with_and_without_an_offset_do_not_mix() -> None:
    values = pa.array(["2024-01-01 12:00:00", "2024-01-01 12:00:00Z"])
    for zone in (None, "UTC"):
        kind = kinds.time(values, data(timezone=zone))
        assert rules(kind) == ["zone"]
        assert kind.problems[0].broken.tolist() == [False, True]


@pytest.mark.parametrize("read", [lambda v, d: kinds.category(v), kinds.number, kinds.time, kinds.label])
def test_a_column_without_a_value_or_a_row_is_of_every_kind(read: Any) -> None:
    for values in (pa.nulls(3), pa.nulls(0), pa.array([], pa.string()), pa.array([None, None], pa.string())):
        kind = read(values, data())
        assert not kind.problems
        assert kind.values.null_count == len(values)
