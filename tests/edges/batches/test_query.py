import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scripts.core.errors import FAILED, OUTSIDE, USAGE, Mistake
from scripts.core.settings.data_params import Data, Sql
from scripts.edges.batches.query import _table, newer

QUERY = "select t, x, y from flights where t > :since"
ROWS = [("2013-01-01 05:15:00", 1.5, 0), ("2013-01-02 06:00:00", None, 1), ("2013-01-02 05:00:00", 2.5, 1)]


@pytest.fixture
def base(tmp_path: Path) -> Path:
    path = tmp_path / "x.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table flights (t text, x real, y integer)")
    insert(path, ROWS)
    return path


def insert(path: Path, rows: Iterable[tuple[Any, ...]]) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany("insert into flights values (?, ?, ?)", rows)


def settings(path: Path, **more: Any) -> Sql:
    return Sql(**{"kind": "sql", "url": f"sqlite:///{path}", "query": QUERY} | more)


def table(**more: Any) -> Data:
    values: dict[str, Any] = {"name": "n", "task": "binary", "target": "y", "time": "t", "holdout": "1D"}
    values |= {"source": {"kind": "replay"}, "columns": {"x": {"kind": "number"}}}
    return Data(**values | more)


def content(batch: Any) -> pa.Table:
    return pq.read_table(BytesIO(batch.content))


def refused(source: Sql, data: Data, since: datetime | None = None) -> tuple[str, int]:
    with pytest.raises(Mistake) as mistake:
        newer(source, data, since)
    assert len(mistake.value.lines) == 1 and "\n" not in mistake.value.lines[0]
    return mistake.value.lines[0], mistake.value.code


def test_the_first_time_brings_every_row_in_order(base: Path) -> None:
    batch = newer(settings(base), table(), None)
    assert batch is not None and batch.name == "2013-01-02T06-00-00.parquet"
    rows = content(batch)
    assert rows.schema == pa.schema([("t", pa.timestamp("us")), ("x", pa.float64()), ("y", pa.int64())])
    assert rows["y"].to_pylist() == [0, 1, 1] and rows["x"].to_pylist() == [1.5, 2.5, None]


def test_later_only_newer_rows(base: Path) -> None:
    newest = datetime(2013, 1, 2, 6)
    assert newer(settings(base), table(), newest) is None
    insert(base, [("2013-01-02 06:00:00.250000", 1, 0)])
    batch = newer(settings(base), table(), newest)
    assert batch is not None and batch.name == "2013-01-02T06-00-00.250000.parquet"
    assert content(batch).num_rows == 1


@pytest.mark.parametrize("query", [QUERY.replace(">", ">="), "select t, x, y from flights where :since is not null"])
def test_a_query_that_looks_back_too_far_brings_no_row_twice(base: Path, query: str) -> None:
    assert newer(settings(base, query=query), table(), datetime(2013, 1, 2, 6)) is None
    batch = newer(settings(base, query=query), table(), datetime(2013, 1, 2, 5))
    assert batch is not None and content(batch)["t"].to_pylist() == [datetime(2013, 1, 2, 6)]


def test_stamps_with_a_t_are_the_same_stamps(base: Path) -> None:
    """Text compares T after a blank: the database returns rows of the day that we have."""
    insert(base, [("2013-01-03T05:00:00", 1, 0), ("2013-01-03T07:00:00", 1, 0)])
    batch = newer(settings(base), table(), datetime(2013, 1, 3, 6))
    assert batch is not None and content(batch)["t"].to_pylist() == [datetime(2013, 1, 3, 7)]


def test_equal_rows_give_equal_bytes_in_any_order(base: Path) -> None:
    one = newer(settings(base, query=QUERY + " order by x"), table(), None)
    other = newer(settings(base, query=QUERY + " order by x desc"), table(), None)
    assert one == other


def test_the_first_since_can_be_given(base: Path) -> None:
    batch = newer(settings(base, since="2013-01-02"), table(), None)
    assert batch is not None and content(batch).num_rows == 2
    line, code = refused(settings(base, since="last week"), table())
    assert "data.source.since: 'last week' is no time" in line and code == USAGE


