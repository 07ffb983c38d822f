import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from scripts.core import bundle, declaration, errors, paths
from scripts.core.plots import plots
from scripts.core.training import model as models
from scripts.stages import drift, train

PARAMS = """
data:
  name: toy
  task: binary
  target: late
  positive: 1
  id: key
  time: at
  holdout: 7D
  source: {kind: replay}
  columns:
    x: {kind: number}
    z: {kind: number, required: false}
    place: {kind: category}
validate: {}
drift: {html: false, draws: 200}
train:
  estimator: sklearn.ensemble.HistGradientBoostingClassifier
  parameters: {max_iter: 5, min_samples_leaf: 10}
  reference: 500
  threads: 1
compute: {}
gate:
  metric: log_loss
  block: 1D
  resamples: 1000
"""
KEYS = [
    "production", "new", "sampled", "columns", "share", "weighted_share", "drifted", "prediction", "target",
    "performance", "skipped",
]  # fmt: skip


def batch(month: int, move: float = 0.0, rows_a_day: int = 30) -> pd.DataFrame:
    rng = np.random.default_rng(month)
    count = 28 * rows_a_day
    x, place = rng.normal(move, 1, count), rng.choice(["a", "b", "c"], count)
    return pd.DataFrame(
        {
            "key": [f"{month}-{row}" for row in range(count)],
            "at": pd.Timestamp(2024, month, 1)
            + pd.to_timedelta(np.arange(count) * (24 * 60 // rows_a_day), unit="min"),
            "x": x,
            "z": rng.normal(size=count),
            "place": place,
            "late": (rng.random(count) < 1 / (1 + np.exp(-2 * x))).astype(int),
        }
    )


def put(name: str, frame: pd.DataFrame) -> None:
    frame.to_parquet(paths.DATA / name)


def change(old: str, new: str) -> None:
    text = paths.PARAMS.read_text()
    assert old in text
    paths.PARAMS.write_text(text.replace(old, new))


def start(root: Path, text: str) -> None:
    for folder in (paths.DATA, paths.PRODUCTION.parent):
        (root / folder).mkdir(parents=True)
    (root / paths.PARAMS).write_text(text)
    (root / paths.PRODUCTION).write_bytes(b"")
    (root / paths.DECLARATION).write_text(declaration.render(declaration.none()))


def promote() -> None:
    content = paths.CANDIDATE.read_bytes()
    paths.PRODUCTION.write_bytes(content)
    declared = declaration.Declaration(version=1, bundle=bundle.digest(content))
    paths.DECLARATION.write_text(declaration.render(declared))


def report() -> dict[str, Any]:
    shutil.rmtree(paths.REPORTS, ignore_errors=True)
    assert drift.main() == 0
    assert (paths.PLOTS / "drift.png").read_bytes().startswith(b"\x89PNG")
    assert paths.DRIFT_HTML.read_bytes().startswith(b"<!DOCTYPE html>")
    found: dict[str, Any] = json.loads(paths.DRIFT.read_text())
    assert list(found) == KEYS
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project whose production knows January."""
    root = tmp_path_factory.mktemp("made")
    start(root, PARAMS)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setenv("OMP_NUM_THREADS", "1")
        put("2024-01.parquet", batch(1))
        assert train.main() == 0
        promote()
    yield root


@pytest.fixture
def project(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(made, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


@pytest.fixture
def unpainted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plots, "drift", lambda report: b"\x89PNG")


def test_without_production_there_is_nothing_to_compare_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    start(tmp_path, PARAMS)
    monkeypatch.chdir(tmp_path)
    (paths.DATA / "broken.parquet").write_bytes(b"nobody reads this")
    paths.PRODUCTION.unlink()
    found = report()
    assert found == drift.NOTHING
    assert "no production model yet" in paths.DRIFT_HTML.read_text()
    assert capsys.readouterr().out == "drift: nothing to compare: production v0, 0 new rows\n"


@pytest.mark.usefixtures("project", "unpainted")
def test_without_new_rows_nothing_is_measured() -> None:
    found = report()
    assert found["production"] == 1
    assert found["new"] == {"rows": 0, "labelled": 0, "from": None, "to": None}
    assert found["columns"] == [] and found["weighted_share"] is None and found["performance"] is None
    assert "No row is newer" in paths.DRIFT_HTML.read_text()


@pytest.mark.usefixtures("project")
def test_a_month_like_the_others_does_not_drift(capsys: pytest.CaptureFixture[str]) -> None:
    put("2024-02.parquet", batch(2))
    found = report()
    assert found["new"] == {
        "rows": 840, "labelled": 840, "from": "2024-02-01T00:00:00", "to": "2024-02-28T23:12:00",
    }  # fmt: skip
    assert found["sampled"] == {"reference": 500, "current": 840, "judged": 210}
    assert [column["column"] for column in found["columns"]] == ["x", "z", "place"]
    assert found["drifted"] == [] and found["share"] == found["weighted_share"] == 0
    assert not found["prediction"]["drifted"] and not found["target"]["drifted"]
    score = found["performance"]
    assert score["interval"][0] < score["now"] < score["interval"][1]
    assert (score["metric"], score["rows"], score["blocks"]) == ("log_loss", 840, 28)
    assert score["at_release"] == pytest.approx(score["now"], abs=0.1)
    assert found["skipped"] == []
    assert capsys.readouterr().out.startswith("drift: 0 of 3 columns drifted, weighted 0.00; log_loss 0.")


@pytest.mark.usefixtures("project", "unpainted")
def test_a_month_that_moved_drifts_in_what_moved() -> None:
    put("2024-02.parquet", batch(2, move=2.0))
    found = report()
    assert found["drifted"] == ["x"]
    manifest = bundle.unpack(paths.PRODUCTION.read_bytes(), None).manifest
    assert found["weighted_share"] == pytest.approx(manifest["importance"]["x"], rel=1e-6)
    assert found["prediction"]["drifted"] and found["target"]["drifted"]


@pytest.mark.usefixtures("project", "unpainted")
def test_rows_without_a_label_are_compared_and_not_scored() -> None:
    put("2024-02.parquet", batch(2).assign(late=np.nan))
    found = report()
    assert (found["new"]["rows"], found["new"]["labelled"]) == (840, 0)
    assert len(found["columns"]) == 3 and found["prediction"] is not None
    assert found["performance"] is None and found["target"] is None and found["skipped"] == []


@pytest.mark.usefixtures("project", "unpainted")
def test_a_column_that_is_gone_is_missing_in_all_rows_and_has_drifted() -> None:
    put("2024-02.parquet", batch(2).drop(columns="z"))
    found = report()
    column = next(column for column in found["columns"] if column["column"] == "z")
    assert column["missing_now"] == 1 and column["missing_drifted"] and column["drifted"]
    assert found["skipped"] == [{"column": "z", "why": "not drawn: no value in the new rows"}]


@pytest.mark.usefixtures("project", "unpainted")
def test_columns_that_only_one_side_knows_are_named() -> None:
    put("2024-02.parquet", batch(2).assign(fresh=1.0, place=1.0))
    change("place: {kind: category}", "place: {kind: number}\n    fresh: {kind: number}")
    put("2024-01.parquet", batch(1).assign(fresh=1.0, place=1.0))
    found = report()
    assert [column["column"] for column in found["columns"]] == ["x", "z"]
    assert found["prediction"] is None and found["performance"] is None
    why = {entry["column"]: entry["why"] for entry in found["skipped"]}
    assert why["place"] == "not compared: production knows it as a category"
    assert why["fresh"] == "not compared: production was not trained on it"
    assert "'place'" in why["predictions"] and "'place'" in why["performance"]


@pytest.mark.usefixtures("project", "unpainted")
def test_without_the_judged_rows_the_predictions_are_not_compared() -> None:
    put("2024-02.parquet", batch(2))
    (paths.DATA / "2024-01.parquet").unlink()
    found = report()
    assert found["prediction"] is None and found["performance"] is not None
    assert [entry["column"] for entry in found["skipped"]] == ["predictions"]


@pytest.mark.usefixtures("project", "unpainted")
def test_the_same_input_has_the_same_bytes_page_included() -> None:
    change("html: false", "html: true")
    put("2024-02.parquet", batch(2, move=0.5))
    first = [report(), paths.DRIFT.read_bytes(), paths.DRIFT_HTML.read_bytes()]
    second = [report(), paths.DRIFT.read_bytes(), paths.DRIFT_HTML.read_bytes()]
    assert first == second
    assert b"toy: drift against production v1" in first[2]


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("change", ["flip", "cut", "empty"])
def test_an_altered_production_is_refused_before_it_is_parsed(
    change: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    content = paths.PRODUCTION.read_bytes()
    middle = len(content) // 2
    flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    paths.PRODUCTION.write_bytes({"flip": flipped, "cut": content[:-1], "empty": b""}[change])
    monkeypatch.setattr(models, "load", lambda *anything: pytest.fail("parsed what was not checked"))
    put("2024-02.parquet", batch(2))
    assert drift.main() != 0
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "models/production.zip" in said and "declares" in said
    assert not paths.DRIFT.exists()


@pytest.mark.usefixtures("project")
def test_a_production_that_is_not_there_names_the_cure(capsys: pytest.CaptureFixture[str]) -> None:
    paths.PRODUCTION.unlink()
    assert drift.main() == errors.FAILED
    assert (
        capsys.readouterr().err == "models/production.zip: is missing. Bring it back: dvc pull models/production.zip.\n"
    )


@pytest.mark.usefixtures("project")
def test_data_that_cannot_be_read_fail_with_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    (paths.DATA / "2024-02.parquet").write_bytes(b"no table")
    assert drift.main() == errors.FAILED
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and said.startswith("data/2024-02.parquet: can't be read")


TASKS = {
    "multiclass": ("multiclass", "HistGradientBoostingClassifier", "accuracy", lambda x: np.where(x > 0.5, "hi", "lo")),
    "classes that are numbers": ("multiclass", "HistGradientBoostingClassifier", "log_loss", lambda x: (x > 0) + 1),
    "regression": ("regression", "HistGradientBoostingRegressor", "mean_absolute_error", lambda x: 10 * x),
}


@pytest.mark.usefixtures("unpainted")
@pytest.mark.parametrize("name", TASKS)
def test_every_task_without_a_time_column(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task, estimator, metric, label = TASKS[name]
    text = PARAMS.replace("task: binary", f"task: {task}").replace("HistGradientBoostingClassifier", estimator)
    text = text.replace("metric: log_loss\n  block: 1D", f"metric: {metric}").replace("holdout: 7D", "holdout: 0.25")
    for line in ("  time: at\n", "  positive: 1\n", "  id: key\n"):
        text = text.replace(line, "")
    start(tmp_path, text)
    monkeypatch.chdir(tmp_path)
    batch(1).assign(late=lambda f: label(f["x"])).to_csv(paths.DATA / "a.csv")
    assert train.main() == 0
    promote()
    assert report()["new"]["rows"] == 0
    batch(2, move=2.0).assign(late=lambda f: label(f["x"])).to_csv(paths.DATA / "b.csv")
    found = report()
    assert 0.65 * 840 < found["new"]["rows"] < 0.85 * 840
    assert found["drifted"] == ["x"] and found["prediction"]["drifted"] and found["target"]["drifted"]
    assert found["performance"]["metric"] == metric and found["performance"]["blocks"] is None
    assert found["sampled"]["judged"] > 100
