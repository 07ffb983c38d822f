"""Small bundles for tests: real ones that predict, and hollow ones whose model nobody loads."""

import io
from typing import Any

import numpy as np
import pandas as pd

from scripts.core import bundle, params
from scripts.core.tables import table
from scripts.core.training import model

PARAMS = """
data:
  name: small
  task: binary
  target: late
  positive: 1
  holdout: 0.2
  source: {kind: sql, url: "postgresql://reader:s3cret@db.example/x", query: "select 1"}
  columns:
    carrier: {kind: category}
    sched_dep_minute: {kind: number}
    sched_arr_minute: {kind: number}
validate: {}
drift: {}
train:
  estimator: sklearn.ensemble.HistGradientBoostingClassifier
  parameters: {max_iter: 5}
  preprocess: scripts.core.features.derive
compute: {}
gate:
  metric: log_loss
tracking:
  timeout: 1
"""


def rows(count: int = 200) -> pd.DataFrame:
    """Raw rows with missing values in both kinds of column."""
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "carrier": pd.array(draw.choice(["AA", "B6", "UA"], count), dtype="str"),
            "sched_dep_minute": draw.integers(0, 1440, count).astype(float),
            "sched_arr_minute": draw.integers(0, 1440, count).astype(float),
        }
    )
    frame.loc[::7, "carrier"] = np.nan
    frame.loc[::9, "sched_arr_minute"] = np.nan
    return frame


def manifest(checked: params.Params, **other: Any) -> dict[str, Any]:
    data = checked.data
    return {
        "format": 1,
        "name": data.name,
        "task": data.task,
        "classes": [0, 1],
        "features": {name: data.columns[name].kind for name in table.features(data)},
        "params": {"train": {"preprocess": checked.train.preprocess}},
        "trained_on": {"rows": 200, "from": None, "to": None},
        "libraries": {"pandas": "3.0.6", "scikit-learn": "1.9.1", "skops": "0.16.0"},
    } | other


def real(text: str = PARAMS) -> tuple[bytes, Any]:
    """A bundle that predicts, and the model in it."""
    checked, frame = params.parse(text), rows()
    fitted = model.build(checked.train, checked.data)
    fitted.fit(frame, (frame["sched_dep_minute"] > 700).astype(int).to_numpy())
    return packed(manifest(checked), model.dump(fitted)), fitted


def hollow(about: str = "a model", text: str = PARAMS) -> bytes:
    """A bundle around bytes that are no model; other texts make other digests."""
    return packed(manifest(params.parse(text)), about.encode())


def packed(described: dict[str, Any], content: bytes) -> bytes:
    out = io.BytesIO()
    rows(20).assign(prediction=0.5).to_parquet(out, index=False)
    return bundle.pack(described, content, out.getvalue(), bundle.rows_bytes(np.arange(5, dtype=np.uint64)))
