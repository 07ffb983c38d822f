"""Bad tables through the real stage: a defined exit code, one line for each, no traceback, nothing else changed."""

import os
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

from tests.core.small_table import frame

ROOT = Path(__file__).parents[1]
PARAMS = """
data:
  name: small
  task: {task}
  target: y
  id: id
  time: at
  holdout: 1D
  source: {{kind: replay}}
  columns:
    city: {{kind: category, categories: [a, b, c]}}
    temp: {{kind: number, min: -50, max: 60, max_missing: 0.1}}
    wind: {{kind: number}}
validate: {{min_rows: 100}}
drift: {{sample: 10000}}
train: {{estimator: sklearn.linear_model.LogisticRegression}}
compute: {{}}
gate: {{metric: {metric}}}
"""
Batches = dict[str, tuple[bytes, list[str]]]  # content, and what is said of it after `data/<name>: `


def csv(table: pd.DataFrame, **how: Any) -> bytes:
    return table.to_csv(index=False, **how).encode()


def parquet(table: pd.DataFrame | pa.Table) -> bytes:
    out = BytesIO()
    pa.parquet.write_table(table if isinstance(table, pa.Table) else pa.Table.from_pandas(table), out)
    return out.getvalue()


def changed(seed: int, column: str, values: dict[int, Any]) -> pd.DataFrame:
    table = frame(seed=seed).astype({column: object})
    for row, value in values.items():
        table.loc[row, column] = value
    return table


def lines(seed: int, change: Callable[[list[str]], object]) -> bytes:
    rows = csv(frame(seed=seed)).decode().splitlines()
    change(rows)
    return "\n".join(rows).encode()


def a_longer_and_a_shorter_one(rows: list[str]) -> None:
    rows[5] += ",9"
    rows[9] = rows[9].rsplit(",", 1)[0]


def an_open_quote(rows: list[str]) -> None:
    rows[5] = '"' + rows[5]


def unreadable() -> Batches:
    twice = frame(seed=4).assign(other=1.0)
    return {
        "bom.csv": (b"\xef\xbb\xbf" + csv(frame(seed=1)), []),
        "cut.parquet": (parquet(frame())[:1000], ["can't be read as Parquet (Parquet magic bytes not found"]),
        "duplicate.csv": (csv(twice).replace(b"other", b"temp", 1), ["has more than one column 'temp'."]),
        "duplicate.parquet": (
            parquet(pa.Table.from_pandas(frame(seed=5)).append_column("temp", pa.array(np.zeros(200)))),
            ["has more than one column 'temp'."],
        ),
        "empty.csv": (b"", ["is empty."]),
        "empty.parquet": (b"", ["is empty."]),
        "few.csv": (csv(frame(12, seed=6)), ["has 12 rows, fewer than 100."]),
        "header.csv": (csv(frame(0)), ["has a header and no rows."]),
        "header.parquet": (parquet(frame(0)), ["has a header and no rows."]),
        "html.csv": (b"<html><body>404</body></html>", ["has none of the 6 columns of params.yaml, but '<html>"]),
        "latin.csv": (
            lines(7, lambda rows: rows.append("é")).replace("é".encode(), b"\xe9"),
            ["line 202 is not UTF-8"],
        ),
        "other.csv": (csv(frame().rename(columns=lambda name: f"x{name}")), ["has none of the 6 columns"]),
        "quote.csv": (lines(8, an_open_quote), ["a quote is opened in row 5 and never closed."]),
        "ragged.csv": (
            lines(9, a_longer_and_a_shorter_one),
            ["2 of 200 rows have other fields than the 6 of the header (row 5: 7, row 9: 5)."],
        ),
        "semicolon.csv": (csv(frame(), sep=";"), ["line 1 separates columns by ';', not by ','."]),
        "tab.csv": (csv(frame(), sep="\t"), ["line 1 separates columns by '\\t', not by ','."]),
        "utf16.csv": (csv(frame()).decode().encode("utf-16"), ["is UTF-16, not UTF-8."]),
    }


