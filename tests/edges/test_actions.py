import json
from pathlib import Path

import pytest

from scripts.core.errors import USAGE, Mistake
from scripts.edges.actions import Job, job
from scripts.edges.hub.github import GitHub
from tests.github_server import Forge

RUN = {
    "GITHUB_REPOSITORY": "octo/evergreen",
    "GITHUB_SERVER_URL": "https://ghe.example/",
    "GITHUB_API_URL": "https://ghe.example/api/v3/",
    "GITHUB_RUN_ID": "42",
    "GITHUB_RUN_ATTEMPT": "3",
    "GITHUB_EVENT_NAME": "schedule",
    "GITHUB_ACTOR": "octocat",
    "GITHUB_SHA": "a" * 40,
    "GITHUB_REF_NAME": "main",
    "GITHUB_WORKFLOW": "Retrain",
    "GITHUB_TOKEN": "ghs_secret",
}


def test_on_a_laptop_nothing_is_known_and_nothing_is_said() -> None:
    here = job({})
    assert not here.in_actions
    assert (here.repository, here.run, here.url, here.event, here.token, here.attempt) == (None,) * 5 + (1,)
    assert (here.server, here.api) == ("https://github.com", "https://api.github.com")
    assert here.event_payload() == {}
    here.say("# Nothing")
    here.tell("name", "value")


def test_what_a_job_knows_of_itself() -> None:
    here = job(RUN)
    assert here.in_actions
    assert here.url == "https://ghe.example/octo/evergreen/actions/runs/42"
    assert (here.event, here.actor, here.commit, here.branch) == ("schedule", "octocat", "a" * 40, "main")
    assert (here.attempt, here.workflow) == (3, "Retrain")


@pytest.mark.parametrize("name", RUN)
def test_an_empty_variable_is_one_that_is_not_set(name: str) -> None:
    without = {other: value for other, value in RUN.items() if other != name}
    assert job(RUN | {name: ""}) == job(without)


def test_settings_for_the_api_with_the_jobs_token_or_another() -> None:
    assert job(RUN).github().token == "ghs_secret"
    settings = job(RUN).github("ghs_app")
    assert (settings.token, settings.repository) == ("ghs_app", "octo/evergreen")
    assert (settings.api, settings.server) == ("https://ghe.example/api/v3", "https://ghe.example")


def test_without_a_repository_there_is_nobody_to_speak_to() -> None:
    with pytest.raises(Mistake, match="Say which repository: GITHUB_REPOSITORY=OWNER/NAME") as caught:
        job({}).github()
    assert caught.value.code == USAGE


def test_what_is_said_is_added_to_the_runs_page(tmp_path: Path) -> None:
    page = tmp_path / "summary.md"
    page.write_text("before\n\n")
    here = job({"GITHUB_STEP_SUMMARY": str(page)})
    here.say("# Título")
    here.say("more\n\n\n")
    assert page.read_text("utf-8") == "before\n\n# Título\n\nmore\n\n"


def test_an_output_stays_on_its_line(tmp_path: Path) -> None:
    file = tmp_path / "output"
    here = job({"GITHUB_OUTPUT": str(file)})
    here.tell("verdict", "HOLD")
    here.tell("reason", "one\nverdict=PROMOTE\r\nx")
    assert file.read_text("utf-8") == "verdict=HOLD\nreason=one verdict=PROMOTE x\n"


@pytest.mark.parametrize("content", [None, b"", b"{not json", b"\xff\xfe"])
def test_a_payload_that_cannot_be_read_is_empty(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "event.json"
    if content is not None:
        file.write_bytes(content)
    assert job({"GITHUB_EVENT_PATH": str(file)}).event_payload() == {}


def test_a_payload_is_what_came_with_the_event(tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text(json.dumps({"inputs": {"reason": "because"}}))
    assert job({"GITHUB_EVENT_PATH": str(file)}).event_payload() == {"inputs": {"reason": "because"}}


def test_a_jobs_settings_reach_the_api(forge: Forge) -> None:
    here: Job = job(forge.environment(forge.token("read-all")))
    found = GitHub(here.github()).get("{repo}")
    assert found["full_name"] == forge.repository
    assert here.url == f"{forge.url}/{forge.repository}/actions/runs/4711"
