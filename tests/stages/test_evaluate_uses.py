"""How often the hold-out was used: kept from run to run, in the stage's own report."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from scripts.core import paths, recheck
from scripts.core.gate import reuse
from scripts.stages import evaluate, train
from tests.stages import toy
from tests.stages.toy import PARAMS, batch, declare, promote


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("made")
    toy.make(root)
    return root


@pytest.fixture
def project(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(made, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    toy.unpaint(monkeypatch)
    return tmp_path / "project"


def judged() -> dict[str, Any]:
    assert evaluate.main() == 0
    found: dict[str, Any] = json.loads(paths.EVALUATION.read_text())
    return found


def another_candidate(seed: int) -> None:
    paths.PARAMS.write_text(PARAMS.replace("max_iter: 15", f"max_iter: {15 + seed}"))
    assert train.main() == 0


def uses() -> tuple[reuse.Use, ...]:
    return reuse.parse(paths.HOLDOUT.read_text())


def test_each_new_candidate_is_one_more_use_and_the_same_one_is_none(project: Path) -> None:
    first = judged()
    assert first["holdout"]["uses"] == 0
    assert [each.candidate for each in uses()] == [first["models"]["candidate"]["bundle"]]
    assert uses()[0].holdout == first["holdout"]["fingerprint"]
    written = paths.HOLDOUT.read_bytes(), paths.EVALUATION.read_bytes()
    assert judged() == first
    assert (paths.HOLDOUT.read_bytes(), paths.EVALUATION.read_bytes()) == written
    another_candidate(1)
    assert judged()["holdout"]["uses"] == 1
    assert len(uses()) == 2


def test_past_the_budget_more_is_asked_for_and_the_verdict_can_be_computed_anew(project: Path) -> None:
    fresh = judged()
    now = uses()[0]
    before = tuple(now.model_copy(update={"candidate": f"sha256:{number}"}) for number in range(20))
    paths.HOLDOUT.write_text(reuse.render(before))
    found = judged()
    assert found["holdout"]["uses"] == 20
    assert found["method"]["confidence"] == 1 - 0.0029
    assert found["method"]["gate"]["confidence"] == 0.95
    wide, narrow = (each["metrics"]["log_loss"]["interval"] for each in (found, fresh))
    assert wide[0] < narrow[0] < narrow[1] < wide[1]
    assert found["slices"] == fresh["slices"]
    assert recheck.recheck(found, paths.PREDICTIONS.read_bytes()).differences == ()


def test_a_new_batch_renews_the_hold_out(project: Path) -> None:
    judged()
    batch(3).to_parquet(paths.DATA / "2024-03.parquet")
    assert train.main() == 0
    assert judged()["holdout"]["uses"] == 0
    assert len(uses()) == 1


def test_neither_the_first_model_nor_an_invalid_verdict_is_a_use(project: Path) -> None:
    production, declaration = paths.PRODUCTION.read_bytes(), paths.DECLARATION.read_text()
    paths.PRODUCTION.write_bytes(b"")
    declare(0, None)
    assert judged()["verdict"]["first"] is True
    assert uses() == ()
    paths.PRODUCTION.write_bytes(production)
    paths.DECLARATION.write_text(declaration)
    promote()
    assert judged()["verdict"]["verdict"] == "INVALID"  # one model against itself
    assert uses() == ()


def test_a_file_that_can_not_be_read_is_named(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths.REPORTS.mkdir(exist_ok=True)
    paths.HOLDOUT.write_bytes(b"\xff<<<<<<< HEAD")
    assert evaluate.main() == 3
    assert "reports/holdout.json: can't be read" in capsys.readouterr().err
