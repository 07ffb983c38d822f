"""One CSV file as it stands: every column as text, but labels that are numbers as numbers."""

import csv
import io
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.csv

from scripts.core.errors import Mistake
from scripts.core.settings.data_params import Data
from scripts.core.tables.findings import EXAMPLES, escaped, listed, place, shown

BOM = b"\xef\xbb\xbf"
UTF16 = (b"\xff\xfe", b"\xfe\xff")
SEPARATORS = (",", ";", "\t", "|")
HEAD = 1_000_000  # bytes that the header lies in
BLOCK = 16_000_000  # bytes; greater than any row


def read(name: str, content: bytes, data: Data, columns: Sequence[str] | None = None) -> pa.Table:
    """All columns, or those of the asked ones that are there; a name that occurs twice is there twice."""
    content = _utf8(name, content.removeprefix(BOM))
    header, lines = _header(name, content, data)
    kept = [place for place, column in enumerate(header) if columns is None or column in columns]
    ragged: list[Any] = []
    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(content if b"\n" in content else content + b"\n"),
            read_options=_reading(len(header), lines),
            parse_options=_parsing(data, ragged),
            convert_options=_converting(kept, data),
        )
    except pa.ArrowInvalid as error:
        raise Mistake(f"{place(name)} can't be read as CSV ({_short(error)}). Fix the source.") from None
    _whole(name, content, table, ragged, data)
    table = table.rename_columns([header[place] for place in kept])
    return table if data.task == "regression" else _guessed(table, data.target)


def _utf8(name: str, content: bytes) -> bytes:
    if content.startswith(UTF16):
        raise Mistake(f"{place(name)} is UTF-16, not UTF-8. Save it as UTF-8.")
    if content.isascii():
        return content
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        start = max(error.start - 10, content.rfind(b"\n", 0, error.start) + 1)
        around = content[start : error.start + 6].decode("utf-8", "backslashreplace")
        where = f"{place(name)} line {line:,} is not UTF-8 (byte 0x{content[error.start]:02x} in {shown(around)})"
        raise Mistake(f"{where}. Save the file as UTF-8.") from None
    return content


def _header(name: str, content: bytes, data: Data) -> tuple[list[str], int]:
    """The names of the columns, and how many lines they take."""
    head = content[:HEAD].decode("utf-8", "ignore")
    header, lines = _first(head, data.separator)
    if not header:
        raise Mistake(f"{place(name)} is empty. Bring the batch again, or remove the file.")
    declared = {data.id, data.time, data.target, *data.columns}
    found = {mark: len(declared & set(_first(head, mark)[0])) for mark in SEPARATORS}
    best = max(SEPARATORS, key=lambda mark: found[mark])
    if found[best] > len(declared & set(header)):
        here, there = shown(best), shown(data.separator)
        raise Mistake(
            f"{place(name)} line {lines} separates columns by {here}, not by {there}. Set data.separator to {here}."
        )
    return header, lines


def _first(head: str, separator: str) -> tuple[list[str], int]:
    """The first line that is not blank, and how many lines there are up to its end."""
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=separator)
    try:
        return next(filter(None, reader), []), reader.line_num
    except csv.Error:  # a quote that is never closed: one field of the greatest size
        return [head], 1


def _reading(columns: int, lines: int) -> pyarrow.csv.ReadOptions:
    names = [str(place) for place in range(columns)]  # by place: names may occur twice
    return pyarrow.csv.ReadOptions(use_threads=False, block_size=BLOCK, skip_rows=lines, column_names=names)


def _parsing(data: Data, ragged: list[Any]) -> pyarrow.csv.ParseOptions:
    def skip(row: Any) -> str:
        ragged.append((row.number, row.actual_columns))
        return "skip"

    return pyarrow.csv.ParseOptions(delimiter=data.separator, newlines_in_values=True, invalid_row_handler=skip)


def _converting(kept: Sequence[int], data: Data) -> pyarrow.csv.ConvertOptions:
    return pyarrow.csv.ConvertOptions(
        include_columns=[str(place) for place in kept],
        column_types={str(place): pa.string() for place in kept},
        null_values=list(data.missing_values),
        strings_can_be_null=True,
    )


def _whole(name: str, content: bytes, table: pa.Table, ragged: Sequence[tuple[int, int]], data: Data) -> None:
    """No row has other fields than the header; no quote that is never closed swallows all rows after it."""
    rows = table.num_rows + len(ragged)
    odd = content.count(b'"') % 2 == 1
    if odd and (ragged[-1][0] - 1 == rows if ragged else _holds_lines(table)):
        raise Mistake(f"{place(name)} a quote is opened in row {rows:,} and never closed. Fix the source.")
    if ragged:
        seen = listed([f"row {number - 1}: {fields}" for number, fields in ragged[:EXAMPLES]], len(ragged))
        said = f"{len(ragged):,} of {rows:,} rows have other fields than the {len(table.column_names)} of the header"
        raise Mistake(f"{place(name)} {said} ({seen}). Quote what holds {shown(data.separator)}, or fix the source.")


def _holds_lines(table: pa.Table) -> bool:
    last = table.slice(table.num_rows - 1).to_pylist()
    return any("\n" in str(value) for row in last for value in row.values())


def _guessed(table: pa.Table, column: str) -> pa.Table:
    """Labels as whole numbers, truth or numbers if all of them are that, else as text."""
    if column not in table.column_names:
        return table
    position = table.column_names.index(column)
    for kind in (pa.int64(), pa.bool_(), pa.float64()):
        try:
            return table.set_column(position, column, table.column(position).cast(kind))
        except pa.ArrowInvalid:
            continue
    return table


def _short(error: Exception) -> str:
    return escaped(" ".join(str(error).split()))[:120]
