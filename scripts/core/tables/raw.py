"""One batch as its file holds it, and as params declare it."""

from collections.abc import Mapping, Sequence
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet

from scripts.core.errors import Mistake
from scripts.core.settings.data_params import Data
from scripts.core.tables import csv_file, kinds
from scripts.core.tables.findings import EXAMPLES, Finding, escaped, in_rows, place


def raw(name: str, handle: BinaryIO, data: Data, columns: Sequence[str] | None = None) -> pa.Table:
    """The file's columns (those of the asked ones that it has), none turned into another kind.

    Raises Mistake for a file that can't be read at all.
    """
    content = handle.read()
    if not content:
        raise Mistake(f"{place(name)} is empty. Bring the batch again, or remove the file.")
    if name.endswith(".csv"):
        return csv_file.read(name, content, data, columns)
    try:
        file = pyarrow.parquet.ParquetFile(pa.BufferReader(content))
        wanted = None if columns is None else [name for name in columns if name in file.schema_arrow.names]
        return file.read(columns=wanted, use_threads=False)
    except (pa.ArrowException, OSError) as error:
        why = escaped(" ".join(str(error).split()))[:120]
        raise Mistake(f"{place(name)} can't be read as Parquet ({why}). Bring the batch again.") from None


def converted(table: pa.Table, data: Data) -> dict[str, kinds.Kind]:
    """The declared columns that are there, in the file's order; of those that bear one name, the first."""
    declared = {data.id, data.time, data.target, *data.columns}
    names = [name for name in dict.fromkeys(table.column_names) if name in declared]
    return {name: _kind(name, _values(table, name), data) for name in names}


def problems(name: str, table: pa.Table, found: Mapping[str, kinds.Kind]) -> list[Finding]:
    return [_finding(name, table, column, problem) for column, kind in found.items() for problem in kind.problems]


def typed(table: pa.Table, name: str, data: Data) -> tuple[pa.Table, list[Finding]]:
    """The declared columns, and what in them is of another kind (and missing in the result)."""
    found = converted(table, data)
    return pa.table({column: kind.values for column, kind in found.items()}), problems(name, table, found)


def _values(table: pa.Table, name: str) -> pa.Array:
    whole = table.column(table.schema.get_all_field_indices(name)[0]).combine_chunks()
    return whole.dictionary_decode() if pa.types.is_dictionary(whole.type) else whole


def _kind(column: str, values: pa.Array, data: Data) -> kinds.Kind:
    if column == data.time:
        return kinds.time(values, data)
    if column == data.target:
        return kinds.label(values, data)
    if column in data.columns and data.columns[column].kind == "number":
        return kinds.number(values, data)
    return kinds.category(values)


def _finding(name: str, table: pa.Table, column: str, problem: kinds.Problem) -> Finding:
    values = _values(table, column).filter(pa.array(problem.broken)).slice(0, EXAMPLES).to_pylist()
    return in_rows((name, column), problem.rule, problem.said, problem.cure, problem.broken, values=values)
