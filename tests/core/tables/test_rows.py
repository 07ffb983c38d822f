"""Which row is which, and that it stays on its side."""

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.core.errors import Mistake
from scripts.core.settings.data_params import Data
from scripts.core.tables import rows, table
from tests import tables
from tests.tables import settings

DAY = timedelta(1)
UNTIMED = settings("regression", "y", {"n": "number", "c": "category"}, holdout=0.3)
VALUES = st.floats(allow_nan=True, allow_infinity=False, width=32) | st.none()
ROW = st.tuples(VALUES, st.text(max_size=5) | st.none(), st.floats(0, 1) | st.none())


def data(given: dict[str, Any] = UNTIMED, **others: Any) -> Data:
    return tables.Table(pd.DataFrame(), given | others).checked


def frame_of(drawn: list[tuple[Any, Any, Any]]) -> pd.DataFrame:
    n, c, y = (list(column) for column in zip(*drawn, strict=True))
    return pd.DataFrame({"n": pd.array(n, "float64"), "c": pd.array(c, "str"), "y": pd.array(y, "float64")})


def timed(times: pd.DatetimeIndex, labelled: Any = None) -> pd.DataFrame:
    y = np.arange(len(times), dtype=float)
    if labelled is not None:
        y[~np.asarray(labelled)] = np.nan
    return pd.DataFrame({"t": times.as_unit("us"), "n": np.arange(len(times), dtype=float), "y": y})


def clock(**others: Any) -> Data:
    return data(settings("regression", "y", {"n": "number"}, time="t"), **({"holdout": "2D"} | others))


# Fingerprints


@given(st.lists(ROW, min_size=2, max_size=10), st.randoms(use_true_random=False))
def test_a_row_has_its_fingerprint_wherever_it_stands(drawn: list[Any], random: Any) -> None:
    frame = frame_of(drawn)
    order = list(range(len(frame)))
    random.shuffle(order)
    whole = rows.fingerprints(frame, data())
    assert (rows.fingerprints(frame.iloc[order].reset_index(drop=True), data()) == whole[order]).all()
    alone = [rows.fingerprints(frame.iloc[[place]], data())[0] for place in range(len(frame))]
    assert alone == whole.tolist()


def test_fingerprints_are_the_same_on_every_machine_and_in_every_version() -> None:
    frame = frame_of([(1.5, "a", 1.0), (None, None, None)])
    assert [f"{value:016x}" for value in rows.fingerprints(frame, data())] == ["af8c39b87a48146b", "ac82ffc724296536"]


def test_a_row_is_known_by_its_id_alone_if_it_has_one() -> None:
    question = data(settings("regression", "y", {"n": "number"}, id="id", holdout=0.3))
    before = pd.DataFrame({"id": pd.array(["a", "b"], "str"), "n": [1.0, 2.0], "y": [1.0, 2.0]})
    assert (rows.fingerprints(before, question) == rows.fingerprints(before.assign(n=0.0), question)).all()
    assert len(set(rows.fingerprints(before.assign(n=0.0), question))) == 2


def test_without_an_id_all_but_the_label_counts() -> None:
    frame = frame_of([(1.0, "a", 1.0), (1.0, "a", 2.0), (1.0, "b", 1.0), (2.0, "a", 1.0)])
    found = rows.fingerprints(frame, data()).tolist()
    assert found[0] == found[1]
    assert len(set(found)) == 3


def test_a_row_has_its_fingerprint_in_whatever_order_params_list_the_columns() -> None:
    frame = frame_of([(1.0, "a", 1.0), (2.0, "b", 1.0)])
    other = data(settings("regression", "y", {"c": "category", "n": "number"}, holdout=0.3))
    assert (rows.fingerprints(frame, data()) == rows.fingerprints(frame, other)).all()


def test_a_column_that_the_identity_does_not_name_changes_no_fingerprint() -> None:
    frame = frame_of([(1.0, "a", 1.0), (2.0, "b", 1.0)])
    grown = data(settings("regression", "y", {"n": "number", "c": "category", "new": "number"}, holdout=0.3))
    assert (rows.fingerprints(frame.assign(new=0.5), grown) != rows.fingerprints(frame, data())).all()
    kept = grown.model_copy(update={"identity": ("n", "c")})
    assert (rows.fingerprints(frame.assign(new=0.5), kept) == rows.fingerprints(frame, data())).all()
    assert rows.kinds(kept) == {"c": "category", "n": "number"}


