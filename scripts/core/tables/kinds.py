"""A column as the kind that params declare it to be: its values, and what in it is of another kind.

What is of another kind is missing in the values and named in the problems.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scripts.core.settings.data_params import Data
from scripts.core.tables.findings import Mask

NUMBER = r"^[+-]?((\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|(?i:inf|infinity|nan))$"
COMMA = r"^[+-]?\d+,\d+$"
CLOCK = r"[ T]\d\d(:\d\d(:\d\d(\.\d{1,9})?)?)?"
STAMP = rf"^\d{{4}}(-\d\d(-\d\d({CLOCK})?)?)?$"
ZONED = rf"^\d{{4}}-\d\d-\d\d{CLOCK} ?(Z|[+-]\d\d(:?\d\d)?)$"
STAMP_CURE = "Write them as 2013-07-01 05:15:00."
WHOLE = 2.0**63  # from here on a float is no 64-bit integer
WORDS = {
    "bool": "true and false",
    "timestamp": "time stamps",
    "date": "dates",
    "list": "lists",
    "struct": "records",
}


@dataclass(frozen=True)
class Problem:
    """Values of another kind: where they are, what they are and what to do."""

    rule: str
    broken: Mask
    said: str
    cure: str


@dataclass(frozen=True)
class Kind:
    values: pa.Array
    problems: tuple[Problem, ...] = ()


def number(values: pa.Array, data: Data) -> Kind:
    """float64; text that reads as a number is one."""
    if is_text(values.type):
        return _from_text(without(values, data))
    if not _is_number(values.type):
        cure = "Turn them into numbers at the source, or declare it kind: category."
        return _wrong(values, pa.float64(), "where numbers belong", cure)
    return _finite(pc.cast(values, pa.float64(), safe=False))


def category(values: pa.Array) -> Kind:
    """Text; whole numbers without a decimal point, so that 1 and 1.0 are one category in every file."""
    if is_text(values.type):
        return Kind(pc.cast(values, pa.string()))
    if pa.types.is_floating(values.type):
        values = _whole(values)
    if not (_is_number(values.type) or pa.types.is_boolean(values.type)):
        return _wrong(values, pa.string(), "where categories belong", "Turn them into text at the source.")
    return Kind(pc.cast(values, pa.string()))


def label(values: pa.Array, data: Data) -> Kind:
    """A number (regression), else a whole number, or text for every other label."""
    if data.task == "regression":
        return number(values, data)
    if pa.types.is_boolean(values.type):
        return Kind(pc.cast(values, pa.int64()))
    if is_text(values.type):
        return Kind(without(values, data))
    return category(values) if _fractional(values) or not _is_number(values.type) else Kind(_whole(values))


def time(values: pa.Array, data: Data) -> Kind:
    """Naive timestamp[us]: as written, or in data.timezone when the stamps carry an offset."""
    if is_text(values.type):
        return _stamps(without(values, data), data)
    if pa.types.is_date(values.type):
        values = pc.cast(values, pa.timestamp("us"))
    if not pa.types.is_timestamp(values.type):
        return _wrong(values, pa.timestamp("us"), "where time stamps belong", STAMP_CURE)
    if values.type.tz is None:
        return Kind(pc.cast(values, pa.timestamp("us"), safe=False))
    return _zoned(values, mask(pc.is_valid(values)), data)


def is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def without(values: pa.Array, data: Data) -> pa.Array:
    """Text in which what means missing is missing."""
    values = pc.cast(values, pa.string())
    absent = pc.is_in(values, value_set=pa.array(data.missing_values, pa.string()))
    return pc.if_else(absent, pa.scalar(None, pa.string()), values)


def mask(values: pa.Array) -> Mask:
    """True where the value is true; false or missing: False."""
    return np.asarray(values.fill_null(False).to_numpy(zero_copy_only=False), dtype=bool)


def _from_text(values: pa.Array) -> Kind:
    try:
        return _finite(pc.cast(values, pa.float64()))
    except pa.ArrowInvalid:
        read = pc.match_substring_regex(values, NUMBER)
    broken = mask(pc.invert(read))
    cure = "Fix the source, or list these under data.missing_values."
    if mask(pc.match_substring_regex(values, COMMA))[broken].all():
        cure = "Write the decimal sign as a point."
    elif not mask(read).any():
        cure = "Fix the source, or declare it kind: category."
    kind = _finite(pc.cast(_only(values, ~broken), pa.float64()))
    return Kind(kind.values, (Problem("number", broken, "has text", cure), *kind.problems))


def _finite(values: pa.Array) -> Kind:
    numbers = values.to_numpy(zero_copy_only=False)
    broken = np.isinf(numbers)
    if not broken.any():
        return Kind(values)
    problem = Problem("finite", broken, "is infinite", "Make these missing at the source: look for a division by zero.")
    return Kind(_only(values, ~broken), (problem,))


def _whole(values: pa.Array) -> pa.Array:
    """Integers, when the numbers are whole."""
    if pa.types.is_integer(values.type):
        return pc.cast(values, pa.int64(), safe=False)
    numbers = np.asarray(pc.cast(values, pa.float64()).to_numpy(zero_copy_only=False))
    values = pa.array(numbers, from_pandas=True)
    return values if _fractional(values) else pc.cast(values, pa.int64())


def _fractional(values: pa.Array) -> bool:
    if not pa.types.is_floating(values.type) and not pa.types.is_decimal(values.type):
        return False
    numbers = np.asarray(pc.cast(values, pa.float64()).to_numpy(zero_copy_only=False))
    known = numbers[~np.isnan(numbers)]
    return not bool((np.abs(known) < WHOLE).all() and (known == np.floor(known)).all())


def _stamps(values: pa.Array, data: Data) -> Kind:
    try:
        return Kind(pc.cast(values, pa.timestamp("us")))
    except pa.ArrowInvalid:
        zoned = mask(pc.match_substring_regex(values, ZONED))
    parsed = _parsed(_only(values, ~zoned), STAMP), _parsed(_only(values, zoned), ZONED)
    broken = mask(pc.is_valid(values)) & ~mask(pc.is_valid(parsed[0])) & ~mask(pc.is_valid(parsed[1]))
    found: tuple[Problem, ...] = ()
    if broken.any():
        found = (Problem("stamp", broken, "is no time stamp", STAMP_CURE),)
    zoned &= ~broken
    if not zoned.any():
        return Kind(parsed[0], found)
    inside = _zoned(parsed[1], zoned, data)
    mixed = mask(pc.is_valid(parsed[0]))
    if mixed.any():
        cure = "Write all of them with an offset such as +02:00, or all without."
        found += (Problem("zone", zoned, "mixes time stamps without an offset and with one", cure),)
        return Kind(parsed[0], found)
    return Kind(inside.values, found + inside.problems)


def _parsed(values: pa.Array, shape: str) -> pa.Array:
    """Time stamps in UTC; what has not the shape, or is no day of the calendar, is missing."""
    import pandas as pd

    shaped = _only(values, mask(pc.match_substring_regex(values, shape))).to_pandas()
    stamps = pd.to_datetime(shaped, format="ISO8601", errors="coerce", utc=True).dt.tz_localize(None)
    return pa.array(stamps.astype("datetime64[us]"), from_pandas=True)


def _zoned(values: pa.Array, zoned: Mask, data: Data) -> Kind:
    """Stamps in UTC, or with a zone, as local ones of data.timezone."""
    if data.timezone is None:
        cure = "Say in data.timezone which zone they are to be turned into."
        problem = Problem("zone", zoned, "has time stamps with an offset", cure)
        return Kind(pa.nulls(len(values), pa.timestamp("us")), (problem,) if zoned.any() else ())
    instants = pc.assume_timezone(values, "UTC") if values.type.tz is None else values
    return Kind(pc.local_timestamp(pc.cast(instants, pa.timestamp("us", data.timezone), safe=False)))


def _wrong(values: pa.Array, kind: pa.DataType, where: str, cure: str) -> Kind:
    """A whole column of another kind; one without any value is merely empty."""
    present = mask(pc.is_valid(values))
    problem = Problem("kind", present, f"has {_word(values.type)} {where}", cure)
    return Kind(pa.nulls(len(values), kind), (problem,) if present.any() else ())


def _word(kind: pa.DataType) -> str:
    return next((word for start, word in WORDS.items() if str(kind).startswith(start)), f"values of type {kind}")


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _only(values: pa.Array, keep: Any) -> pa.Array:
    return pc.if_else(pa.array(keep), values, pa.scalar(None, values.type))
