from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scripts.core import declaration
from scripts.core.ledger import Line
from scripts.core.ledger_text import WIDTH, declared, saved, since, table, why

START = datetime(2026, 11, 1, 3, 17, tzinfo=UTC)
SCORE = {"decides": True, "candidate": 0.561, "production": 0.5759, "difference": -0.0149, "interval": [-0.028, -0.002]}
FIRED = {
    "name": "new_rows",
    "state": "fired",
    "value": 28796,
    "limit": 20000,
    "distance": 1.44,
    "says": "28,796 new rows",
}
QUIET = {"name": "max_age", "state": "quiet", "value": 30, "limit": 90, "distance": 0.3333, "says": "age 30 of 90D"}
OFF = {"name": "data_drift", "state": "off", "says": "data_drift is switched off"}
UNKNOWN = {"name": "prediction_drift", "state": "unknown", "says": "prediction_drift not measured"}


def line(days: float = 0, **other: Any) -> Line:
    plain = {"time": (START + timedelta(days=days)).isoformat(), "id": f"{days}-1-x", "command": "retrain", "ended": 0}
    return Line.model_validate(plain | other)


WON: dict[str, Any] = {
    "run": "7f3c2a11",
    "event": "schedule",
    "actor": "octocat",
    "commit": "a81c" * 10,
    "data": {"digest": "3f2a55aa77bb.dir", "rows": 137915, "from": "2013-01-01T05:15:00", "to": "2013-05-31T23:59:00"},
    "triggers": [FIRED, QUIET, OFF, UNKNOWN],
    "production": 4,
    "drift_share": 0.21,
    "verdict": "PROMOTE",
    "reasons": ["log_loss better by 0.0149 (95% interval 0.0020 to 0.0280)"],
    "metrics": {"roc_auc": {"candidate": 0.7}, "log_loss": SCORE},
    "seconds": {"validate": 2.1, "train": 6.1},
    "total_seconds": 38.2,
    "version": 5,
    "pull_request": {"action": "opened", "number": 14, "url": "https://github.com/octo/e/pull/14"},
    "links": {"run": "https://github.com/octo/e/actions/runs/9001"},
    "bundles": {"candidate": "sha256:9c"},
    "predictions": {"digest": "sha256:77"},
}
RELEASED: dict[str, Any] = {
    "command": "release",
    "event": "push",
    "action": "published",
    "version": 5,
    "production": 4,
    "bundles": {"candidate": "sha256:9c"},
    "metrics": {"log_loss": SCORE},
    "links": {"release": "https://github.com/octo/e/releases/tag/v5"},
}


def test_the_table_says_each_run_in_a_row() -> None:
    lines = [
        line(0, **WON),
        line(1, **RELEASED),
        line(2, **{**WON, "new": False, "verdict": None, "metrics": {}, "version": None, "pull_request": None}),
        line(3, event="workflow_dispatch", ended=1, errors=["bad"]),
        line(4, ended=None),
        line(5, command="rollback", action="opened", version=3, production=5),
        line(6, triggers=[QUIET], production=5, total_seconds=240),
    ]
    assert table(lines) == [
        "date              event     data to     triggers  verdict      log_loss          version  took",
        "2026-11-01 03:17  schedule  2013-05-31  new_rows  PROMOTE      0.5759 -> 0.5610  (v5)     38 s",
        "2026-11-02 03:17  push      -           -         published    0.5759 -> 0.5610  v5       -",
        "2026-11-03 03:17  schedule  2013-05-31  new_rows  nothing new  -                 =v4      38 s",
        "2026-11-04 03:17  dispatch  -           -         failed       -                 -        -",
        "2026-11-05 03:17  laptop    -           -         broken off   -                 -        -",
        "2026-11-06 03:17  laptop    -           -         rollback     -                 (v3)     -",
        "2026-11-07 03:17  laptop    -           none      no reason    -                 =v5      4 min",
    ]


def test_the_table_is_never_wider_than_a_terminal_and_runs_no_codes() -> None:
    many = [{**FIRED, "name": f"a_trigger_with_a_long_name_{n}"} for n in range(9)]
    hostile: dict[str, Any] = {"event": "\x1b[31mred\x07", "actor": "x\ny", "data": {"to": "2013-05\x1b]0;title\x07"}}
    rows = table([line(0, **{**WON, "triggers": many}), line(1, **hostile)])
    assert max(map(len, rows)) <= WIDTH and rows[1].count("…") == 1
    assert all(row.isprintable() for row in rows)


def test_a_run_is_told_in_sentences() -> None:
    run, release = line(0, **WON), line(1, **RELEASED)
    assert why(run, [run, release]) == [
        "Run        7f3c2a11 (0-1-x): retrain on 2026-11-01 03:17 UTC.",
        "           Begun: schedule by octocat, at commit a81ca81ca8.",
        "Data       137,915 rows of 2013-01-01 to 2013-05-31 (data 3f2a55aa77).",
        "Fired      new_rows: 28,796 new rows.",
        "Not fired  max_age: at 33% of its limit (age 30 of 90D).",
        "           data_drift: switched off.",
        "           prediction_drift: not measured.",
        "Drift      The drifted columns weighed 0.21 of all that the model uses.",
        "Verdict    PROMOTE: log_loss better by 0.0149 (95% interval 0.0020 to 0.0280).",
        "Metrics    roc_auc 0.7000.",
        "           log_loss 0.5610, production v4 0.5759: difference -0.0149, interval -0.028 to -0.002,",
        "           decides.",
        "Then       Pull request #14 was opened.",
        "           Released as v5 on 2026-11-02 03:17 UTC.",
        "Took       38 s (validate 2.1, train 6.1).",
        "Links      run: https://github.com/octo/e/actions/runs/9001",
        "Check it   python -m scripts.ledger recheck 7f3c2a11",
    ]