def test_an_offset_is_turned_into_the_zone_of_the_table(base: Path) -> None:
    insert(base, [("2013-02-01T12:00:00+00:00", 1, 0)])
    query = settings(base, query="select t, x, y from flights where t like '2013-02%' and t > :since")
    batch = newer(query, table(timezone="America/New_York"), datetime(2013, 2, 1, 6, 59))
    assert batch is not None and content(batch)["t"].to_pylist() == [datetime(2013, 2, 1, 7)]
    assert newer(query, table(timezone="America/New_York"), datetime(2013, 2, 1, 7)) is None


def test_columns_may_be_all_missing_or_decimal(base: Path) -> None:
    assert _table(["x"], [(Decimal("1.50"),), (None,)])["x"].to_pylist() == [1.5, None]
    batch = newer(settings(base, query="select t, null as x, y from flights where t > :since"), table(), None)
    assert batch is not None and content(batch)["x"].to_pylist() == [None] * 3


@pytest.mark.parametrize("values", [[1, "n/a"], [2**70], [object()]])
def test_columns_that_no_file_can_hold_are_named(values: list[Any]) -> None:
    with pytest.raises(
        Mistake, match=r"data\.source\.query: column 'x' is of mixed or unknown types .* Cast it in the query\."
    ):
        _table(["x"], [(value,) for value in values])


def test_no_row_is_no_batch(base: Path) -> None:
    assert newer(settings(base, query=QUERY + " and 0"), table(), None) is None


@pytest.mark.parametrize(
    ("source", "data", "says", "code"),
    [
        ({"query": "select t, x, y from flights"}, {}, "must use :since", USAGE),
        ({}, {"time": None, "holdout": 0.2}, "data.time must name a column", USAGE),
        ({"query": "select x, y from flights where t > :since"}, {}, "has no column 't'", USAGE),
        ({"query": "select t, x as y, y from flights where t > :since"}, {}, "two columns named 'y'", FAILED),
        ({"query": "select nope from flights where t > :since"}, {}, "no such column: nope", OUTSIDE),
        ({"query": "selec t where :since"}, {}, "syntax error", OUTSIDE),
        (
            {"query": "select x as t, y from flights where t > :since"},
            {},
            "'t' has values of type double where time stamps belong",
            FAILED,
        ),
        (
            {"query": "select t, case when y then 'n/a' else 1 end as x from flights where t > :since"},
            {},
            "'x' is of mixed",
            FAILED,
        ),
        ({"query": "select null as t, y from flights where t > :since"}, {}, "3 of 3 rows have no 't'", FAILED),
        ({"url": "nonsense-canary"}, {}, "is no SQLAlchemy URL", USAGE),
        ({"url": "foo://me:canary@host/base"}, {}, "foo://me:***@host/base: no connection", OUTSIDE),
        ({"url": "sqlite:////nowhere/x.db"}, {}, "there is no database file /nowhere/x.db", OUTSIDE),
        ({"url": "mysql+nodriver://me:canary@host/base"}, {}, "mysql+nodriver://me:***@host/base", OUTSIDE),
        ({"url": "oracle+cx_oracle://me:canary@host/base"}, {}, "Run: pip install cx_Oracle", OUTSIDE),
    ],
)
def test_mistakes_are_one_line_with_the_cure(
    base: Path, source: dict[str, Any], data: dict[str, Any], says: str, code: int
) -> None:
    line, exit_code = refused(settings(base, **source), table(**data))
    assert says in line and exit_code == code and line.endswith((".", "cx_Oracle"))
    assert "canary" not in line


def test_a_password_in_what_the_driver_says_is_hidden(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlalchemy

    def failing(*_: Any) -> None:
        raise sqlalchemy.exc.OperationalError(
            "select", {}, Exception("login of me with p@ss canary, p%40ss+canary failed")
        )

    monkeypatch.setattr(sqlalchemy, "create_engine", failing)
    line, code = refused(settings(base, url="postgresql://me:p%40ss%20canary@host/base?sslkey=canary"), table())
    assert line.startswith("postgresql://me:***@host/base: no connection. ") and code == OUTSIDE
    assert "canary" not in line


def test_a_database_that_is_not_there_is_not_made(base: Path) -> None:
    missing = base.with_name("other.db")
    refused(settings(missing), table())
    assert not missing.exists()


def test_what_a_query_writes_is_not_kept(base: Path) -> None:
    refused(settings(base, query="delete from flights where t > :since"), table())
    assert newer(settings(base), table(), None) is not None
