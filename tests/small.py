"""One small question for each task, as params and batches, quick enough to run the whole loop on."""

import io

import numpy as np
import pandas as pd

DAYS = 30
PARAMS = """\
data:
  name: small
  task: {task}
  target: answer
  id: row
  time: {time}
  holdout: {holdout}
  source: {{kind: files, path: inbox}}
  columns:
    size: {{kind: number, min: -10, max: 10, max_missing: 0.2}}
    shade: {{kind: number}}
    place: {{kind: category, max_missing: 0.2}}
validate: {{min_rows: 50}}
drift: {{sample: 500, draws: 100, html: false}}
train:
  estimator: sklearn.linear_model.{estimator}
  parameters: {{{parameters}}}
  threads: 1
compute: {{workers: 1}}
gate:
  metric: {metric}
  resamples: 1000
  block: {block}
  slices: [place]
  slice_min_rows: 20
  slice_max_worse: 10
  max_believable: 10
triggers:
  new_rows: {{rows: 300}}
  max_age: {{age: 900D}}
  performance_drop: {{enabled: false}}
  data_drift: {{enabled: false}}
  prediction_drift: {{enabled: false}}
tracking: {{enabled: false}}
"""
TASKS = {
    "binary": {"estimator": "LogisticRegression", "parameters": "C: 1.0", "metric": "log_loss"},
    "multiclass": {"estimator": "LogisticRegression", "parameters": "C: 1.0", "metric": "log_loss"},
    "regression": {"estimator": "Ridge", "parameters": "alpha: 1.0", "metric": "mean_absolute_error"},
}


def params(task: str = "binary", *, timed: bool = True) -> str:
    when = (
        {"time": "at", "holdout": "7D", "block": "1D"} if timed else {"time": "null", "holdout": "0.3", "block": "null"}
    )
    return PARAMS.format(task=task, **TASKS[task], **when)


def month(number: int, task: str = "binary", rows: int = 600, strength: float = 2.0) -> bytes:
    """A batch of 30 days; `strength` is how much the answer depends on `size`."""
    rng = np.random.default_rng(number)
    at = (
        pd.Timestamp("2024-01-01")
        + pd.Timedelta(days=DAYS * number)
        + pd.to_timedelta(np.arange(rows) * DAYS / rows, "D")
    )
    size = rng.normal(size=rows)
    lean = strength * size + rng.normal(size=rows)
    answers = {
        "binary": (lean > 0).astype(int),
        "multiclass": np.array(["low", "middle", "high"])[np.digitize(lean, [-1, 1])],
        "regression": lean,
    }
    frame = pd.DataFrame(
        {
            "row": [f"{number}-{index}" for index in range(rows)],
            "at": at.astype("datetime64[us]"),
            "size": np.where(rng.random(rows) < 0.05, np.nan, size),
            "shade": rng.normal(size=rows),
            "place": rng.choice(["north", "south", "west"], rows),
            "answer": answers[task],
        }
    )
    out = io.BytesIO()
    frame.to_parquet(out, index=False)
    return out.getvalue()
