import io
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.metrics import log_loss, roc_auc_score

from scripts.core import bundle, declaration, params, paths, plots, rows, table
from scripts.core import model as models
from scripts.stages import evaluate, train

PARAMS = """
data:
  name: toy
  task: binary
  target: late
  positive: 1
  id: key
  time: at
  holdout: 10D
  source: {kind: replay}
  columns: {x: {kind: number}, z: {kind: number}, place: {kind: category}}
train:
  estimator: sklearn.ensemble.HistGradientBoostingClassifier
  parameters: {max_iter: 15, min_samples_leaf: 10}
  reference: 100
  threads: 1
gate:
  metric: neg_log_loss
  metrics: [roc_auc, brier]
  block: 1D
  resamples: 1000
  guardrails: {roc_auc: {max_worse: 0.02}}
  limits: {roc_auc: 0.5}
  slices: [place, x]
  slice_min_rows: 50
"""
FILES = [paths.METRICS, paths.EVALUATION, paths.PREDICTIONS, *(paths.PLOTS / name for name in plots.FILES)]


def batch(month: int, rows_a_day: int = 30, knowledge: float = 1.0) -> pd.DataFrame:
    rng = np.random.default_rng(month)
    count = 28 * rows_a_day
    start = pd.Timestamp(2024, month, 1)
    minutes = np.sort(np.repeat(np.arange(28), rows_a_day) * 1440 + rng.integers(0, 1440, count))
    at = start + pd.to_timedelta(minutes, unit="min")
    x, z, place = rng.normal(size=count), rng.normal(size=count), rng.choice(["a", "b"], count)
    chance = 1 / (1 + np.exp(-knowledge * (2 * x + (place == "a") + z * (month > 1))))
    key = [f"{month}-{row}" for row in range(count)]
    late = (rng.random(count) < chance).astype(int)
    return pd.DataFrame({"key": key, "at": at, "x": x, "z": z, "place": place, "late": late})


def promote(version: int = 1) -> None:
    content = paths.CANDIDATE.read_bytes()
    paths.PRODUCTION.write_bytes(content)
    declare(version, bundle.digest(content))


def declare(version: int, digest: str | None) -> None:
    declared = declaration.Declaration(version=version, bundle=digest)
    paths.DECLARATION.write_text(declaration.render(declared))


def start(text: str, batches: Mapping[str, pd.DataFrame]) -> None:
    for folder in (paths.DATA, paths.PRODUCTION.parent):
        folder.mkdir()
    paths.PARAMS.write_text(text)
    paths.PRODUCTION.write_bytes(b"")
    declare(0, None)
    for name, frame in batches.items():
        frame.to_parquet(paths.DATA / f"{name}.parquet")


def evaluated() -> dict[str, Any]:
    shutil.rmtree(paths.REPORTS, ignore_errors=True)
    assert evaluate.main() == 0
    assert all(file.is_file() for file in FILES)
    assert sorted(paths.PLOTS.iterdir()) == sorted(file for file in FILES if file.parent == paths.PLOTS)
    found: dict[str, Any] = json.loads(paths.EVALUATION.read_text())
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project with a production of January and a candidate of January and February."""
    root = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setenv("OMP_NUM_THREADS", "1")
        start(PARAMS, {"2024-01": batch(1)})
        assert train.main() == 0
        promote()
        batch(2).to_parquet(paths.DATA / "2024-02.parquet")
        assert train.main() == 0
    yield root


@pytest.fixture
def project(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(made, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


@pytest.fixture
def unpainted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the pictures, which take most of the time."""
    monkeypatch.setattr(plots, "evaluation", lambda *known: dict.fromkeys(plots.FILES, b""))


