"""One table whatever the files: CSV or Parquet, one batch or several, in any order."""

import io
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.core.checks import checks, columns
from scripts.core.errors import Mistake
from scripts.core.settings.data_params import Data
from scripts.core.tables import raw, rows, table
from tests import tables
from tests.tables import content, settings

TIMED = settings("binary", "y", {"n": "number", "c": "category"}, id="id", time="at", holdout="1D")


def read(data: Data, **batches: bytes) -> pd.DataFrame:
    named = {name.replace("_csv", ".csv").replace("_parquet", ".parquet"): body for name, body in batches.items()}
    return table.read({name: io.BytesIO(body) for name, body in named.items()}, data)


def data(given: dict[str, Any] = TIMED, **others: Any) -> Data:
    return tables.Table(pd.DataFrame(), given | others).checked


def parquet(**arrays: Any) -> bytes:
    out = io.BytesIO()
    pyarrow.parquet.write_table(pa.table(arrays), out)
    return out.getvalue()


def one_column(values: Any, kind: str = "category", **others: Any) -> "pd.Series[Any]":
    """The values of a column as a Parquet file has them, as read."""
    question = data(settings("regression", "y", {"x": kind}, **others))
    return read(question, a_parquet=parquet(x=values, y=pa.array([0.5] * len(values))))["x"]


def label_column(task: str, **batches: Any) -> pd.DataFrame:
    question = data(settings(task, "y", {"x": "number"}))
    bodies = {
        name: body if isinstance(body, bytes) else parquet(x=pa.array([0.0] * len(body)), y=body)
        for name, body in batches.items()
    }
    return read(question, **bodies)


@pytest.mark.parametrize("name", tables.ALL)
def test_csv_and_parquet_of_one_table_are_one_table(name: str) -> None:
    made = tables.ALL[name]()
    as_csv = read(made.checked, a_csv=content(made.frame, ".csv")).drop(columns=table.BATCH)
    as_parquet = read(made.checked, a_parquet=content(made.frame)).drop(columns=table.BATCH)
    pd.testing.assert_frame_equal(as_csv, as_parquet)
    assert (rows.fingerprints(as_csv, made.checked) == rows.fingerprints(as_parquet, made.checked)).all()


@pytest.mark.parametrize("name", tables.ALL)
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_it_does_not_matter_how_a_table_is_cut_into_batches(name: str, suffix: str) -> None:
    made = tables.ALL[name]()
    whole, parts = (
        table.read({k: io.BytesIO(v) for k, v in made.batches(count, suffix).items()}, made.checked) for count in (1, 3)
    )
    pd.testing.assert_frame_equal(whole.drop(columns=table.BATCH), parts.drop(columns=table.BATCH))
    assert parts[table.BATCH].unique().tolist() == [f"batch-{number:02}{suffix}" for number in range(3)]


def test_batches_come_in_the_order_of_their_names() -> None:
    made = tables.binary()
    bodies = made.batches(3)
    there = table.read({k: io.BytesIO(v) for k, v in bodies.items()}, made.checked)
    back = table.read({k: io.BytesIO(bodies[k]) for k in sorted(bodies, reverse=True)}, made.checked)
    pd.testing.assert_frame_equal(there, back)


def test_the_types_are_the_same_for_every_table() -> None:
    kinds = read(data(), a_csv=b"id,at,n,c,y\n7,2024-01-01,1,x,1\n8,2024-01-02,,,0\n").dtypes
    assert kinds.astype(str).to_dict() == {
        "id": "str",
        "at": "datetime64[us]",
        "n": "float64",
        "c": "str",
        "y": "int64",
        table.BATCH: "category",
    }


def test_only_the_asked_columns_are_read() -> None:
    made = tables.binary()
    files = {k: io.BytesIO(v) for k, v in made.batches().items()}
    assert list(table.read(files, made.checked, ["late", "at"])) == ["at", "late", table.BATCH]


def test_columns_that_nobody_declared_are_left_out() -> None:
    made = tables.binary()
    assert "secret" not in read(made.checked, a_parquet=content(made.frame.assign(secret=1)))


