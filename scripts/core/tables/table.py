"""Batches as one typed table: the same types whatever file a row came in."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scripts.core.errors import Mistake
from scripts.core.settings.data_params import Data
from scripts.core.tables import raw
from scripts.core.tables.findings import place

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

    Numbers are float64, categories and ids text, times naive datetime64[us]; what is missing is NaN or NaT. Labels are
    int64 (float64 beside missing ones) or text, in all batches alike.
    Raises Mistake for a file that can't be read so, in the words of the validation.
    """
    wanted = [name for name in declared(data) if columns is None or name in columns]
    batches = [_batch(name, handle, data, wanted) for name, handle in sorted(files.items())]
    if not batches:
        raise Mistake("data/: holds no .csv and no .parquet file. Run `python -m scripts.ingest`, or put one there.")
    if data.target in wanted and data.task != "regression":
        batches = _alike(batches, data.target)
    whole: pd.DataFrame = pa.concat_tables(batches).unify_dictionaries().to_pandas()
    return whole


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
    found = raw.raw(name, handle, data, wanted)
    kinds = raw.converted(found, data)
    if problems := raw.problems(name, found, kinds):
        raise Mistake(*(problem.message for problem in problems))
    absent = [column for column in wanted if column not in kinds and _required(column, data)]
    if absent:
        raise Mistake(f"{place(name)} has no column {absent[0]!r}. Fix the source, or change data in params.yaml.")
    rows = found.num_rows
    arrays = {name: kinds[name].values if name in kinds else pa.nulls(rows, _type(name, data)) for name in wanted}
    indices = pa.array(np.zeros(rows, dtype=np.int32))
    return pa.table(arrays | {BATCH: pa.DictionaryArray.from_arrays(indices, [name])})


def _required(column: str, data: Data) -> bool:
    return column not in data.columns or data.columns[column].required


def _type(column: str, data: Data) -> pa.DataType:
    return pa.float64() if data.columns[column].kind == "number" else pa.string()


def _alike(batches: Sequence[pa.Table], target: str) -> list[pa.Table]:
    """Labels of one type: whole numbers if those of every batch can be written so, else text."""
    if len({batch.schema.field(target).type for batch in batches}) == 1:
        return list(batches)
    texts = [pc.cast(batch.column(target), pa.string()) for batch in batches]
    kind = pa.int64() if all(_whole(labels) for labels in texts) else pa.string()
    place = batches[0].column_names.index(target)
    return [batch.set_column(place, target, pc.cast(t, kind)) for batch, t in zip(batches, texts, strict=True)]


def _whole(labels: pa.ChunkedArray) -> bool:
    written = pc.match_substring_regex(labels, r"^(0|-?[1-9][0-9]{0,17})$")
    return bool(pc.all(written, min_count=0).as_py())
