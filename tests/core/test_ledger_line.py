from datetime import UTC, datetime
from typing import Any

import pytest

from scripts.core.ledger import Line, parse, render
from scripts.core.ledger_line import Known, Origin, command_of, composed

NOW = datetime(2026, 11, 24, 3, 19, tzinfo=UTC)
ON_GITHUB = Origin(
    "9001", 2, "schedule", "octocat", "Retrain", "a81c" * 10, "https://github.com/octo/e/actions/runs/9001"
)
RETRAIN = {
    "code": 0,
    "lines": [],
    "run": "7f3c2a11",
    "new": True,
    "data": "3f2a.dir",
    "rows": 137915,
    "data_from": "2013-01-01T05:15:00",
    "data_to": "2013-05-31T23:59:00",
    "production": 4,
    "triggers": [
        {
            "name": "new_rows",
            "state": "fired",
            "value": 28796,
            "limit": 20000,
            "distance": 1.44,
            "says": "28,796 new rows",
        },
        {"name": "max_age", "state": "quiet", "value": 30.0, "limit": 90.0, "distance": 0.33, "says": "age 30 of 90D"},
    ],
    "drift_share": 0.21,
    "verdict": "PROMOTE",
    "reasons": ["log_loss better by 0.0149"],
    "seconds": {"validate": 2.1, "train": 6.1},
    "total_seconds": 38.0,
    "started": "2026-11-24T03:17:00+00:00",
    "warnings": ["MLflow: gave no answer"],
}
SCORE = {"decides": True, "candidate": 0.561, "production": 0.5759, "difference": -0.0149, "interval": [-0.028, -0.002]}
EVALUATION = {
    "verdict": {"verdict": "PROMOTE", "first": False, "reasons": ["log_loss better by 0.0149"]},
    "models": {"candidate": {"bundle": "sha256:9c"}, "production": {"version": 4, "bundle": "sha256:41"}},
    "metrics": {"log_loss": {**SCORE, "reading": "better"}},
    "holdout": {"rows": 6512, "fingerprint": "sha256:ab12", "uses": 2.4},
    "predictions": {"file": "reports/predictions.parquet", "digest": "sha256:77"},
}
PROPOSE = {"code": 0, "action": "opened", "number": 14, "url": "https://github.com/octo/e/pull/14", "version": 5}
DECLARED = {
    "version": 5,
    "bundle": "sha256:9c",
    "replaces": {"version": 4, "bundle": "sha256:41"},
    "metrics": {"log_loss": {name: SCORE[name] for name in ("candidate", "production", "difference", "interval")}},
}
PUBLISHED = {
    "code": 0,
    "action": "published",
    "version": 5,
    "tag": "v5",
    "url": "https://github.com/octo/e/releases/v5",
}


def made(outcomes: dict[str, Any], origin: Origin = ON_GITHUB, command: str | None = None, **reports: Any) -> Line:
    known = Known(NOW, origin, outcomes, reports, "md5md5", {"code": "sha256:c0", "params": "sha256:aa"}, command)
    line = composed(known)
    assert parse(render(line)).lines == (line,)
    return line


