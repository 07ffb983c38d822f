"""The rows of an SQL query that are newer than what we have, as one batch of canonical Parquet."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus
from zoneinfo import ZoneInfo

from scripts.core.errors import OUTSIDE, USAGE, Mistake
from scripts.core.settings.data_params import Data, Sql
from scripts.edges.batches.batch import Batch, told

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from sqlalchemy import URL

BEGINNING = datetime(1900, 1, 1)  # :since of the first time; some databases know no year before 1753


def newer(source: Sql, data: Data, newest: datetime | None) -> Batch | None:
    """The rows after newest (wall clock in data.timezone), named by their newest; None if there are none."""
    if data.time is None or ":since" not in source.query:
        raise Mistake(
            "params.yaml: data.source.query: must use :since, and data.time must name a column of it;"
            " otherwise every run would bring every row again. Add what is missing.",
            code=USAGE,
        )
    table = _ask(source, _bound(newest or _start(source), data))
    times = _times(table, data, data.time)
    # The query may look further back than :since, or compare stamps as text: what we have is left out here.
    fresh = times.notna() if newest is None else times > newest
    if not fresh.any():
        return None
    table = table.set_column(table.column_names.index(data.time), data.time, [times.to_numpy()])
    name = times[fresh].max().isoformat().replace(":", "-")
    return Batch(f"{name}.parquet", _canonical(table.filter(fresh.to_numpy()), data.time))


def _start(source: Sql) -> datetime:
    try:
        return BEGINNING if source.since is None else datetime.fromisoformat(source.since)
    except ValueError:
        raise Mistake(
            f"params.yaml: data.source.since: {source.since!r} is no time. Write it like 2013-01-31T05:15.",
            code=USAGE,
        ) from None


def _bound(since: datetime, data: Data) -> datetime:
    """With a zone, an instant; without one, the wall clock that the table holds."""
    if data.timezone is None or since.tzinfo is not None:
        return since
    return since.replace(tzinfo=ZoneInfo(data.timezone)).astimezone(UTC)


def _ask(source: Sql, since: datetime) -> "pa.Table":
    import sqlalchemy

    address = _address(source.url)
    with _telling(address, "no connection. Check data.source.url, and that the database runs"):
        engine = sqlalchemy.create_engine(address)
        connection = engine.connect()
    with connection, _telling(address, "refuses data.source.query. Correct it"):
        result = connection.execute(sqlalchemy.text(source.query), {"since": since})
        names, rows = list(result.keys()), result.fetchall()
    engine.dispose()
    return _table(names, rows)


def _address(url: str) -> "URL":
    import sqlalchemy

    try:
        address = sqlalchemy.make_url(url)
    except sqlalchemy.exc.ArgumentError:  # its text may be secret, so it is not shown
        raise Mistake(
            "params.yaml: data.source.url: is no SQLAlchemy URL. Write dialect://user:password@host/database.",
            code=USAGE,
        ) from None
    path = address.database or ":memory:"
    if address.get_backend_name() == "sqlite" and not path.startswith((":", "file:")) and not Path(path).is_file():
        raise Mistake(
            f"params.yaml: data.source.url: there is no database file {path}. Correct the path.", code=OUTSIDE
        )
    return address


@contextmanager
def _telling(address: "URL", trouble: str) -> Iterator[None]:
    """Errors as one line that holds neither the password nor the rows."""
    try:
        yield
    except ImportError as error:
        raise Mistake(f"{_shown(address)}: needs a driver. Run: pip install {error.name}", code=OUTSIDE) from None
    except Exception as error:  # drivers raise errors of their own
        why = told(getattr(error, "orig", None) or error)
        secret = str(address.password or "")
        for form in filter(None, {secret, quote(secret), quote_plus(secret)}):
            why = why.replace(form, "***")
        raise Mistake(f"{_shown(address)}: {trouble} ({why}).", code=OUTSIDE) from None


def _shown(address: "URL") -> str:
    return address.set(query={}).render_as_string(hide_password=True)


def _table(names: list[str], rows: Sequence[Any]) -> "pa.Table":
    import pyarrow as pa

    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Mistake(f"data.source.query: has two columns named {twice[0]!r}. Name one of them otherwise.")
    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    return pa.table({name: _column(name, list(values)) for name, values in zip(names, columns, strict=True)})


def _column(name: str, values: list[Any]) -> "pa.Array":
    import pyarrow as pa

    try:
        column = pa.array(values)
    except (pa.ArrowException, OverflowError) as error:
        raise Mistake(
            f"data.source.query: column {name!r} is of mixed or unknown types ({told(error)}). Cast it in the query."
        ) from None
    return column.cast(pa.float64()) if pa.types.is_decimal(column.type) else column


def _times(table: "pa.Table", data: Data, time: str) -> "pd.Series[pd.Timestamp]":
    """The stamps as every stage will read them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from scripts.core.tables.table import read

    if time not in table.column_names:
        raise Mistake(f"data.source.query: has no column {time!r}, which data.time names. Add it.", code=USAGE)
    stamps = table[time].cast(pa.string()) if pa.types.is_null(table[time].type) else table[time]
    sink = BytesIO()
    pq.write_table(pa.table({time: stamps}), sink)
    times = read({"query.parquet": BytesIO(sink.getvalue())}, data, [time])[time]
    if times.isna().any():
        count = f"{times.isna().sum()} of {len(times)} rows"
        raise Mistake(f"data.source.query: {count} have no {time!r}, so they would come again. Leave them out.")
    return times


def _canonical(table: "pa.Table", time: str) -> bytes:
    """Equal rows give equal bytes, in whatever order the database returned them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    flat = [
        field.name for field in table.schema if not (pa.types.is_nested(field.type) or pa.types.is_null(field.type))
    ]
    order = [time, *(name for name in flat if name != time)]
    sink = BytesIO()
    pq.write_table(table.sort_by([(name, "ascending") for name in order]), sink, compression="zstd")
    return sink.getvalue()