def test_the_fingerprint_of_a_set_of_rows_does_not_know_their_order() -> None:
    hashes = rows.fingerprints(frame_of([(float(n), "a", 1.0) for n in range(20)]), data())
    assert rows.fingerprint_of(hashes) == rows.fingerprint_of(hashes[::-1])
    assert rows.fingerprint_of(hashes) != rows.fingerprint_of(hashes[1:])
    assert rows.fingerprint_of(hashes[:0]).startswith("sha256:")


def test_no_two_rows_of_a_large_table_are_taken_for_one() -> None:
    frame = pd.DataFrame({"n": np.arange(200_000, dtype=float), "c": pd.array(["a"] * 200_000, "str"), "y": 1.0})
    assert len(np.unique(rows.fingerprints(frame, data()))) == 200_000


@given(st.sets(st.integers(0, 60)), st.lists(st.integers(0, 60), max_size=20))
def test_leaked_rows_are_exactly_those_that_were_trained_on(trained: set[int], held: list[int]) -> None:
    offset = 2**64 - 61  # the greatest fingerprints too
    known = np.sort(np.array([offset + n for n in trained], dtype=np.uint64))
    asked = np.array([offset + n for n in held], dtype=np.uint64)
    assert rows.leaked(asked, known).tolist() == [n in trained for n in held]


# Without time


@given(st.lists(ROW, min_size=1, max_size=40), st.lists(ROW, max_size=40), st.floats(0.05, 0.95))
def test_a_row_never_changes_sides_when_rows_are_added(old: list[Any], new: list[Any], share: float) -> None:
    question = data(holdout=share)
    before, after = frame_of(old), frame_of([*old, *new])
    if before["y"].isna().all():
        return
    first, second = rows.split(before, question), rows.split(after, question)
    assert (second.holdout[: len(old)] == first.holdout).all()
    assert (second.train[: len(old)] == first.train).all()


@given(st.lists(ROW, min_size=1, max_size=40))
def test_every_row_stands_on_one_side_and_equal_rows_on_the_same(drawn: list[Any]) -> None:
    frame = frame_of([*drawn, (1.0, "a", 1.0)])
    split = rows.split(frame, data())
    assert (split.train.astype(int) + split.holdout + split.unlabelled == 1).all()
    assert (split.unlabelled == frame["y"].isna()).all()
    hashes = rows.fingerprints(frame, data())
    assert not set(hashes[split.train]) & set(hashes[split.holdout])


def test_a_corrected_label_leaves_a_row_on_its_side() -> None:
    frame = frame_of([(float(n), "a", 1.0) for n in range(500)])
    assert (rows.split(frame, data()).holdout == rows.split(frame.assign(y=2.0), data()).holdout).all()


@pytest.mark.parametrize("share", [0.1, 0.3, 0.8])
def test_the_hold_out_has_about_its_share(share: float) -> None:
    frame = frame_of([(float(n), "a", 1.0) for n in range(5000)])
    assert abs(rows.split(frame, data(holdout=share)).holdout.mean() - share) < 0.03


# With time


def test_the_hold_out_is_the_newest_whole_days() -> None:
    times = pd.date_range("2024-03-01 00:00", "2024-03-10 23:00", freq="h")
    split = rows.split(timed(times), clock())
    assert times[split.holdout].min() == pd.Timestamp("2024-03-09")
    assert split.holdout.sum() == 48
    assert split.train.sum() == 8 * 24
    assert not split.unlabelled.any()


def test_a_day_that_has_just_begun_counts_as_one() -> None:
    times = pd.date_range("2024-03-01 00:00", "2024-03-10 00:00", freq="h")
    assert times[rows.split(timed(times), clock()).holdout].min() == pd.Timestamp("2024-03-09")


def test_a_span_of_hours_is_counted_from_the_newest_row() -> None:
    times = pd.date_range("2024-03-01", "2024-03-10 23:00", freq="h")
    held = times[rows.split(timed(times), clock(holdout="36h")).holdout]
    assert (held.min(), held.max()) == (pd.Timestamp("2024-03-09 11:00"), pd.Timestamp("2024-03-10 23:00"))