def test_a_retrain_on_github_with_all_that_it_did() -> None:
    record = {"code": 0, "commit": "b" * 40, "warnings": []}
    line = made(
        {"retrain": RETRAIN, "record": record, "propose": PROPOSE, "ledger": {"code": 0}},
        run={"run": "7f3c2a11"},
        evaluation=EVALUATION,
    )
    assert line.model_dump(by_alias=True, mode="json", exclude_defaults=True) == {
        "time": "2026-11-24T03:19:00+00:00",
        "id": "9001-2-retrain",
        "command": "retrain",
        "ended": 0,
        "event": "schedule",
        "actor": "octocat",
        "workflow": "Retrain",
        "attempt": 2,
        "commit": "a81c" * 10,
        "recorded": "b" * 40,
        "run": "7f3c2a11",
        "data": {"digest": "3f2a.dir", "rows": 137915, "from": "2013-01-01T05:15:00", "to": "2013-05-31T23:59:00"},
        "production": 4,
        "triggers": RETRAIN["triggers"],
        "drift_share": 0.21,
        "verdict": "PROMOTE",
        "reasons": ["log_loss better by 0.0149"],
        "holdout": "sha256:ab12",
        "uses": 2.4,
        "metrics": {"log_loss": SCORE},
        "seconds": {"validate": 2.1, "train": 6.1},
        "total_seconds": 38.0,
        "version": 5,
        "pull_request": {"action": "opened", "number": 14, "url": "https://github.com/octo/e/pull/14"},
        "links": {"run": ON_GITHUB.url, "pull_request": "https://github.com/octo/e/pull/14"},
        "bundles": {"candidate": "sha256:9c", "production": "sha256:41"},
        "predictions": {"digest": "sha256:77", "md5": "md5md5"},
        "digests": {"code": "sha256:c0", "params": "sha256:aa"},
        "warnings": ["MLflow: gave no answer"],
    }


def test_what_was_explained_is_kept_of_this_run_alone() -> None:
    held = {**RETRAIN, "verdict": "HOLD", "explained": ["log_loss would have had to be 0.5449 or less"]}
    assert made({"retrain": held}).explained == ("log_loss would have had to be 0.5449 or less",)
    waiting = {**held, "verdict": None, "explained": ["4 of 17 columns drifted"]}
    assert made({"retrain": waiting}).explained == ("4 of 17 columns drifted",)
    assert made({"retrain": {**held, "new": False}}).explained == ()
    assert len(made({"retrain": {**held, "explained": [f"{n}" for n in range(99)]}}).explained) == 21


def test_a_hold_out_that_nobody_judged_on_before_is_not_one_of_unknown_use() -> None:
    fresh = {**EVALUATION, "holdout": {"fingerprint": "sha256:ab12", "uses": 0.0}}
    assert made({"retrain": RETRAIN}, evaluation=fresh).uses == 0.0
    older = {name: value for name, value in EVALUATION.items() if name != "holdout"}
    line = made({"retrain": RETRAIN}, evaluation=older)
    assert (line.uses, line.holdout) == (None, None)


def test_the_best_of_the_earlier_releases_is_kept() -> None:
    anchored = {**EVALUATION, "anchors": {"best": 3, "rollback": True, "rows": []}}
    line = made({"retrain": RETRAIN}, evaluation=anchored)
    assert (line.best, line.rollback) == (3, True)
    assert made({"retrain": RETRAIN}, evaluation=EVALUATION).best is None


def test_nothing_new_has_no_verdict_of_its_own() -> None:
    line = made({"retrain": {**RETRAIN, "new": False}}, run={"run": "7f3c2a11"}, evaluation=EVALUATION)
    assert (line.new, line.verdict, line.metrics, line.predictions) == (False, None, {}, None)
    assert line.triggers and line.production == 4


@pytest.mark.parametrize(
    "reports",
    [
        {"run": {"run": "another"}, "evaluation": EVALUATION},
        {"run": {"run": "7f3c2a11"}, "evaluation": {**EVALUATION, "verdict": {"verdict": "HOLD", "first": False}}},
        {"run": None, "evaluation": None},
    ],
)
def test_reports_of_another_run_are_not_this_ones(reports: dict[str, Any]) -> None:
    line = made({"retrain": RETRAIN}, **reports)
    assert line.verdict == "PROMOTE" and line.metrics == {} and line.bundles == {}


def test_failed_data_are_a_line_too() -> None:
    failed = {
        "code": 1,
        "lines": ["data/2013-07.parquet: column 'temp' has text"],
        "started": "2026-11-24T03:17:00+00:00",
    }
    line = made({"retrain": failed}, evaluation=EVALUATION)
    assert (line.ended, line.errors, line.verdict) == (1, ("data/2013-07.parquet: column 'temp' has text",), None)


