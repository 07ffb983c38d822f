from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scripts.core.alerts import Alert, Case, alerts, due, neutral, remembered, trial
from scripts.core.ledger import Line
from scripts.core.settings.loop_params import Alerts

NOW = datetime(2026, 11, 24, 3, 19, tzinfo=UTC)
KINDS = ("validation_failed", "drift_found", "retrained", "skipped", "proposed", "released", "rolled_back", "broken")
EVERYTHING = Alerts.model_validate(dict.fromkeys(KINDS, ("all",)))
FIRED = {"name": "new_rows", "state": "fired", "says": "28,796 new rows"}
QUIET = {"name": "max_age", "state": "quiet", "distance": 0.3, "says": "age 30 of 90D"}
DRIFTED = {"name": "data_drift", "state": "fired", "says": "drifted columns weigh 0.31 of 0.25"}
WON: dict[str, Any] = {
    "run": "7f3c2a11",
    "data": {"digest": "3f2a.dir"},
    "triggers": [FIRED, QUIET],
    "verdict": "PROMOTE",
    "production": 4,
    "reasons": ["log_loss better by 0.0149"],
    "metrics": {"log_loss": {"decides": True, "candidate": 0.561, "production": 0.5759}},
    "bundles": {"candidate": "sha256:9c"},
    "version": 5,
    "pull_request": {"action": "opened", "number": 14, "url": "https://github.com/octo/e/pull/14"},
    "links": {"run": "https://github.com/octo/e/actions/runs/9001"},
    "total_seconds": 38,
}
RELEASED: dict[str, Any] = {
    "command": "release",
    "action": "published",
    "version": 5,
    "links": {"release": "https://r/5"},
}


def line(id: str = "1-1-retrain", **other: Any) -> Line:
    return Line.model_validate({"time": NOW.isoformat(), "id": id, "command": "retrain", "ended": 0} | other)


def found(one: Line, params: Alerts = EVERYTHING, before: tuple[Line, ...] = ()) -> list[Alert]:
    return alerts(Case("flights", one, before), params)


def kinds(one: Line, **other: Any) -> list[str]:
    return [alert.kind for alert in found(one, **other)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (WON, ["proposed", "retrained"]),
        ({**WON, "triggers": [FIRED, DRIFTED]}, ["drift_found", "proposed", "retrained"]),
        ({**WON, "verdict": "HOLD", "pull_request": None}, ["retrained"]),
        ({**WON, "pull_request": {"action": "closed", "number": 14}}, ["retrained"]),
        ({**WON, "pull_request": {"action": "refreshed", "number": 14}}, ["proposed", "retrained"]),
        ({**WON, "pull_request": {"action": "issue", "number": 15}}, ["proposed", "retrained"]),
        ({**WON, "pull_request": {"action": "nothing", "number": 14}}, ["proposed", "retrained"]),
        ({**WON, "pull_request": {"action": "left", "number": 14}}, ["retrained"]),
        ({**WON, "pull_request": {"action": "committed"}}, ["retrained"]),
        ({"triggers": [QUIET]}, ["skipped"]),
        ({"triggers": [QUIET], "new": False}, []),
        ({"ended": 3, "errors": ["S3: no answer"]}, ["broken"]),
        ({"ended": 1, "errors": ["train: can't be fitted"]}, ["broken"]),
        ({"ended": None, "errors": ["retrain: left no word"]}, ["broken"]),
        ({"ended": 2, "errors": ["params.yaml:3: wrong"]}, []),
        ({**WON, "ended": 3, "errors": ["GitHub: 403"], "pull_request": None}, ["broken", "retrained"]),
        (RELEASED, ["released"]),
        ({**RELEASED, "action": "made_latest"}, ["rolled_back"]),
        ({**RELEASED, "action": "refused", "errors": ["refused: stale"]}, ["broken"]),
        ({**RELEASED, "action": None, "ended": 3, "version": None}, ["broken"]),
        ({"command": "rollback", "action": "opened", "version": 3, "pull_request": {"action": "opened"}}, ["proposed"]),
    ],
)  # fmt: skip
def test_who_hears_of_what(values: dict[str, Any], expected: list[str]) -> None:
    assert kinds(line(**values)) == expected


