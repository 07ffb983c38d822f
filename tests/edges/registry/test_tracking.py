"""Which recorder a run has, and what it is told."""

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.core import paths
from scripts.edges.registry import tracking
from scripts.edges.registry.mlflow_registry import Record, Recorded, Worker
from scripts.edges.repository import git
from tests import tables

EVALUATION: dict[str, Any] = {
    "verdict": {"verdict": "PROMOTE", "first": False, "reasons": ["better"]},
    "models": {"candidate": {"bundle": "sha256:new", "model": "sha256:m"}, "production": None},
    "holdout": {
        "rows": 100,
        "blocks": 7,
        "from": "2024-01-01T00:00:00",
        "to": "2024-01-08T00:00:00",
        "fingerprint": "f",
        "leaked": 0,
    },
    "metrics": {
        "log_loss": {
            "decides": True,
            "greater_is_better": False,
            "candidate": 0.5,
            "production": None,
            "difference": None,
            "interval": None,
            "reading": None,
        }
    },
    "slices": {"compared": 0, "broken": [], "too_small": [], "rows": []},
    "self_tests": [],
    "guardrails": [],
    "limits": [],
    "needed": None,
    "method": {"confidence": 0.95, "resamples": 1000, "block": None, "seed": 0},
}
VALIDATION = {
    "passed": True,
    "rows": 400,
    "checks": 9,
    "batches": [
        {"name": "a", "rows": 400, "labelled": 400, "from": "2024-01-01T00:00:00", "to": "2024-01-08T00:00:00"}
    ],
    "failures": [],
    "warnings": [],
}


def record(seconds: dict[str, float], verdict: str = "PROMOTE", **changed: Any) -> Record:
    evaluation = EVALUATION | {"verdict": EVALUATION["verdict"] | {"verdict": verdict}}
    reports = {"validation": VALIDATION, "drift": None, "evaluation": evaluation}
    return tracking.record_of(tables.binary().params(**changed), "7f3c2a", "md5.dir", ["new_rows"], reports, seconds)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path


def test_switched_off_nobody_records_and_nothing_fails() -> None:
    with tracking.started(tables.binary().params(tracking={"enabled": False})) as recorder:
        assert isinstance(recorder, tracking.Nobody)
        assert recorder.record(record({})) == Recorded()
        assert recorder.alias("small", "sha256:new", "production") == Recorded()


def test_switched_on_mlflow_records_where_params_say_and_the_environment_goes_before_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    params = tables.binary().params(tracking={"uri": "sqlite:///own.db", "timeout": 3, "retries": 2})
    worker = tracking.started(params)
    assert isinstance(worker, Worker)
    assert (worker.settings.uri, worker.settings.timeout, worker.settings.retries) == ("sqlite:///own.db", 3, 2)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://elsewhere:5000")
    worker = tracking.started(params)
    assert isinstance(worker, Worker) and worker.settings.uri == "http://elsewhere:5000"


@pytest.mark.parametrize(
    ("verdict", "aliases"),
    [
        ("PROMOTE", ("candidate", "staging")),
        ("HOLD", ("candidate",)),
        ("REJECT", ("candidate",)),
        ("INVALID", ("candidate",)),
    ],
)
def test_only_what_won_is_staged(verdict: str, aliases: tuple[str, ...]) -> None:
    made = record({}, verdict).model
    assert made is not None
    assert (made.name, made.bundle, made.digest, made.aliases) == ("small", paths.CANDIDATE, "sha256:new", aliases)


def test_a_record_says_what_a_retrain_was() -> None:
    made = record({"train": 2.0, "evaluate": 1.0}, train__trusted=["own.step"])
    assert (made.run, made.experiment) == ("7f3c2a", "small")
    assert made.ended - made.started == pytest.approx(3.0)
    assert made.model is not None and made.model.trusted == ("own.step",)
    assert all(isinstance(value, str) for value in {**made.params, **made.tags}.values())
    assert "PROMOTE" in made.tags.values() and "new_rows" in str(made.tags)
    assert record({}, tracking={"experiment": "another"}).experiment == "another"


def test_only_reports_that_are_there_are_handed_on(here: Path) -> None:
    assert record({}).artifacts == []
    paths.PLOTS.mkdir(parents=True)
    paths.VALIDATION.write_text(json.dumps(VALIDATION))
    assert record({}).artifacts == [paths.VALIDATION, paths.PLOTS]


def test_the_commit_and_whether_it_is_all_are_told(here: Path) -> None:
    (here / "a.txt").write_text("a")
    git.begin(here, "The beginning")
    assert git.commit() in record({}).tags.values()