def columns() -> Batches:
    every = "200 of 200 rows (rows 1, 2, 3, 4, 5, ...: "
    hostile = "a\n\x1b[2J::set-env name=x::##[error]<!channel>" + "x" * 1000
    return {
        "bool.csv": (csv(frame(seed=1).assign(temp=True)), [f"column 'temp' has text in {every}'True'"]),
        "bool.parquet": (
            parquet(frame(seed=2).assign(temp=True)),
            [f"column 'temp' has true and false where numbers belong in {every}True"],
        ),
        "constant.csv": (csv(frame(seed=3).assign(temp=20)), []),
        "datetime.csv": (
            csv(frame(seed=4).assign(temp=lambda f: f["at"])),
            [f"column 'temp' has text in {every}'2024-01-01 00:00:00'"],
        ),
        "datetime.parquet": (
            parquet(frame(seed=5).assign(temp=lambda f: f["at"])),
            [f"column 'temp' has time stamps where numbers belong in {every}'2024-01-01 00:00:00'"],
        ),
        "empty.csv": (
            csv(frame(seed=6).assign(temp=np.nan, wind=np.nan)),
            ["column 'temp' is missing in 200 of 200 rows (100%, limit 10%; rows 1,"],
        ),
        "extra.csv": (csv(frame(seed=7).assign(other=1)), []),
        "half.csv": (
            csv(changed(8, "temp", dict.fromkeys(range(100)))),
            ["column 'temp' is missing in 100 of 200 rows (50%, limit 10%; rows 1,"],
        ),
        "infinite.parquet": (
            parquet(frame(seed=9).assign(temp=lambda f: f["temp"].where(f.index != 3, -np.inf))),
            ["column 'temp' is infinite in 1 of 200 rows (row 4: -inf)."],
        ),
        "missing.csv": (csv(frame(seed=10).drop(columns="temp")), ["has no column 'temp'."]),
        "range.csv": (
            csv(changed(11, "temp", {3: -300, 5: 99.5})),
            [
                "column 'temp' is below -50 in 1 of 200 rows (row 4: -300).",
                "column 'temp' is above 60 in 1 of 200 rows (row 6: 99.5).",
            ],
        ),
        "text.csv": (
            csv(changed(12, "temp", {11: "n/a", 39: "n/a", 40: "--"})),
            ["column 'temp' has text in 3 of 200 rows (rows 12, 40, 41: 'n/a', 'n/a', '--')."],
        ),
        "text.parquet": (
            parquet(changed(13, "temp", {7: "warm"}).astype({"temp": "str"})),
            ["column 'temp' has text in 1 of 200 rows (row 8: 'warm')."],
        ),
        "unseen.csv": (
            csv(changed(14, "city", {7: hostile})),
            [
                "column 'city' has categories that are not listed in 1 of 200 rows "
                "(row 8: 'a\\n\\x1b[2J::set-env name=x::#\\#[error...')."
            ],
        ),
    }


def rows() -> Batches:
    zoned = frame(seed=7)["at"].astype(str) + "+02:00"
    one = changed(4, "y", dict.fromkeys(range(200), 1))
    return {
        "duplicates.csv": (
            csv(pd.concat([frame(seed=1)[:100]] * 2)),
            ["repeats rows of data/duplicates.csv in 100 of 200 rows (50%, limit 1%; rows 101,"],
        ),
        "future.csv": (
            csv(changed(2, "at", {9: "2999-01-01 00:00:00"})),
            ["column 'at' is in the future in 1 of 200 rows (row 10: '2999-01-01 00:00:00')."],
        ),
        "ids.csv": (
            csv(changed(3, "id", {9: "3-0"})),
            ["column 'id' repeats ids of data/ids.csv in 1 of 200 rows (row 10: 'ids.csv row 1')."],
        ),
        "labels_one.csv": (csv(one), ["column 'y' has one label only, '1'."]),
        "labels_rare.csv": (
            csv(changed(5, "y", dict.fromkeys(range(199), 0) | {199: 1})),
            ["column 'y' is '0' in 199 of 200 labelled rows (99.5%, limit 99%)."],
        ),
        "stamps.csv": (
            csv(changed(6, "at", {9: "31/12/2024", 11: ""})),
            [
                "column 'at' is no time stamp in 1 of 200 rows (row 10: '31/12/2024').",
                "column 'at' is missing in 1 of 200 rows (0.5%, limit 0%; row 12).",
            ],
        ),
        "target_absent.csv": (csv(frame(seed=8).drop(columns="y")), ["has no column 'y'."]),
        "target_empty.csv": (
            csv(frame(seed=9).assign(y=np.nan)),
            ["column 'y' has no label in 200 of 200 rows (100%, limit 10%; rows 1,"],
        ),
        "ten_times.parquet": (parquet(frame(2000, seed=10)), []),
        "zones_all.csv": (
            csv(frame(seed=7).assign(at=zoned)),
            ["column 'at' has time stamps with an offset in 200 of 200 rows"],
        ),
        "zones_mixed.csv": (
            csv(changed(11, "at", {9: "2024-01-01 00:00:00+02:00"})),
            ["column 'at' mixes time stamps without an offset and with one in 1 of 200 rows (row 10:"],
        ),
    }


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "scripts.stages.validate"]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=120)


