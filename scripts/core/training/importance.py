"""How much a model uses each column."""

from typing import Any

import numpy as np
import pandas as pd

from scripts.core.settings.data_params import Data
from scripts.core.tables import table
from scripts.core.training import model as models

ROWS = 1000


def importance(model: Any, rows: pd.DataFrame, data: Data, classes: list[Any] | None, seed: int) -> dict[str, float]:
    """Share of each feature in the model's answers: mean absolute change of the prediction when the column is shuffled.

    Breiman (2001), section 10, without labels: what moves the predictions is used, right or wrong. Sums to 1, or to 0
    for a model that uses nothing.
    """
    rng = np.random.default_rng(seed)
    rows = rows.iloc[rng.permutation(len(rows))[:ROWS]].reset_index(drop=True)  # of all times: they come in order
    usual = models.predict(model, rows, data, classes)
    moved = {}
    for name in table.features(data):
        shuffled = rows.copy()
        shuffled[name] = rows[name].array[rng.permutation(len(rows))]
        moved[name] = float(np.abs(models.predict(model, shuffled, data, classes) - usual).mean())
    total = sum(moved.values())
    return {name: value / total if total else 0.0 for name, value in moved.items()}
