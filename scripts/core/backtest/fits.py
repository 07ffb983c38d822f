"""The candidates: one for each batch, made of the table as it stood then, and how well it serves each later batch.

A candidate does not depend on the policy that asks for it, so all policies share it.
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from scripts.core.backtest.history import History
from scripts.core.errors import Mistake
from scripts.core.gate.seat import Seat, predictions, seated
from scripts.core.params import Params
from scripts.core.scoring import metrics
from scripts.core.scoring.scores import statistic
from scripts.core.scoring.truth import truth_of
from scripts.core.tables import table
from scripts.core.training.fitting import HERE

Make = Callable[[pd.DataFrame, Params], bytes]  # the bundle of a table, as the train stage makes it
Clock = Callable[[], float]


@dataclass(frozen=True)
class Fit:
    """Without content there is no candidate, for a reason."""

    place: int
    content: bytes | None
    seconds: float
    scores: Mapping[int, float] = field(default_factory=dict)  # the deciding metric of each batch after it; NaN: none
    fault: Mistake | None = None


def fit(place: int, history: History, given: Params, make: Make, clock: Clock) -> Fit:
    """A table that no model can be made of yet is a fault, which ends no backtest.

    Many fits run side by side, so that what each of them searches for is searched for where it runs.
    """
    began = clock()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the train stage would say of it, once for every batch
            content = make(history.table(place), given.model_copy(update={"compute": HERE}))
    except Mistake as mistake:
        return Fit(place, None, clock() - began, fault=mistake)
    seconds = clock() - began
    seat = seat_of("candidate", content, given)
    later = range(place + 1, len(history))
    return Fit(place, content, seconds, {number: score(seat, history.rows(number), given) for number in later})


def seat_of(name: str, content: bytes, given: Params) -> Seat:
    return seated(name, f"models/{name}.zip", content, None, given.train.trusted, given.data)


def score(seat: Seat, frame: pd.DataFrame, given: Params) -> float:
    """The deciding metric on labelled rows; NaN where it can't be measured."""
    data, metric = given.data, metrics.find(given.gate.metric)
    target = table.labels(frame[data.target], data)
    if seat.bundle is None or seat.fault is not None or not len(target):
        return np.nan
    known = seat.bundle.manifest["classes"]
    if known is not None and type(known[0]) is not type(target[0].item()):
        return np.nan
    classes = None if known is None else sorted({*known, *target.tolist()})
    _, answers = predictions(seat, frame, data, classes)
    if answers is None:
        return np.nan
    truth = truth_of(target, np.zeros(len(target)), classes, seat.bundle.manifest["positive"], 0)
    return float(statistic(metric, truth, answers)(np.ones((1, 1)))[0])
