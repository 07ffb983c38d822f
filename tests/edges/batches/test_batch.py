from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.core.errors import FAILED, Mistake
from scripts.core.settings.data_params import Data
from scripts.edges.batches.batch import Batch, checked, rows, told

DATA = Data(
    name="n",
    task="regression",
    target="b",
    holdout=0.2,
    source={"kind": "replay"},
    columns={"a": {"kind": "number"}},
)


def parquet(**columns: list[object]) -> bytes:
    sink = BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def refused(name: str, content: bytes) -> str:
    with pytest.raises(Mistake) as mistake:
        rows(Batch(name, content), DATA)
    assert mistake.value.code == FAILED and len(mistake.value.lines) == 1 and "\n" not in mistake.value.lines[0]
    return mistake.value.lines[0]


@pytest.mark.parametrize(
    "name", ["2013-01.parquet", "a.csv", "Données 2013 (1).csv", "year=2013,month=1.parquet", "a_b+c.csv"]
)
def test_ordinary_names_are_taken(name: str) -> None:
    assert checked(name) == name


PATHS = ["../a.csv", "a/b.csv", "a\\b.csv", ".a.csv", "..csv", "a..csv", "~a.csv", "a*.csv"]
CODE = ["$(id).csv", "`id`.csv", "-a.csv", "a|b.csv", "a;b.csv", "a&b.csv", "'.csv", "a.csv\n", "a\n.csv", "a\0.csv"]
MARKS = ["=1+1.csv", "@everyone.csv", "<b>.csv", "::set-env.csv", "a" * 300 + ".csv"]


@pytest.mark.parametrize("name", [*PATHS, *CODE, *MARKS])
def test_names_that_could_do_harm_are_refused(name: str) -> None:
    with pytest.raises(Mistake, match=r"is no safe file name|is of no known type"):
        checked(name)


@given(st.text(max_size=30))
def test_a_checked_name_stays_in_its_folder(text: str) -> None:
    name = f"{text}.csv"
    try:
        checked(name)
    except Mistake:
        return
    assert not set(name) & set("/\\\0\n\r\"'`$;|<>@:*?&#[]{}!") and name[0].isalnum() | (name[0] == "_")
    assert ".." not in name


@pytest.mark.parametrize("name", ["a.json", "a.CSV", "a.csv.gz", "csv", "a", ""])
def test_other_types_are_refused(name: str) -> None:
    with pytest.raises(Mistake, match=r"is of no known type\. Only \.csv and \.parquet"):
        checked(name)


@pytest.mark.parametrize(
    ("content", "count"),
    [
        (b"a,b\n1,2\n3,4\n", 2),
        (b"a,b\n1,2", 1),
        (b"\xef\xbb\xbfa,b\r\n1,2\r\n", 1),
        (b'a,b\n"one\nline",2\n', 1),
        (b"a,a\n1,2\n", 1),  # what is wrong with columns and values is for the validate stage to say
        (b"a,b\n1,x\n2,\n,\n", 3),
        ("a,ä\n1,ö\n".encode(), 1),
    ],
)
def test_counts_the_rows_of_csv(content: bytes, count: int) -> None:
    assert rows(Batch("a.csv", content), DATA) == count


def test_a_number_column_may_turn_to_text_far_down() -> None:
    content = b"a,b\n" + b"1,2\n" * 600_000 + b"1,n/a\n"
    assert rows(Batch("a.csv", content), DATA) == 600_001


def test_counts_with_another_separator() -> None:
    assert rows(Batch("a.csv", b"a;b\n1,5;2\n"), DATA.model_copy(update={"separator": ";"})) == 1


def test_counts_the_rows_of_parquet() -> None:
    assert rows(Batch("a.parquet", parquet(a=[1, 2, 3])), DATA) == 3


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b" \n", "has columns and no rows"),
        ("a.csv", b"\xef\xbb\xbf", "is empty"),
        ("a.csv", b"\n\n", "is empty"),
        ("a.csv", b"a,b\n", "has columns and no rows"),
        ("a.csv", b"a,b\n1,2\n1,2,3\n", "1 of 2 rows have other fields"),
        ("a.csv", b"a,b\n1\n", "1 of 1 rows have other fields"),
        ("a.csv", b"a;b\n1;2\n", "Set data.separator to ';'"),
        ("a.csv", b"a,b\n1,2\n1,\xe4\n", "line 3 is not UTF-8"),
        ("a.csv", "a,b\n1,2\n".encode("utf-16"), "is UTF-16"),
        ("a.csv", b"\n <!DOCTYPE html><title>Log in</title>", "is an HTML page"),
        ("a.parquet", b"<html>\n<body>", "is an HTML page"),
        ("a.parquet", b"a,b\n1,2\n", "can't be read as Parquet"),
        ("a.parquet", parquet(a=[1, 2])[:-10], "can't be read as Parquet"),
        ("a.parquet", parquet(a=[]), "has columns and no rows"),
    ],
)
def test_what_is_no_batch_is_named_with_its_cure(name: str, content: bytes, says: str) -> None:
    line = refused(name, content)
    assert line.startswith(f"data/{name}: ") and says in line and line.endswith(".")


def test_a_page_of_parquet_that_was_altered_is_found() -> None:
    content = bytearray(parquet(a=["x" * 50 + str(number) for number in range(1000)]))
    content[10:200] = b"\xff" * 190
    assert "can't be read as Parquet" in refused("a.parquet", bytes(content))


def test_errors_are_told_in_one_short_line() -> None:
    assert told(ValueError("one\ntwo")) == "one"
    assert told(ValueError()) == "ValueError"
    assert len(told(ValueError("x" * 1000))) == 160
