"""One batch against params: what it breaks, and what the rules over the whole table need to know of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from scripts.core.checks import columns, shape
from scripts.core.checks.repeats import Hashes
from scripts.core.settings.data_params import Data, Validate
from scripts.core.tables import raw
from scripts.core.tables.findings import Checked, Finding, Mask, escaped, finding, listed, place, shown

if TYPE_CHECKING:
    import pandas as pd

Times = np.ndarray[Any, np.dtype[np.int64]]
MIX = np.uint64(0x9E3779B97F4A7C15)  # odd, so that multiplying by it loses nothing


@dataclass(frozen=True)
class Batch:
    """A judged batch. Of its rows only what the whole table is judged by is kept: some 25 bytes each."""

    name: str
    rows: int
    checked: Checked
    first: str | None = None
    last: str | None = None
    labels: Mapping[str, int] = field(default_factory=dict)  # rows of each; none for a regression
    equal: Hashes = field(default_factory=lambda: np.empty(0, np.uint64))  # of everything in a row
    ids: Hashes = field(default_factory=lambda: np.empty(0, np.uint64))
    times: Times | None = None  # microseconds; a missing one is the least integer
    known: Mask = field(default_factory=lambda: np.empty(0, np.bool_))  # has a label; empty without a target

    @property
    def labelled(self) -> int:
        return int(self.known.sum())


def judge(name: str, table: pa.Table, data: Data, validate: Validate, schema: columns.Schema) -> Batch:
    kinds = raw.converted(table, data)
    if not kinds:
        return unreadable(name, _headless(name, table.column_names, schema))
    frame = pa.table({column: kind.values for column, kind in kinds.items()}).to_pandas()
    found = {column: [problem.broken for problem in kind.problems] for column, kind in kinds.items()}
    unread = {column: np.logical_or.reduce(broken) for column, broken in found.items() if broken}
    extra = [column for column in dict.fromkeys(table.column_names) if column not in kinds]
    checked: Checked = [
        *_size(name, table.num_rows, validate),
        *_names(name, table.column_names, extra),
        *raw.problems(name, table, kinds),
        *[None] * (len(kinds) - len(unread)),
        *columns.check(name, frame, unread, schema, extra),
        *shape.check(name, frame, unread, data, validate),
    ]
    return _batch(name, table.num_rows, frame, checked, data)


def unreadable(name: str, said: str) -> Batch:
    """A file that no row could be read from, and why."""
    name = escaped(name)
    return Batch(name, 0, [Finding(name, None, "file", "fail", 1, 1.0, None, (), said)])


def _headless(name: str, names: Sequence[str], schema: columns.Schema) -> str:
    seen = listed([shown(column) for column in names])
    said = f"has none of the {len(schema.rules)} columns of params.yaml, but {seen}"
    cure = "Look whether its first line, the header, is missing, or whether it is another table."
    return f"{place(name)} {said}. {cure}"


def _size(name: str, count: int, validate: Validate) -> Checked:
    if not count:
        said, cure = "has a header and no rows", "Bring the batch again, or remove the file."
        return [finding((name, None), "min_rows", said, cure, count=0, limit=validate.min_rows)]
    for rule, limit, broken, word, cure in (
        ("min_rows", validate.min_rows, count < validate.min_rows, "fewer", "Bring all of it, or lower"),
        (
            "max_rows",
            validate.max_rows,
            count > validate.max_rows,
            "more",
            "Look whether it is the right file, or raise",
        ),
    ):
        if broken:
            said = f"has {count:,} rows, {word} than {limit:,}"
            return [finding((name, None), rule, said, f"{cure} validate.{rule}.", count=count, limit=limit)]
    return [None, None]


def _names(name: str, names: list[str], extra: list[str]) -> Checked:
    """Columns that bear one name, and those that params do not list."""
    twice = [shown(column) for column, times in Counter(names).items() if times > 1]
    others = [shown(column) for column in extra]
    found: Checked = [None, None]
    if twice:
        said, cure = f"has more than one column {listed(twice)}", "Rename or remove one at the source."
        found[0] = finding((name, None), "duplicate_columns", said, cure, count=len(twice), examples=twice)
    if others:
        said, cure = f"has columns that nothing uses: {listed(others)}", "List them under data.columns, or drop them."
        where = (name, None)
        found[1] = finding(where, "extra_columns", said, cure, level="warn", count=len(others), examples=others)
    return found


def _batch(name: str, rows: int, frame: "pd.DataFrame", checked: Checked, data: Data) -> Batch:
    times = frame[data.time] if data.time is not None and data.time in frame else None
    target = frame.get(data.target)
    equal, ids = _hashes(frame, data)
    return Batch(
        name,
        rows,
        checked,
        *_ends(times),
        {} if target is None or data.task == "regression" else _labels(target),
        equal,
        ids,
        None if times is None else times.to_numpy().view(np.int64),
        np.empty(0, np.bool_) if target is None else target.notna().to_numpy(),
    )


def _ends(times: "pd.Series[Any] | None") -> tuple[str | None, str | None]:
    if times is None or times.isna().all():
        return None, None
    return times.min().isoformat(), times.max().isoformat()


def _labels(values: "pd.Series[Any]") -> dict[str, int]:
    """Rows of each label; the same label for a whole number with and without a decimal point."""
    counts = values.value_counts().items()
    return {str(int(label) if isinstance(label, float) else label): count for label, count in counts}


def _hashes(frame: "pd.DataFrame", data: Data) -> tuple[Hashes, Hashes]:
    """Of each row all values, and its id; a row without an id is told apart by the rest of it."""
    import pandas as pd

    rest = frame.drop(columns=[data.id], errors="ignore")
    if data.target in rest and rest[data.target].dtype.kind == "i":  # beside missing labels they are floats
        rest = rest.astype({data.target: "float64"})
    equal = pd.util.hash_pandas_object(rest, index=False)
    if data.id is None or data.id not in frame:
        return np.asarray(equal, np.uint64), np.asarray(equal, np.uint64)
    ids = pd.util.hash_pandas_object(frame[data.id], index=False, categorize=False)  # few of them are equal
    known = np.asarray(ids.where(frame[data.id].notna(), equal), np.uint64)
    return np.asarray(equal, np.uint64) ^ (known * MIX), known