def test_the_window_before_the_hold_out_is_for_training() -> None:
    times = pd.date_range("2024-03-01", "2024-03-10 23:00", freq="h")
    split = rows.split(timed(times), clock(window="3D"))
    assert (times[split.train].min(), times[split.train].max()) == (
        pd.Timestamp("2024-03-06"),
        pd.Timestamp("2024-03-08 23:00"),
    )
    assert split.holdout.sum() == 48


def test_rows_whose_label_is_not_final_are_on_neither_side() -> None:
    times = pd.date_range("2024-03-01", "2024-03-10 23:00", freq="h")
    split = rows.split(timed(times), clock(label_delay="3D"))
    assert times[split.holdout].max() == pd.Timestamp("2024-03-07 23:00")
    assert times[split.holdout].min() == pd.Timestamp("2024-03-06")
    assert times[split.unlabelled].min() == pd.Timestamp("2024-03-08 00:00")


def test_the_delay_is_counted_from_the_newest_row_even_if_it_has_no_label() -> None:
    times = pd.date_range("2024-03-01", "2024-03-10 23:00", freq="h")
    split = rows.split(timed(times, times < "2024-03-08"), clock(label_delay="1D"))
    assert times[split.holdout].max() == pd.Timestamp("2024-03-07 23:00")
    assert split.unlabelled.sum() == 72


def test_a_row_without_time_is_on_neither_side() -> None:
    times = pd.DatetimeIndex(["2024-03-01", None, "2024-03-09", "2024-03-10"])
    split = rows.split(timed(times), clock())
    assert split.unlabelled.tolist() == [False, True, False, False]
    assert split.train.tolist() == [True, False, False, False]


STAMPS = st.lists(st.integers(0, 60 * 24 * 20), min_size=1, max_size=60)


@given(STAMPS, st.integers(1, 5), st.integers(0, 3), st.none() | st.integers(1, 6), st.data())
def test_whatever_the_table_training_ends_before_the_hold_out_begins(
    minutes: list[int], days: int, delay: int, window: int | None, drawn: st.DataObject
) -> None:
    times = pd.DatetimeIndex(pd.Timestamp("2024-01-01") + pd.to_timedelta(minutes, unit="min"))
    labelled = drawn.draw(st.lists(st.booleans(), min_size=len(times), max_size=len(times)))
    question = clock(holdout=f"{days}D", label_delay=f"{delay}D", window=None if window is None else f"{window}D")
    frame = timed(times, labelled)
    try:
        split = rows.split(frame, question)
    except Mistake:
        final = np.asarray(labelled) & (times <= times.max() - delay * DAY)
        assert not final.any()
        return
    final = np.asarray(labelled) & (times <= times.max() - delay * DAY)
    start = times[final].max().floor("D") + DAY - days * DAY
    assert (split.holdout == (final & (times >= start))).all()
    assert (split.unlabelled == ~final).all()
    oldest = start - (window or 999) * DAY
    assert (split.train == (final & (times < start) & (times >= oldest))).all()
    assert split.holdout.any()


@pytest.mark.parametrize("question", [data(), clock()])
def test_a_table_without_a_label_is_told(question: Data) -> None:
    frame = timed(pd.date_range("2024-03-01", periods=5)).assign(y=np.nan, c=pd.array(["a"] * 5, "str"))
    with pytest.raises(Mistake, match="column 'y' has no label at all"):
        rows.split(frame, question)


def test_labels_that_are_all_too_young_are_told() -> None:
    with pytest.raises(Mistake, match=r"no row is older than data\.label_delay"):
        rows.split(timed(pd.date_range("2024-03-01", periods=5)), clock(label_delay="30D"))


@pytest.mark.parametrize("name", tables.ALL)
def test_sides_do_not_overlap_in_any_table(name: str) -> None:
    made = tables.ALL[name]()
    frame = made.frame.assign(**{table.BATCH: "a"})
    split = rows.split(frame, made.checked)
    assert split.train.any() and split.holdout.any()
    assert not (split.train & split.holdout).any()
    hashes = rows.fingerprints(frame, made.checked)
    assert not rows.leaked(hashes[split.holdout], np.sort(hashes[split.train])).any()
