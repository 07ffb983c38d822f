from dataclasses import replace
from typing import Any

import pytest

from scripts.core import declaration, standing
from scripts.core.declaration import Declaration
from scripts.core.standing import Carry, Close, Commit, Leave, Note, Nothing, Open, Pull, Refresh, Situation

NOTE = Note("key", "sha256:new", "7f3c2a10", "https://x/runs/1", 38.0)


def pull(number: int = 7, **other: Any) -> Pull:
    known: dict[str, Any] = {
        "url": "https://x/7",
        "node": "PR_7",
        "title": "t",
        "head": "abc",
        "body": f"text\n\n{NOTE}",
    }
    return Pull(number, **known | {"open": True, "merged": False} | other)


def situation(**other: Any) -> Situation:
    known: dict[str, Any] = {
        "verdict": "PROMOTE",
        "reason": "log_loss better",
        "candidate": "sha256:new",
        "production": Declaration(version=4, bundle="sha256:old"),
        "stale": None,
        "key": "key",
        "release": False,
        "pulls": [],
        "foreign": [],
    }
    return Situation(**known | other)


def test_a_winner_is_proposed_once_and_then_renewed() -> None:
    assert isinstance(standing.decide(situation()), Open)
    action = standing.decide(situation(pulls=[pull()]))
    assert isinstance(action, Refresh) and action.pull.number == 7


@pytest.mark.parametrize("verdict", ["HOLD", "REJECT", "INVALID"])
def test_without_a_win_nothing_is_open(verdict: str) -> None:
    assert standing.decide(situation(verdict=verdict)) == Nothing(f"{verdict}: log_loss better")
    action = standing.decide(situation(verdict=verdict, pulls=[pull()]))
    assert isinstance(action, Close) and verdict in action.reason
    assert isinstance(standing.decide(situation(verdict=verdict, pulls=[pull()], release=True)), Close)


def test_no_verdict_no_action() -> None:
    for other in ({"verdict": None}, {"candidate": None}):
        assert isinstance(standing.decide(situation(**other, pulls=[pull()])), Nothing)


def test_what_is_production_already_is_not_proposed() -> None:
    now = Declaration(version=5, bundle="sha256:new")
    assert isinstance(standing.decide(situation(production=now, stale="it is stale")), Nothing)
    assert isinstance(standing.decide(situation(production=now, pulls=[pull()])), Close)


@pytest.mark.parametrize("release", [True, False])
@pytest.mark.parametrize("verdict", ["PROMOTE", "HOLD"])
def test_a_stale_candidate_is_never_proposed(release: bool, verdict: str) -> None:
    for pulls in ([], [pull()]):
        action = standing.decide(situation(stale="production is v5", release=release, verdict=verdict, pulls=pulls))
        assert isinstance(action, Leave) and action.reason == "production is v5"


def test_a_persons_commits_are_left_alone_and_told() -> None:
    action = standing.decide(situation(pulls=[pull()], foreign=["0123456789"]))
    assert isinstance(action, Leave) and action.pull is not None and "0123456" in action.reason
    assert isinstance(standing.decide(situation(foreign=["0123456789"])), Leave)


def test_mode_release_needs_no_pull_request() -> None:
    assert isinstance(standing.decide(situation(release=True, pulls=[pull(open=False)])), Commit)


def test_a_persons_refusal_stands_until_its_key_changes() -> None:
    refused = pull(open=False)
    assert refused.refused
    action = standing.decide(situation(pulls=[refused]))
    assert isinstance(action, Leave) and "#7" in action.reason
    assert isinstance(standing.decide(situation(pulls=[refused], key="another")), Open)


def test_what_a_run_closed_is_no_refusal() -> None:
    closed = pull(open=False, body=standing.closed(pull().body))
    assert not closed.refused
    assert isinstance(standing.decide(situation(pulls=[closed])), Open)


