"""Types of values in params.yaml: time spans, shares, names."""

import math
import re
from datetime import timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from scripts.core.text import nearest

UNITS = {"min": 60, "h": 3600, "D": 86400, "W": 7 * 86400}
SPAN = r"^[0-9]{1,12}(min|h|D|W)$"
NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
DOTTED = r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$"


def parse_span(value: Any) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str) or not re.fullmatch(SPAN, value):
        raise ValueError("must be a time span such as 90D, 12h or 30min")
    unit = value.lstrip("0123456789")
    try:
        return timedelta(seconds=int(value.removesuffix(unit)) * UNITS[unit])
    except OverflowError:
        raise ValueError("must be a time span of less than 2.7 million years") from None


def parse_positive_span(value: Any) -> timedelta:
    span = parse_span(value)
    if not span:
        raise ValueError("must be a time span of more than nothing, such as 1D")
    return span


def span_text(span: timedelta) -> str:
    """The shortest way to write a span: 14D, 36h, 30min."""
    seconds = int(span.total_seconds())
    unit = next(unit for unit in ("D", "h", "min") if seconds % UNITS[unit] == 0)
    return f"{seconds // UNITS[unit]}{unit}"


def parse_holdout(value: Any) -> timedelta | float:
    if isinstance(value, str | timedelta):
        return parse_positive_span(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1:
        raise ValueError("must be a time span such as 14D, or a share between 0 and 1 such as 0.2")
    return float(value)


def known_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        near = nearest(value, available_timezones())
        raise ValueError(f"must be a time zone such as {near or 'Europe/Paris'}") from None
    return value


def separates(value: str) -> str:
    if len(value) != 1 or not value.isascii() or value.isalnum() or value in "\"'\r\n.-+":
        raise ValueError("must be one character that can stand in no value, such as ',' or ';'")
    return value


def dotted(value: str) -> str:
    if not re.fullmatch(DOTTED, value):
        raise ValueError("must be a dotted path such as sklearn.ensemble.RandomForestClassifier")
    return value


def named(value: str) -> str:
    if not re.fullmatch(NAME, value):
        raise ValueError("must be 1 to 64 letters, digits, points, hyphens or underscores, and begin with no mark")
    return value


def plain(value: Any) -> Any:
    """A value that a report can hold: no .nan, no .inf, no date."""
    if isinstance(value, list | tuple):
        return tuple(plain(item) for item in value)
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("must be a finite number")
    if value is not None and not isinstance(value, str | int | float):
        raise ValueError("must be a number, text, true, false, null or a list of these")
    return value


def _text(value: timedelta | float) -> Any:
    return span_text(value) if isinstance(value, timedelta) else value


Span = Annotated[
    timedelta,
    BeforeValidator(parse_span),
    PlainSerializer(_text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": SPAN}),
]
PositiveSpan = Annotated[
    timedelta,
    BeforeValidator(parse_positive_span),
    PlainSerializer(_text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": SPAN}),
]
Holdout = Annotated[
    timedelta | float,
    BeforeValidator(parse_holdout),
    PlainSerializer(_text),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": SPAN},
                {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
            ]
        }
    ),
]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
Name = Annotated[str, AfterValidator(named), WithJsonSchema({"type": "string", "pattern": NAME})]
Dotted = Annotated[str, AfterValidator(dotted), WithJsonSchema({"type": "string", "pattern": DOTTED})]
Zone = Annotated[str, AfterValidator(known_zone)]
# true and false as the table has them: 1 and 0 for labels, text for categories
Label = Annotated[str | int, BeforeValidator(lambda value: int(value) if isinstance(value, bool) else value)]
Category = Annotated[str | int, BeforeValidator(lambda value: str(value).lower() if isinstance(value, bool) else value)]
Separator = Annotated[
    str, AfterValidator(separates), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 1})
]
Plain = Annotated[Any, AfterValidator(plain)]


class Block(BaseModel):
    """A part of params.yaml: frozen, strict, no unknown keys, no .nan and no .inf."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        populate_by_name=True,
    )