def test_an_optional_column_is_missing_where_a_batch_lacks_it() -> None:
    optional = {"n": {"kind": "number", "required": False}, "c": {"kind": "category", "required": False}}
    frame = read(
        data(TIMED | {"columns": optional}),
        a_csv=b"id,at,y\n1,2024-01-01,1\n",
        b_csv=b"id,at,n,c,y\n2,2024-01-02,3,x,0\n",
    )
    assert frame["n"].tolist()[1:] == [3.0]
    assert frame[["n", "c"]].isna().to_numpy().tolist() == [[True, True], [False, False]]


@pytest.mark.parametrize("lacks", ["id", "at", "n", "c", "y"])
def test_a_column_that_must_be_there_is_named(lacks: str) -> None:
    body = pd.DataFrame({"id": ["1"], "at": ["2024-01-01"], "n": [1.0], "c": ["x"], "y": [1]}).drop(columns=lacks)
    with pytest.raises(Mistake, match=f"data/a.csv: has no column '{lacks}'"):
        read(data(), a_csv=content(body, ".csv"))


# Numbers


@pytest.mark.parametrize(
    ("values", "meant"),
    [
        (pa.array([1, None, 3], pa.int8()), [1.0, None, 3.0]),
        (pa.array([1.5, None], pa.float32()), [1.5, None]),
        (pa.array([Decimal("1.25"), None]), [1.25, None]),
        (pa.array(["1", "2.5", "NA", "", None]), [1.0, 2.5, None, None, None]),
        (pa.array(["1", "x"]).dictionary_encode().slice(0, 1), [1.0]),
        (pa.array([2, None]).dictionary_encode(), [2.0, None]),
        (pa.array(["7"], pa.large_string()), [7.0]),
        (pa.nulls(2), [None, None]),
        (pa.array([2**60], pa.int64()), [float(2**60)]),
    ],
    ids=["int8", "float32", "decimal", "text", "words", "dictionary", "large", "null", "big"],
)
def test_numbers_in_every_dress(values: pa.Array, meant: list[float | None]) -> None:
    found = one_column(values, "number")
    assert found.dtype == "float64"
    assert [None if np.isnan(value) else value for value in found] == meant


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (pa.array(["1", "two"]), "has text in 1 of 2 rows (row 2: 'two')"),
        (pa.array([True, False]), "has true and false where numbers belong"),
        (pa.array([datetime(2024, 1, 1)]), "has time stamps where numbers belong"),
        (pa.array([1.0, float("inf")]), "is infinite in 1 of 2 rows"),
    ],
)
def test_what_is_no_number_is_told_as_the_validation_tells_it(values: pa.Array, said: str) -> None:
    with pytest.raises(Mistake) as raised:
        one_column(values, "number")
    assert said in str(raised.value)
    body = parquet(x=values, y=pa.array([0.5] * len(values)))
    question = data(settings("regression", "y", {"x": "number"}))
    file = raw.raw("a.parquet", io.BytesIO(body), question)
    found = [f.message for f in raw.problems("a.parquet", file, raw.converted(file, question))]
    assert list(raised.value.lines) == found


# Categories and ids


@pytest.mark.parametrize(
    ("values", "meant"),
    [
        (pa.array([1, None]), ["1", None]),
        (pa.array([1.0, None]), ["1", None]),
        (pa.array([1.0, float("nan")]), ["1", None]),
        (pa.array([1.0, 2.5]), ["1", "2.5"]),
        (pa.array([True, None]), ["true", None]),
        (pa.array(["a", None]).dictionary_encode(), ["a", None]),
        (pa.array([3, 3, None]).dictionary_encode(), ["3", "3", None]),
        (pa.array(["b"], pa.large_string()), ["b"]),
        (pa.nulls(2), [None, None]),
        (pa.array([2**62], pa.uint64()), [str(2**62)]),
    ],
    ids=["int", "float", "nan", "fraction", "bool", "dictionary", "int dictionary", "large", "null", "uint64"],
)
def test_categories_in_every_dress(values: pa.Array, meant: list[str | None]) -> None:
    found = one_column(values)
    assert found.dtype == "str"
    assert [None if pd.isna(value) else value for value in found] == meant


