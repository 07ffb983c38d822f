import pandas as pd
import pytest

from tests.core.small_table import data, frame, judged_together


def test_sound_batches_make_a_sound_table() -> None:
    assert not judged_together(frame(), frame(seed=1), frame(seed=2))


def test_ten_times_the_usual_rows_are_warned_of() -> None:
    (finding,) = judged_together(frame(), frame(150, seed=1), frame(1750, seed=2))
    assert (finding.batch, finding.rule, finding.level) == ("c.parquet", "usual_rows", "warn")
    assert (finding.count, finding.limit, finding.share) == (1750, 1750.0, 10.0)
    assert not judged_together(frame(), frame(150, seed=1), frame(1749, seed=2))
    assert not judged_together(frame(5000))


def test_repeated_rows_count_against_the_batch_that_repeats_them() -> None:
    repeating = pd.concat([frame(seed=1), frame()[:3]])
    (finding,) = judged_together(frame(), repeating)
    assert (finding.batch, finding.rule, finding.level, finding.count) == ("b.parquet", "duplicates", "fail", 3)
    assert finding.examples[0] == "row 201: 'a.parquet row 1'"
    assert "of data/a.parquet in 3 of 203 rows (1.48%, limit 1%; rows 201, 202, 203" in finding.message
    assert not judged_together(frame(), repeating, max_duplicates=0.02)


def test_a_batch_that_came_twice_fails_however_many_there_are() -> None:
    (finding,) = judged_together(*(frame(seed=seed) for seed in range(5)), frame(seed=2))
    assert (finding.batch, finding.rule, finding.share) == ("f.parquet", "duplicates", 1.0)


def test_an_id_belongs_to_one_row() -> None:
    other = frame(seed=1)
    other.loc[[7, 8], "id"] = ["0-3", "1-7"]
    other.loc[7, "id"] = "0-3"
    (finding,) = judged_together(frame(), other)
    assert (finding.batch, finding.column, finding.rule, finding.count) == ("b.parquet", "id", "ids", 1)
    assert finding.examples == ("row 8: 'a.parquet row 4'",)


def test_without_an_id_rows_may_still_not_repeat() -> None:
    plain = data(id=None)
    tables = [frame().drop(columns="id"), frame().drop(columns="id")]
    assert [finding.rule for finding in judged_together(*tables, given=plain)] == ["duplicates"]


@pytest.mark.parametrize("rows", [0, 30])
def test_a_tiny_batch_beside_others_breaks_nothing(rows: int) -> None:
    assert not judged_together(frame(), frame(rows, seed=1))
