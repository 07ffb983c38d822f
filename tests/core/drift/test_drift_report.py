import base64
import hashlib
import json
import os
import re
import subprocess
import sys
from dataclasses import asdict
from functools import cache
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd
import pytest

from scripts.core.drift import drift, drift_report
from scripts.core.params import Drift

HOSTILE = '</script><script>document.title="HACKED"</script>'
IMAGE = "<img src=x onerror=alert(1)>"


def sides(rows: int = 200, hostile: bool = False) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(0)
    names = [HOSTILE, IMAGE, "per", "@everyone", "=1+1"] if hostile else ["size", "place", "per"]
    places = [HOSTILE, IMAGE, "<b>x</b>", '"};alert(1);//'] if hostile else ["a", "b", "c", "d"]

    def side(move: float) -> pd.DataFrame:
        start = pd.Timestamp("2024-01-01" if move == 0 else "2024-02-01")
        frame = pd.DataFrame({"at": start + pd.to_timedelta(np.arange(rows), unit="h")})
        for name in names:
            frame[name] = rng.normal(move, 1, rows)
        frame[names[1]] = pd.array(rng.choice(places, rows), dtype="str")
        return frame

    return side(0.0), side(1.0)


def kinds(frame: pd.DataFrame) -> dict[str, str]:
    return {name: "number" if frame[name].dtype == float else "category" for name in frame if name != "at"}


def report(then: pd.DataFrame, now: pd.DataFrame) -> dict[str, Any]:
    """drift.json, with made-up figures for what is not about columns."""
    known = kinds(then)
    columns = drift.compare(then, now, known, {name: 1 / len(known) for name in known}, Drift(draws=100))
    why = {name: drift_report.undrawable(then[name], now[name], kind) for name, kind in known.items()}
    plain, weighted = drift.shares(columns)
    return {
        "production": 3,
        "new": {"rows": 500, "labelled": 400, "from": "2024-02-01T00:00:00", "to": "2024-02-09T07:00:00"},
        "sampled": {"reference": len(then), "current": len(now)},
        "columns": [asdict(column) for column in columns],
        "share": plain,
        "weighted_share": weighted,
        "drifted": [column.column for column in columns if column.drifted],
        "prediction": {"method": "psi", "distance": 0.081, "threshold": 0.2, "drifted": False},
        "target": None,
        "performance": {
            "metric": "log_loss",
            "greater_is_better": False,
            "at_release": 0.4,
            "now": 0.5,
            "interval": None,
            "rows": 400,
            "blocks": None,
        },
        "skipped": [{"column": name, "why": f"not drawn: {reason}"} for name, reason in why.items() if reason],
    }


def page(then: pd.DataFrame, now: pd.DataFrame) -> bytes:
    return drift_report.page("toy", report(then, now), then, now, "at" if "at" in then else None)


@cache
def small(hostile: bool = False) -> bytes:
    return page(*sides(hostile=hostile))


def data(content: bytes) -> tuple[Any, Any]:
    block = re.search(
        r"var drift = (.*?);\nvar additional_graphs_drift = (.*?);\n</script>", content.decode(), re.DOTALL
    )
    assert block is not None
    return json.loads(block[1]), json.loads(block[2])


def parts(info: Any, kind: str) -> list[Any]:
    inner = [part for widget in info["widgets"] for part in widget["widgets"]]
    return [widget for widget in [*info["widgets"], *inner] if widget["type"] == kind]


def test_the_page_says_what_drift_json_says() -> None:
    then, now = sides()
    found = {column["column"]: column for column in report(then, now)["columns"]}
    info, graphs = data(small())
    (table,), (tests,) = parts(info, "big_table"), parts(info, "test_suite")
    rows = {row["column_name"]: row for row in table["params"]["data"]}
    states = {test["title"]: test for test in tests["params"]["tests"]}
    assert set(rows) == set(states) == set(found) == {"size", "place", "per"}
    for name, column in found.items():
        assert rows[name]["distance"] == f"{column['distance']:.3f}"
        assert rows[name]["threshold"] == f"{column['threshold']:.3f}"
        assert rows[name]["data_drift"].startswith("Drifted") == column["drifted"]
        assert states[name]["state"] == ("fail" if column["drifted"] else "success")
        assert f"{column['distance']:.3f}" in states[name]["description"]
        assert {part["id"] for part in rows[name]["details"]["parts"]} <= set(graphs)
    assert [rows[name]["data_drift"] for name in ("size", "place", "per")] == ["Drifted", "No", "Drifted"]


def test_evidently_itself_decided_by_our_records() -> None:
    from evidently.legacy.calculations.stattests.registry import get_stattest
    from evidently.legacy.core import ColumnType

    records = {"size": {"distance": 0.123, "drifted": True}}
    drift_report._register(records)
    column = pd.Series([1.0, 2.0], name="size")
    test = get_stattest(column, column, ColumnType.Numerical, drift_report.STAT_TEST)
    result = test(column, column, ColumnType.Numerical, 0.5)
    assert (test.display_name, result.drift_score, result.drifted, result.actual_threshold) == ("PSI", 0.123, True, 0.5)


