import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from scripts.core import bundle, params, paths, recheck
from scripts.core.tables import rows, table
from scripts.core.training import model as models
from scripts.stages import train
from tests.stages import toy
from tests.stages.toy import FILES, PARAMS, declare, evaluated, promote, start


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("made")
    toy.make(root)
    return root


@pytest.fixture
def project(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(made, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


@pytest.fixture
def unpainted(monkeypatch: pytest.MonkeyPatch) -> None:
    toy.unpaint(monkeypatch)


def test_a_better_candidate_is_promoted_and_everything_is_written(project: Path) -> None:
    found = evaluated()
    assert found["verdict"]["verdict"] == "PROMOTE"
    assert found["verdict"]["reasons"][0].startswith("log_loss better by ")
    assert list(found) == [
        "verdict", "models", "holdout", "metrics", "needed", "guardrails", "limits", "slices", "anchors", "self_tests",
        "method", "predictions",
    ]  # fmt: skip
    assert found["models"]["production"]["version"] == 1
    assert found["models"]["production"]["bundle"] == bundle.digest(paths.PRODUCTION.read_bytes())
    assert found["models"]["candidate"]["bundle"] == bundle.digest(paths.CANDIDATE.read_bytes())
    assert found["holdout"]["rows"] == 300
    assert found["holdout"]["blocks"] == 10
    assert found["holdout"]["from"].startswith("2024-02-19") and found["holdout"]["to"].startswith("2024-02-28")
    assert found["slices"]["compared"] == 6
    assert len(found["self_tests"]) == 4 and all(test["passed"] for test in found["self_tests"])
    assert json.loads(paths.METRICS.read_text()).keys() == found["metrics"].keys() == {
        "log_loss", "roc_auc", "brier_score",
    }  # fmt: skip


@pytest.mark.usefixtures("unpainted")
def test_the_verdict_can_be_checked_from_the_predictions(project: Path) -> None:
    found = evaluated()
    assert found["predictions"]["digest"] == bundle.digest(paths.PREDICTIONS.read_bytes())
    said = pd.read_parquet(paths.PREDICTIONS)
    asked = params.parse(PARAMS)
    everything = pd.concat([pd.read_parquet(file) for file in sorted(paths.DATA.iterdir())])
    newest = everything[everything["at"] >= "2024-02-19"]
    assert said["target"].tolist() == newest["late"].tolist()
    assert said["time"].tolist() == newest["at"].tolist()
    assert said["row"].tolist() == rows.fingerprints(newest, asked.data).tolist()
    assert said["block"].nunique() == 10
    assert said["slice_place"].tolist() == newest["place"].tolist()
    for seat, digest in (("candidate", paths.CANDIDATE), ("production", paths.PRODUCTION)):
        fresh = models.load(bundle.unpack(digest.read_bytes(), None).model)
        assert said[f"{seat}_1"].tolist() == models.predict(fresh, newest, asked.data, [0, 1])[:, 1].tolist()
        for name, metric in (("log_loss", log_loss), ("roc_auc", roc_auc_score)):
            assert found["metrics"][name][seat] == pytest.approx(metric(said["target"], said[f"{seat}_1"]), rel=1e-9)


@pytest.mark.usefixtures("unpainted")
def test_the_verdict_can_be_computed_anew_from_what_is_written(project: Path) -> None:
    found = evaluated()
    assert found["method"]["gate"]["slice_min_rows"] == 50
    assert (found["method"]["classes"], found["method"]["positive"], found["method"]["faults"]) == ([0, 1], 1, [])
    assert recheck.recheck(found, paths.PREDICTIONS.read_bytes()).differences == ()
    paths.CANDIDATE.write_bytes(b"spoiled")
    assert recheck.recheck(evaluated(), paths.PREDICTIONS.read_bytes()).differences == ()


def test_the_same_inputs_make_the_same_bytes(project: Path) -> None:
    evaluated()
    once = {file: file.read_bytes() for file in FILES}
    evaluated()
    assert once == {file: file.read_bytes() for file in FILES}


def test_the_first_model_is_promoted(project: Path) -> None:
    paths.PRODUCTION.write_bytes(b"")
    declare(0, None)
    found = evaluated()
    assert (found["verdict"]["verdict"], found["verdict"]["first"]) == ("PROMOTE", True)
    assert found["models"]["production"] is None
    assert found["metrics"]["log_loss"]["production"] is None
    assert all(test["passed"] for test in found["self_tests"]) and found["self_tests"]
    assert "production_1" not in pd.read_parquet(paths.PREDICTIONS)


@pytest.mark.usefixtures("unpainted")
def test_the_first_model_must_keep_the_limits(project: Path) -> None:
    paths.PRODUCTION.write_bytes(b"")
    declare(0, None)
    paths.PARAMS.write_text(PARAMS.replace("limits: {roc_auc: 0.5}", "limits: {roc_auc: 0.99}"))
    assert evaluated()["verdict"]["verdict"] == "REJECT"


@pytest.mark.usefixtures("unpainted")
def test_a_column_that_is_no_feature_any_more_is_still_there_for_production(project: Path) -> None:
    paths.PARAMS.write_text(PARAMS.replace("z: {kind: number}", "z: {kind: number, feature: false}"))
    found = evaluated()
    assert found["verdict"]["verdict"] == "PROMOTE"


@pytest.mark.usefixtures("unpainted")
def test_only_the_batches_of_the_holdout_are_read_whole(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[tuple[list[str], Any]] = []
    real = table.read

    def watched(files: Any, data: Any, columns: Any = None) -> Any:
        read.append((sorted(files), columns))
        return real(files, data, columns)

    monkeypatch.setattr(table, "read", watched)
    evaluated()
    assert read == [
        (["2024-01.parquet", "2024-02.parquet"], ["at", "late"]),
        (["2024-02.parquet"], None),
    ]


@pytest.mark.usefixtures("unpainted")
def test_csv_batches_are_read_twice_as_well(project: Path) -> None:
    before = evaluated()["metrics"]
    for file in list(paths.DATA.iterdir()):
        pd.read_parquet(file).to_csv(file.with_suffix(".csv"), index=False)
        file.unlink()
    assert evaluated()["metrics"] == before


@pytest.mark.usefixtures("unpainted")
def test_blocks_are_counted_from_midnight(project: Path) -> None:
    paths.PARAMS.write_text(PARAMS.replace("block: 1D", "block: 12h"))
    assert evaluated()["holdout"]["blocks"] == 20
    paths.PARAMS.write_text(PARAMS.replace("block: 1D", "block: 5D"))
    found = evaluated()
    assert found["holdout"]["blocks"] == 2
    assert found["verdict"]["verdict"] == "INVALID"


OTHER = """
data:
  name: toy
  task: {task}
  target: {target}
  id: null
  time: null
  holdout: 0.3
  source: {{kind: replay}}
  columns: {{x: {{kind: number}}, z: {{kind: number}}, place: {{kind: category}}}}
validate: {{}}
drift: {{}}
train:
  estimator: {estimator}
  threads: 1
compute: {{}}
gate:
  metric: {metric}
  metrics: [{others}]
  resamples: 1000
  min_rows: 50
  slices: [place]
  slice_min_rows: 20
"""
MULTICLASS = {
    "task": "multiclass", "target": "kind", "estimator": "sklearn.linear_model.LogisticRegression",
    "metric": "f1_macro", "others": "log_loss, roc_auc_ovr, balanced_accuracy",
}  # fmt: skip
REGRESSION = {
    "task": "regression", "target": "size", "estimator": "sklearn.linear_model.Ridge",
    "metric": "mae", "others": "r2, rmse",
}  # fmt: skip


def flowers(seed: int, rows_: int, kinds: list[str]) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    code = rng.integers(0, len(kinds), rows_)
    x, z = rng.normal(code, 1), rng.normal(0, 1, rows_)
    place = rng.choice(["a", "b"], rows_)
    return pd.DataFrame({"x": x, "z": z, "place": place, "kind": np.array(kinds)[code], "size": x + z + code})


@pytest.mark.parametrize("task", [MULTICLASS, REGRESSION], ids=["multiclass", "regression"])
def test_tables_without_time_of_every_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: dict[str, str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    start(OTHER.format(**task), {"a": flowers(1, 300, ["rose", "iris", "lily"])})
    assert train.main() == 0
    assert evaluated()["verdict"]["verdict"] == "PROMOTE"
    promote()
    flowers(2, 900, ["rose", "iris", "lily", "new"]).to_parquet(paths.DATA / "b.parquet")
    assert train.main() == 0
    found = evaluated()
    assert found["verdict"]["verdict"] in ("PROMOTE", "HOLD", "REJECT")
    assert (found["holdout"]["blocks"], found["holdout"]["from"], found["method"]["block"]) == (None, None, None)
    said = pd.read_parquet(paths.PREDICTIONS)
    if task is MULTICLASS:
        assert said["production_new"].eq(0).all()
        assert said["candidate_new"].gt(0).all()
    assert said.filter(like="candidate").notna().all(axis=None)


def test_a_class_that_only_the_holdout_has_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    frame = flowers(1, 900, ["rose", "iris", "lily"])
    start(OTHER.format(**MULTICLASS), {"a": frame})
    assert train.main() == 0
    data = params.parse(paths.PARAMS.read_text()).data
    side = rows.split(frame, data).holdout
    frame.loc[side & (frame["x"] > 2.5).to_numpy(), "kind"] = "weed"
    frame.to_parquet(paths.DATA / "a.parquet")
    found = evaluated()
    assert found["verdict"]["verdict"] == "PROMOTE"
    said = pd.read_parquet(paths.PREDICTIONS)
    assert said["target"].eq("weed").any()
    assert said["candidate_weed"].eq(0).all()


@pytest.mark.usefixtures("unpainted")
def test_the_predictions_file_is_parquet_without_a_clock(project: Path) -> None:
    evaluated()
    content = paths.PREDICTIONS.read_bytes()
    assert pd.read_parquet(io.BytesIO(content)).columns.tolist()[:4] == ["row", "time", "target", "block"]
