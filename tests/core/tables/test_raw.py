from io import BytesIO

import pandas as pd
import pyarrow as pa
import pytest

from scripts.core.errors import Mistake
from scripts.core.tables import raw
from tests.core.small_table import data, frame, parquet


def test_csv_and_parquet_give_the_same_typed_table() -> None:
    rows = frame().assign(
        city=lambda f: f["city"].where(f["temp"] > 20), wind=lambda f: f["wind"].where(f["temp"] > 15)
    )
    stored, _ = raw.typed(raw.raw("a.parquet", BytesIO(parquet(rows)), data()), "a.parquet", data())
    text = rows.to_csv(index=False).encode()
    written, found = raw.typed(raw.raw("a.csv", BytesIO(text), data()), "a.csv", data())
    assert not found
    pd.testing.assert_frame_equal(stored.to_pandas(), written.to_pandas())
    assert [str(kind) for kind in written.to_pandas().dtypes] == [
        "str",
        "datetime64[us]",
        "str",
        "float64",
        "float64",
        "int64",
    ]


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_an_empty_file_is_named(name: str) -> None:
    with pytest.raises(Mistake, match=f"data/{name}: is empty"):
        raw.raw(name, BytesIO(b""), data())


@pytest.mark.parametrize("cut", [4, 100, -1])
def test_a_parquet_file_that_is_cut_off_is_named(cut: int) -> None:
    with pytest.raises(Mistake, match=r"data/a\.parquet: can't be read as Parquet"):
        raw.raw("a.parquet", BytesIO(parquet(frame())[:cut]), data())


def test_categories_may_be_stored_as_a_dictionary() -> None:
    table = parquet(frame(3).assign(city=pd.Categorical(["a", None, "b"])))
    typed, found = raw.typed(raw.raw("a.parquet", BytesIO(table), data()), "a.parquet", data())
    assert (typed.column("city").to_pylist(), found) == (["a", None, "b"], [])


def test_of_a_name_that_is_there_twice_the_first_counts() -> None:
    table = pa.Table.from_arrays([pa.array([1.0]), pa.array([2.0])], names=["temp", "temp"])
    assert raw.typed(table, "a.csv", data())[0].to_pylist() == [{"temp": 1.0}]


def test_only_the_asked_columns_that_are_there() -> None:
    content = parquet(frame(3))
    assert raw.raw("a.parquet", BytesIO(content), data(), ["y", "temp", "rain"]).column_names == ["y", "temp"]


def test_what_is_of_another_kind_is_said_with_its_values() -> None:
    table = pa.table({"temp": ["1", "n/a", "2"], "rain": [1, 2, 3]})
    typed, (found,) = raw.typed(table, "a.csv", data())
    assert typed.column_names == ["temp"]
    assert found.message == (
        "data/a.csv: column 'temp' has text in 1 of 3 rows (row 2: 'n/a'). "
        "Fix the source, or list these under data.missing_values."
    )
