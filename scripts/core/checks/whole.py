"""The rules over the whole table: what no batch can know of itself."""

from collections.abc import Iterator, Sequence

import numpy as np

from scripts.core.checks import labels, repeats
from scripts.core.checks.checks import Batch
from scripts.core.settings.data_params import Data, Validate
from scripts.core.tables.findings import Checked, Finding, Mask, finding, in_rows, listed

USUAL = 10  # times the size of the others is no usual batch


def check(batches: Sequence[Batch], data: Data, validate: Validate) -> Checked:
    found = [*_sizes(batches), *_repeats(batches, data, validate)]
    return found + labels.check(batches, data, validate)


def _sizes(batches: Sequence[Batch]) -> Iterator[Finding | None]:
    for batch in batches:
        others = [other.rows for other in batches if other is not batch and other.rows]
        usual = float(np.median(others)) if others else np.inf
        if batch.rows < USUAL * usual:
            yield None
            continue
        said = f"has {batch.rows:,} rows, the others {usual:,.0f}"
        cure = "See whether it is several batches in one."
        where, share = (batch.name, None), batch.rows / usual
        yield finding(where, "usual_rows", said, cure, level="warn", count=batch.rows, share=share, limit=USUAL * usual)


def _repeats(batches: Sequence[Batch], data: Data, validate: Validate) -> Iterator[Finding | None]:
    """Rows equal in everything; and rows that are not, but have one id."""
    names = [batch.name for batch in batches]
    equal = repeats.find(names, [batch.equal for batch in batches])
    cure = "Remove them at the source, or raise validate.max_duplicates."
    for number, batch in enumerate(batches):
        broken, tolerated = equal.mask(number), validate.max_duplicates
        if broken.sum() > tolerated * len(broken):
            yield _repeat((batch.name, None), "duplicates", "repeats rows", cure, equal, number, broken, tolerated)
        else:
            yield None
    if data.id is None:
        return
    ids = repeats.find(names, [batch.ids for batch in batches])
    cure = "Give every row an id of its own, or set data.id to null."
    for number, batch in enumerate(batches):
        broken = ids.mask(number) & ~equal.mask(number)
        where = (batch.name, data.id)
        yield _repeat(where, "ids", "repeats ids", cure, ids, number, broken, None) if broken.any() else None


def _repeat(
    where: tuple[str, str | None],
    rule: str,
    said: str,
    cure: str,
    found: repeats.Repeats,
    number: int,
    broken: Mask,
    tolerated: float | None,
) -> Finding:
    sources, values = found.origins(number, broken)
    return in_rows(where, rule, f"{said} of {listed(sources)}", cure, broken, values=values, tolerated=tolerated)