def test_the_same_report_has_the_same_bytes() -> None:
    again = page(*sides())
    assert small() == again
    assert not re.search(rb"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-", again)  # Evidently's random names


@pytest.mark.flows
def test_another_process_writes_the_same_bytes() -> None:
    """Sets of texts have another order in every process."""
    code = "import hashlib, tests.core.drift.test_drift_report as t; print(hashlib.sha256(t.small()).hexdigest())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONHASHSEED": "1", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split()[-1] == hashlib.sha256(small()).hexdigest()


class Tags(HTMLParser):
    """Counts tags as a browser sees them: a script ends at the first </script>, wherever it stands."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.feed(content.decode())

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.append(tag)


def test_hostile_names_stay_text() -> None:
    hostile = small(hostile=True)
    assert Tags(hostile).seen == Tags(small()).seen
    info, _ = data(hostile)
    assert HOSTILE in {row["column_name"] for row in parts(info, "big_table")[0]["params"]["data"]}


def test_a_browser_may_run_the_scripts_of_the_page_and_no_other() -> None:
    text = small(hostile=True).decode()
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    hashes = {base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts}
    assert hashes == set(re.findall(r"'sha256-([^']+)'", text.split("</head>")[0]))
    assert "<title>toy: drift against production v3</title>" in text


def test_categories_are_drawn_literally_and_few() -> None:
    then, now = (pd.Series([f"<b>{number}</b>" for number in range(size)] + [None], dtype="str") for size in (100, 60))
    before, after = drift_report._few(then, now)
    assert len(set(before)) == drift_report.MOST_CATEGORIES + 1
    assert "(71 others)" in set(before) and not before.str.contains("<").any()
    assert len(before) == 101 and len(after) == 61 and not after.isna().any()


def test_means_over_time_are_drawn_only_where_there_is_time() -> None:
    then, now = sides()
    timed, timeless = (data(page(*pair)) for pair in ((then, now), (then.drop(columns="at"), now.drop(columns="at"))))
    pictures = [
        [[part["title"] for part in row["details"]["parts"]] for row in parts(info, "big_table")[0]["params"]["data"]]
        for info, _ in (timed, timeless)
    ]
    assert pictures[0] == [["DATA DRIFT", "DATA DISTRIBUTION"]] * 2 + [["DATA DISTRIBUTION"]]
    assert pictures[1] == [["DATA DISTRIBUTION"]] * 3
    assert (len(timed[1]), len(timeless[1])) == (5, 3)


ODD = {
    "all missing": np.full(50, np.nan),
    "infinite": np.r_[np.inf, np.ones(49)],
    "overflowing": np.r_[-1e300, 1e300, np.ones(48)],
    "huge constant": np.full(50, 1e17),
    "too close": 1e17 + np.arange(50.0) * 16,
    "text": np.array(["a"] * 50, dtype=object),
    "bool": np.array([True, False] * 25),
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("swapped", [False, True])
def test_what_evidently_cannot_draw_is_named_and_left_out(name: str, swapped: bool) -> None:
    odd, fine = pd.Series(ODD[name], name="x"), pd.Series(np.arange(50.0), name="x")
    pair = (fine, odd) if swapped else (odd, fine)
    if name in ("too close", "huge constant"):
        pair = (odd, odd)
    assert drift_report.undrawable(*pair, "number")


def test_columns_that_are_left_out_stand_in_a_list() -> None:
    then, now = sides()
    now["size"] = np.nan
    then["wide"], now["wide"] = 1e300, -1e300
    info, _ = data(page(then, now))
    rows = {row["column_name"] for row in parts(info, "big_table")[0]["params"]["data"]}
    left = dict(parts(info, "table")[0]["params"]["data"])
    assert rows == {"place", "per"}
    assert left == {
        "size": "not drawn: no value in the new rows",
        "wide": "not drawn: infinite or huge values in the training sample",
    }


FINE = {
    "constant": np.ones(40),
    "one value, else missing": np.r_[1.0, np.full(39, np.nan)],
    "tiny": np.arange(40) * 1e-300,
    "large": np.arange(40) * 1e140,
    "two values": np.repeat([0.0, 1.0], 20),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", FINE)
def test_columns_that_look_odd_and_can_be_drawn_are_drawn(name: str) -> None:
    frame = pd.DataFrame({"x": FINE[name]})
    assert parts(data(page(frame, frame))[0], "big_table")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("rows", [1, 2])
def test_very_few_rows_are_drawn(rows: int) -> None:
    then, now = sides(rows=rows)
    assert parts(data(page(then, now))[0], "big_table")


def test_a_page_without_any_column_to_draw_still_says_why() -> None:
    frame = pd.DataFrame({"x": np.full(5, np.nan)})
    info, _ = data(page(frame, frame))
    assert not parts(info, "big_table") and parts(info, "table")


def test_a_wide_table_is_drawn_in_part_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift_report, "MOST_COLUMNS", 2)
    info, _ = data(page(*sides()))
    assert {row["column_name"] for row in parts(info, "big_table")[0]["params"]["data"]} == {"size", "per"}
    assert parts(info, "table")[0]["params"]["data"][0][0] == "1 more columns"
