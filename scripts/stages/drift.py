"""Measure how far data/ has moved from what production learned; drift is a result, so only unreadable input fails."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, replace
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from scripts.core import bundle, declaration, errors, params, paths, text
from scripts.core.drift import drift, drift_model, drift_page, drift_report, new_rows
from scripts.core.drift.new_rows import New
from scripts.core.gate.seat import Seat, fits
from scripts.core.params import Drift, Params
from scripts.core.plots.plot_drift import drift as drawn
from scripts.core.settings.data_params import Data
from scripts.core.tables import table
from scripts.core.training import model as models

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


def production(content: bytes, declared: str, given: Params) -> Seat:
    """The model, with a fault if it can't answer for this table; Mistake if it can't be read at all."""
    opened = bundle.unpack(content, declared, str(paths.PRODUCTION))
    seat = Seat("production", declared, opened, models.load(opened.model, given.train.trusted))
    try:
        fits(opened.manifest, given.data)
    except errors.Mistake as mistake:
        return replace(seat, fault=str(mistake))
    return seat


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


def compared(
    files: Mapping[str, BinaryIO], content: bytes, declared: declaration.Declaration, given: Params
) -> tuple[Report, bytes]:
    """drift.json and drift.html. Without a production model not even data/ is read."""
    title = f"{given.data.name}: drift"
    if declared.bundle is None:
        return NOTHING, drift_page.note(title, "There is no production model yet, so there is nothing to compare with.")
    seat = production(content, declared.bundle, given)
    assert seat.bundle is not None
    same, _ = kinds(seat.bundle.manifest["features"], given.data)
    new = new_rows.read(files, given.data, seat.bundle, list(same), given.drift)
    about = {"rows": new.rows, "labelled": new.labelled, "from": new.first, "to": new.last}
    report = NOTHING | {"production": declared.version, "new": about}
    if not new.rows:
        return report, drift_page.note(
            title, f"No row is newer than those that production v{declared.version} has seen."
        )
    then = reference(seat.bundle.reference, given.drift)
    report |= measured(seat, then, new, given)
    if not given.drift.html:
        return report, drift_page.note(title, "This page is switched off in params.yaml: drift.html is false.")
    return report, drift_report.page(given.data.name, report, then, new.sample, given.data.time)


def summary(report: Report) -> str:
    if not report["columns"]:
        return f"drift: nothing to compare: production v{report['production']}, {report['new']['rows'] or 0:,} new rows"
    drifted, score = len(report["drifted"]), report["performance"]
    words = f"drift: {drifted} of {len(report['columns'])} columns drifted, weighted {report['weighted_share']:.2f}"
    return words + (f"; {score['metric']} {text.number(score['now'])} on new rows" if score else "")


def content(path: Path) -> bytes:
    if not path.is_file():
        raise errors.Mistake(f"{path}: is missing. Bring it back: dvc pull {path}.")
    return path.read_bytes()


@errors.reported
def main() -> int:
    given = params.parse(paths.PARAMS.read_bytes())
    declared = declaration.parse(paths.DECLARATION.read_text("utf-8"))
    found = {path.name: path for path in sorted(paths.DATA.iterdir()) if path.suffix in table.SUFFIXES}
    with ExitStack() as stack:
        files = {name: stack.enter_context(path.open("rb")) for name, path in found.items()}
        packed = content(paths.PRODUCTION) if declared.bundle else b""
        report, page = compared(files, packed, declared, given)
    report = text.rounded(report)
    paths.PLOTS.mkdir(parents=True, exist_ok=True)
    paths.DRIFT.write_text(text.to_json(report), "utf-8")
    paths.DRIFT_HTML.write_bytes(page)
    (paths.PLOTS / "drift.png").write_bytes(drawn(report))
    print(summary(report))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
