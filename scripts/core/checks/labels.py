"""The target over batches and the table: whether labels are there, and in what shares."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

import numpy as np

from scripts.core.checks.checks import Batch
from scripts.core.settings.data_params import Data, Validate
from scripts.core.tables.findings import Checked, Finding, finding, in_rows, listed, percent, shown

FEW = 5  # rows of a class below which nothing is learned of it
Counts = Mapping[str, int]


def check(batches: Sequence[Batch], data: Data, validate: Validate) -> Checked:
    there = [batch for batch in batches if len(batch.known)]
    found = list(_mature(there, data, validate))
    if there and not any(batch.labelled for batch in there):
        return [*found, finding((None, data.target), "labels", "has no label at all", "Bring labelled rows.")]
    if data.task == "regression" or not there:
        return found
    judged = [batch for batch in there if batch.labelled >= validate.min_rows]  # fewer say nothing of a share
    found += [_balance(batch.name, batch.labels, data, validate) for batch in judged]
    return found + _classes(_total(there), data, validate)


def _mature(batches: Sequence[Batch], data: Data, validate: Validate) -> Iterator[Finding | None]:
    """Rows that are old enough, by the newest row of all, have their labels."""
    newest = max((int(batch.times.max()) for batch in batches if batch.times is not None), default=0)
    final = newest - data.label_delay // timedelta(microseconds=1)
    cure = "Bring the labels, lengthen data.label_delay, or lower validate.min_labelled."
    for batch in batches:
        old = np.ones(batch.rows, dtype=bool) if batch.times is None else batch.times <= final
        among, broken, where = int(old.sum()), old & ~batch.known, (batch.name, data.target)
        if among - broken.sum() >= validate.min_labelled * among:
            yield None
        else:
            tolerated = 1 - validate.min_labelled
            yield in_rows(where, "labelled", "has no label", cure, broken, tolerated=tolerated, among=among)


def _total(batches: Sequence[Batch]) -> Counts:
    total: dict[str, int] = {}
    for batch in batches:
        for label, count in batch.labels.items():
            total[label] = total.get(label, 0) + count
    return total


def _classes(labels: Counts, data: Data, validate: Validate) -> Checked:
    found: Checked = [_balance(None, labels, data, validate), _rare(labels, data)]
    if data.task == "binary":
        found += [_two(labels, data), _positive(labels, data)]
    return found


def _balance(batch: str | None, labels: Counts, data: Data, validate: Validate) -> Finding | None:
    """The largest class is not nearly all, and the next one (in a binary task the smaller) not nearly none."""
    rows, where = sum(labels.values()), (batch, data.target)
    (largest, most), *others = sorted(labels.items(), key=lambda item: (-item[1], item[0]))
    if not others:
        said, cure = f"has one label only, {shown(largest)}", "Fix the source: a model needs rows of two."
        return finding(where, "one_class", said, cure, count=rows, examples=[shown(largest)])
    second, fewer = others[0]
    for rule, label, count, limit, broken in (
        ("max_class_share", largest, most, validate.max_class_share, most > validate.max_class_share * rows),
        ("min_class_share", second, fewer, validate.min_class_share, fewer < validate.min_class_share * rows),
    ):
        if broken:
            measure = f"{percent(count / rows)}, limit {percent(limit)}"
            said = f"is {shown(label)} in {count:,} of {rows:,} labelled rows ({measure})"
            cure, level = f"Fix the source, or change validate.{rule} if that is so.", validate.balance_level
            return finding(where, rule, said, cure, level=level, count=count, share=count / rows, limit=limit)
    return None


def _rare(labels: Counts, data: Data) -> Finding | None:
    rare = {label: count for label, count in labels.items() if count < FEW}
    if not rare:
        return None
    return finding(
        (None, data.target),
        "rare_class",
        f"has {len(rare):,} of {len(labels):,} classes with fewer than {FEW} rows ({listed(_seen(rare))})",
        "Bring more rows of them, or take them together at the source.",
        level="warn",
        count=len(rare),
        share=len(rare) / len(labels),
        limit=FEW,
        examples=_seen(rare),
    )


def _two(labels: Counts, data: Data) -> Finding | None:
    if len(labels) <= 2:
        return None
    said = f"has {len(labels):,} labels, a binary task has two (rows of each: {listed(_seen(labels))})"
    cure = "Fix the source, or set data.task to multiclass."
    where = (None, data.target)
    return finding(where, "two_classes", said, cure, count=len(labels), limit=2, examples=_seen(labels))


def _positive(labels: Counts, data: Data) -> Finding | None:
    if data.positive is None or str(data.positive) in labels:
        return None
    said = f"has no label {shown(str(data.positive))} (rows of each: {listed(_seen(labels))})"
    cure = "Set data.positive to one of them."
    return finding((None, data.target), "positive", said, cure, examples=_seen(labels))


def _seen(labels: Counts) -> list[str]:
    """Labels with their rows, the rarest first."""
    return [f"{shown(label)}: {count:,}" for label, count in sorted(labels.items(), key=lambda i: (i[1], i[0]))]
