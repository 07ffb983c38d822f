import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from scripts.core.checks import checks
from tests.core.small_table import data, found, frame, judged, only


def rules(batch: checks.Batch) -> list[tuple[str | None, str, str]]:
    return [(finding.column, finding.rule, finding.level) for finding in found(batch.checked)]


def test_a_sound_batch_passes_and_is_described() -> None:
    table = frame().assign(y=lambda f: f["y"].where(f["temp"] > 10))
    batch = judged(table)
    assert not found(batch.checked)
    assert len(batch.checked) > 20
    assert (batch.name, batch.rows, batch.labelled) == ("a.parquet", 200, int((table["temp"] > 10).sum()))
    assert (batch.first, batch.last) == ("2024-01-01T00:00:00", "2024-01-09T07:00:00")
    assert dict(batch.labels) == {str(int(k)): v for k, v in table["y"].value_counts().items()}


@pytest.mark.parametrize(
    ("rows", "limits", "expected"),
    [
        (99, {}, ["min_rows"]),
        (100, {}, []),
        (200, {"min_rows": 201}, ["min_rows"]),
        (200, {"max_rows": 200}, []),
        (200, {"max_rows": 199}, ["max_rows"]),
        (0, {}, ["min_rows"]),
    ],
)
def test_the_rows_of_a_batch_have_limits(rows: int, limits: dict[str, int], expected: list[str]) -> None:
    assert [finding.rule for finding in found(judged(frame(rows), **limits).checked)] == expected


def test_names_that_stand_twice_fail_and_names_that_nobody_knows_warn() -> None:
    table = pa.Table.from_pandas(frame()).append_column("temp", pa.array(np.zeros(200)))
    table = table.append_column("x", pa.array(["x"] * 200)).append_column("x", pa.array(["x"] * 200))
    batch = judged(table)
    assert rules(batch) == [(None, "duplicate_columns", "fail"), (None, "extra_columns", "warn")]
    assert [finding.examples for finding in found(batch.checked)] == [("'temp'", "'x'"), ("'x'",)]


def test_another_table_is_said_in_one_line() -> None:
    batch = judged(pd.DataFrame({"foo": [1], "bar": [2]}))
    assert "has none of the 6 columns" in only(batch.checked).message
    assert (batch.rows, batch.labelled) == (0, 0)


def test_one_batch_says_everything_that_is_wrong_with_it() -> None:
    table = frame().assign(temp=True, wind=np.inf, city=None).drop(columns="y")
    table.loc[4, "at"] = pd.Timestamp("2999-01-01")
    assert sorted(rules(judged(table)), key=str) == [
        ("at", "future", "fail"),
        ("city", "empty", "warn"),
        ("temp", "kind", "fail"),
        ("wind", "finite", "fail"),
        ("y", "column", "fail"),
    ]


def test_rows_are_equal_when_everything_in_them_is() -> None:
    table = pd.concat([frame(3), frame(3)], ignore_index=True)
    table.loc[4, "wind"] += 1
    equal = judged(table, min_rows=1).equal
    assert [equal[row] == equal[row + 3] for row in range(3)] == [True, False, True]


def test_rows_are_equal_whether_labels_beside_them_are_missing_or_not() -> None:
    some = frame(3).assign(y=[0, 1, None])
    assert (judged(some, min_rows=1).equal == judged(frame(3).assign(y=[0, 1, 1]), min_rows=1).equal).tolist() == [
        True,
        True,
        False,
    ]


def test_missing_ids_are_not_the_same_id() -> None:
    ids = judged(frame(4).assign(id=["a", None, None, "a"]), min_rows=1).ids
    assert (len(set(ids.tolist())), ids[0]) == (3, ids[3])


def test_a_table_without_id_and_time_is_judged_too() -> None:
    plain = data(id=None, time=None, holdout=0.2)
    batch = judged(frame().drop(columns=["id", "at"]), plain)
    assert not found(batch.checked)
    assert (batch.first, batch.times) == (None, None)
