"""A batch as it comes from a source: its name, its content, and whether both can be taken."""

import csv
import re
from dataclasses import dataclass
from io import BytesIO, StringIO

from scripts.core.errors import Mistake

SUFFIXES = (".csv", ".parquet")
# No separator, no leading dot or sign, nothing that a shell, a page or a table could misread
NAME = re.compile(r"\w[\w .,=+()-]*\.(csv|parquet)")
PAGE = re.compile(rb"\s*(<!doctype html|<html)", re.IGNORECASE)


@dataclass(frozen=True)
class Batch:
    name: str
    content: bytes


@dataclass(frozen=True)
class Unchanged:
    """A batch that is known, without fetching it, to be the one we have."""

    name: str


def checked(name: str) -> str:
    """The name, if it can be the name of a file in data/."""
    if not name.endswith(SUFFIXES):
        raise Mistake(f"{name!r} in data.source: is of no known type. Only .csv and .parquet files can be read.")
    if NAME.fullmatch(name) is None or ".." in name or len(name) > 200:
        raise Mistake(
            f"{name!r} in data.source: is no safe file name."
            " Rename it: letters, digits, spaces and _ - . , = + ( ), with a letter or digit first."
        )
    return name


def rows(batch: Batch, separator: str) -> int:
    """How many rows the batch has; a Mistake if it has none or can't be read to its end."""
    if not batch.content.strip():
        raise Mistake(f"{batch.name}: is empty. Fix the source, or take the file out of it.")
    if PAGE.match(batch.content):
        raise Mistake(f"{batch.name}: is an HTML page, not a table. Check data.source: it may need a login.")
    count = _parquet_rows(batch) if batch.name.endswith(".parquet") else _csv_rows(batch, separator)
    if count == 0:
        raise Mistake(f"{batch.name}: has columns and no rows. Fix the source, or take the file out of it.")
    return count


def _parquet_rows(batch: Batch) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return sum(part.num_rows for part in pq.ParquetFile(BytesIO(batch.content)).iter_batches())
    except (pa.ArrowException, OSError) as error:
        raise Mistake(
            f"{batch.name}: can't be read as Parquet ({told(error)}). Write it again at the source."
        ) from None


def _csv_rows(batch: Batch, separator: str) -> int:
    import pyarrow as pa
    from pyarrow import csv as arrow

    header = [str(number) for number, _ in enumerate(_header(batch, separator))]
    try:
        table = arrow.read_csv(
            BytesIO(batch.content),
            arrow.ReadOptions(column_names=header, skip_rows=1),
            arrow.ParseOptions(delimiter=separator, newlines_in_values=True),
            # Types are the validate stage's business: one column, as text, is enough to see every row.
            arrow.ConvertOptions(include_columns=header[:1], column_types={"0": pa.string()}),
        )
    except pa.ArrowException as error:
        raise Mistake(f"{batch.name}: can't be read as CSV ({told(error)}). Fix that row at the source.") from None
    return int(table.num_rows)


def _header(batch: Batch, separator: str) -> list[str]:
    try:
        text = batch.content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = batch.content.count(b"\n", 0, error.start) + 1
        raise Mistake(f"{batch.name}: line {line} is not UTF-8. Save the file as UTF-8.") from None
    return next(csv.reader(StringIO(text), delimiter=separator))


def told(error: BaseException) -> str:
    """The first line of an error, short."""
    line = next(iter(str(error).splitlines()), "") or type(error).__name__
    return line if len(line) <= 160 else f"{line[:157]}..."
