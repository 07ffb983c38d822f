"""What production says of new rows: whether its predictions and their labels have moved, and how well it scores now."""

from collections.abc import Mapping
from math import isfinite
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from scripts.core.drift import drift
from scripts.core.drift.drift import Shift
from scripts.core.gate.seat import Seat, predictions
from scripts.core.params import Drift, Gate
from scripts.core.scoring import metrics, resampling
from scripts.core.settings.data_params import Data
from scripts.core.tables import table

Series: TypeAlias = "pd.Series[Any]"
Why: TypeAlias = "str | None"  # why something could not be measured


def prediction_drift(
    seat: Seat, judged: pd.DataFrame, sample: pd.DataFrame, data: Data, settings: Drift
) -> tuple[Shift | None, Why]:
    """Of the value, of the positive class's probability, or of the class that is predicted.

    Against the rows that production was judged on: what it says of rows that it has learned is bolder than what it
    says of others, so against those every model would seem to drift.
    """
    manifest = _manifest(seat)
    if judged.empty:
        return None, "data/ has none of the rows any more that production was judged on"
    asked = [predictions(seat, rows, data, manifest["classes"]) for rows in (judged, sample)]
    then, now = (answers for _, answers in asked)
    if then is None or now is None:
        return None, asked[0][0].fault or asked[1][0].fault
    kind = "category" if manifest["task"] == "multiclass" else "number"
    reference, current = (_said(answers, manifest) for answers in (then, now))
    return drift.shift(reference, current, kind, settings.prediction_effect, settings), None


def _manifest(seat: Seat) -> Mapping[str, Any]:
    assert seat.bundle is not None, "a production that can't be read is a Mistake before this"
    return seat.bundle.manifest


def _said(answers: Any, manifest: Mapping[str, Any]) -> Series:
    """One answer a row."""
    if answers.ndim == 1:
        return pd.Series(answers, name="prediction")
    if manifest["task"] == "binary":
        return pd.Series(answers[:, manifest["classes"].index(manifest["positive"])], name="prediction")
    labels = np.asarray([str(label) for label in manifest["classes"]])
    return pd.Series(labels[answers.argmax(axis=1)], name="prediction", dtype="str")


def target_drift(reference: pd.DataFrame, scored: pd.DataFrame, data: Data, settings: Drift) -> Shift | None:
    """`scored`: new rows that all have a label."""
    if scored.empty:
        return None
    kind = "number" if data.task == "regression" else "category"
    then, now = (pd.Series(table.labels(side[data.target], data), name=data.target) for side in (reference, scored))
    if kind == "category":
        then, now = then.astype("str"), now.astype("str")
    return drift.shift(then, now, kind, settings.target_effect, settings)


def performance(
    seat: Seat, scored: pd.DataFrame, blocks: Any, data: Data, gate: Gate
) -> tuple[dict[str, Any] | None, Why]:
    """The deciding metric on new rows that all have a label, beside what it was at release."""
    manifest, metric = _manifest(seat), metrics.find(gate.metric)
    if scored.empty:
        return None, None
    target = table.labels(scored[data.target], data)
    known = manifest["classes"]
    if known is not None and type(known[0]) is not type(target[0].item()):
        return None, f"production knows labels like {known[0]!r}, data/ has {target[0].item()!r}"
    classes = None if known is None else sorted({*known, *target.tolist()})
    seat, answers = predictions(seat, scored, data, classes)
    if answers is None:
        return None, seat.fault
    now = resampling.single(
        metric,
        target,
        answers,
        blocks,
        classes=classes,
        positive=manifest["positive"],
        resamples=gate.resamples,
        confidence=gate.confidence,
        seed=gate.seed,
    )
    if not isfinite(now.value):
        return None, f"{metric.name} can't be measured on these {len(scored):,} rows"
    return {
        "metric": metric.name,
        "greater_is_better": metric.greater_is_better,
        "at_release": manifest["metrics"].get(metric.name),
        "now": now.value,
        "interval": [now.low, now.high] if isfinite(now.low) and isfinite(now.high) else None,
        "rows": len(scored),
        "blocks": None if blocks is None else now.blocks,
    }, None
