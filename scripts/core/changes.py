"""What differs between two states of the project: params, batches, code. Values in, values out."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NOTHING = "not set"


@dataclass(frozen=True)
class Change:
    """One thing by its dotted name, before and after, as text."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Changes:
    """None: not known."""

    params: tuple[Change, ...] | None = None
    data: tuple[Change, ...] | None = None  # rows by batch
    code: tuple[str, ...] | None = None  # files

    @property
    def any(self) -> bool:
        return bool(self.params or self.data or self.code)


def of_settings(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """Of params.yaml, read as it is written; passwords in addresses are masked."""
    then, now = dict(_flat(before)), dict(_flat(after))
    names = [*now, *(name for name in then if name not in now)]
    return tuple(
        Change(name, _text(then, name), _text(now, name))
        for name in names
        if name not in then or name not in now or then[name] != now[name]
    )


def of_batches(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> tuple[Change, ...]:
    """`name` and `rows` of each, as manifests and validation.json have them."""
    then, now = ({batch["name"]: f"{batch['rows']:,} rows" for batch in side} for side in (before, after))
    names = sorted({*then, *now})
    pairs = ((name, then.get(name, "not there"), now.get(name, "not there")) for name in names)
    return tuple(Change(*pair) for pair in pairs if pair[1] != pair[2])


def _flat(block: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in block.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _text(values: Mapping[str, Any], name: str) -> str:
    if name not in values:
        return NOTHING
    value = values[name]
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return re.sub(r"(\w://)[^\s'\"]*@", r"\1***@", text)
