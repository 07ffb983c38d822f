"""The table as it stood with each batch."""

import pandas as pd

from scripts.core.backtest.history import History, batches
from scripts.core.tables.table import BATCH
from tests import small
from tests.backtesting import contents, history, lively


def reported(name: str, first: str | None, last: str | None) -> dict[str, object]:
    return {"name": name, "rows": 1, "labelled": 1, "from": first, "to": last}


def test_batches_come_in_the_order_of_their_newest_rows_and_serve_until_the_next_one_ends() -> None:
    found = batches(
        [
            reported("a", "2024-03-01T00:00:00", "2024-03-31T00:00:00"),
            reported("b", "2024-01-01T00:00:00", "2024-01-31T00:00:00"),
            reported("c", "2024-01-20T00:00:00", "2024-02-10T12:00:00"),
        ]
    )
    assert [(batch.name, batch.days) for batch in found] == [("b", 30.0), ("c", 10.5), ("a", 49.5)]


def test_without_times_batches_come_by_name_and_each_counts_as_one_day() -> None:
    found = batches([reported("b", None, None), reported("a", None, None)])
    assert [(batch.name, batch.days) for batch in found] == [("a", 1.0), ("b", 1.0)]
    assert batches([]) == ()


def test_the_table_has_what_had_come_and_knows_no_batch_that_had_not() -> None:
    known = history(lively(), contents((2.0, 2.0, 2.0)))
    assert len(known) == 3
    then = known.table(1)
    assert len(then) == 1200 and list(then.index[:2]) == [0, 1]
    assert list(then[BATCH].cat.categories) == ["2024-01.parquet", "2024-02.parquet"]
    assert len(known.table(2)) == 1800


def test_a_batch_that_is_older_than_its_name_lies_in_the_table_where_its_name_puts_it() -> None:
    files = {"z.parquet": small.month(0), "m.parquet": small.month(1), "a.parquet": small.month(2)}
    known = history(lively(), files)
    assert [batch.name for batch in known.batches] == ["z.parquet", "m.parquet", "a.parquet"]
    then = known.table(1)
    assert list(then[BATCH].astype(str).unique()) == ["m.parquet", "z.parquet"]
    assert then["row"].iloc[0].startswith("1-") and list(then.index) == list(range(1200))
    assert known.validation(1)["batches"][1]["name"] == "m.parquet"


def test_rows_without_a_label_serve_nobody() -> None:
    known = history(lively(), contents((2.0, 2.0)))
    frame = known.whole.astype({"answer": "float64"})
    frame.loc[600:700, "answer"] = float("nan")
    assert len(History(known.batches, frame, known.data).rows(1)) == 499
    assert len(known.rows(1)) == 600


def test_a_score_is_known_when_the_labels_of_its_batch_are_final() -> None:
    known = history(lively(), contents((2.0, 2.0, 2.0)))
    assert known.known(2, 2)
    late = known.data.model_copy(update={"label_delay": pd.Timedelta("10D").to_pytimedelta()})
    later = History(known.batches, known.whole, late)
    assert not later.known(2, 2) and later.known(1, 2)
