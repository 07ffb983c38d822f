"""Search for better parameters within the training rows."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from scripts.core.errors import USAGE, Mistake
from scripts.core.params import Train, Tune
from scripts.core.scoring import metrics
from scripts.core.scoring.scores import statistic
from scripts.core.scoring.truth import truth_of
from scripts.core.settings.data_params import Data
from scripts.core.tables import table
from scripts.core.text import did_you_mean
from scripts.core.training import model as models

Scorer = Callable[[Any, pd.DataFrame, Any], float]


def best(rows: pd.DataFrame, target: Any, train: Train, data: Data) -> dict[str, Any]:
    """The best parameters of train.tune.space, under their names in the pipeline.

    Successive halving (Jamieson & Talwalkar 2016): all settings on few rows, the best ones on more, the last ones on
    all. Folds keep the order of time where there is time, so that no setting is chosen by looking ahead.
    """
    from sklearn.experimental import enable_halving_search_cv  # noqa: F401
    from sklearn.model_selection import HalvingRandomSearchCV

    tune = train.tune
    assert tune is not None
    if data.time is not None:
        order = rows[data.time].argsort(kind="stable").to_numpy()
        rows, target = rows.iloc[order], target[order]
    rows, score, parts = rows[table.features(data)], scorer(tune, data, target), folds(tune, train.seed, data)
    first, _ = next(parts.split(rows, target))  # where there is time: the fewest and oldest
    model = models.build(train, data, rows.iloc[first])
    _check(model, tune)
    search = HalvingRandomSearchCV(
        model,
        {f"model__{name}": list(values) for name, values in tune.space.items()},
        n_candidates=min(tune.candidates, _settings(tune)),
        factor=tune.factor,
        min_resources="exhaust",  # else the last round has a hundred rows, however many there are
        cv=parts,
        scoring=score,
        random_state=train.seed,
        refit=False,
        return_train_score=False,
        n_jobs=1,
    ).fit(rows, target)
    if not np.isfinite(search.best_score_):
        _fail(model, rows, target, search, score)
    return dict(search.best_params_)


def folds(tune: Tune, seed: int, data: Data) -> Any:
    from sklearn.model_selection import KFold, StratifiedKFold, TimeSeriesSplit

    if data.time is not None:
        return TimeSeriesSplit(tune.folds)
    kind = KFold if data.task == "regression" else StratifiedKFold
    return kind(tune.folds, shuffle=True, random_state=seed)


def scorer(tune: Tune, data: Data, target: Any) -> Scorer:
    """Greater is better. Every class of the target counts, also where a fold lacks it."""
    usual = "root_mean_squared_error" if data.task == "regression" else "log_loss"
    metric = metrics.find(tune.metric or usual)
    classes = None if data.task == "regression" else np.unique(target).tolist()
    positive = table.positive(data, classes)

    def score(model: Any, rows: pd.DataFrame, truth: Any) -> float:
        known = truth_of(truth, np.zeros(len(truth)), classes, positive, 0)
        predictions = models.predict(model, rows, data, classes)
        return metric.gain(float(statistic(metric, known, predictions)(np.ones((1, 1)))[0]))

    return score


def _fail(model: Any, rows: pd.DataFrame, target: Any, search: Any, score: Scorer) -> None:
    """Raise what the search has hidden in scores that are no numbers."""
    from sklearn.base import clone

    for learned, judged in search.cv.split(rows, target):
        score(clone(model).fit(rows.iloc[learned], target[learned]), rows.iloc[judged], target[judged])
    raise Mistake(
        "params.yaml: train.tune: no setting could be scored in every fold. Lower train.tune.folds, or bring more rows."
    )


def _settings(tune: Tune) -> int:
    return int(np.prod([len(values) for values in tune.space.values()]))


def _check(model: Any, tune: Tune) -> None:
    known = list(model.named_steps["model"].get_params())
    for name in tune.space:
        if name not in known:
            raise Mistake(
                f"params.yaml: train.tune.space.{name}: is no parameter of the estimator. {did_you_mean(name, known)}",
                code=USAGE,
            )
