import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts import alert, ledger
from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.paths import PARAMS
from scripts.edges.repository.branches import Remote
from scripts.edges.repository.ledger import Local
from tests.channels import Endpoint, endpoint, silent
from tests.ledgering import RETRAIN, Place, Said, place

SECRET = "t0psecretT0ken"
FAILED = {"code": 3, "lines": ["S3: no answer. Try again later."], "started": "2026-11-24T03:17:00+00:00"}
DRIFTED = {**RETRAIN, "triggers": [{"name": "data_drift", "state": "fired", "says": "columns weigh 0.31 of 0.25"}]}


@pytest.fixture(scope="module")
def web_server() -> Iterator[Endpoint]:
    with endpoint() as found:
        yield found


@pytest.fixture
def web(web_server: Endpoint, monkeypatch: pytest.MonkeyPatch) -> Endpoint:
    web_server.posts.clear()
    web_server.status = 200
    return web_server


@pytest.fixture
def here(tmp_path: Path, web: Endpoint, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Place:
    """On GitHub, with a channel; its ledger lies in the clone, which is quicker than a remote."""
    found = place(tmp_path, monkeypatch, capsys)
    found.on_github("9001")
    monkeypatch.setattr("scripts.edges.repository.ledger.book", lambda job: Local())
    monkeypatch.setenv("APPRISE_URLS", f"json://{web.host}/{SECRET}")
    return found


def run(here: Place, *arguments: str, code: int = 0) -> Said:
    said = here.run(alert.main, *arguments)
    assert said.code == code, said
    assert SECRET not in said.out + said.errors
    return said


def whole(here: Place, number: str, **outcomes: Any) -> Said:
    """A workflow's run as far as it matters here: what was left, its line, its alerts."""
    here.on_github(number)
    here.left(**outcomes)
    assert here.run(ledger.main, "add").code == 0
    return run(here)


def titles(web: Endpoint) -> list[str]:
    return [body["title"] for _, body in web.posts]


def memory(here: Place) -> list[tuple[str, str]]:
    entries = [json.loads(line) for line in here.git("show", "evergreen-ledger:alerts.jsonl").splitlines()]
    return [(entry["key"].partition(":")[0], entry["state"]) for entry in entries]


def test_an_alert_is_sent_once_however_often_the_run_is_made_again(here: Place, web: Endpoint) -> None:
    assert whole(here, "9001", retrain=DRIFTED).out == "alerts: sent drift_found\n"
    for again in ("9001", "9002"):
        assert whole(here, again, retrain=DRIFTED).out == "alerts: nothing new to be sent\n"
    assert titles(web) == ["small: data drift"]
    assert web.posts[0][1]["message"].splitlines() == [
        "· data drift: columns weigh 0.31 of 0.25",
        "took 4 s",
        "https://github.com/octo/evergreen/actions/runs/9001",
    ]
    assert memory(here) == [("drift_found", "claimed"), ("drift_found", "sent")]


def test_a_failure_is_told_once_until_it_works_again(here: Place, web: Endpoint) -> None:
    for number, outcome in enumerate([RETRAIN, FAILED, FAILED, {**RETRAIN, "run": "8"}, FAILED]):
        whole(here, f"900{number}", retrain=outcome)
    assert titles(web) == ["small: retrain could not reach what it needs"] * 2


def test_data_that_failed_their_checks(here: Place, web: Endpoint) -> None:
    whole(here, "9001", retrain={"code": 1, "lines": ["data/x.parquet: column 'temp' has text"]})
    whole(here, "9002", retrain={"code": 1, "lines": ["train: can't be fitted"]})
    assert titles(web) == ["small: the new data failed their checks", "small: retrain broke"]


def test_a_dead_channel_stops_nobody_and_is_told_without_its_secret(
    here: Place, web: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "APPRISE_URLS", f"json://127.0.0.1:9/{SECRET}\njson://{web.host}/ok json://127.0.0.1:9/{SECRET}x"
    )
    said = whole(here, "9001", retrain=DRIFTED).out
    assert said.startswith("alerts: sent drift_found\n  Warning: channel 1 (json) did not take 'small: data drift': ")
    assert "channel 3 (json)" in said and len(web.posts) == 1
    assert "channel 1" in here.summary and SECRET not in here.summary
    whole(here, "9002", retrain=DRIFTED)
    assert len(web.posts) == 1, "that some heard of it is enough"


def test_an_alert_that_nobody_took_is_sent_by_the_next_run(here: Place, web: Endpoint) -> None:
    web.status = 500
    assert "alerts: nothing new" in whole(here, "9001", retrain=DRIFTED).out
    web.status = 200
    assert whole(here, "9002", retrain=DRIFTED).out == "alerts: sent drift_found\n"
    assert memory(here) == [("drift_found", state) for state in ("claimed", "failed", "claimed", "sent")]


def test_channels_that_never_answer_are_bounded(here: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    PARAMS.write_text(PARAMS.read_text() + "alerts: {timeout: 0.3}\n")
    with silent() as host:
        monkeypatch.setenv("APPRISE_URLS", f"json://{host}/{SECRET} json://{host}/{SECRET}")
        whole(here, "9000", retrain=RETRAIN)
        began = time.monotonic()
        assert whole(here, "9001", retrain=DRIFTED).out.count("gave no answer in 0.3 s") == 2
    assert time.monotonic() - began < 3


def test_a_ledger_that_can_not_be_reached_silences_nobody(
    here: Place, web: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scripts.edges.repository.ledger.book", lambda job: Remote(name=str(here.root / "gone")))
    monkeypatch.setattr("scripts.edges.repository.ledger.LONGEST", 0.0)
    here.left(retrain=FAILED)
    said = run(here).out
    assert said.startswith("alerts: sent broken\n  Warning: alerts can't be remembered, and may come again: git ")
    assert len(web.posts) == 1


def test_a_claim_whose_push_was_not_answered_is_known_as_our_own(
    here: Place, web: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushes = []

    class Unsure(Local):
        def push(self, commit: str | None, branch: str, expected: str | None) -> None:
            super().push(commit, branch, expected)
            pushes.append(commit)
            if len(pushes) == 1:
                raise Mistake("git push: no answer.", code=OUTSIDE)

    monkeypatch.setattr("scripts.edges.repository.ledger.book", lambda job: Unsure())
    here.left(retrain=FAILED)
    assert run(here).out == "alerts: sent broken\n"
    assert run(here).out == "alerts: nothing new to be sent\n"
    assert len(web.posts) == 1


def test_a_job_that_left_no_word_is_told(here: Place, web: Endpoint) -> None:
    here.left()
    run(here)
    run(here, "--command", "release")
    assert titles(web) == ["small: retrain broke", "small: release broke"]


def test_tags_of_params_choose_who_hears(here: Place, web: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    PARAMS.write_text(PARAMS.read_text() + "alerts: {drift_found: [ops], broken: [opps], skipped: []}\n")
    monkeypatch.setenv("APPRISE_URLS", f"ops=json://{web.host}/ops team=json://{web.host}/team")
    said = whole(here, "9001", retrain=DRIFTED).out
    assert [path for path, _ in web.posts] == ["/ops"]
    assert "alerts.broken: no channel in APPRISE_URLS has the tag 'opps'" in said
    whole(here, "9002", retrain=FAILED)
    assert len(web.posts) == 1
    assert memory(here) == [("drift_found", "claimed"), ("drift_found", "sent")], "what nobody can hear is not claimed"


def test_without_channels_nothing_is_sent_and_nothing_breaks(here: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("APPRISE_URLS")
    here.left(retrain=DRIFTED)
    assert run(here).out == "alerts: drift_found: not sent, as APPRISE_URLS names no channel\n"
    here.left(retrain=RETRAIN)
    assert run(here).out == "alerts: nothing that anybody wants to hear of\n"
    here.left(retrain={**DRIFTED, "dry_run": True})
    assert run(here).out == "alerts: nothing that anybody wants to hear of\n"


def test_a_hostile_text_mentions_nobody(here: Place, web: Endpoint) -> None:
    hostile = "<!channel> @everyone [x](https://evil.example) ::set-env name=a::b `rm -rf` **b**"
    whole(here, "9001", retrain={**FAILED, "lines": [hostile]})
    message = web.posts[0][1]["message"]
    assert not any(mark in message for mark in ("<", "@e", "](", "`", "**", "//evil")) or "://evil" not in message
    assert "‹!channel›" in message


def test_a_person_tries_the_channels(here: Place, web: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(here, "--test").out == "channel 1 (json): took it\n"
    assert run(here, "--test").out == "channel 1 (json): took it\n", "as often as asked"
    assert titles(web) == ["small: a test"] * 2
    monkeypatch.setenv("APPRISE_URLS", f"json://127.0.0.1:9/{SECRET} ops=json://{web.host}/x {SECRET}")
    said = run(here, "--test", code=3).out.splitlines()
    assert said[0].startswith("channel 1 (json): A Connection error")
    assert said[1:] == [
        "channel 2 (json): took it",
        "APPRISE_URLS: entry 3 is no address. Write it as in ops,team=slack://...",
    ]
    monkeypatch.delenv("APPRISE_URLS")
    assert run(here, "--test", code=2).errors == (
        "APPRISE_URLS: names no channel. Set it, as in APPRISE_URLS='slack://...'\n"
    )