def test_a_job_that_left_no_word_is_a_line_too() -> None:
    line = made({}, evaluation=EVALUATION, run={"run": "7f3c2a11"}, declaration=DECLARED)
    assert (line.command, line.ended, line.id) == ("retrain", None, "9001-2-retrain")
    assert line.errors == (
        "retrain: left no word of what happened: it was ended, or it never began. See the run's log.",
    )
    assert not line.metrics and not line.verdict


def test_a_command_after_retrain_that_failed_is_told() -> None:
    refused = {"code": 3, "lines": ["GitHub: 403"]}
    line = made({"retrain": RETRAIN, "propose": refused}, evaluation=EVALUATION)
    assert (line.ended, line.errors, line.verdict) == (3, ("GitHub: 403",), "PROMOTE")
    assert line.pull_request is None


def test_a_thousand_errors_are_told_by_the_first() -> None:
    line = made({"retrain": {"code": 1, "lines": [f"column {n}: " + "x" * 600 for n in range(1000)]}})
    assert len(line.errors) == 21 and line.errors[-1] == "and 980 more"
    assert max(map(len, line.errors)) == 500
    assert len(render(line)) < 12_000


def test_a_release_tells_what_was_published() -> None:
    line = made({"release": PUBLISHED}, Origin("9002", 1, "push", workflow="Release"), declaration=DECLARED)
    assert (line.command, line.action, line.version, line.tag) == ("release", "published", 5, "v5")
    assert (line.production, line.candidate) == (4, "sha256:9c")
    assert line.metrics["log_loss"].candidate == 0.561
    assert line.links == {"release": PUBLISHED["url"]}


def test_a_release_that_is_refused_is_a_failure_with_its_reason() -> None:
    refused = {"code": 0, "action": "refused", "version": 5, "reason": "v5 replaces v3, production is v4"}
    line = made({"release": refused}, declaration=DECLARED)
    assert line.errors == ("release: refused: v5 replaces v3, production is v4",)


def test_going_back() -> None:
    rollback = {"code": 0, "action": "opened", "version": 3, "from_version": 5, "number": 20, "url": "https://x/20"}
    line = made({"rollback": {**rollback, "reason": "it counts wrong"}}, declaration=DECLARED)
    assert (line.command, line.action, line.version, line.production) == ("rollback", "opened", 3, 5)
    assert line.pull_request is not None and line.pull_request.number == 20
    assert line.reasons == ("it counts wrong",) and not line.metrics


@pytest.mark.parametrize(
    ("outcomes", "workflow", "name"),
    [
        (["retrain", "propose"], "Retrain", "retrain"),
        (["release"], "Retrain", "release"),
        ([], "Release", "release"),
        ([], "Roll-back", "rollback"),
        ([], None, "retrain"),
        ([], "Something Else", "something-else"),
    ],
)
def test_whose_run_it_is(outcomes: list[str], workflow: str | None, name: str) -> None:
    assert command_of({command: {} for command in outcomes}, workflow) == name


def test_a_caller_may_know_whose_run_it_is() -> None:
    """In a workflow that calls another one its name is the caller's."""
    line = made({}, command="release")
    assert line.id == "9001-2-release" and line.errors[0].startswith("release: left no word")


def test_names_on_a_laptop() -> None:
    laptop = Origin()
    assert made({"retrain": RETRAIN}, laptop).id == "7f3c2a11"
    assert made({"retrain": {**RETRAIN, "new": False}}, laptop).id == "7f3c2a11-20261124T031700"
    failed = {"code": 3, "lines": ["no"], "started": "2026-11-24T03:17:00+00:00"}
    assert made({"retrain": failed}, laptop).id == "retrain-20261124T031700"
    assert made({"retrain": {**failed, "run": "7f3c2a11"}}, laptop).id != "7f3c2a11", "a failure must not take the name"


def test_a_dry_run_is_known() -> None:
    assert Known(NOW, ON_GITHUB, {"retrain": {"dry_run": True}}).dry
    assert not Known(NOW, ON_GITHUB, {"retrain": {}}).dry
