"""The history as the pipeline met it: the batches in the order in which they came, and the table as it stood with each.

Batches are numbered from 0. Labels are those that are known today: of a table without `data.label_delay` a batch is
taken to have come with its labels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from scripts.core.settings.data_params import Data
from scripts.core.tables.table import BATCH

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Batch:
    name: str
    rows: int
    labelled: int
    first: str | None  # times of its first and last row; None without a time column
    last: str | None
    days: float  # that the model of production was used on it

    @property
    def ends(self) -> datetime | None:
        return None if self.last is None else datetime.fromisoformat(self.last)

    def reported(self) -> dict[str, Any]:
        """As validation.json has it."""
        return {
            "name": self.name,
            "rows": self.rows,
            "labelled": self.labelled,
            "from": self.first,
            "to": self.last,
        }


def batches(reported: Sequence[Mapping[str, Any]]) -> tuple[Batch, ...]:
    """Of validation.json, in the order of their newest rows, else of their names.

    The days of a batch are those from the end of the one before to its own end; without times each counts as one.
    """
    ordered = sorted(reported, key=lambda batch: (batch["to"] or "", batch["name"]))
    starts = [ordered[0]["from"], *(batch["to"] for batch in ordered[:-1])] if ordered else []
    return tuple(
        Batch(
            name=batch["name"],
            rows=batch["rows"],
            labelled=batch["labelled"],
            first=batch["from"],
            last=batch["to"],
            days=_days(start, batch["to"]),
        )
        for batch, start in zip(ordered, starts, strict=True)
    )


def _days(start: str | None, end: str | None) -> float:
    if start is None or end is None:
        return 1.0
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)) / DAY


@dataclass(frozen=True)
class History:
    batches: tuple[Batch, ...]
    whole: pd.DataFrame  # all rows, read in the order of the batches' names, as every stage reads them
    data: Data

    def __len__(self) -> int:
        return len(self.batches)

    @cached_property
    def _places(self) -> Any:
        """Of each row, the number of its batch."""
        number = {batch.name: place for place, batch in enumerate(self.batches)}
        names = self.whole[BATCH].cat
        return np.array([number[str(name)] for name in names.categories])[names.codes.to_numpy()]

    def table(self, place: int) -> pd.DataFrame:
        """data/ as it stood when this batch had come."""
        return _of_its_own(self._chosen(self._places <= place))

    def rows(self, place: int) -> pd.DataFrame:
        """The labelled rows of one batch: what a model that served it is scored on."""
        found = self._chosen(self._places == place)
        return found[found[self.data.target].notna()].reset_index(drop=True)

    def _chosen(self, mask: Any) -> pd.DataFrame:
        """Rows that lie together are not copied."""
        found = np.flatnonzero(mask)
        together = len(found) and len(found) == found[-1] - found[0] + 1
        chosen = self.whole.iloc[found[0] : found[-1] + 1] if together else self.whole[mask]
        return chosen.reset_index(drop=True)

    def validation(self, place: int) -> dict[str, Any]:
        """What validation.json said then, as far as triggers ask for it."""
        return {"batches": [batch.reported() for batch in self.batches[: place + 1]]}

    def known(self, place: int, now: int) -> bool:
        """Whether all labels of a batch were final when the batch `now` had come."""
        ended, newest = self.batches[place].ends, self.batches[now].ends
        return ended is None or newest is None or ended <= newest - self.data.label_delay


def _of_its_own(frame: pd.DataFrame) -> pd.DataFrame:
    """A manifest lists the batches that a table has: those that had not come yet must not be known to it."""
    return frame.assign(**{BATCH: frame[BATCH].cat.remove_unused_categories()})
