"""Search for better parameters within the training rows."""

from typing import Any

import pandas as pd

from scripts.core import metrics
from scripts.core.data_params import Data
from scripts.core.errors import USAGE, Mistake
from scripts.core.params import Train, Tune
from scripts.core.text import did_you_mean


def tuned(model: Any, rows: pd.DataFrame, target: Any, train: Train, data: Data) -> Any:
    """The model with the best parameters of train.tune.space, not yet fitted.

    Successive halving (Jamieson & Talwalkar 2016): all settings on few rows, the best ones on more. Folds keep the
    order of time where there is time, so that no setting is chosen by looking ahead.
    """
    from sklearn.experimental import enable_halving_search_cv  # noqa: F401
    from sklearn.model_selection import HalvingRandomSearchCV, KFold, StratifiedKFold, TimeSeriesSplit

    tune = train.tune
    assert tune is not None
    _check(model, tune)
    if data.time is not None:
        order = rows[data.time].argsort(kind="stable").to_numpy()
        rows, target, folds = rows.iloc[order], target[order], TimeSeriesSplit(tune.folds)
    elif data.task == "regression":
        folds = KFold(tune.folds, shuffle=True, random_state=train.seed)
    else:
        folds = StratifiedKFold(tune.folds, shuffle=True, random_state=train.seed)
    search = HalvingRandomSearchCV(
        model,
        {f"model__{name}": list(values) for name, values in tune.space.items()},
        n_candidates=min(tune.candidates, _settings(tune)),
        factor=tune.factor,
        cv=folds,
        scoring=_scorer(tune, data),
        random_state=train.seed,
        refit=False,
        n_jobs=1,
    ).fit(rows, target)
    return model.set_params(**search.best_params_)


def _settings(tune: Tune) -> int:
    count = 1
    for values in tune.space.values():
        count *= len(values)
    return count


def _check(model: Any, tune: Tune) -> None:
    known = list(model.named_steps["model"].get_params())
    for name in tune.space:
        if name not in known:
            raise Mistake(
                f"params.yaml: train.tune.space.{name} is no parameter of the estimator. {did_you_mean(name, known)}",
                code=USAGE,
            )


def _scorer(tune: Tune, data: Data) -> str:
    usual = "root_mean_squared_error" if data.task == "regression" else "log_loss"
    metric = metrics.find(tune.metric or usual)
    return metric.name if metric.greater_is_better else f"neg_{metric.name}"