def test_data_that_failed_their_checks_are_an_alert_of_their_own() -> None:
    one = line(ended=1, errors=["data/2013-07.parquet: column 'temp' has text"])
    (alert,) = found(one)
    assert alert.kind == "validation_failed"
    assert alert.title == "flights: the new data failed their checks"
    assert alert.text == "· data/2013-07.parquet: column 'temp' has text"


def test_only_what_somebody_wants_to_hear_and_not_more_than_asked_for() -> None:
    everything = line(**{**WON, "triggers": [DRIFTED]})
    assert kinds(everything, params=Alerts()) == ["drift_found", "proposed"]
    assert kinds(everything, params=Alerts(proposed=())) == ["drift_found"]
    assert kinds(everything, params=EVERYTHING.model_copy(update={"most": 1})) == ["drift_found"]


def test_a_proposal_says_what_it_is_about() -> None:
    (proposed, _) = found(line(**WON))
    assert proposed.title == "flights: v5 is proposed: log_loss 0.5759 → 0.5610"
    assert proposed.text.splitlines() == [
        "· log_loss better by 0.0149",
        "took 38 s",
        "https://github.com/octo/e/pull/14",
        "https://github.com/octo/e/actions/runs/9001",
    ]


def keys(one: Line, **other: Any) -> dict[str, str]:
    return {alert.kind: alert.key for alert in found(one, **other)}


def test_a_run_made_again_makes_the_same_alerts() -> None:
    once, again = line("1-1-retrain", **WON), line("1-2-retrain", **{**WON, "total_seconds": 99, "links": {}})
    assert keys(once) == keys(again)
    another = line("2-1-retrain", **{**WON, "run": "8", "bundles": {"candidate": "sha256:other"}})
    assert not set(keys(once).values()) & set(keys(another).values())


def test_a_failure_is_told_again_only_after_a_success() -> None:
    failed = {"ended": 3, "errors": ["S3: no answer"]}
    good, bad = line("1-1-retrain", **WON), line("2-1-retrain", **failed)
    first = keys(line("2-1-retrain", **failed), before=(good, bad))
    assert first == keys(line("3-1-retrain", **failed), before=(good, bad))
    better = line("4-1-retrain", **WON)
    assert first != keys(line("5-1-retrain", **failed), before=(good, bad, better))
    assert first == keys(line("5-1-retrain", **failed), before=(good, bad, line("4-1-release", command="release")))
    assert first != keys(line("3-1-retrain", ended=3, errors=["GitHub: no answer"]), before=(good, bad))


def test_going_back_to_the_same_version_twice_is_told_twice() -> None:
    once = {**RELEASED, "action": "made_latest", "commit": "a" * 40}
    assert keys(line(**once)) == keys(line("again", **once)) != keys(line(**{**once, "commit": "b" * 40}))


def test_what_would_have_been_needed_and_what_waiting_costs_is_told() -> None:
    (retrained,) = found(line(**{**WON, "verdict": "HOLD", "pull_request": None}, explained=["it takes 0.5449"]))
    assert "· log_loss better by 0.0149\n· it takes 0.5449" in retrained.text
    took = line("1-1-retrain", **WON, seconds={"train": 150.0, "evaluate": 30.0})
    idle = {
        "triggers": [QUIET],
        "explained": ["2 of 17 columns drifted"],
        "time": (NOW + timedelta(days=1)).isoformat(),
    }
    (skipped,) = found(line("2-1-retrain", **idle), before=(took,))
    assert skipped.text.startswith(
        "· max age: age 30 of 90D\n· 2 of 17 columns drifted\n"
        "· no retraining: about 3 minutes saved (as the last retrain took)"
    )


