"""Whether a column of a batch says anything, and whether its numbers hang together."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from scripts.core.settings.data_params import Column, Data, Validate
from scripts.core.tables.findings import EXAMPLES, Checked, Finding, Mask, finding, in_rows, shown

if TYPE_CHECKING:
    import pandas as pd


def check(batch: str, frame: "pd.DataFrame", unread: Mapping[str, Mask], data: Data, validate: Validate) -> Checked:
    """`unread` are the values of another kind, by column: they are missing in the frame."""
    found: Checked = []
    for name, column in data.columns.items():
        if name not in frame or frame.empty:
            continue
        known = frame[name].dropna()
        if known.empty:
            tolerated = name not in unread and column.max_missing >= 1  # else found by then
            found.append(_empty(batch, name, len(frame)) if tolerated else None)
            continue
        found.append(_constant(batch, name, known))
        if column.kind == "number":
            found.append(_outliers(batch, name, frame[name], column, validate))
    return found


def _empty(batch: str, name: str, rows: int) -> Finding:
    cure = "Fix the source, or take it out of data.columns."
    return finding((batch, name), "empty", "has no value at all", cure, level="warn", count=rows)


def _constant(batch: str, name: str, known: "pd.Series[Any]") -> Finding | None:
    first = known.iloc[0]
    if len(known) < 2 or not (known == first).all():
        return None
    cure = "Fix the source, or take it out of data.columns."
    said = f"is {shown(first)} wherever it has a value"
    return finding((batch, name), "constant", said, cure, level="warn", count=len(known), examples=[shown(first)])


def _outliers(batch: str, name: str, values: "pd.Series[Any]", column: Column, validate: Validate) -> Finding | None:
    """Numbers too many interquartile ranges from the quartiles; where half are equal, there is no range."""
    numbers = values.to_numpy()
    known = numbers[~np.isnan(numbers)]
    places = [(len(known) - 1) // 4, 3 * (len(known) - 1) // 4]
    low, high = np.partition(known, places)[places]
    reach = validate.outlier_factor * (high - low)
    broken = (numbers < low - reach) | (numbers > high + reach)
    tolerated = validate.max_outliers if column.max_outliers is None else column.max_outliers
    if high == low or broken.sum() <= tolerated * len(known):
        return None
    return in_rows(
        (batch, name),
        "outliers",
        f"is outside {shown(low - reach)} to {shown(high + reach)}",
        f"Fix the source, or raise data.columns.{name}.max_outliers.",
        broken,
        values=numbers[broken][:EXAMPLES],
        level=validate.outlier_level,
        tolerated=tolerated,
        among=len(known),
    )
