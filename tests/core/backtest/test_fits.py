"""A candidate of each batch, and how it serves the batches after it."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import log_loss

from scripts.core import bundle
from scripts.core.backtest import fits
from scripts.core.errors import Mistake
from scripts.core.params import Params
from scripts.core.training import model as models
from scripts.stages import train
from tests.backtesting import contents, history, lively

KNOWN = history(lively(), contents((2.0, 2.0, -2.0)))


def ticking() -> Any:
    """A clock that a second passes on with each look."""
    times = iter(range(100))
    return lambda: float(next(times))


def test_a_candidate_is_the_train_stage_s_own_of_the_rows_that_had_come() -> None:
    made = fits.fit(1, KNOWN, lively(), train.bundled, ticking())
    assert made.content is not None and made.seconds == 1.0
    manifest = bundle.unpack(made.content, None).manifest
    alone = train.bundled(history(lively(), contents((2.0, 2.0))).whole, lively())
    assert manifest == bundle.unpack(alone, None).manifest
    assert [batch["name"] for batch in manifest["data"]["batches"]] == ["2024-01.parquet", "2024-02.parquet"]


def test_later_batches_are_scored_with_all_their_labelled_rows() -> None:
    made = fits.fit(0, KNOWN, lively(), train.bundled, ticking())
    assert made.content is not None and list(made.scores) == [1, 2]
    model = models.load(bundle.unpack(made.content, None).model)
    for place, value in made.scores.items():
        rows = KNOWN.rows(place)
        assert value == pytest.approx(log_loss(rows["answer"], model.predict_proba(rows)))
    assert made.scores[2] > made.scores[1], "the rule behind the third batch is another one"


def test_a_table_that_nothing_can_be_made_of_is_a_fault_that_has_cost_its_seconds() -> None:
    def refuses(frame: Any, given: Params) -> bytes:
        raise Mistake("data/: too little.")

    made = fits.fit(0, KNOWN, lively(), refuses, ticking())
    assert (made.content, str(made.fault), made.seconds, made.scores) == (None, "data/: too little.", 1.0, {})


def test_what_can_not_be_scored_is_not_a_number() -> None:
    content = fits.fit(2, KNOWN, lively(), train.bundled, ticking()).content
    assert content is not None
    seat, rows = fits.seat_of("candidate", content, lively()), KNOWN.rows(1)
    assert math.isfinite(fits.score(seat, rows, lively()))
    assert math.isnan(fits.score(replace(seat, fault="it is broken"), rows, lively()))
    assert math.isnan(fits.score(seat, rows.iloc[:0], lively()))
    assert math.isnan(fits.score(seat, rows.assign(answer=rows["answer"].map({0: "no", 1: "yes"})), lively()))
    ranked = lively(gate=lively().gate.model_copy(update={"metric": "roc_auc"}))
    assert math.isnan(fits.score(seat, rows[rows["answer"] == 1], ranked)), "no row of the other class"
    assert np.isfinite(fits.score(seat, rows, ranked))
