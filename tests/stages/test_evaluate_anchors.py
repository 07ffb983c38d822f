"""Evaluate with earlier releases in models/anchors: what it scores, what it names, and that none of them can end it."""

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from scripts.core import bundle, paths, recheck
from scripts.core.gate.anchor_list import FILE, Anchor, Anchors, render
from scripts.stages import train
from tests.stages import toy
from tests.stages.toy import PARAMS, declare, evaluated


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """v2 is production; v1 was before it."""
    root = tmp_path_factory.mktemp("made")
    toy.make(root)
    (root / paths.ANCHORS).mkdir()
    shutil.copy(root / paths.PRODUCTION, root / paths.ANCHORS / "v1.zip")
    return root


@pytest.fixture
def project(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(made, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    toy.unpaint(monkeypatch)
    declare(2, bundle.digest(paths.PRODUCTION.read_bytes()))
    return tmp_path / "project"


def lists(*anchors: Anchor, production: int = 2) -> None:
    (paths.ANCHORS / FILE).write_bytes(render(Anchors(production=production, anchors=anchors)))


def anchor(version: int, path: Path, **other: Any) -> Anchor:
    return Anchor(version=version, bundle=bundle.digest(path.read_bytes()), **other)


def altered(version: int, model: bytes | None = None, rows: Any = None, **manifest: Any) -> Anchor:
    """Production as another bundle: its own digest, and what is said here in place of what it has."""
    opened, path = bundle.unpack(paths.PRODUCTION.read_bytes(), None), paths.ANCHORS / f"v{version}.zip"
    known = {**opened.manifest, "name": f"the twin {version}", **manifest}
    trained = bundle.rows_bytes(opened.rows if rows is None else rows)
    path.write_bytes(bundle.pack(known, opened.model if model is None else model, opened.reference, trained))
    return anchor(version, path)


def test_an_earlier_release_is_scored_on_the_same_rows(project: Path) -> None:
    lists(altered(1))
    found = evaluated()
    row = found["anchors"]["rows"][0]
    log_loss = found["metrics"]["log_loss"]
    assert (found["verdict"]["verdict"], row["version"], row["rows"]) == ("PROMOTE", 1, found["holdout"]["rows"])
    assert row["value"] == log_loss["production"] and row["difference"] == log_loss["difference"]
    assert row["better_than_production"] == {"difference": 0.0, "interval": [0.0, 0.0]}
    assert found["anchors"]["unknown"] is None
    said = pd.read_parquet(paths.PREDICTIONS)
    assert said["anchor_v1_1"].tolist() == said["production_1"].tolist()
    assert recheck.recheck(found, paths.PREDICTIONS.read_bytes()).same


def test_a_better_release_stops_the_candidate(project: Path) -> None:
    """What was the candidate was released, and now there is a worse one."""
    shutil.copy(paths.CANDIDATE, paths.ANCHORS / "v1.zip")
    lists(anchor(1, paths.CANDIDATE))
    paths.PARAMS.write_text(PARAMS.replace("max_iter: 15", "max_iter: 3"))
    assert train.main() == 0
    paths.PARAMS.write_text(PARAMS.replace("max_worse: 0.02", "max_worse: 0.5"))
    found = evaluated()
    assert found["verdict"]["verdict"] == "REJECT"
    assert any(reason.startswith("ratchet: log_loss ") for reason in found["verdict"]["reasons"])
    assert (found["anchors"]["broken"], found["anchors"]["best"], found["anchors"]["rollback"]) == (True, 1, True)
    assert recheck.recheck(found, paths.PREDICTIONS.read_bytes()).same


def test_releases_that_can_not_be_scored_are_named_and_the_verdict_is_taken_without_them(project: Path) -> None:
    evaluated()
    hashes, folder = pd.read_parquet(paths.PREDICTIONS)["row"].to_numpy(), paths.ANCHORS
    features = {**bundle.unpack(paths.PRODUCTION.read_bytes(), None).manifest["features"], "gone": "number"}
    (folder / "v3.zip").write_bytes(paths.PRODUCTION.read_bytes()[:-100])
    spoiled = {
        "v3.zip: is no bundle": anchor(3, folder / "v3.zip"),
        "v4.zip is sha256:": altered(4),
        "v5.zip is missing": altered(5),
        "it needs the column 'gone'": altered(6, features=features),
        "BadZipFile": altered(7, model=b"no model"),
        "it knows the class 2": altered(8, classes=[0, 1, 2]),
        "it was trained on 100 of these 300 rows": altered(9, rows=hashes[:100]),
        "the store has no object 41d0": Anchor(version=10, bundle="sha256:10", missing="the store has no object 41d0"),
    }
    (folder / "v4.zip").write_bytes(b"something else")
    (folder / "v5.zip").unlink()
    lists(*spoiled.values())
    found = evaluated()
    for row, why in zip(found["anchors"]["rows"], spoiled, strict=True):
        assert row["fault"].startswith(f"the anchor v{row['version']} can't be scored: ") and why in row["fault"]
        assert row["value"] is None
    assert (found["verdict"]["verdict"], found["anchors"]["best"]) == ("PROMOTE", None)
    assert not any(str(name).startswith("anchor") for name in pd.read_parquet(paths.PREDICTIONS))
    assert recheck.recheck(found, paths.PREDICTIONS.read_bytes()).same
    lists(altered(3, rows=hashes[:2]))
    assert evaluated()["anchors"]["rows"][0]["rows"] == 298, "few such rows are left out, for this one alone"
    assert pd.read_parquet(paths.PREDICTIONS)["anchor_v3_1"].isna().sum() == 2


def test_what_the_folder_does_not_know_is_said(project: Path) -> None:
    shutil.rmtree(paths.ANCHORS)
    assert "models/anchors has nothing, and production is v2" in evaluated()["anchors"]["unknown"]
    paths.ANCHORS.mkdir()
    (paths.ANCHORS / FILE).write_text("{")
    assert "can't be read" in evaluated()["anchors"]["unknown"]


def test_the_first_model_has_no_anchors_whatever_lies_there(project: Path) -> None:
    lists(altered(1))
    paths.PRODUCTION.write_bytes(b"")
    declare(0, None)
    found = evaluated()
    assert found["verdict"]["first"] and json.dumps(found["anchors"]["rows"]) == "[]"
    assert found["anchors"]["unknown"] is None


def test_production_is_no_anchor_of_its_own(project: Path) -> None:
    lists(anchor(2, paths.PRODUCTION), production=3)
    found = evaluated()
    assert found["anchors"]["rows"] == [] and "before v3, and production is v2" in found["anchors"]["unknown"]
