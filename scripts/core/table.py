"""Batches as one typed table: the same types whatever file a row came in."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from scripts.core.data_params import Data
from scripts.core.errors import Mistake

if TYPE_CHECKING:
    import pandas as pd

BATCH = "_batch"
SUFFIXES = (".csv", ".parquet")


def features(data: Data) -> list[str]:
    return [name for name, column in data.columns.items() if column.feature]


def declared(data: Data) -> list[str]:
    """Every column of the table, in one order."""
    return [name for name in (data.id, data.time, *data.columns, data.target) if name is not None]


def read(files: Mapping[str, BinaryIO], data: Data, columns: Sequence[str] | None = None) -> "pd.DataFrame":
    """All batches in the order of their names, with the asked columns (else all declared ones) and the batch's name.

    Numbers are float64, categories and ids text, times naive datetime64[us]; what is missing is NaN or NaT.
    Raises Mistake for a file that can't be read so.
    """
    wanted = [name for name in declared(data) if columns is None or name in columns]
    batches = [_batch(name, handle, data, wanted) for name, handle in sorted(files.items())]
    if not batches:
        raise Mistake("data/: holds no .csv and no .parquet file. Run `python -m scripts.ingest`, or put a table there.")
    return pa.concat_tables(batches, promote_options="permissive").unify_dictionaries().to_pandas()


def labels(values: Any, data: Data) -> np.ndarray[Any, Any]:
    """Known labels of a target column: float64 (regression), int64 when all are whole numbers, else text."""
    known = np.asarray(values.dropna())
    if data.task == "regression":
        return known.astype(np.float64)
    if known.dtype.kind in "iub" or (known.dtype.kind == "f" and bool((known == np.floor(known)).all())):
        return known.astype(np.int64)
    return known.astype(str)


def positive(data: Data, classes: Sequence[Any] | None) -> Any:
    """The label that counts as positive in a binary task: the asked one, in the type of the labels, or the last."""
    if data.task != "binary" or classes is None:
        return None
    if data.positive is None:
        return classes[-1]
    for label in classes:
        if str(label) == str(data.positive):
            return label
    raise Mistake(
        f"params.yaml: data.positive: {data.positive!r} is no label of {data.target!r}, which has {list(classes)[:5]}."
    )


def prediction_columns(predictions: Any, data: Data, classes: Sequence[Any] | None) -> dict[str, Any]:
    """Predictions as columns: the value, the positive class's probability, or one probability per class."""
    if classes is None:
        return {"prediction": predictions}
    if data.task == "binary":
        return {"prediction": predictions[:, list(classes).index(positive(data, classes))]}
    return {f"prediction_{label}": predictions[:, place] for place, label in enumerate(classes)}


def _batch(name: str, handle: BinaryIO, data: Data, wanted: Sequence[str]) -> pa.Table:
    raw = _parse(name, handle, data, wanted)
    absent = [column for column in wanted if column not in raw.column_names and _required(column, data)]
    if absent:
        raise Mistake(f"data/{name}: has no column {absent[0]!r}. Fix the source, or change data in params.yaml.")
    arrays = {column: _typed(name, raw, column, data) for column in wanted}
    indices = pa.array(np.zeros(raw.num_rows, dtype=np.int32))
    return pa.table(arrays | {BATCH: pa.DictionaryArray.from_arrays(indices, [name])})


def _required(column: str, data: Data) -> bool:
    return column not in data.columns or data.columns[column].required


def _parse(name: str, handle: BinaryIO, data: Data, wanted: Sequence[str]) -> pa.Table:
    try:
        if name.endswith(".parquet"):
            file = pyarrow.parquet.ParquetFile(handle)
            return file.read(columns=[column for column in wanted if column in file.schema_arrow.names])
        return _csv(handle, data, wanted)
    except (pa.ArrowException, UnicodeDecodeError) as error:
        why = " ".join(str(error).split())[:160]
        raise Mistake(f"data/{name}: can't be read ({why}). Replace the file, or remove it from data/.") from None


def _csv(handle: BinaryIO, data: Data, wanted: Sequence[str]) -> pa.Table:
    as_text = {column: pa.string() for column in wanted if column != data.target}
    return pyarrow.csv.read_csv(
        handle,
        parse_options=pyarrow.csv.ParseOptions(delimiter=data.separator),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=as_text,
            include_columns=list(wanted),
            include_missing_columns=True,
            null_values=list(data.missing_values),
            strings_can_be_null=True,
        ),
    )


def _typed(name: str, raw: pa.Table, column: str, data: Data) -> pa.Array:
    if column not in raw.column_names:
        return pa.nulls(raw.num_rows, _kind(column, data))
    values = raw.column(column).combine_chunks()
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    try:
        return _as(values, column, data)
    except (pa.ArrowException, ValueError) as error:
        why = " ".join(str(error).split())[:120]
        raise Mistake(f"data/{name}: column {column!r} has a value of another kind ({why}). Fix the source.") from None


def _kind(column: str, data: Data) -> pa.DataType:
    return pa.float64() if column in data.columns and data.columns[column].kind == "number" else pa.string()


def _as(values: pa.Array, column: str, data: Data) -> pa.Array:
    if column == data.time:
        return _times(values, data)
    if column == data.target:
        return _target(values, data)
    if _kind(column, data) == pa.float64():
        return pc.cast(_without(values, data), pa.float64(), safe=False)
    return _text(values)


def _target(values: pa.Array, data: Data) -> pa.Array:
    if data.task == "regression":
        return pc.cast(_without(values, data), pa.float64(), safe=False)
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        return _without(values, data)
    if pa.types.is_null(values.type):
        return values
    whole = pa.types.is_integer(values.type) or pa.types.is_boolean(values.type)
    return pc.cast(values, pa.int64() if whole else pa.float64())


def _without(values: pa.Array, data: Data) -> pa.Array:
    """Texts that mean missing, as missing."""
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        return values
    values = pc.cast(values, pa.string())
    missing = pc.is_in(values, value_set=pa.array(data.missing_values, pa.string()))
    return pc.if_else(missing, pa.scalar(None, pa.string()), values)


def _text(values: pa.Array) -> pa.Array:
    """Text; whole numbers without a decimal point, so that 1 and 1.0 are one category in every file."""
    if pa.types.is_floating(values.type):
        values = values.fill_null(np.nan) if values.null_count else values
        numbers = values.to_numpy()
        finite = numbers[np.isfinite(numbers)]
        if (finite == np.floor(finite)).all():
            values = pc.cast(pa.array(numbers, from_pandas=True), pa.int64())
        else:
            values = pa.array(numbers, from_pandas=True)
    return pc.cast(values, pa.string())


def _times(values: pa.Array, data: Data) -> pa.Array:
    import pandas as pd

    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        stamps = pd.to_datetime(values.to_pandas(), format="ISO8601", utc=data.timezone is not None)
        values = pa.array(stamps)
    if pa.types.is_date(values.type):
        values = pc.cast(values, pa.timestamp("us"))
    if not pa.types.is_timestamp(values.type):
        raise ValueError(f"{values.type} is no time stamp")
    if values.type.tz is not None:
        values = pc.local_timestamp(pc.cast(values, pa.timestamp("us", tz=data.timezone or "UTC")))
    return pc.cast(values, pa.timestamp("us"), safe=False)
