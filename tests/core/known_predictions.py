"""Two models' predictions for every metric of every task, for the tests of scores and intervals."""

from typing import Any

import numpy as np

from scripts.core.scoring.metrics import METRICS

BINARY = [name for name, metric in METRICS.items() if "binary" in metric.tasks]
MULTICLASS = [name for name, metric in METRICS.items() if "multiclass" in metric.tasks]
REGRESSION = [name for name, metric in METRICS.items() if "regression" in metric.tasks]
ASKED: dict[str, Any] = {"resamples": 200, "confidence": 0.95, "seed": 1}


def table(seed: int, classes: list[Any] | None, rows: int = 300, ties: bool = False) -> tuple[Any, Any, Any, Any]:
    """Target, two models' predictions, blocks."""
    rng = np.random.default_rng(seed)
    blocks = rng.integers(0, 6, rows)
    if classes is None:
        y = rng.normal(3, 2, rows)
        return y, y + rng.normal(0, 1, rows), y + rng.normal(0.1, 1.2, rows), blocks
    codes = rng.integers(0, len(classes), rows)
    both = []
    for noise in (1.0, 1.3):
        raw = np.exp(rng.normal(0, noise, (rows, len(classes))) + np.eye(len(classes))[codes])
        p = raw / raw.sum(axis=1, keepdims=True)
        both.append(np.round(p * 8) / 8 if ties and len(classes) == 2 else p)
    return np.asarray(classes)[codes], both[0], both[1], blocks


def cases() -> list[Any]:
    two = [(name, ["no", "yes"], "no") for name in BINARY] + [(name, [0, 1], 1) for name in BINARY]
    many = [(name, ["a", "b", "c", "d"], None) for name in MULTICLASS]
    return [*two, *many, *((name, None, None) for name in REGRESSION)]
