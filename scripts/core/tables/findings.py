"""What a check found: a rule that is broken, said in one line that ends with the cure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scripts.core import paths
from scripts.core.settings.data_params import Level

Mask = np.ndarray[Any, np.dtype[np.bool_]]
Where = tuple[str | None, str | None]  # batch (None: the whole table) and column (None: no single one)
EXAMPLES = 5
LONGEST = 40  # characters of a value that are shown
COMMAND = re.compile(r"##(?=\[)")  # from ##[ on, a runner takes a line of its log for a command


@dataclass(frozen=True)
class Finding:
    batch: str | None
    column: str | None
    rule: str
    level: Level
    count: int
    share: float
    limit: float | None
    examples: tuple[str, ...]
    message: str


Checked = list[Finding | None]  # one entry for each check that was made: None when it passed


def finding(
    where: Where,
    rule: str,
    said: str,
    cure: str,
    *,
    level: Level = "fail",
    count: int = 1,
    share: float = 1.0,
    limit: float | None = None,
    examples: Sequence[str] = (),
) -> Finding:
    message = f"{place(*where)} {said}. {cure}"
    return Finding(*where, rule, level, count, share, limit, tuple(examples[:EXAMPLES]), message)


def in_rows(
    where: Where,
    rule: str,
    said: str,
    cure: str,
    broken: Mask,
    *,
    values: Iterable[Any] = (),
    level: Level = "fail",
    limit: float | None = None,
    tolerated: float | None = None,
    among: int | None = None,
) -> Finding:
    """About the broken rows, numbered from 1; `values` are what stands in the first of them.

    `among` is how many rows the rule is about when it is not about all.
    """
    count, total = int(broken.sum()), len(broken) if among is None else among
    rows = [str(row + 1) for row in np.flatnonzero(broken)[:EXAMPLES]]
    seen = [shown(value) for value, _ in zip(values, rows, strict=False)]
    details = [f"row{'s' * (count > 1)} {listed(rows, count)}" + (f": {listed(seen)}" if seen else "")]
    if tolerated is not None:
        details.insert(0, f"{percent(count / total)}, limit {percent(tolerated)}")
    return finding(
        where,
        rule,
        f"{said} in {count:,} of {total:,} rows ({'; '.join(details)})",
        cure,
        level=level,
        count=count,
        share=count / total,
        limit=tolerated if limit is None else limit,
        examples=[f"row {row}: {value}" for row, value in zip(rows, seen, strict=True)] if seen else rows,
    )


def place(batch: str | None, column: str | None = None) -> str:
    where = f"{paths.DATA.as_posix()}/{escaped(batch or '')}:"
    return where if column is None else f"{where} column {shown(column)}"


def shown(value: Any) -> str:
    """A value for one line of text: short, with nothing in it that a terminal or a log would act on."""
    if isinstance(value, bool | np.bool_) or value is None:
        return str(value)
    if isinstance(value, int | float | np.integer | np.floating):
        return f"{value:.7g}" if value % 1 else f"{value:.15g}"
    text = escaped(str(value)[: LONGEST + 1])
    return "'" + (text if len(str(value)) <= LONGEST else text[: LONGEST - 3] + "...") + "'"


def escaped(text: str) -> str:
    return COMMAND.sub("#\\#", "".join(c if c.isprintable() else repr(c)[1:-1] for c in text))


def listed(parts: Sequence[str], total: int | None = None) -> str:
    """The first few, with dots when there are more."""
    more = (len(parts) if total is None else total) > min(len(parts), EXAMPLES)
    return ", ".join(parts[:EXAMPLES]) + (", ..." if more else "")


def percent(share: float) -> str:
    return f"{100 * share:.3g}%"
