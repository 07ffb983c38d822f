"""Fit the candidate on the training rows of data/ and write its bundle; fails when the model can't be fitted."""

import io
import os
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scripts.core import bundle, code, errors, importance, metrics, params, paths, resampling, rows, table, tuning
from scripts.core import model as models
from scripts.core.data_params import Data
from scripts.core.params import Train
from scripts.core.scores import statistic

LIBRARIES = ("numpy", "pandas", "scikit-learn", "scipy", "skops")


@dataclass(frozen=True)
class Sides:
    """The two sides of the split, and the labels that training knows (None for a regression)."""

    train: pd.DataFrame
    target: Any
    holdout: pd.DataFrame
    classes: list[Any] | None


def sides(frame: pd.DataFrame, data: Data) -> Sides:
    split = rows.split(frame, data)
    train = frame[split.train] if not split.train.all() else frame
    if train.empty:
        raise errors.Mistake("data/: the hold-out takes every labelled row. Shorten data.holdout, or add batches.")
    target = table.labels(train[data.target], data)
    classes = None if data.task == "regression" else np.unique(target).tolist()
    if classes is not None and len(classes) < 2:
        raise errors.Mistake(f"data/: training rows have one class only, {classes[0]!r}. Add rows of the others.")
    if data.task == "binary" and classes is not None and len(classes) > 2:
        raise errors.Mistake(
            f"data/: column {data.target!r} has {len(classes)} labels ({classes[:5]}), a binary task has two. "
            "Set data.task to multiclass, or fix the source."
        )
    return Sides(train, target, frame[split.holdout], classes)


def fit(parts: Sides, train: Train, data: Data) -> Any:

    model = models.build(train, data)
    features = parts.train[table.features(data)]
    try:
        if train.tune is not None:
            keep = [*table.features(data), *([data.time] if data.time else [])]
            model = tuning.tuned(model, parts.train[keep], parts.target, train, data)
        return model.fit(features, parts.target)
    except (ValueError, TypeError) as error:
        why = " ".join(str(error).split())[:240]
        raise errors.Mistake(f"params.yaml: train: {train.estimator} can't be fitted: {why}") from None


def scores(model: Any, parts: Sides, data: Data) -> dict[str, float]:
    """Every metric of the task on the hold-out; one that is undefined there is left out."""

    target = table.labels(parts.holdout[data.target], data)
    classes = None if parts.classes is None else sorted({*parts.classes, *target.tolist()})
    predictions = models.predict(model, parts.holdout, data, classes)
    truth = resampling.truth_of(target, np.zeros(len(target)), classes, table.positive(data, classes), 0)
    fitting = [metric for metric in metrics.METRICS.values() if data.task in metric.tasks]
    values = {m.name: float(statistic(m, truth, predictions)(np.ones((1, 1)))[0]) for m in fitting}
    return {name: value for name, value in values.items() if np.isfinite(value)}


def reference(model: Any, parts: Sides, train: Train, data: Data) -> pd.DataFrame:
    """A seeded sample of training rows, in their order, with the model's predictions."""

    size = min(train.reference, len(parts.train))
    chosen = np.sort(np.random.default_rng(train.seed).choice(len(parts.train), size, replace=False))
    sample = parts.train.iloc[chosen].drop(columns=table.BATCH).reset_index(drop=True)
    predictions = models.predict(model, sample, data, parts.classes)
    return sample.assign(**table.prediction_columns(predictions, data, parts.classes))


def about(frame: pd.DataFrame, data: Data) -> dict[str, Any]:
    """How many rows, from when to when."""
    times = frame[data.time] if data.time else None
    ends = {"from": times.min().isoformat(), "to": times.max().isoformat()} if times is not None and len(times) else {}
    return {"rows": len(frame), **({"from": None, "to": None} | ends)}


def manifest(frame: pd.DataFrame, parts: Sides, checked: params.Params) -> dict[str, Any]:
    data = checked.data
    batches = frame[table.BATCH].value_counts(sort=False).sort_index()
    holdout = rows.fingerprints(parts.holdout, data)
    return {
        "format": 1,
        "name": data.name,
        "task": data.task,
        "target": data.target,
        "positive": table.positive(data, parts.classes),
        "classes": parts.classes,
        "features": {name: data.columns[name].kind for name in table.features(data)},
        "params": code.training_params(checked),
        "code": code.digest(sources()),
        "data": {
            "batches": [{"name": str(name), "rows": int(count)} for name, count in batches.items()],
            "rows": len(frame),
        },
        "trained_on": about(parts.train, data),
        "holdout": {**about(parts.holdout, data), "fingerprint": rows.fingerprint_of(holdout)},
        "libraries": {name: version(name) for name in LIBRARIES},
        "trusted": list(checked.train.trusted),
    }


def sources() -> dict[str, bytes]:
    """The project's own modules that made the model: those that this process has imported."""
    root = Path(__file__).parents[2]
    files = {Path(module.__file__) for name, module in sys.modules.items() if _own(name) and module.__file__}
    files.add(Path(__file__))
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files if path.stat().st_size}


def _own(name: str) -> bool:
    return name.startswith("scripts.")


def bundled(frame: pd.DataFrame, checked: params.Params) -> bytes:

    data, train = checked.data, checked.train
    parts = sides(frame, data)
    model = fit(parts, train, data)
    sample = reference(model, parts, train, data)
    whole = manifest(frame, parts, checked) | {
        "importance": importance.importance(model, sample, data, parts.classes, train.seed),
        "metrics": scores(model, parts, data),
    }
    out = io.BytesIO()
    sample.to_parquet(out, index=False)
    trained = rows.fingerprints(parts.train, data)
    return bundle.pack(whole, models.dump(model), out.getvalue(), bundle.rows_bytes(trained))


@errors.reported
def main() -> int:
    checked = params.parse(paths.PARAMS.read_text("utf-8"))
    os.environ["OMP_NUM_THREADS"] = str(checked.train.threads)  # before scikit-learn is imported
    with ExitStack() as stack:
        files = {p.name: stack.enter_context(p.open("rb")) for p in paths.DATA.iterdir() if p.suffix in table.SUFFIXES}
        frame = table.read(files, checked.data)
    made = bundled(frame, checked)
    paths.CANDIDATE.parent.mkdir(exist_ok=True)
    paths.CANDIDATE.write_bytes(made)
    print(f"train: {paths.CANDIDATE} {bundle.digest(made)[:19]}, {len(made) / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