def test_a_run_without_a_reason_and_one_that_failed() -> None:
    idle = "\n".join(why(line(triggers=[QUIET]), []))
    assert "No trigger fired: there was no reason to retrain." in idle and "None: nothing was trained." in idle
    failed = "\n".join(why(line(ended=1, errors=["data/x.parquet: \x1b[31m bad"], warnings=["late"]), []))
    assert "None: the run did not come to one." in failed
    assert "Error      data/x.parquet:  [31m bad" in failed.replace("  [", " [").replace(": [", ":  [")
    assert "Warning    late" in failed


def test_a_candidate_that_did_not_win_says_what_stays() -> None:
    held = {**WON, "verdict": "HOLD", "version": None, "pull_request": None}
    assert "Then       Nothing was proposed: production v4 stays." in why(line(**held), [])
    first: dict[str, Any] = {**held, "production": 0, "metrics": {"log_loss": {"decides": True, "candidate": 0.3242}}}
    assert "there is no production model yet." in "\n".join(why(line(**first), []))
    assert "  HOLD     0.3242    -" in table([line(**first)])[1]


def test_what_was_needed_and_how_worn_the_rows_were_is_told() -> None:
    held = {**WON, "verdict": "HOLD", "explained": ["log_loss would have had to be 0.5449 or less; it is 0.5610"]}
    told = why(line(**held, holdout="sha256:ab12cd34ef5678", uses=2.4), [])
    assert "Needed     log_loss would have had to be 0.5449 or less; it is 0.5610." in told
    assert "Hold-out   2.4 verdicts were taken on these rows (ab12cd34ef) before." in told


@pytest.mark.parametrize(
    ("uses", "words"),
    [
        (0.0, "No verdict was taken on these rows before."),
        (1.0, "One verdict was taken on these rows before."),
        (5.0, "5 verdicts were taken on these rows before."),
    ],
)
def test_uses_are_told_in_words(uses: float, words: str) -> None:
    assert f"Hold-out   {words}" in why(line(**WON, uses=uses), [])
    assert "Hold-out" not in "".join(why(line(**{**WON, "first": True}, uses=uses), []))


def test_the_best_of_the_earlier_releases_is_told() -> None:
    told = "\n".join(why(line(**WON, best=3), []))
    assert "Hold-out   Of the earlier releases v3 is the best on them.\n" in told
    told = " ".join(" ".join(why(line(**WON, uses=2.4, best=3, rollback=True), [])).split())
    assert "v3 is the best on them: better than production and the candidate, so that going back to it" in told


def test_lines_of_earlier_versions_say_nothing_of_it() -> None:
    told = "".join(why(line(**WON), []))
    assert "Hold-out" not in told and "Needed" not in told


def test_a_run_that_did_not_retrain_says_what_waiting_costs_and_what_it_saved() -> None:
    took = [line(day, **{**WON, "seconds": {"train": 100.0 + day, "evaluate": 80.0}}) for day in range(7)]
    idle = line(7, triggers=[QUIET], explained=["4 of 17 columns drifted"])
    told = why(idle, [*took, idle, line(8, **{**WON, "seconds": {"train": 9999.0}})])
    assert "Waiting    4 of 17 columns drifted." in told
    assert "           no retraining: about 3 minutes saved (the median of the last 5 retrains)." in told
    judged_again = {**WON, "seconds": {"evaluate": 80.0}}
    assert saved(idle, [line(6, **judged_again), idle]) is None, "nothing was trained there"
    assert saved(took[6], took) is saved(line(7, triggers=[QUIET], ended=1), took) is None
    assert saved(line(7, **RELEASED), took) is None


def test_a_commit_without_a_pull_request_is_told() -> None:
    committed = {**WON, "pull_request": {"action": "committed", "url": "https://x/c"}}
    assert "Then       Committed to main as v5, without a pull request." in why(line(**committed), [])
    assert "  (v5)     " in table([line(**committed)])[1]


def test_a_closed_pull_request_says_why() -> None:
    closed = {"action": "closed", "number": 14, "reason": "the new candidate does not win"}
    assert "Then       Pull request #14 was closed: the new candidate does not win." in why(
        line(pull_request=closed), []
    )


def test_a_release_is_told() -> None:
    told = why(line(1, **RELEASED), [])
    assert "Then       v5: published, after v4." in told


def test_what_was_production() -> None:
    told = since(line(1, **RELEASED), START + timedelta(days=3))
    assert told[0] == "Production v5 on 2026-11-04 03:17 UTC."
    assert told[1] == "Since      2026-11-02 03:17 UTC: published by 1-1-x."
    assert "https://github.com/octo/e/releases/tag/v5" in told[-1]


def test_what_was_declared_where_no_release_is_known_of() -> None:
    score = declaration.Score(candidate=0.561)
    now = declaration.Declaration(version=5, bundle="sha256:9c", metrics={"log_loss": score})
    told = declared(now, START, "b" * 40, START + timedelta(days=3))
    assert told[0] == "Production v5 on 2026-11-04 03:17 UTC."
    assert "declared by commit bbbbbbbbbb" in told[1] and told[-1] == "Metrics    log_loss 0.5610."
