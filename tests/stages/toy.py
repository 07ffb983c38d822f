"""A project with a production of January and a candidate of January and February, for the tests of evaluate."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from scripts.core import bundle, declaration, paths
from scripts.core.plots import plots
from scripts.stages import evaluate, train

PARAMS = """
data:
  name: toy
  task: binary
  target: late
  positive: 1
  id: key
  time: at
  holdout: 10D
  source: {kind: replay}
  columns: {x: {kind: number}, z: {kind: number}, place: {kind: category}}
validate: {}
drift: {}
train:
  estimator: sklearn.ensemble.HistGradientBoostingClassifier
  parameters: {max_iter: 15, min_samples_leaf: 10}
  reference: 100
  threads: 1
compute: {}
gate:
  metric: neg_log_loss
  metrics: [roc_auc, brier]
  block: 1D
  resamples: 1000
  guardrails: {roc_auc: {max_worse: 0.02}}
  limits: {roc_auc: 0.5}
  slices: [place, x]
  slice_min_rows: 50
"""
FILES = [paths.METRICS, paths.EVALUATION, paths.PREDICTIONS, paths.HOLDOUT]
FILES += [*(paths.PLOTS / name for name in plots.FILES)]


def batch(month: int, rows_a_day: int = 30, knowledge: float = 1.0) -> pd.DataFrame:
    rng = np.random.default_rng(month)
    count = 28 * rows_a_day
    start = pd.Timestamp(2024, month, 1)
    minutes = np.sort(np.repeat(np.arange(28), rows_a_day) * 1440 + rng.integers(0, 1440, count))
    at = start + pd.to_timedelta(minutes, unit="min")
    x, z, place = rng.normal(size=count), rng.normal(size=count), rng.choice(["a", "b"], count)
    chance = 1 / (1 + np.exp(-knowledge * (2 * x + (place == "a") + z * (month > 1))))
    key = [f"{month}-{row}" for row in range(count)]
    late = (rng.random(count) < chance).astype(int)
    return pd.DataFrame({"key": key, "at": at, "x": x, "z": z, "place": place, "late": late})


def promote(version: int = 1) -> None:
    content = paths.CANDIDATE.read_bytes()
    paths.PRODUCTION.write_bytes(content)
    declare(version, bundle.digest(content))


def declare(version: int, digest: str | None) -> None:
    declared = declaration.Declaration(version=version, bundle=digest)
    paths.DECLARATION.write_text(declaration.render(declared))


def start(text: str, batches: Mapping[str, pd.DataFrame]) -> None:
    for folder in (paths.DATA, paths.PRODUCTION.parent):
        folder.mkdir()
    paths.PARAMS.write_text(text)
    paths.PRODUCTION.write_bytes(b"")
    declare(0, None)
    for name, frame in batches.items():
        frame.to_parquet(paths.DATA / f"{name}.parquet")


def evaluated() -> dict[str, Any]:
    shutil.rmtree(paths.REPORTS, ignore_errors=True)
    assert evaluate.main() == 0
    assert all(file.is_file() for file in FILES)
    assert sorted(paths.PLOTS.iterdir()) == sorted(file for file in FILES if file.parent == paths.PLOTS)
    found: dict[str, Any] = json.loads(paths.EVALUATION.read_text())
    return found


def make(root: Path) -> None:
    """The project in an empty folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setenv("OMP_NUM_THREADS", "1")
        start(PARAMS, {"2024-01": batch(1)})
        assert train.main() == 0
        promote()
        batch(2).to_parquet(paths.DATA / "2024-02.parquet")
        assert train.main() == 0


def unpaint(patch: pytest.MonkeyPatch) -> None:
    """Without the pictures, which take most of the time."""
    patch.setattr(plots, "evaluation", lambda *known: dict.fromkeys(plots.FILES, b""))
