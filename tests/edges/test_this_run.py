from pathlib import Path

import pytest

from scripts.core.paths import LOCK, OUTCOME, PARAMS, PREDICTIONS, REPORTS, RUN
from scripts.edges import this_run
from scripts.edges.actions import job

GITHUB = {
    "GITHUB_RUN_ID": "9001",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_REPOSITORY": "octo/evergreen",
    "GITHUB_EVENT_NAME": "schedule",
    "GITHUB_WORKFLOW": "Retrain",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_what_is_there_is_known() -> None:
    for path in (OUTCOME, REPORTS):
        path.mkdir()
    (OUTCOME / "retrain.json").write_text('{"code": 0}')
    (OUTCOME / "broken.json").write_text('{"code":')
    RUN.write_text('{"run": "7f"}')
    PARAMS.write_text("data: {}")
    found = this_run.known(job(GITHUB))
    assert (found.origin.run, found.origin.attempt, found.origin.event) == ("9001", 2, "schedule")
    assert found.origin.url == "https://github.com/octo/evergreen/actions/runs/9001"
    assert found.outcomes == {"retrain": {"code": 0}}
    assert found.reports["run"] == {"run": "7f"} and found.reports["evaluation"] is None
    assert set(found.digests) == {"params"}, "without dvc.yaml nobody knows the code"
    assert found.now.tzinfo is not None


def test_an_empty_folder_is_known_too() -> None:
    found = this_run.known(job({}))
    assert (found.outcomes, found.digests, found.predictions_md5) == ({}, {}, None)


def test_the_store_knows_the_predictions_by_the_lock() -> None:
    LOCK.write_text(
        "stages:\n  train: {outs: [{path: models/candidate.zip, md5: aaa}]}\n"
        f"  evaluate: {{outs: [{{path: x, md5: bbb}}, {{path: {PREDICTIONS}, md5: ccc}}]}}\n  drift: {{}}\n"
    )
    assert this_run.md5(PREDICTIONS) == "ccc"
    assert this_run.md5(Path("reports/none.json")) is None


@pytest.mark.parametrize("content", ["", "stages: [", "stages: []", "3", "stages: {evaluate: {outs: [3]}}"])
def test_a_lock_that_is_broken_knows_nothing(content: str) -> None:
    LOCK.write_text(content)
    assert this_run.md5(PREDICTIONS) is None