def test_only_the_newest_refusal_counts() -> None:
    newest, oldest = pull(9, open=False, body=str(replace(NOTE, key="now"))), pull(7, open=False)
    assert isinstance(standing.decide(situation(pulls=[newest, oldest])), Open)


def test_a_merge_is_no_refusal() -> None:
    merged = pull(open=False, merged=True)
    assert isinstance(standing.decide(situation(pulls=[merged])), Open)


def test_all_open_ones_but_the_newest_are_duplicates() -> None:
    assert standing.duplicates([pull(9), pull(8, open=False), pull(7)]) == [pull(7)]


def test_a_note_survives_a_body_and_a_second_closing() -> None:
    tricky = replace(NOTE, url="https://x/--><b>")
    assert standing.note_of(f"before {tricky} after") == tricky
    once = standing.closed(f"text\n\n{NOTE}")
    assert standing.note_of(once) == replace(NOTE, closed=True)
    assert standing.closed(once) == once
    assert standing.note_of(standing.closed("a person's own words")) == Note("", "", closed=True)


@pytest.mark.parametrize("body", [None, "", "<!-- evergreen: {} -->", "<!-- evergreen: {broken} -->", "plain"])
def test_a_body_without_a_note(body: str | None) -> None:
    assert standing.note_of(body) is None


def test_a_key_is_of_data_params_and_gate() -> None:
    keys = {standing.key(*parts) for parts in [("d", {}, {}), ("e", {}, {}), ("d", {"a": 1}, {}), ("d", {}, {"a": 1})]}
    assert len(keys) == 4


def test_no_model_yet() -> None:
    assert isinstance(standing.decide(situation(production=declaration.none())), Open)


RIDES = {"rides": True, "run": "7f3c2a10"}
RECORD = replace(NOTE, record=True)


@pytest.mark.parametrize("verdict", ["HOLD", "REJECT", "INVALID", None])
def test_where_main_takes_no_push_data_ride_whatever_the_verdict(verdict: str | None) -> None:
    assert isinstance(standing.decide(situation(verdict=verdict, **RIDES)), Carry)
    action = standing.decide(situation(verdict=verdict, pulls=[pull()], **RIDES))
    assert isinstance(action, Carry) and action.pull is not None and action.pull.number == 7
    assert not isinstance(standing.decide(situation(verdict=verdict, run="7f3c2a10")), Carry), "it was pushed"


def test_where_main_takes_no_push_a_winner_has_them_with_it() -> None:
    assert isinstance(standing.decide(situation(**RIDES)), Open)
    assert isinstance(standing.decide(situation(release=True, **RIDES)), Commit)
    action = standing.decide(situation(pulls=[pull(body=str(RECORD))], **RIDES))
    assert isinstance(action, Refresh), "that of data and reports becomes the candidate's"


def test_data_ride_when_only_the_candidate_was_refused() -> None:
    action = standing.decide(situation(pulls=[pull(open=False)], **RIDES))
    assert isinstance(action, Carry) and action.pull is None and "#7" in action.reason


def test_data_that_a_person_refused_stay_out_until_a_run_finds_something_else() -> None:
    refused = pull(open=False, body=str(RECORD))
    action = standing.decide(situation(verdict="HOLD", pulls=[refused], **RIDES))
    assert isinstance(action, Leave) and "#7" in action.reason
    assert isinstance(standing.decide(situation(verdict="HOLD", pulls=[refused], rides=True, run="another")), Carry)
    assert isinstance(standing.decide(situation(pulls=[refused], **RIDES)), Open), "it says nothing of a winner"


def test_nothing_rides_on_a_persons_commits_nor_with_what_is_stale() -> None:
    for other in ({"foreign": ["0123456789"]}, {"stale": "production is v5"}):
        for pulls in ([], [pull()]):
            assert not isinstance(standing.decide(situation(verdict="HOLD", pulls=pulls, **other, **RIDES)), Carry)
