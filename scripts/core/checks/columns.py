"""The rules of single columns, as the Pandera schema that params write."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from scripts.core.settings.data_params import Column, Data, Level, Validate
from scripts.core.tables.findings import EXAMPLES, Checked, Finding, Mask, finding, in_rows, shown
from scripts.core.text import nearest

if TYPE_CHECKING:
    import pandas as pd
    import pandera.pandas as pa

MANY = 100  # names, among which looking for a near one takes long
DTYPES = {"number": "float64", "category": "str"}


@dataclass(frozen=True)
class Rule:
    """What a value must not be, and the share of the rows in which it may."""

    name: str
    broken: "Callable[[pd.Series[Any]], Mask]"
    said: str
    cure: str
    level: Level = "fail"
    limit: float | None = None
    tolerated: float | None = None  # None: in no row

    def holds(self, broken: Mask) -> bool:
        return float(broken.sum()) <= (self.tolerated or 0.0) * len(broken)


@dataclass(frozen=True)
class Schema:
    pandera: "pa.DataFrameSchema"
    rules: Mapping[str, Mapping[str, Rule]]  # by column and name
    required: Sequence[str]


def schema(data: Data, validate: Validate, now: datetime) -> Schema:
    """`now`, which has a zone, is what time stamps are held against."""
    import pandera.pandas as pa

    rules = {name: {rule.name: rule for rule in found} for name, found in _rules(data, validate, now)}
    required = [name for name in rules if name not in data.columns or data.columns[name].required]
    columns = {
        name: pa.Column(
            _dtype(name, data),
            [pa.Check(partial(_passes, rule), name=rule.name, ignore_na=False) for rule in found.values()],
            nullable=True,  # how much may be missing is a rule of its own
            required=name in required,
        )
        for name, found in rules.items()
    }
    return Schema(pa.DataFrameSchema(columns), rules, required)


def check(
    batch: str, frame: "pd.DataFrame", unread: Mapping[str, Mask], schema: Schema, extra: Sequence[str]
) -> Checked:
    """`unread` are the values of another kind, by column; `extra` the file's columns that params don't list."""
    from pandera.errors import SchemaErrors

    made = len(schema.required) + sum(len(rules) for name, rules in schema.rules.items() if name in frame)
    found: list[Finding] = []
    try:
        schema.pandera.validate(frame, lazy=True, inplace=True)
    except SchemaErrors as errors:
        broken = [(error.schema.name, getattr(error.check, "name", None)) for error in errors.schema_errors]
        rules = [(name, schema.rules[name][rule]) for name, rule in broken if rule is not None]
        found = [f for name, rule in rules if (f := _finding(batch, frame[name], unread.get(name), rule))]
        found += [_absent(batch, name, extra) for name in schema.required if name not in frame]
    return [*found, *[None] * max(made - len(found), 0)]


def _passes(rule: Rule, values: "pd.Series[Any]") -> bool:
    return rule.holds(rule.broken(values))


def _finding(batch: str, values: "pd.Series[Any]", unread: Mask | None, rule: Rule) -> Finding | None:
    broken = rule.broken(values)
    if rule.name == "missing" and unread is not None:  # what could not be read is a finding of its own
        broken = broken & ~unread
    if rule.holds(broken):
        return None
    return in_rows(
        (batch, str(values.name)),
        rule.name,
        rule.said,
        rule.cure,
        broken,
        values=() if rule.name == "missing" else values[broken].head(EXAMPLES).tolist(),
        level=rule.level,
        limit=rule.limit,
        tolerated=rule.tolerated,
    )


def _absent(batch: str, name: str, extra: Sequence[str]) -> Finding:
    near = nearest(name, extra) if len(extra) <= MANY else None
    cure = f"Rename {shown(near)}, if it is that," if near else "Bring it back"
    cure += " at the source, or change data in params.yaml."
    return replace(finding((batch, None), "column", f"has no column {shown(name)}", cure), column=name)


def _dtype(name: str, data: Data) -> str | None:
    if name == data.time:
        return "datetime64[us]"
    if name == data.target:
        return "float64" if data.task == "regression" else None  # labels are whole numbers or text
    return DTYPES[data.columns[name].kind] if name in data.columns else "str"


def _rules(data: Data, validate: Validate, now: datetime) -> Iterator[tuple[str, list[Rule]]]:
    if data.id is not None:
        yield data.id, [_missing(0.0, "Give every row an id, or set data.id to null.")]
    if data.time is not None:
        cure = "Give every row a time stamp, or set data.time to null."
        yield data.time, [_missing(0.0, cure), _future(data, validate, now)]
    for name, column in data.columns.items():
        yield name, _column(f"data.columns.{name}", column)
    bounds = (validate.target_min, validate.target_max) if data.task == "regression" else (None, None)
    yield data.target, _range("validate.target_", *bounds, validate.balance_level)


def _column(where: str, column: Column) -> list[Rule]:
    rules = _range(f"{where}.", column.min, column.max, column.level)
    if column.categories is not None:
        known = [str(category) for category in column.categories]
        cure = f"Fix the source, or add them to {where}.categories."
        said = "has categories that are not listed"
        rules.append(Rule("categories", lambda s: ~np.asarray(s.isin(known) | s.isna()), said, cure, column.level))
    if column.max_missing < 1:
        cure = f"Fix the source, or raise {where}.max_missing."
        rules.append(_missing(column.max_missing, cure, column.level))
    return rules


def _range(setting: str, least: float | None, most: float | None, level: Level) -> list[Rule]:
    rules, cure = [], f"Fix the source, or change {setting}"
    if least is not None:
        said = f"is below {shown(least)}"
        rules.append(Rule("min", lambda s: (s < least).to_numpy(), said, f"{cure}min.", level, least))
    if most is not None:
        said = f"is above {shown(most)}"
        rules.append(Rule("max", lambda s: (s > most).to_numpy(), said, f"{cure}max.", level, most))
    return rules


def _missing(tolerated: float, cure: str, level: Level = "fail") -> Rule:
    return Rule("missing", lambda s: s.isna().to_numpy(), "is missing", cure, level, tolerated=tolerated)


def _future(data: Data, validate: Validate, now: datetime) -> Rule:
    """Stamps that name no zone are held against UTC; validate.future leaves room for every zone."""
    zone = UTC if data.timezone is None else ZoneInfo(data.timezone)
    latest = np.datetime64(now.astimezone(zone).replace(tzinfo=None)) + np.timedelta64(validate.future)
    cure = "Fix the source (another zone, day and month exchanged?), or raise validate.future."
    return Rule("future", lambda s: (s > latest).to_numpy(), "is in the future", cure)