@given(st.lists(st.integers(-1000, 1000) | st.none(), min_size=1, max_size=20))
def test_whole_numbers_are_one_category_as_integers_and_as_floats(values: list[int | None]) -> None:
    whole, floating = (one_column(pa.array(values, kind)) for kind in (pa.int64(), pa.float64()))
    assert whole.equals(floating)


# Labels


def test_labels_that_are_whole_numbers_are_integers_in_every_dress() -> None:
    question = data(settings("multiclass", "y", {"x": "number"}))
    for values in (
        pa.array([1, 2]),
        pa.array([1.0, 2.0]),
        pa.array([1, 2], pa.uint8()),
        pa.array([Decimal(1), Decimal(2)]),
    ):
        found = table.labels(label_column("multiclass", a_parquet=values)["y"], question)
        assert found.dtype == np.int64 and found.tolist() == [1, 2]


def test_labels_beside_missing_ones_are_still_integers() -> None:
    question = data(settings("multiclass", "y", {"x": "number"}))
    frame = label_column("multiclass", a_parquet=pa.array([1, None, 7]))
    assert table.labels(frame["y"], question).tolist() == [1, 7]
    assert frame["y"].isna().tolist() == [False, True, False]


def test_true_and_false_are_1_and_0_and_fit_numbers_of_another_batch() -> None:
    question = data(settings("binary", "y", {"x": "number"}))
    frame = label_column(
        "binary", a_parquet=pa.array([True, None]), b_parquet=pa.array([0.0, 1.0]), c_csv=b"x,y\n1,true\n2,\n"
    )
    assert table.labels(frame["y"], question).tolist() == [1, 0, 1, 1]


def test_text_labels_are_text() -> None:
    question = data(settings("binary", "y", {"x": "number"}))
    frame = label_column("binary", a_parquet=pa.array(["yes", None, "NA"]), b_csv=b"x,y\n1,no\n2,NA\n")
    found = table.labels(frame["y"], question)
    assert found.tolist() == ["yes", "no"] and found.dtype.kind == "U"


def test_numbers_in_quotes_are_the_labels_of_the_other_batches() -> None:
    question = data(settings("multiclass", "y", {"x": "number"}))
    frame = label_column(
        "multiclass", a_parquet=pa.array(["3", "-1", None]), b_csv=b"x,y\n1,3\n2,\n", c_parquet=pa.nulls(1)
    )
    assert table.labels(frame["y"], question).tolist() == [3, -1, 3]


@pytest.mark.parametrize("text", ["many", "01", "1.0", "12345678901234567890"])
def test_one_label_that_is_no_whole_number_makes_all_of_them_text(text: str) -> None:
    question = data(settings("multiclass", "y", {"x": "number"}))
    frame = label_column("multiclass", a_parquet=pa.array([1, None, 2]), b_parquet=pa.array([text]))
    assert table.labels(frame["y"], question).tolist() == ["1", "2", text]


def test_fractions_are_labels_too() -> None:
    question = data(settings("multiclass", "y", {"x": "number"}))
    assert table.labels(label_column("multiclass", a_parquet=pa.array([0.5, 1.5, None]))["y"], question).tolist() == [
        "0.5",
        "1.5",
    ]


def test_a_batch_without_a_label_takes_the_type_of_the_others() -> None:
    question = data(settings("multiclass", "y", {"x": "number"}))
    for others, meant in ((pa.array([5, 6]), [5, 6]), (pa.array(["u"]), ["u"])):
        frame = label_column("multiclass", a_parquet=pa.nulls(2), b_csv=b"x,y\n1,\n2,NA\n", c_parquet=others)
        assert table.labels(frame["y"], question).tolist() == meant
    assert table.labels(label_column("multiclass", a_parquet=pa.nulls(2))["y"], question).tolist() == []


def test_values_of_a_regression_are_numbers() -> None:
    question = data(settings("regression", "y", {"x": "number"}))
    frame = label_column("regression", a_parquet=pa.array([1, None]), b_csv=b"x,y\n1,2.5\n2,NA\n")
    assert table.labels(frame["y"], question).tolist() == [1.0, 2.5]


