import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from scripts.core import bundle, params, paths
from scripts.core.plots import plots
from scripts.core.tables import rows
from scripts.core.training import model as models
from tests.stages import toy
from tests.stages.toy import PARAMS, declare, evaluated


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
    "rows known by a column that is gone": (
        lambda file: repacked(file, manifest={"identity": {"w": "number"}}),
        "it knows its training rows by the column 'w', a number, which params.yaml does not have",
    ),
    "rows known by a column of another kind": (
        lambda file: repacked(file, manifest={"identity": {"x": "category"}}),
        "which is a number in params.yaml",
    ),
    "labels of another kind": (lambda file: repacked(file, manifest={"classes": ["no", "yes"]}), "'no'"),
    "a bare manifest": (lambda file: repacked(file, manifest={"features": None}), ""),
}


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
def test_a_row_is_known_by_the_columns_of_the_models_own_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A column is added to a table without an id: production's training rows are still recognised."""
    monkeypatch.chdir(tmp_path)
    nameless = PARAMS.replace("  id: key\n", "")
    toy.start(nameless, {"2024-01": toy.batch(1).assign(new=1.0)})
    assert toy.train.main() == 0
    trained = paths.CANDIDATE.read_bytes()
    newest = pd.read_parquet(paths.DATA / "2024-01.parquet")
    held = newest[newest["at"] >= "2024-01-19"].head(3)
    production = repacked(paths.CANDIDATE, rows=rows.fingerprints(held, params.parse(nameless).data))
    paths.PRODUCTION.write_bytes(production)
    declare(1, bundle.digest(production))
    grown = nameless.replace("place: {kind: category}}", "place: {kind: category}, new: {kind: number}}")
    paths.PARAMS.write_text(grown)
    paths.CANDIDATE.write_bytes(trained)
    assert evaluated()["holdout"]["leaked"] == 3