def test_memory() -> None:
    (proposed, retrained) = found(line(**WON))
    both = [proposed, retrained]
    assert due(both, None, NOW) == both
    claimed = remembered(None, both, "claimed", NOW, "9001")
    assert due(both, claimed, NOW) == []
    assert due(both, claimed, NOW, "9001") == both, "its own claim, made by a push that nobody answered"
    assert due(both, claimed, NOW + timedelta(minutes=6)) == both, "its run was killed"
    partly = remembered(remembered(claimed, [proposed], "sent", NOW, "9001"), [retrained], "failed", NOW, "9001")
    assert due(both, partly, NOW + timedelta(days=9)) == [retrained]
    assert due(both, b"<<<<<<< HEAD\n{\n[]\n3\n" + partly, NOW) == [retrained], "broken lines forget nothing else"
    assert remembered(b"half", [proposed], "sent", NOW, "x").startswith(b"half\n{")


def test_a_release_whose_run_was_killed_is_told_by_the_next_one() -> None:
    published, later = line("1-1-release", **RELEASED), NOW + timedelta(days=1)
    nothing = line("2-1-release", **{**RELEASED, "action": "nothing", "time": later.isoformat()})
    (told,) = found(published)
    memory = remembered(None, found(line(**WON)), "sent", NOW - timedelta(days=9), "x")
    for before in ((), (nothing,), (published, nothing)):
        (late,) = found(nothing, before=before)
        assert late.key == told.key
        assert due([late], None, later) == [], "whoever has just set alerts up is not told of old releases"
        assert due([late], memory, later) == [late]
        assert due([late], remembered(memory, [told], "sent", NOW, "x"), later) == []
    (late,) = found(nothing, before=(published, nothing))
    assert due([late], remembered(None, found(line(**WON)), "sent", later, "x"), later) == [], "it is older than alerts"
    again = line("3-1-release", **{**RELEASED, "action": "nothing"})
    assert found(again, before=(nothing, again)) == [], "others have found it before"
    assert due(found(published), None, NOW) == [told]


@pytest.mark.parametrize(
    "hostile",
    [
        "@everyone", "@here", "<!channel>", "<!here|here>", "<@U123>", "<#C1|x>", "[click](https://evil.example)",
        "<https://evil.example|bank>", "**bold**", "`code`", "<img src=x>", "_emphasis_", "~~struck~~", "a\nb",
        "\x1b[31m", "::set-env name=x::y", "\u202egnp.exe", "# heading", "> quote", "https://evil.example",
    ],
)  # fmt: skip
def test_texts_of_others_mention_nobody_and_format_nothing(hostile: str) -> None:
    said = neutral(hostile)
    assert said.isprintable() or "\u200b" in said
    assert not any(
        part in said for part in ("@e", "@h", "@U", "<", ">", "](", "`", "**", "~", "://", "\n", "\x1b", "\u202e")
    )
    assert "_emphasis_" not in said
    one = line(**{**WON, "reasons": [hostile]})
    assert all(not text.startswith(("#", ">", "-", "::")) for text in found(one)[0].text.splitlines())


def test_names_with_underscores_stay_as_they_are() -> None:
    assert neutral("origin_delay_3h moved 0.2 of 0.25 (95%)") == "origin_delay_3h moved 0.2 of 0.25 (95%)"


def test_long_texts_are_cut() -> None:
    one = line(ended=1, errors=["x" * 900] * 5 + [f"column {n}" for n in range(90)])
    (alert,) = found(one)
    assert len(alert.text) < 5000 and "more" in alert.text
    assert len(found(line(**{**WON, "reasons": []}), EVERYTHING)[0].title) <= 120


def test_a_trial_is_never_the_same() -> None:
    assert trial("flights", NOW).key != trial("flights", NOW + timedelta(seconds=1)).key