@pytest.mark.parametrize(
    ("asked", "classes", "meant"),
    [
        (1, [0, 1], 1),
        ("1", [0, 1], 1),
        (0, [0, 1], 0),
        ("yes", ["no", "yes"], "yes"),
        (1, ["0", "1"], "1"),
        (None, [3, 7], 7),
    ],
)
def test_the_positive_label_is_found_in_the_type_of_the_labels(asked: Any, classes: list[Any], meant: Any) -> None:
    question = data(settings("binary", "y", {"x": "number"}, positive=asked))
    found = table.positive(question, classes)
    assert found == meant and type(found) is type(meant)


def test_a_positive_label_that_is_not_there_is_told() -> None:
    with pytest.raises(Mistake, match=r"data.positive: 'ja' is no label of 'y', which has \['no', 'yes'\]"):
        table.positive(data(settings("binary", "y", {"x": "number"}, positive="ja")), ["no", "yes"])


def test_other_tasks_have_no_positive_label() -> None:
    assert table.positive(data(settings("multiclass", "y", {"x": "number"}, positive=1)), [0, 1]) is None
    assert table.positive(data(settings("regression", "y", {"x": "number"})), None) is None


def test_predictions_as_columns() -> None:
    two, values = np.array([[0.2, 0.8], [0.6, 0.4]]), np.array([1.5])
    binary = data(settings("binary", "y", {"x": "number"}, positive=0))
    many = data(settings("multiclass", "y", {"x": "number"}))
    assert table.prediction_columns(two, binary, [0, 1])["prediction"].tolist() == [0.2, 0.6]
    assert {k: v.tolist() for k, v in table.prediction_columns(two, many, ["a", "b"]).items()} == {
        "prediction_a": [0.2, 0.6],
        "prediction_b": [0.8, 0.4],
    }
    assert table.prediction_columns(values, many, None)["prediction"].tolist() == [1.5]


# Times


def times(values: pa.Array, **others: Any) -> list[Any]:
    question = data(settings("regression", "y", {"x": "number"}, time="t", holdout="1D", **others))
    body = parquet(t=values, x=pa.array([0.0] * len(values)), y=pa.array([0.5] * len(values)))
    found = read(question, a_parquet=body)["t"]
    assert found.dtype == "datetime64[us]"
    return [None if pd.isna(stamp) else stamp.to_pydatetime() for stamp in found]


NOON = datetime(2024, 7, 1, 12)


@pytest.mark.parametrize(
    "values",
    [
        pa.array([NOON], pa.timestamp("ns")),
        pa.array([NOON], pa.timestamp("s")),
        pa.array(["2024-07-01 12:00"]),
        pa.array(["2024-07-01T12:00:00"]),
        pa.array(["2024-07-01 12:00:00.000"], pa.large_string()),
        pa.array(["2024-07-01 12:00:00"]).dictionary_encode(),
    ],
    ids=["ns", "s", "short text", "T", "large", "dictionary"],
)
def test_stamps_in_every_dress(values: pa.Array) -> None:
    assert times(values) == [NOON]


def test_dates_are_midnights() -> None:
    assert times(pa.array([date(2024, 7, 1), None])) == [datetime(2024, 7, 1), None]
    assert times(pa.array(["2024-07-01", ""])) == [datetime(2024, 7, 1), None]


@pytest.mark.parametrize(
    "values",
    [
        pa.array([NOON], pa.timestamp("us", "UTC")),
        pa.array([NOON], pa.timestamp("us", "America/New_York")),
        pa.array(["2024-07-01T12:00:00Z"]),
        pa.array(["2024-07-01 14:00:00+02:00"]),
    ],
    ids=["utc", "new york", "Z", "+02:00"],
)
def test_stamps_with_an_offset_become_local_ones(values: pa.Array) -> None:
    assert times(values, timezone="Europe/Paris") == [datetime(2024, 7, 1, 14)]


