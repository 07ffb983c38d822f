import json
from pathlib import Path

import pandas as pd
import pytest

from scripts.core import paths
from scripts.stages import validate
from tests.core.small_table import frame

PARAMS = """
data:
  name: small
  task: binary
  target: y
  id: id
  time: at
  holdout: 1D
  source: {kind: replay}
  columns:
    city: {kind: category}
    temp: {kind: number, min: -50, max: 60}
    wind: {kind: number}
validate: {min_rows: 100}
drift: {sample: 10000}
train: {estimator: sklearn.linear_model.LogisticRegression}
compute: {}
gate: {metric: log_loss}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    paths.DATA.mkdir()
    paths.PARAMS.write_text(PARAMS, "utf-8")
    return tmp_path


def put(name: str, table: pd.DataFrame) -> None:
    if name.endswith(".csv"):
        table.to_csv(paths.DATA / name, index=False)
    else:
        table.to_parquet(paths.DATA / name, index=False)


def report() -> dict[str, object]:
    return json.loads(paths.VALIDATION.read_text("utf-8"))  # type: ignore[no-any-return]


def test_sound_data_pass_with_one_line(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put("2024-01.csv", frame())
    put("2024-02.parquet", frame(seed=1).assign(extra=1))
    assert validate.main() == 0
    made = report()
    out, err = capsys.readouterr()
    assert out == f"validate: 400 rows in 2 batches, {made['checks'] - 1} checks passed, 1 warning\n"  # type: ignore[operator]
    assert err == ""


def test_the_report_says_what_was_found(project: Path) -> None:
    put("a.csv", frame())
    put("b.csv", frame(seed=1).assign(temp=100.0))
    assert validate.main() == 1
    made = report()
    assert list(made) == ["passed", "rows", "checks", "batches", "failures", "warnings"]
    assert (made["passed"], made["rows"]) == (False, 400)
    assert made["batches"] == [
        {"name": name, "rows": 200, "labelled": 200, "from": "2024-01-01T00:00:00", "to": "2024-01-09T07:00:00"}
        for name in ("a.csv", "b.csv")
    ]
    assert made["failures"] == [
        {
            "batch": "b.csv",
            "column": "temp",
            "rule": "max",
            "level": "fail",
            "count": 200,
            "share": 1.0,
            "limit": 60.0,
            "examples": [f"row {row}: 100" for row in range(1, 6)],
            "message": "data/b.csv: column 'temp' is above 60 in 200 of 200 rows (rows 1, 2, 3, 4, 5, ...: "
            "100, 100, 100, 100, 100). Fix the source, or change data.columns.temp.max.",
        }
    ]
    assert [found["rule"] for found in made["warnings"]] == ["constant"]  # type: ignore[attr-defined]


def test_the_same_data_make_the_same_report(project: Path) -> None:
    put("b.csv", frame().assign(temp="x"))
    put("a.parquet", frame())
    validate.main()
    first = paths.VALIDATION.read_bytes()
    validate.main()
    assert paths.VALIDATION.read_bytes() == first


def test_many_failures_are_counted_after_the_first_twenty(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(25):
        put(f"{number:02}.csv", frame(50, seed=number))
    assert validate.main() == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 21
    assert lines[0].startswith("data/00.csv: has 50 rows, fewer than 100. ")
    assert lines[20] == "and 5 more: see reports/validation.json"
    assert len(report()["failures"]) == 25  # type: ignore[arg-type]


@pytest.mark.parametrize("remove", [True, False])
def test_no_batch_at_all_fails(project: Path, capsys: pytest.CaptureFixture[str], remove: bool) -> None:
    if remove:
        paths.DATA.rmdir()
    else:
        (paths.DATA / ".gitignore").write_text("", "utf-8")
    assert validate.main() == 1
    assert capsys.readouterr().err == (
        "data/: holds no batch. Run `python -m scripts.ingest`, or put a CSV or Parquet file there.\n"
    )
    assert report()["failures"]


@pytest.mark.parametrize("name", ["a\nb.csv", "<b>.csv", "@everyone.csv", "$(id).csv", "`x`.csv", "a\udcff.csv"])
def test_a_name_that_could_be_taken_for_something_else_is_refused(
    project: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    put(name, frame())
    assert validate.main() == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "Rename it" in line


def test_what_can_not_be_opened_is_named(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put("a.csv", frame())
    (paths.DATA / "b.csv").symlink_to("nowhere")
    (paths.DATA / "c.csv").mkdir()
    (paths.DATA / "notes.txt").write_text("", "utf-8")
    assert validate.main() == 1
    first, second, third = capsys.readouterr().err.splitlines()
    assert first.startswith("data/b.csv: can't be opened (No such file or directory). ")
    assert second.startswith("data/c.csv: can't be opened (Is a directory). ")
    assert third == "data/notes.txt: is no .csv and no .parquet file. Move it elsewhere."


def test_a_mistake_in_params_leaves_no_report(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put("a.csv", frame())
    paths.PARAMS.write_text(PARAMS.replace("task: binary", "task: binray"), "utf-8")
    assert validate.main() == 2
    assert "params.yaml:4: data.task must be one of" in capsys.readouterr().err
    assert not paths.VALIDATION.exists()
