"""Which row is which, and on which side of the split it stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd

from scripts.core.errors import Mistake
from scripts.core.settings.data_params import Data
from scripts.core.tables.table import declared

Mask = np.ndarray[Any, np.dtype[np.bool_]]
Hashes = np.ndarray[Any, np.dtype[np.uint64]]
DAY = timedelta(days=1)
ALL = float(2**64)


@dataclass(frozen=True)
class Split:
    """Boolean masks over the rows of one table; a row is in one of them, or older than the window."""

    train: Mask
    holdout: Mask
    unlabelled: Mask


def identity(data: Data) -> list[str]:
    """The columns that make a row that row: its id if it has one, else those asked for, else all but the target.

    The target is left out so that a row whose label was corrected stays on its side of the split; the order is that of
    the alphabet, so that a row does so too when params list the columns in another order.
    """
    if data.id:
        return [data.id]
    return sorted(data.identity or (name for name in declared(data) if name != data.target))


def kinds(data: Data) -> dict[str, str]:
    """The identity's columns, each with what its values are: two models know a row by the same name only so."""
    special = {data.id: "id", data.time: "time"}
    return {name: special.get(name) or data.columns[name].kind for name in identity(data)}


def fingerprints(frame: pd.DataFrame, data: Data, names: Iterable[str] | None = None) -> Hashes:
    """A 64-bit hash of each row (SipHash of each value, as pandas combines them); equal on every machine.

    `names` are the columns that count, where another identity than today's is asked for.
    """
    counting = identity(data) if names is None else list(names)
    hashes = pd.util.hash_pandas_object(frame[counting], index=False, categorize=False)
    return np.asarray(hashes, np.uint64)


def fingerprint_of(hashes: Hashes) -> str:
    """One digest for a set of rows, whatever their order."""
    return "sha256:" + sha256(np.sort(hashes).astype("<u8").tobytes()).hexdigest()


def leaked(holdout: Hashes, trained: Hashes) -> Mask:
    """Which hold-out rows stand among training rows (sorted fingerprints)."""
    if not len(trained):
        return np.zeros(len(holdout), dtype=bool)
    places = np.searchsorted(trained, holdout).clip(max=len(trained) - 1)
    return np.asarray(trained[places] == holdout)


def split(frame: pd.DataFrame, data: Data) -> Split:
    """Newest labelled rows against older ones; without a time column, by the hash of the row.

    Needs the time and target columns, or the identity and target columns.
    """
    labelled = frame[data.target].notna().to_numpy()
    if not labelled.any():
        raise Mistake(f"data/: column {data.target!r} has no label at all. Add labelled rows.")
    if data.time is None:
        return _by_hash(labelled, fingerprints(frame, data), float(data.holdout))  # type: ignore[arg-type]
    return _by_time(labelled, frame[data.time], data)


def _by_hash(labelled: Mask, hashes: Hashes, share: float) -> Split:
    holdout = labelled & (hashes < share * ALL)
    return Split(train=labelled & ~holdout, holdout=holdout, unlabelled=~labelled)


def _by_time(labelled: Mask, times: "pd.Series[Any]", data: Data) -> Split:
    final = labelled & (times <= times.max() - data.label_delay).to_numpy()
    if not final.any():
        raise Mistake("data/: no row is older than data.label_delay, so no label is final. Shorten it, or wait.")
    start = holdout_start(times[final].max(), data.holdout)  # type: ignore[arg-type]
    holdout = final & (times >= start).to_numpy()
    train = final & ~holdout
    if data.window is not None:
        train &= (times >= start - data.window).to_numpy()
    return Split(train=train, holdout=holdout, unlabelled=~final)


def holdout_start(newest: pd.Timestamp, span: timedelta) -> pd.Timestamp:
    """Whole calendar days where the span is whole days, so that no block of rows is cut in two."""
    if span % DAY == timedelta(0):
        return newest.floor("D") + DAY - span
    return newest - span
