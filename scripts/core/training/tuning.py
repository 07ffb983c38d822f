"""Search for better parameters within the training rows."""

import itertools
import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from scripts.core.errors import USAGE, Mistake
from scripts.core.params import Train, Tune
from scripts.core.scoring import metrics
from scripts.core.scoring.scores import statistic
from scripts.core.scoring.truth import truth_of
from scripts.core.settings.backtest_params import Compute
from scripts.core.settings.data_params import Data
from scripts.core.tables import table
from scripts.core.text import did_you_mean
from scripts.core.training import engine
from scripts.core.training import model as models

Scorer = Callable[[Any, pd.DataFrame, Any], float]


@dataclass(frozen=True)
class Trial:
    """One setting in one fold, with a share of its rows."""

    setting: Mapping[str, Any]
    fold: int
    share: float


def best(rows: pd.DataFrame, target: Any, train: Train, data: Data, compute: Compute) -> dict[str, Any]:
    """The best parameters of train.tune.space, under their names in the pipeline.

    Successive halving (Jamieson & Talwalkar 2016): all settings on few rows, the best ones on more, the last ones on
    all. Folds keep the order of time where there is time, so that no setting is chosen by looking ahead. It chooses
    as scikit-learn's HalvingRandomSearchCV does, whose fits can't run on an engine that tells of its troubles.
    """
    tune = train.tune
    assert tune is not None
    if data.time is not None:
        order = rows[data.time].argsort(kind="stable").to_numpy()
        rows, target = rows.iloc[order], target[order]
    rows, score = rows[table.features(data)], scorer(tune, data, target)
    parts = list(folds(tune, train.seed, data).split(rows, target))
    model = models.build(train, data, rows.iloc[parts[0][0]])  # where there is time: the fewest and oldest rows
    _check(model, tune)
    drawn = _drawn(tune, train.seed)
    least = 2 * tune.folds * (1 if data.task == "regression" else len(np.unique(target)))
    shares = _shares(len(drawn), len(rows), least, tune.factor)
    with engine.started(compute, train.threads, [train.estimator]) as run:
        found, score_of_it = _halved(run, drawn, shares, tune, (model, rows, target, parts, score, train.seed))
    if not np.isfinite(score_of_it):
        _fail(model.set_params(**found), rows, target, parts, score)
    return found


def _drawn(tune: Tune, seed: int) -> list[dict[str, Any]]:
    from sklearn.model_selection import ParameterSampler

    space = {f"model__{name}": list(values) for name, values in tune.space.items()}
    return list(ParameterSampler(space, min(tune.candidates, _settings(tune)), random_state=seed))


def _shares(settings: int, rows: int, least: int, factor: int) -> list[float]:
    """The share of the rows in each round: `factor` times that of the round before, and all of them in the last."""
    rounds = _rounds(settings, factor)
    first = min(max(least, rows // factor ** (rounds - 1)), rows)
    return [factor**number * first / rows for number in range(min(rounds, _rounds(rows // first, factor)))]


def _rounds(count: int, factor: int) -> int:
    """How often one in `factor` can be kept until one is left."""
    return next(rounds for rounds in itertools.count(1) if factor**rounds > count)


def _halved(
    run: engine.Run, settings: list[dict[str, Any]], shares: list[float], tune: Tune, shared: tuple[Any, ...]
) -> tuple[dict[str, Any], float]:
    """The best setting of the last round, and its mean score."""
    means = _means(run, settings, shares[0], tune, shared)
    for share in shares[1:]:
        order = np.argsort(np.where(np.isnan(means), -np.inf, means), kind="stable")
        settings = [settings[place] for place in order[-math.ceil(len(settings) / tune.factor) :]]
        means = _means(run, settings, share, tune, shared)
    place = 0 if np.isnan(means).all() else int(np.nanargmax(means))
    return settings[place], float(means[place])


def _means(run: engine.Run, settings: list[dict[str, Any]], share: float, tune: Tune, shared: tuple[Any, ...]) -> Any:
    trials = [Trial(setting, fold, share) for setting in settings for fold in range(tune.folds)]
    return np.reshape(run.map(gained, trials, *shared), (len(settings), tune.folds)).mean(axis=1)


def gained(trial: Trial, model: Any, rows: pd.DataFrame, target: Any, parts: Any, score: Scorer, seed: int) -> float:
    """The score of one trial; no number when its setting can't be fitted, which rules out the setting alone."""
    from sklearn.base import clone
    from sklearn.exceptions import FitFailedWarning
    from sklearn.utils import resample

    learned, judged = (
        resample(part, replace=False, n_samples=int(trial.share * len(part)), random_state=seed)
        for part in parts[trial.fold]
    )
    try:
        fit = clone(model).set_params(**trial.setting).fit(rows.iloc[learned], target[learned])
        return score(fit, rows.iloc[judged], target[judged])
    except Exception as error:  # the estimator is the user's choice, and may raise anything
        setting = {name.removeprefix("model__"): value for name, value in trial.setting.items()}
        said = f"{type(error).__name__}: {' '.join(str(error).split())[:120]}"
        warnings.warn(f"{setting} is left out of the search ({said})", FitFailedWarning, stacklevel=2)
        return math.nan


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


def _fail(model: Any, rows: pd.DataFrame, target: Any, parts: Any, score: Scorer) -> None:
    """Raise what the search has hidden in scores that are no numbers."""
    from sklearn.base import clone

    for learned, judged in parts:
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
