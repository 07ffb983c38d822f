from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.core.drift import drift
from scripts.core.drift.drift import Cells
from scripts.core.params import Drift

NONE = np.empty(0, dtype=np.int64)
LEVELS = np.array([f"level-{number}" for number in range(2000)])


def numbers(values: Any) -> "pd.Series[Any]":
    return pd.Series(np.asarray(values, dtype=np.float64), name="x")


def texts(values: Any) -> "pd.Series[Any]":
    return pd.Series(list(values), name="x", dtype="str")


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def moved(reference: Any, current: Any, kind: str = "number", **changes: Any) -> drift.Column:
    return drift.column(reference, current, kind, 0.5, Drift(**changes))


def test_the_distance_is_the_psi() -> None:
    then, now = np.array([600, 400]), np.array([300, 700])
    by_hand = (0.3 - 0.6) * np.log(0.3 / 0.6) + (0.7 - 0.4) * np.log(0.7 / 0.4)
    assert drift.psi(then, now) == pytest.approx(by_hand, rel=0.01)
    assert drift.psi(then, then) == 0


def test_the_distance_does_not_grow_with_the_rows() -> None:
    far = [moved(numbers(rng().normal(size=n)), numbers(rng(1).normal(0.5, size=n))) for n in (3_000, 30_000)]
    assert far[0].distance == pytest.approx(far[1].distance, rel=0.2)


def test_bins_hold_equal_shares_of_the_reference() -> None:
    cells = drift.number_cells(numbers(rng().normal(size=1000)), numbers(rng(1).normal(size=10)), 10)
    assert len(cells.reference) == 10
    assert cells.reference.max() - cells.reference.min() <= 2


@pytest.mark.parametrize(
    ("then", "now"),
    [
        (np.full(500, 5.0), np.full(500, 6.0)),  # a constant that became another
        (np.full(500, 5.0), np.full(500, 4.0)),
        (np.repeat([0.0, 1.0], 250), np.full(500, 0.5)),  # between two values
        (np.r_[np.zeros(400), rng().normal(9, 1, 100)], np.r_[np.full(400, -1e-9), rng(1).normal(9, 1, 100)]),
        (rng().normal(size=500), np.full(500, np.nan)),  # nothing left
        (np.full(500, np.nan), rng().normal(size=500)),  # nothing before
        (rng().normal(size=500), np.full(500, np.inf)),
        (rng().normal(size=500), np.full(500, 1e308)),
    ],
)
def test_what_ties_and_odd_values_hide_from_quantiles_is_found(then: Any, now: Any) -> None:
    assert moved(numbers(then), numbers(now)).drifted


def test_equal_samples_do_not_drift_whatever_they_hold() -> None:
    for values in (np.full(50, 5.0), np.full(50, np.nan), np.full(50, np.inf), np.arange(3.0), np.array([1.0])):
        same = moved(numbers(values), numbers(values))
        assert same.distance == pytest.approx(0) and not same.drifted


def test_a_new_category_is_found_common_or_rare() -> None:
    then = texts(LEVELS[rng().integers(0, 5, 1000)])
    assert moved(then, texts(["new"] * 400 + list(then[:600])), "category").drifted
    rare = texts([f"new-{number}" for number in range(1000)])
    assert moved(then, rare, "category").drifted


def test_a_long_tail_that_was_replaced_is_found_and_one_that_was_drawn_again_is_not() -> None:
    then, again = (texts(LEVELS[rng(seed).integers(0, 1000, 5000)]) for seed in (0, 1))
    other = texts(LEVELS[rng(2).integers(1000, 2000, 5000)])
    assert not moved(then, again, "category").drifted
    assert moved(then, again, "category").distance < 0.05
    assert moved(then, other, "category").drifted


def test_names_of_rows_never_drift() -> None:
    then, now = (texts([f"{side}-{row}" for row in range(3000)]) for side in "ab")
    assert not moved(then, now, "category").drifted


def test_missing_categories_are_a_cell_of_their_own() -> None:
    then = texts(["a", "b"] * 500)
    now = texts(["a", "b", None, None] * 250)
    assert moved(then, now, "category").distance > 0.2


def test_missing_values_alone_make_a_column_drift() -> None:
    then, now = np.ones(1000), np.ones(1000)
    now[:120] = np.nan
    found = moved(numbers(then), numbers(now), effect=5.0)
    assert found.distance < found.threshold
    assert found.missing_drifted and found.drifted
    assert (found.missing_then, found.missing_now) == (0, 0.12)
    assert not moved(numbers(then), numbers(now), effect=5.0, missing_effect=0.15).drifted


def test_few_rows_need_more_missing_values() -> None:
    then, now = numbers([1.0] * 15), numbers([1.0] * 12 + [np.nan] * 3)
    assert drift.missing_by_chance(then, now, 0.001) > 0.2
    assert not moved(then, now, effect=5.0).missing_drifted


def test_the_limit_is_the_larger_of_effect_and_chance() -> None:
    few = moved(numbers(rng().normal(size=100)), numbers(rng(1).normal(size=100)))
    many = moved(numbers(rng().normal(size=9000)), numbers(rng(1).normal(size=9000)))
    assert few.threshold == few.chance > few.effect == 0.2
    assert many.threshold == many.effect > many.chance
    own = moved(numbers(rng().normal(size=9000)), numbers(rng(1).normal(size=9000)), effects={"x": 0.7})
    assert own.threshold == own.effect == 0.7