def test_a_better_candidate_is_promoted_and_everything_is_written(project: Path) -> None:
    found = evaluated()
    assert found["verdict"]["verdict"] == "PROMOTE"
    assert found["verdict"]["reasons"][0].startswith("log_loss better by ")
    assert list(found) == [
        "verdict", "models", "holdout", "metrics", "needed", "guardrails", "limits", "slices", "self_tests", "method",
        "predictions",
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


def test_the_classic_bug_a_champion_compared_with_itself(project: Path) -> None:
    shutil.copy(paths.PRODUCTION, paths.CANDIDATE)
    found = evaluated()
    assert found["verdict"]["verdict"] == "INVALID"
    assert "the same bundle, the same model file, the same predictions on every row" in found["verdict"]["reasons"][0]


@pytest.mark.usefixtures("unpainted")
def test_the_same_model_in_another_bundle_is_still_the_same(project: Path) -> None:
    old = bundle.unpack(paths.PRODUCTION.read_bytes(), None)
    manifest = {**old.manifest, "code": "sha256:other"}
    paths.CANDIDATE.write_bytes(bundle.pack(manifest, old.model, old.reference, bundle.rows_bytes(old.rows)))
    found = evaluated()
    assert found["verdict"]["verdict"] == "INVALID"
    assert "one model: the same model file, the same predictions" in found["verdict"]["reasons"][0]


class Own(BaseEstimator):
    """A type that nobody trusts."""


def repacked(file: Path, **changed: Any) -> bytes:
    old = bundle.unpack(file.read_bytes(), None)
    manifest = {**old.manifest, **changed.get("manifest", {})}
    trained = np.union1d(old.rows, changed.get("rows", np.zeros(0, np.uint64)))
    return bundle.pack(manifest, changed.get("model", old.model), old.reference, bundle.rows_bytes(trained))


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


BROKEN: dict[str, tuple[Any, str]] = {
    "missing": (lambda file: None, "is missing"),
    "empty": (lambda file: b"", "is empty"),
    "cut off": (lambda file: file.read_bytes()[:-100], ""),
    "a flipped bit": (lambda file: flipped(file.read_bytes()), ""),
    "no zip": (lambda file: b"version https://git-lfs", ""),
    "an untrusted type": (lambda file: repacked(file, model=models.dump(Own())), "Own"),
    "not a model": (lambda file: repacked(file, model=b"hello"), ""),
    "another target": (lambda file: repacked(file, manifest={"target": "dear"}), "'dear'"),
    "another task": (lambda file: repacked(file, manifest={"task": "regression"}), "'regression'"),
    "an unknown column": (lambda file: repacked(file, manifest={"features": {"w": "number"}}), "'w'"),
    "a column of another kind": (lambda file: repacked(file, manifest={"features": {"x": "category"}}), "'x'"),
    "labels of another kind": (lambda file: repacked(file, manifest={"classes": ["no", "yes"]}), "'no'"),
    "a bare manifest": (lambda file: repacked(file, manifest={"features": None}), ""),
}


@pytest.mark.usefixtures("unpainted")
@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("seat", ["candidate", "production"])
def test_a_model_that_can_not_be_scored_makes_the_verdict_invalid(project: Path, seat: str, kind: str) -> None:
    file = paths.CANDIDATE if seat == "candidate" else paths.PRODUCTION
    broken, why = BROKEN[kind]
    content = broken(file)
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    if seat == "production" and content and kind not in ("cut off", "a flipped bit", "no zip"):
        declare(1, bundle.digest(content))
    found = evaluated()
    assert found["verdict"]["verdict"] == "INVALID"
    assert f"the {seat} can't be scored: " in found["verdict"]["reasons"][0]
    assert why in found["verdict"]["reasons"][0]
    assert found["metrics"]["log_loss"][seat] is None
    other = "production" if seat == "candidate" else "candidate"
    assert found["metrics"]["log_loss"][other] is not None


@pytest.mark.usefixtures("unpainted")
def test_another_bundle_than_the_declared_one_is_not_even_opened(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(1, "sha256:" + "0" * 64)
    opened: list[int] = []
    real = models.load
    monkeypatch.setattr(models, "load", lambda content, trusted=(): opened.append(1) or real(content, trusted))
    found = evaluated()
    assert found["verdict"]["verdict"] == "INVALID"
    assert "declares" in found["verdict"]["reasons"][0]
    assert len(opened) == 1  # the candidate


@pytest.mark.usefixtures("unpainted")
def test_a_production_that_nobody_declared_is_none_to_compare_with(project: Path) -> None:
    declare(0, None)
    assert evaluated()["verdict"]["verdict"] == "INVALID"


@pytest.mark.parametrize("file", [paths.CANDIDATE, paths.PRODUCTION])
def test_without_a_model_there_are_still_pictures(project: Path, file: Path) -> None:
    file.unlink()
    evaluated()
    assert all((paths.PLOTS / name).stat().st_size > 100 for name in plots.FILES if name.endswith(".png"))


@pytest.mark.usefixtures("unpainted")
def test_a_declared_production_whose_file_is_empty_is_no_first_model(project: Path) -> None:
    paths.PRODUCTION.write_bytes(b"")
    found = evaluated()
    assert (found["verdict"]["verdict"], found["verdict"]["first"]) == ("INVALID", False)


@pytest.mark.usefixtures("unpainted")
def test_a_model_that_answers_nonsense_is_invalid(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "predict", lambda model, frame, data, classes: np.full((len(frame), 2), np.nan))
    found = evaluated()
    assert found["verdict"]["verdict"] == "INVALID"
    assert "the candidate can't be scored: 300 of 300 predictions are not finite" in found["verdict"]["reasons"]


def trained_on(file: Path, count: int) -> bytes:
    """The bundle as if its model had seen some hold-out rows."""
    february = pd.read_parquet(paths.DATA / "2024-02.parquet")
    newest = february[february["at"] >= "2024-02-19"].head(count)
    return repacked(file, rows=rows.fingerprints(newest, params.parse(PARAMS).data))


@pytest.mark.usefixtures("unpainted")
@pytest.mark.parametrize("seat", ["candidate", "production"])
def test_rows_that_a_model_was_trained_on_are_left_out_and_counted(project: Path, seat: str) -> None:
    file = paths.CANDIDATE if seat == "candidate" else paths.PRODUCTION
    file.write_bytes(trained_on(file, 3))
    declare(1, bundle.digest(paths.PRODUCTION.read_bytes()))
    found = evaluated()
    assert (found["holdout"]["rows"], found["holdout"]["leaked"]) == (297, 3)
    assert found["verdict"]["verdict"] == "PROMOTE"
    assert len(pd.read_parquet(paths.PREDICTIONS)) == 297


@pytest.mark.usefixtures("unpainted")
def test_many_leaked_rows_make_the_verdict_invalid(project: Path) -> None:
    paths.CANDIDATE.write_bytes(trained_on(paths.CANDIDATE, 4))
    found = evaluated()
    assert found["verdict"]["verdict"] == "INVALID"
    assert "4 of 300 hold-out rows (1.33%)" in found["verdict"]["reasons"][0]


def test_nothing_left_to_compare_is_invalid(project: Path) -> None:
    paths.CANDIDATE.write_bytes(trained_on(paths.CANDIDATE, 300))
    found = evaluated()
    assert (found["verdict"]["verdict"], found["holdout"]["rows"]) == ("INVALID", 0)
    assert found["metrics"]["log_loss"]["candidate"] is None


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
train:
  estimator: {estimator}
  trusted: [numpy.dtype]
  threads: 1
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
