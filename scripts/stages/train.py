"""Fit the candidate on the training rows of data/ and write its bundle; fails when the model can't be fitted."""

import io
import os
import sys
import warnings
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from scripts.core import bundle, code, errors, params, paths
from scripts.core.params import Train
from scripts.core.scoring import metrics
from scripts.core.scoring.scores import statistic
from scripts.core.scoring.truth import truth_of
from scripts.core.settings.data_params import Data
from scripts.core.tables import rows, table
from scripts.core.training import fitting, importance
from scripts.core.training import model as models

LIBRARIES = ("numpy", "pandas", "scikit-learn", "scipy", "skops")


@dataclass(frozen=True)
class Sides:
    """The two sides of the split, the labels that training knows (None for a regression), and each batch's rows.

    It is all that training needs of the table, whose own memory is free again when nobody else holds it.
    """

    train: pd.DataFrame
    target: Any
    holdout: pd.DataFrame
    classes: list[Any] | None
    batches: Mapping[str, int]


def sides(frame: pd.DataFrame, data: Data) -> Sides:
    split = rows.split(frame, data)
    train, holdout = frame[split.train], frame[split.holdout]
    if train.empty:
        cure = "Shorten data.holdout, lengthen data.window" if data.window else "Shorten data.holdout"
        raise errors.Mistake(f"data/: no labelled row is left for training. {cure}, or add batches.")
    if holdout.empty:
        raise errors.Mistake("data/: no labelled row falls to the hold-out. Raise data.holdout, or add batches.")
    target = table.labels(train[data.target], data)
    classes = None if data.task == "regression" else np.unique(target).tolist()
    if classes is not None:
        check_labels(classes, table.labels(holdout[data.target], data), data)
    return Sides(train, target, holdout, classes, counted(frame))


def counted(frame: pd.DataFrame) -> dict[str, int]:
    """Rows by batch, in the order of their names."""
    batches = frame[table.BATCH].value_counts(sort=False).sort_index()
    return {str(name): int(count) for name, count in batches.items()}


def check_labels(classes: list[Any], judged: Any, data: Data) -> None:
    """Mistake when the labels of the two sides are not those of the task."""
    if len(classes) < 2:
        raise errors.Mistake(f"data/: training rows have one class only, {classes[0]!r}. Add rows of the others.")
    every = sorted({*classes, *judged.tolist()})
    if data.task == "binary" and len(every) > 2:
        raise errors.Mistake(
            f"data/: column {data.target!r} has {len(every)} labels ({every[:5]}), a binary task has two. "
            "Set data.task to multiclass, or fix the source."
        )
    table.positive(data, classes)


def scores(model: Any, parts: Sides, data: Data) -> dict[str, float]:
    """Every metric of the task on the hold-out; one that is undefined there is left out."""
    target = table.labels(parts.holdout[data.target], data)
    classes = None if parts.classes is None else sorted({*parts.classes, *target.tolist()})
    predictions = models.predict(model, parts.holdout, data, classes)
    truth = truth_of(target, np.zeros(len(target)), classes, table.positive(data, classes), 0)
    known = [metric for metric in metrics.METRICS.values() if data.task in metric.tasks]
    values = {m.name: float(statistic(m, truth, predictions)(np.ones((1, 1)))[0]) for m in known}
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


def manifest(parts: Sides, checked: params.Params, made_by: Mapping[str, bytes]) -> dict[str, Any]:
    data = checked.data
    holdout = rows.fingerprints(parts.holdout, data)
    return {
        "format": 1,
        "name": data.name,
        "task": data.task,
        "target": data.target,
        "positive": table.positive(data, parts.classes),
        "classes": parts.classes,
        "features": {name: data.columns[name].kind for name in table.features(data)},
        "identity": rows.kinds(data),
        "params": code.training_params(checked),
        "code": code.digest(made_by),
        "data": {
            "batches": [{"name": name, "rows": count} for name, count in parts.batches.items()],
            "rows": sum(parts.batches.values()),
        },
        "trained_on": about(parts.train, data),
        "holdout": {**about(parts.holdout, data), "fingerprint": rows.fingerprint_of(holdout)},
        "libraries": libraries(checked.train),
        "trusted": list(checked.train.trusted),
    }


def libraries(train: Train) -> dict[str, str]:
    """Versions of what the model needs to be loaded, the estimator's own package included."""
    own = _owners().get(train.estimator.partition(".")[0], [])
    return {name: version(name) for name in sorted({*LIBRARIES, *own})}


@lru_cache(maxsize=1)
def _owners() -> Mapping[str, list[str]]:
    """Every installed package is looked at: a second, which a process that makes many models need pay only once."""
    return packages_distributions()


def sources() -> dict[str, bytes]:
    """The project's own modules that made the model: those that this process has imported."""
    root = Path(__file__).parents[2]
    files = {Path(module.__file__) for name, module in sys.modules.items() if _own(name) and module.__file__}
    files.add(Path(__file__))
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files if path.stat().st_size}


def _own(name: str) -> bool:
    return name.startswith("scripts.")


def bundled(frame: pd.DataFrame, checked: params.Params, made_by: Mapping[str, bytes] | None = None) -> bytes:
    """`made_by`: the modules that the bundle says it was made by; those of this process unless they are given."""
    return packed(sides(frame, checked.data), checked, made_by)


def packed(parts: Sides, checked: params.Params, made_by: Mapping[str, bytes] | None = None) -> bytes:
    data, train = checked.data, checked.train
    model = fitting.fitted(parts.train, parts.target, train, data, checked.compute)
    with fitting.blamed(train, "asked"):
        sample = reference(model, parts, train, data)
        used = importance.importance(model, sample, data, parts.classes, train.seed)
        values = scores(model, parts, data)
    known = manifest(parts, checked, sources() if made_by is None else made_by)
    whole = known | {"importance": used, "metrics": values}
    out = io.BytesIO()
    sample.to_parquet(out, index=False)
    trained = rows.fingerprints(parts.train, data)
    return bundle.pack(whole, dumped(model, train), out.getvalue(), bundle.rows_bytes(trained))


def dumped(model: Any, train: Train) -> bytes:
    """The model's file; Mistake if it holds types for which no stage would load it again."""
    content = models.dump(model)
    if strangers := models.untrusted(content, train.trusted):
        said = f"the model holds types that nobody trusts here: {', '.join(strangers)}"
        raise errors.Mistake(f"params.yaml: train.trusted: {said}. List them there if you know them.")
    return content


def warned(raised: Iterable[warnings.WarningMessage]) -> list[str]:
    """One line for each warning of the libraries, however often it was raised."""
    said = (f"train: {each.category.__name__}: {' '.join(str(each.message).split())[:200]}" for each in raised)
    return list(dict.fromkeys(said))


def read(data: Data) -> Sides:
    with ExitStack() as stack:
        files = {p.name: stack.enter_context(p.open("rb")) for p in paths.DATA.iterdir() if p.suffix in table.SUFFIXES}
        return sides(table.read(files, data), data)


@errors.reported
def main() -> int:
    checked = params.parse(paths.PARAMS.read_bytes())
    os.environ["OMP_NUM_THREADS"] = str(checked.train.threads)  # for libraries that are still to be loaded
    with warnings.catch_warnings(record=True) as raised, threadpool_limits(checked.train.threads):
        made = packed(read(checked.data), checked)
    for line in warned(raised):
        print(line)
    paths.CANDIDATE.parent.mkdir(exist_ok=True)
    paths.CANDIDATE.write_bytes(made)
    print(f"train: {paths.CANDIDATE} {bundle.digest(made)[:19]}, {len(made) / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