@pytest.mark.parametrize("counts", [[300, 300, 300], [40] * 11, [2000, 45, 45]])
def test_closed_form_and_draws_give_the_same_limit(counts: list[int]) -> None:
    cells = Cells(np.array(counts), np.array(counts), NONE)
    closed = drift.by_chance(cells, 0.01, 100, rng())
    pooled = cells.reference + cells.current
    drawn = rng().multivariate_hypergeometric(pooled, cells.current.sum(), size=40_000)
    assert closed == pytest.approx(np.quantile(drift.psi(pooled - drawn, drawn), 0.99), rel=0.05)


@pytest.mark.parametrize(
    ("kind", "draw"),
    [
        ("number", lambda r, n: r.normal(size=n)),
        ("number", lambda r, n: np.where(r.random(n) < 0.03, np.nan, r.normal(size=n).round())),
        ("category", lambda r, n: LEVELS[r.integers(0, 6, n)]),
        ("category", lambda r, n: LEVELS[np.minimum(r.zipf(1.3, n), 1999)]),
    ],
    ids=["smooth", "tied", "few", "zipf"],
)
def test_chance_passes_its_limit_as_often_as_it_says(kind: str, draw: Any) -> None:
    asked = Drift(effect=1e-9, missing_effect=0, chance=0.05, draws=200)
    made = texts if kind == "category" else numbers
    sides = [(made(draw(rng(2 * t), 200)), made(draw(rng(2 * t + 1), 300))) for t in range(150)]
    alarms = [
        drift.shift(*side, kind, 1e-9, asked.model_copy(update={"seed": t})).drifted for t, side in enumerate(sides)
    ]
    assert np.mean(alarms) <= 0.1  # 5 %, and three standard errors


def test_the_alarm_over_all_columns_is_rare_on_one_distribution() -> None:
    weights = {f"c{number}": share for number, share in enumerate([0.3, 0.2, *[0.02] * 25])}
    kinds = dict.fromkeys(weights, "number")
    alarms = 0
    for trial in range(40):
        both = pd.DataFrame(rng(trial).normal(size=(600, len(kinds))), columns=list(kinds))
        columns = drift.compare(both[:300], both[300:], kinds, weights, Drift())
        alarms += drift.shares(columns)[1] >= 0.25
    assert alarms == 0


def test_shares_are_weighted_by_importance() -> None:
    wide = pd.DataFrame({name: np.arange(100.0) for name in "abcd"})
    now = wide.assign(a=wide["a"] + 1000)
    columns = drift.compare(wide, now, dict.fromkeys("abcd", "number"), {"a": 0.7, "b": 0.3}, Drift())
    assert [c.column for c in columns if c.drifted] == ["a"]
    assert drift.shares(columns) == (0.25, 0.7)
    unused = drift.compare(wide, now, dict.fromkeys("abcd", "number"), {}, Drift())
    assert drift.shares(unused) == (0.25, 0.25)
    assert drift.shares([]) == (0, 0)


def test_a_limit_does_not_depend_on_other_columns_nor_on_the_run() -> None:
    frame = pd.DataFrame({name: LEVELS[rng(seed).integers(0, 90, 300)] for seed, name in enumerate("ab")}, dtype="str")
    halves = frame[:150], frame[150:]
    both = drift.compare(*halves, {"a": "category", "b": "category"}, {}, Drift())
    alone = drift.compare(*halves, {"b": "category"}, {}, Drift())
    assert both[1:] == alone
    assert alone != drift.compare(*halves, {"b": "category"}, {}, Drift(seed=1))


def test_two_columns_of_equal_values_are_drawn_apart() -> None:
    halves = [pd.DataFrame(dict.fromkeys("ab", texts(LEVELS[rng(seed).integers(0, 90, 150)]))) for seed in (0, 1)]
    one, other = drift.compare(halves[0], halves[1], {"a": "category", "b": "category"}, {}, Drift())
    assert one.distance == other.distance and one.chance != other.chance


def test_equally_frequent_categories_are_drawn_alike_whatever_comes_first() -> None:
    now = texts("c" * 60 + "b" * 20 + "a" * 9)
    one, other = (moved(texts(then), now, "category") for then in ("abc" * 25, "cba" * 25))
    assert one == other


def test_rare_categories_are_split_without_losing_rows() -> None:
    then, now = drift._apart(np.array([50, 30]), np.array([40, 20]), np.array(5), np.array(8.0))
    assert now.tolist() == [40, 15, 5]
    assert then.tolist() == pytest.approx([50, 30 - 8 * 80 / 60, 8 * 80 / 60])


FLOATS = st.lists(st.one_of(st.none(), st.floats(allow_nan=False)), min_size=1, max_size=60)
TEXTS = st.lists(st.one_of(st.none(), st.text(max_size=3)), min_size=1, max_size=60)


@settings(max_examples=60, deadline=None)
@given(FLOATS, FLOATS, st.randoms(use_true_random=False))
def test_numbers_of_any_kind_have_a_finite_distance_whatever_their_order(then: Any, now: Any, order: Any) -> None:
    found = moved(numbers(then), numbers(now), draws=100)
    assert np.isfinite([found.distance, found.threshold]).all() and found.distance >= 0
    order.shuffle(then), order.shuffle(now)
    assert moved(numbers(then), numbers(now), draws=100) == found


@settings(max_examples=60, deadline=None)
@given(TEXTS, TEXTS, st.randoms(use_true_random=False))
def test_categories_of_any_kind_have_a_finite_distance_whatever_their_order(then: Any, now: Any, order: Any) -> None:
    found = moved(texts(then), texts(now), "category", draws=100)
    assert np.isfinite([found.distance, found.threshold]).all() and found.distance >= 0
    order.shuffle(then), order.shuffle(now)
    assert moved(texts(then), texts(now), "category", draws=100) == found
