"""Fitting, with an error that names the setting whose fault it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from traceback import walk_tb
from typing import Any

import pandas as pd

from scripts.core.errors import Mistake
from scripts.core.params import Train
from scripts.core.settings.backtest_params import Compute
from scripts.core.settings.data_params import Data
from scripts.core.tables import table
from scripts.core.training import model as models
from scripts.core.training import tuning

HERE = Compute(workers=1)


def fitted(rows: pd.DataFrame, target: Any, train: Train, data: Data, compute: Compute = HERE) -> Any:
    """A model of these rows, tuned if params say so; `compute` says where the search for parameters runs."""
    seen = rows[table.features(data)]
    with blamed(train, "fitted"):
        if train.preprocess is not None:
            _try(train, seen)
        model = models.build(train, data, seen)
        if train.tune is not None:
            model.set_params(**tuning.best(rows, target, train, data, compute))
        return model.fit(seen, target)


@contextmanager
def blamed(train: Train, what: str) -> Iterator[None]:
    """An exception of the user's own function, or of the estimator, as a Mistake that says which of them it was."""
    try:
        yield
    except Mistake:
        raise
    except Exception as error:  # both are the user's choice, and may raise anything
        said = f"{type(error).__name__}: {' '.join(str(error).split())[:240]}"
        if train.preprocess is not None and _raised_in(models.imported(train.preprocess, "train.preprocess"), error):
            raise _unfit(train, f"raises {said}") from None
        cure = "Change train.parameters, or the data."
        raise Mistake(f"params.yaml: train.estimator: {train.estimator} can't be {what} ({said}). {cure}") from None


def _raised_in(function: Any, error: Exception) -> bool:
    code = getattr(function, "__code__", None)
    return any(frame.f_code is code for frame, _ in walk_tb(error.__traceback__))


def _try(train: Train, rows: pd.DataFrame) -> None:
    """The function's answer must be a frame of as many rows; scikit-learn would only say that columns are missing."""
    assert train.preprocess is not None
    answer = models.imported(train.preprocess, "train.preprocess")(rows.copy())
    if not isinstance(answer, pd.DataFrame):
        raise _unfit(train, f"answers with {type(answer).__name__}, not with a frame")
    if len(answer) != len(rows):
        raise _unfit(train, f"makes {len(answer)} rows of {len(rows)}, which must stay as many")


def _unfit(train: Train, said: str) -> Mistake:
    return Mistake(f"params.yaml: train.preprocess: {train.preprocess} {said}. Mend the function.")
