"""The rows that production has neither learned from nor been judged on, at a cost that does not grow with the table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from scripts.core.bundle import Bundle
from scripts.core.params import Drift
from scripts.core.settings.data_params import Data
from scripts.core.tables import rows, table
from scripts.core.tables.rows import Mask


@dataclass(frozen=True)
class New:
    rows: int
    labelled: int  # with a label that is final
    first: str | None
    last: str | None
    sample: pd.DataFrame  # of all of them
    scored: pd.DataFrame  # of the labelled ones
    judged: pd.DataFrame  # a sample of older rows: those that production was judged on at release


Picked = Callable[[Any, Sequence[str]], pd.DataFrame]  # the rows at these places, with these columns


def read(files: Mapping[str, BinaryIO], data: Data, known: Bundle, columns: Sequence[str], drift: Drift) -> New:
    """Reads time and target (else what names a row) of the whole table, and `columns` where sampled rows are."""
    deciding = [data.time] if data.time else [*rows.identity(data), *known.manifest["identity"]]
    light = table.read(files, data, [*deciding, data.target])
    return among(light, data, known, columns, drift, lambda places, wanted: _picked(files, data, light, places, wanted))


def among(
    light: pd.DataFrame,
    data: Data,
    known: Bundle,
    columns: Sequence[str],
    drift: Drift,
    picked: Picked,
) -> New:
    """`light` has time and target, else what names a row; `picked` brings the columns of the rows that are sampled."""
    new = is_new(light, data, known)
    labelled = new & has_label(light, data)
    sample, scored, judged = (_some(mask, drift) for mask in (new, labelled, was_judged(light, data, known)))
    places = np.union1d(np.union1d(sample, scored), judged)
    brought = picked(places, [name for name in (data.time, *columns, data.target) if name is not None])
    times = light[data.time][new] if data.time and new.any() else None
    return New(
        rows=int(new.sum()),
        labelled=int(labelled.sum()),
        first=None if times is None else times.min().isoformat(),
        last=None if times is None else times.max().isoformat(),
        sample=brought[np.isin(places, sample)].reset_index(drop=True),
        scored=brought[np.isin(places, scored)].reset_index(drop=True),
        judged=brought[np.isin(places, judged)].reset_index(drop=True),
    )


def is_new(light: pd.DataFrame, data: Data, known: Bundle) -> Mask:
    """Newer than what production was judged on; without a time column, on the training side and not trained on."""
    if data.time is not None:
        return (light[data.time] > pd.Timestamp(known.manifest["holdout"]["to"])).to_numpy()
    ours = ~rows.split(light, data).holdout
    names = known.manifest["identity"]
    if not set(names) <= set(light.columns):  # columns are gone since: its rows are known by their batches only
        return ours & ~_of_known_batches(light, known)
    return ours & ~rows.leaked(rows.fingerprints(light, data, names), known.rows)


def was_judged(light: pd.DataFrame, data: Data, known: Bundle) -> Mask:
    """Production's hold-out, as far as data/ still has it."""
    if data.time is not None:
        first, last = (pd.Timestamp(known.manifest["holdout"][end]) for end in ("from", "to"))
        return light[data.time].between(first, last).to_numpy()
    return rows.split(light, data).holdout & _of_known_batches(light, known)


def _of_known_batches(light: pd.DataFrame, known: Bundle) -> Mask:
    return light[table.BATCH].isin([batch["name"] for batch in known.manifest["data"]["batches"]]).to_numpy()


def has_label(light: pd.DataFrame, data: Data) -> Mask:
    labelled = light[data.target].notna().to_numpy()
    if data.time is None:
        return labelled
    times = light[data.time]
    return np.asarray(labelled & (times <= times.max() - data.label_delay).to_numpy())


def _some(mask: Mask, drift: Drift) -> Any:
    """Places of at most `sample` rows, in order."""
    places = np.flatnonzero(mask)
    if len(places) <= drift.sample:
        return places
    return np.sort(np.random.default_rng(drift.seed).choice(places, drift.sample, replace=False))


def _picked(
    files: Mapping[str, BinaryIO], data: Data, light: pd.DataFrame, places: Any, columns: Sequence[str]
) -> pd.DataFrame:
    """The rows at these places of the whole table, out of no batch but theirs."""
    batches = light[table.BATCH]
    codes = batches.cat.codes.to_numpy()  # ascending: batches are read in the order of their names
    parts = []
    for code in np.unique(codes[places]):
        name = str(batches.cat.categories[code])
        files[name].seek(0)
        batch = table.read({name: files[name]}, data, columns)
        parts.append(batch.iloc[places[codes[places] == code] - np.searchsorted(codes, code)])
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(columns))
