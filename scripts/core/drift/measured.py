"""What drift.json says: how far new rows are from those that production learned, in columns, answers and score."""

from collections.abc import Mapping
from dataclasses import asdict
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd

from scripts.core.drift import drift, drift_model, drift_report
from scripts.core.drift.new_rows import New
from scripts.core.gate.seat import Seat
from scripts.core.params import Drift, Params
from scripts.core.settings.data_params import Data
from scripts.core.tables import table

Report = dict[str, Any]
NOTHING: Report = {
    "production": 0,
    "new": {"rows": None, "labelled": None, "from": None, "to": None},
    "sampled": {"reference": None, "current": None, "judged": None},
    "columns": [],
    "share": None,
    "weighted_share": None,
    "drifted": [],
    "prediction": None,
    "target": None,
    "performance": None,
    "skipped": [],
}


def reference(content: bytes, settings: Drift) -> pd.DataFrame:
    """The training sample of the bundle, at most `sample` rows of it."""
    frame = pd.read_parquet(BytesIO(content))
    if len(frame) <= settings.sample:
        return frame
    chosen = np.random.default_rng(settings.seed).choice(len(frame), settings.sample, replace=False)
    return frame.iloc[np.sort(chosen)].reset_index(drop=True)


def kinds(features: Mapping[str, str], data: Data) -> tuple[dict[str, str], list[dict[str, str]]]:
    """The columns that can be compared, and why the others can't."""
    now: dict[str, str] = {name: column.kind for name, column in data.columns.items()}
    same = {name: kind for name, kind in features.items() if now.get(name) == kind}
    why = {name: "data.columns of params.yaml does not have it" for name in features if name not in now}
    why |= {name: f"production knows it as a {features[name]}" for name in features if name not in {**same, **why}}
    why |= {name: "production was not trained on it" for name in table.features(data) if name not in features}
    return same, [{"column": name, "why": f"not compared: {reason}"} for name, reason in why.items()]


def found(version: int, new: New) -> Report:
    """Which rows are new; all that there is to say when there are none."""
    about = {"rows": new.rows, "labelled": new.labelled, "from": new.first, "to": new.last}
    return NOTHING | {"production": version, "new": about}


def measured(seat: Seat, then: pd.DataFrame, new: New, given: Params) -> Report:
    """What drift.json says beyond which rows are new; `then` is the training sample."""
    assert seat.bundle is not None
    manifest, data, settings = seat.bundle.manifest, given.data, given.drift
    same, skipped = kinds(manifest["features"], data)
    columns = drift.compare(then, new.sample, same, manifest["importance"], settings)
    plain, weighted = drift.shares(columns)
    moved, silent = drift_model.prediction_drift(seat, new.judged, new.sample, data, settings)
    labels = drift_model.target_drift(then, new.scored, data, settings)
    score, unscored = drift_model.performance(seat, new.scored, _blocks(new.scored, given), data, given.gate)
    notes = (("predictions", silent), ("performance", unscored))
    return {
        "sampled": {"reference": len(then), "current": len(new.sample), "judged": len(new.judged)},
        "columns": [asdict(column) for column in columns],
        "share": plain,
        "weighted_share": weighted,
        "drifted": [column.column for column in columns if column.drifted],
        "prediction": moved and asdict(moved),
        "target": labels and asdict(labels),
        "performance": score,
        "skipped": [
            *skipped,
            *_undrawable(then, new.sample, same),
            *({"column": name, "why": f"not measured: {why}"} for name, why in notes if why),
        ],
    }


def _blocks(frame: pd.DataFrame, given: Params) -> Any:
    """The period of each row; None when rows are independent."""
    if given.gate.block is None or given.data.time is None or frame.empty:
        return None
    times = frame[given.data.time]
    return ((times - times.min().floor("D")) // given.gate.block).to_numpy(np.int64)


def _undrawable(then: pd.DataFrame, now: pd.DataFrame, same: Mapping[str, str]) -> list[dict[str, str]]:
    why = {name: drift_report.undrawable(then[name], now[name], kind) for name, kind in same.items()}
    return [{"column": name, "why": f"not drawn: {reason}"} for name, reason in why.items() if reason]