def test_stamps_without_an_offset_stay_as_they_are_written_whatever_the_zone() -> None:
    assert times(pa.array(["2024-07-01 12:00:00", "2024-07-01T12:00"]), timezone="Europe/Paris") == [NOON, NOON]
    assert times(pa.array([NOON]), timezone="Europe/Paris") == [NOON]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (pa.array(["2024-07-01T12:00:00Z"]), "has time stamps with an offset"),
        (pa.array([NOON], pa.timestamp("us", "UTC")), "has time stamps with an offset"),
        (pa.array(["2024-07-01", "yesterday"]), "is no time stamp in 1 of 2 rows (row 2: 'yesterday')"),
        (pa.array([1.5]), "where time stamps belong"),
    ],
)
def test_what_is_no_stamp_is_told(values: pa.Array, said: str) -> None:
    with pytest.raises(Mistake) as raised:
        times(values)
    assert said in str(raised.value)


# CSV


def test_a_csv_may_have_a_byte_order_mark_another_separator_and_line_breaks_in_quotes() -> None:
    body = '﻿id;at;n;c;y\r\n1;2024-01-01;1.5;"two\nlines; and ""quotes""";1\r\n2;2024-01-02;NA;;0\r\n'.encode()
    frame = read(data(separator=";"), a_csv=body)
    assert frame["c"].iloc[0] == 'two\nlines; and "quotes"'
    assert frame[["n", "c"]].isna().to_numpy().tolist() == [[False, False], [True, True]]


def test_a_long_quoted_text_full_of_line_breaks_is_one_value() -> None:
    lines = "\n".join(["a line"] * 200_000)
    frame = read(data(), a_csv=f'id,at,n,c,y\n1,2024-01-01,1,"{lines}",1\n2,2024-01-01,1,x,0\n'.encode())
    assert frame["c"].str.len().tolist() == [len(lines), 1]


def test_what_means_missing_is_the_users_to_say() -> None:
    frame = read(data(missing_values=["-999", "?"]), a_csv=b"id,at,n,c,y\n1,2024-01-01,-999,?,1\n2,2024-01-01,1,NA,0\n")
    assert frame["n"].isna().tolist() == [True, False]
    assert frame["c"].isna().tolist() == [True, False]
    assert frame["c"].iloc[1] == "NA"


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("a.csv", b""),
        ("a.csv", b"id,at,n,c,y\n1,2024-01-01,1,\xff\xfe,1\n"),
        ("a.csv", b"id,at,n,c,y\n1,2024-01-01\n"),
        ("a.csv", b"id;at;n;c;y\n1;2024-01-01;1;x;1\n"),
        ("a.parquet", b""),
        ("a.parquet", b"PAR1 no table at all"),
        ("a.parquet", content(tables.binary().frame)[:500]),
    ],
    ids=["empty csv", "latin", "ragged", "separator", "empty parquet", "no parquet", "truncated"],
)
def test_a_file_that_is_no_table_is_named_in_one_line(name: str, body: bytes) -> None:
    with pytest.raises(Mistake) as raised:
        table.read({name: io.BytesIO(body)}, data())
    (line,) = raised.value.lines
    assert line.startswith(f"data/{name}:") and "\n" not in line


def test_no_file_at_all_is_told() -> None:
    with pytest.raises(Mistake, match=r"data/: holds no .csv and no .parquet file"):
        table.read({}, data())


# The validation, which looks at one batch at a time, and the table must mean the same


@pytest.mark.parametrize("name", tables.ALL)
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_the_validation_sees_the_table_that_the_model_learns_from(name: str, suffix: str) -> None:
    made = tables.ALL[name]()
    given = made.params()
    ((file, body),) = made.batches(1, suffix).items()
    seen, _ = raw.typed(raw.raw(file, io.BytesIO(body), given.data), file, given.data)
    learned = table.read({file: io.BytesIO(body)}, given.data).drop(columns=table.BATCH)
    pd.testing.assert_frame_equal(seen.to_pandas()[list(learned)], learned)
    now = datetime(2030, 1, 1).astimezone() + timedelta(0)
    judged = checks.judge(
        file,
        raw.raw(file, io.BytesIO(body), given.data),
        given.data,
        given.validate_,
        columns.schema(given.data, given.validate_, now),
    )
    if given.data.task != "regression":
        labels, counts = np.unique(table.labels(learned[given.data.target], given.data), return_counts=True)
        assert judged.labels == dict(zip(map(str, labels.tolist()), counts.tolist(), strict=True))
