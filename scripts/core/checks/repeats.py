"""Rows that were there before, in the same batch or an earlier one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scripts.core.tables.findings import EXAMPLES, Mask, place

Hashes = np.ndarray[Any, np.dtype[np.uint64]]
Places = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Repeats:
    """For every row of every batch the place of the first row that is equal, counted over all batches."""

    names: Sequence[str]
    starts: Places  # of the batches, and the end of the last one
    firsts: Places

    def mask(self, batch: int) -> Mask:
        """Which rows of the batch are not the first."""
        start, end = self.starts[batch : batch + 2]
        return np.asarray(self.firsts[start:end] != np.arange(start, end))

    def origins(self, batch: int, broken: Mask) -> tuple[list[str], list[str]]:
        """The batches that the broken rows were in before, and where the first few of them were."""
        first = self.firsts[self.starts[batch] :][: len(broken)][broken]
        numbers = np.searchsorted(self.starts, first, side="right") - 1
        rows = zip(numbers[:EXAMPLES], first[:EXAMPLES], strict=True)
        return (
            [place(self.names[number]).rstrip(":") for number in np.unique(numbers)],
            [f"{self.names[number]} row {row - self.starts[number] + 1}" for number, row in rows],
        )


def find(names: Sequence[str], hashes: Sequence[Hashes]) -> Repeats:
    starts = np.cumsum([0, *(len(part) for part in hashes)])
    return Repeats(names, starts, _firsts(np.concatenate([np.empty(0, np.uint64), *hashes])))


def _firsts(hashes: Hashes) -> Places:
    places = np.arange(len(hashes))
    ordered = np.sort(hashes)
    if (ordered[1:] != ordered[:-1]).all():  # no repeat, which is usual and several times faster
        return places
    order = np.argsort(hashes, kind="stable")
    fresh = np.concatenate([[True], hashes[order][1:] != hashes[order][:-1]])
    firsts = np.empty_like(places)
    firsts[order] = order[np.maximum.accumulate(np.where(fresh, places, 0))]
    return firsts
