import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.core.errors import Mistake
from scripts.core.tables import csv_file
from tests.core.small_table import data, frame

HEADER = b"id,at,city,temp,wind,y\n"
ROW = b"1,2024-01-01,a,20,5,0\n"


def mistake(content: bytes, **changes: object) -> str:
    with pytest.raises(Mistake) as caught:
        csv_file.read("a.csv", content, data(**changes))
    (line,) = caught.value.lines
    assert "\n" not in line
    return line


def test_every_column_is_text_as_it_stands() -> None:
    table = csv_file.read("a.csv", HEADER + b"1,,NA, 20 ,x,0\n", data())
    assert table.to_pylist() == [{"id": "1", "at": None, "city": None, "temp": " 20 ", "wind": "x", "y": 0}]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["0", "1", ""], [0, 1, None]),
        (["0.0", "1.0"], [0.0, 1.0]),
        (["True", "false"], [True, False]),
        (["0", "no"], ["0", "no"]),
        (["", "NA"], [None, None]),
    ],
)
def test_labels_are_whole_numbers_where_all_of_them_are(labels: list[str], expected: list[object]) -> None:
    content = HEADER + b"".join(b"1,2,3,4,5," + label.encode() + b"\n" for label in labels)
    assert csv_file.read("a.csv", content, data()).column("y").to_pylist() == expected


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00")), min_size=1))
def test_any_text_comes_back(texts: list[str]) -> None:
    table = pd.DataFrame({"city": texts, "temp": "1"})
    content = table.to_csv(index=False, quoting=1, lineterminator="\n").encode()
    found = csv_file.read("a.csv", content, data(missing_values=())).column("city").to_pylist()
    assert found == texts


def test_a_byte_order_mark_is_no_part_of_the_first_name() -> None:
    content = b"\xef\xbb\xbf" + HEADER + ROW
    assert csv_file.read("a.csv", content, data()).column_names[0] == "id"


def test_lines_may_end_in_any_way_and_the_last_one_not_at_all() -> None:
    for content in (HEADER + ROW, HEADER + ROW.rstrip(), (HEADER + ROW).replace(b"\n", b"\r\n"), b"\n" + HEADER + ROW):
        assert csv_file.read("a.csv", content, data()).num_rows == 1
    assert csv_file.read("a.csv", HEADER.rstrip(), data()).num_rows == 0


def test_a_name_that_stands_twice_is_there_twice() -> None:
    table = csv_file.read("a.csv", b"temp,y,temp\n1,0,2\n", data())
    assert table.column_names == ["temp", "y", "temp"]


def test_only_the_asked_columns_that_are_there() -> None:
    assert csv_file.read("a.csv", HEADER + ROW, data(), ["y", "temp", "rain"]).column_names == ["temp", "y"]


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_another_separator_is_named(separator: str) -> None:
    content = frame(3).to_csv(index=False, sep=separator).encode()
    assert f"Set data.separator to {separator!r}" in mistake(content)
    assert csv_file.read("a.csv", content, data(separator=separator)).num_rows == 3


def test_what_is_not_utf8_is_named_with_its_line() -> None:
    assert mistake(HEADER + b"1,2,caf\xe9,3,4,0\n") == (
        "data/a.csv: line 2 is not UTF-8 (byte 0xe9 in '1,2,caf\\xe9,3,4,'). Save the file as UTF-8."
    )
    assert "UTF-16" in mistake("id,y\n".encode("utf-16"))


def test_rows_of_another_length_are_named() -> None:
    line = mistake(HEADER + ROW + b"1,2\n" + ROW + b"1,2,3,4,5,6,7\n")
    assert "2 of 4 rows" in line
    assert "(row 2: 2, row 4: 7)" in line


@pytest.mark.parametrize("tail", [b'"', b'1,2,3,4,5,"0\n' + ROW])
def test_a_quote_that_is_never_closed_is_named(tail: bytes) -> None:
    assert "a quote is opened in row 2 and never closed" in mistake(HEADER + ROW + tail + ROW)


def test_a_quote_inside_a_value_is_a_sign_like_others() -> None:
    table = csv_file.read("a.csv", HEADER + b'1,2,5" pipe,4,5,0\n', data())
    assert table.column("city").to_pylist() == ['5" pipe']


@pytest.mark.parametrize("content", [b"\n", b" \n \n", b"\xef\xbb\xbf"])
def test_a_file_without_a_header_line_is_empty_or_another_table(content: bytes) -> None:
    try:
        names = csv_file.read("a.csv", content, data()).column_names
    except Mistake as found:
        assert "is empty" in found.lines[0]
    else:
        assert not set(names) & {"id", "y"}