def project(folder: Path, batches: dict[str, bytes], params: str | None = None) -> dict[str, str]:
    """Writes it, and says what it consists of."""
    (folder / "params.yaml").write_text(params or PARAMS.format(task="binary", metric="log_loss"), "utf-8")
    (folder / "data").mkdir()
    for name, content in batches.items():
        (folder / "data" / name).write_bytes(content)
    return state(folder)


def state(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "validation.json")
    return {path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize("group", [unreadable, columns, rows])
def test_each_bad_batch_is_named_with_its_cure(group: Callable[[], Batches], tmp_path: Path) -> None:
    batches = group()
    before = project(tmp_path, {name: content for name, (content, _) in batches.items()})
    ended = run(tmp_path)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert state(tmp_path) == before
    said = ended.stderr.splitlines()
    for name, (_, expected) in batches.items():
        found = [line.removeprefix(f"data/{name}: ") for line in said if line.startswith(f"data/{name}: ")]
        assert len(found) == len(expected), found
        for line, beginning in zip(found, expected, strict=True):
            assert line.startswith(beginning)
            assert line.endswith((".", "?")) and len(line) > len(beginning) + 10  # the cure
    assert len(said) == sum(len(expected) for _, expected in batches.values())


@pytest.mark.parametrize(
    ("params", "batches", "code", "beginning"),
    [
        (None, {}, 1, "data/: holds no batch. Run `python -m scripts.ingest`"),
        (
            PARAMS.format(task="multiclass", metric="log_loss"),
            {"a.csv": csv(frame(203).assign(y=["a", "b"] * 100 + ["c"] * 3))},
            0,
            "validate: 203 rows in 1 batch, 34 checks passed, 1 warning",
        ),
        (
            PARAMS.format(task="regression", metric="r2"),
            {"a.csv": csv(frame().assign(y="x"))},
            1,
            "data/a.csv: column 'y' has text in 200 of 200 rows",
        ),
    ],
)
def test_a_bad_table(params: str | None, batches: dict[str, bytes], code: int, beginning: str, tmp_path: Path) -> None:
    before = project(tmp_path, batches, params)
    ended = run(tmp_path)
    assert ended.returncode == code
    assert (ended.stdout + ended.stderr).startswith(beginning)
    assert "Traceback" not in ended.stderr
    assert state(tmp_path) == before


def test_a_thousand_columns(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(1000)]
    listed = "".join(f"    {name}: {{kind: number, min: -9, max: 9}}\n" for name in names)
    params = PARAMS.format(task="binary", metric="log_loss").replace("validate:", f"{listed}validate:")
    wide = pd.DataFrame(np.random.default_rng(0).normal(size=(200, 1000)), columns=names)
    project(tmp_path, {"a.parquet": parquet(pd.concat([frame(), wide], axis=1)), "b.csv": csv(frame(seed=1))}, params)
    ended = run(tmp_path)
    said = ended.stderr.splitlines()
    assert ended.returncode == 1
    assert len(said) == 21
    assert said[0].startswith("data/b.csv: has no column 'c0'. ")
    assert said[20] == "and 980 more: see reports/validation.json"
