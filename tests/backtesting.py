"""A small history, as a backtest reads it: batches of thirty days, quick to learn."""

import io
import time
from collections.abc import Mapping
from functools import cache, partial
from typing import Any

from scripts.core import params
from scripts.core.backtest import backtest as core
from scripts.core.backtest.costs import Market
from scripts.core.backtest.history import Batch, History, batches
from scripts.core.backtest.table import Found
from scripts.core.params import Params
from scripts.core.scoring import metrics
from scripts.core.settings.backtest_params import Backtest
from scripts.core.tables import table
from scripts.core.training.engine import Here, Run
from scripts.stages import train
from tests import small

STRENGTHS = (2.0, 2.0, -2.0, -2.0, 2.0, 2.0)  # how the answer depends on a column, by batch
HERE = Here(1)
LIVELY = """\
triggers:
  new_rows: {rows: 900}
  max_age: {age: 900D}
  performance_drop: {relative: 0.3}
  data_drift: {share: 0.9}
  prediction_drift: {enabled: true}
"""


def text(**others: Any) -> str:
    """params.yaml whose triggers fire now and then."""
    said = small.params(**others)
    return said[: said.index("triggers:")] + LIVELY + said[said.index("tracking:") :]


def contents(strengths: tuple[float, ...] = STRENGTHS, rows: int = 600) -> dict[str, bytes]:
    return {
        f"2024-{number + 1:02}.parquet": small.month(number, rows=rows, strength=strength)
        for number, strength in enumerate(strengths)
    }


def history(given: Params, files: Mapping[str, bytes]) -> History:
    frame = table.read({name: io.BytesIO(content) for name, content in files.items()}, given.data)
    reported = []
    for name, rows in frame.groupby(table.BATCH, observed=True):
        times = None if given.data.time is None else rows[given.data.time]
        ends = (None, None) if times is None else (times.min().isoformat(), times.max().isoformat())
        labelled = int(rows[given.data.target].notna().sum())
        reported.append({"name": str(name), "rows": len(rows), "labelled": labelled, "from": ends[0], "to": ends[1]})
    return History(batches(reported), frame, given.data)


def tried(given: Params, files: Mapping[str, bytes], run: Run = HERE) -> Found:
    make = partial(train.bundled, made_by={})
    return core.backtest(history(given, files), given, run, make, time.perf_counter, lambda said: None)


@cache
def _lively() -> Params:
    return params.parse(text())


def lively(**changes: Any) -> Params:
    return _lively().model_copy(update=changes)


@cache
def found() -> Found:
    """Of the small history, tried once for all tests of a process."""
    return tried(lively(), contents())


def market(scores: Mapping[int, Mapping[int, float]], metric: str = "log_loss", **prices: Any) -> Market:
    """Batches of ten days; the first model is made with batch 0."""
    count = 1 + max((place for row in scores.values() for place in row), default=0)
    some = tuple(Batch(f"b{place:02}", 10, 10, None, None, 10.0) for place in range(count))
    return Market(some, 0, scores, metrics.find(metric), Backtest.model_validate(prices))
