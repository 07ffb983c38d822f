from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from scripts.core.plots import curves
from scripts.core.plots.plots import Predictions
from tests.core import pictures

pytestmark = pytest.mark.filterwarnings("error")  # a glyph that is missing is a warning of matplotlib's


def test_ranking_agrees_with_scikit_learn_also_with_ties() -> None:
    rng = np.random.default_rng(1)
    positive = rng.random(500) < 0.3
    score = np.asarray(np.round(rng.random(500) * 0.5 + positive * 0.3, 1), dtype=np.float64)
    counts = curves.ranked(positive, score)
    x, y, area = curves.roc(*counts)
    expected_x, expected_y, _ = metrics.roc_curve(positive, score, drop_intermediate=False)
    np.testing.assert_allclose(x, expected_x)
    np.testing.assert_allclose(y, expected_y)
    assert area == pytest.approx(metrics.roc_auc_score(positive, score))
    *_, precision = curves.precision_recall(*counts)
    assert precision == pytest.approx(metrics.average_precision_score(positive, score))


def test_multiclass_is_the_mean_of_one_against_the_rest() -> None:
    known = pictures.predictions("multiclass")
    found, areas = curves.multiclass(known)
    assert [curve.model for curve in found] == ["production", "candidate"]
    expected = metrics.roc_auc_score(known.target, known.candidate, multi_class="ovr", labels=known.classes)
    assert found[1].summary == pytest.approx(expected)
    assert len(areas) == 6
    assert np.trapezoid(found[1].y, found[1].x) == pytest.approx(expected, abs=2e-3)


def test_a_class_without_rows_and_a_label_without_class_are_left_out() -> None:
    scores = np.random.default_rng(0).random((90, 3))
    known = Predictions(np.array(["a", "b", "zzz"] * 30), ["a", "b", "never"], scores, None, None)
    _, areas = curves.multiclass(known)
    assert [area.place for area in areas] == [0, 1]


def test_thinning_keeps_the_ends_and_the_area() -> None:
    known = pictures.predictions("binary", rows=5000)
    full = curves.binary(known)[1]
    few = curves.thinned(full, 100)
    assert full.name == curves.ROC and len(full.x) > 1000 and 50 < len(few.x) <= 100
    assert (few.x[0], few.y[0], few.x[-1], few.y[-1]) == (0.0, 0.0, 1.0, 1.0)
    assert np.trapezoid(few.y, few.x) == pytest.approx(full.summary, abs=2e-3)


def test_half_of_the_rows_have_the_median_error() -> None:
    known = pictures.predictions("regression")
    errors = [curve for curve in curves.regression(known) if curve.name == curves.ERROR]
    assert known.candidate is not None
    middle = np.median(np.abs(known.target.astype(float) - known.candidate))
    assert errors[1].model == "candidate" and errors[1].summary == pytest.approx(middle)
    assert np.interp(0.5, errors[1].x, errors[1].y) == pytest.approx(middle, rel=0.05)
    assert all(np.diff(errors[1].y) >= 0)


def test_calibration_is_exact_for_a_model_that_says_what_comes() -> None:
    said = np.repeat([0.2, 0.8], 100)
    came = np.r_[np.arange(100) < 20, np.arange(100) < 80].astype(float)
    found = curves.calibration("candidate", said, came)
    assert found.x == pytest.approx([0.2, 0.8]) and found.y == pytest.approx([0.2, 0.8])
    assert found.summary == pytest.approx(0.0)
    assert found.rows is not None and found.rows.tolist() == [100, 100]
    off = curves.calibration("candidate", said, 1 - came)
    assert off.summary == pytest.approx(0.6)


def test_calibration_weighs_by_rows() -> None:
    said = np.repeat([0.2, 0.8], [150, 50])
    came = np.where(said > 0.5, 0.4, 0.2)
    assert curves.calibration("candidate", said, came).summary == pytest.approx(0.4 * 50 / 200)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=200))
@settings(max_examples=60, deadline=None)
def test_calibration_counts_every_row_once(said: list[float]) -> None:
    found = curves.calibration("candidate", np.array(said), np.ones(len(said)))
    assert found.rows is not None and found.rows.sum() == len(said)
    assert all(before < after for before, after in pairwise(found.x))


def test_certainty_of_many_classes_is_whether_the_pick_was_right() -> None:
    scores = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6], [np.nan, 0.3, 0.6]])
    known = Predictions(np.array(["a", "b", "a"]), ["a", "b", "c"], scores, None, None)
    [(model, said, came)] = curves.certainty(known)
    assert (model, said.tolist(), came.tolist()) == ("candidate", [0.7, 0.6], [1.0, 0.0])
