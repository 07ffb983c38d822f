"""Against the stand-in: every kind of fault at a read, at a write, and at what must be there once."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import pytest

from scripts.core.errors import OUTSIDE
from scripts.edges.hub.github import LONGEST_WAIT, LOOKS, READS, GitHub, Limited, Refused, Unsure, wait_of
from tests.github_server import KINDS, Fault, Forge
from tests.github_server.faults import LIMITS

WAITS = {"429": LONGEST_WAIT, "429_retry_after": 1.0, "secondary_403": 1.0}
BROKEN = [kind for kind in KINDS if kind not in LIMITS]


class Slept(list[float]):
    """A sleep that takes no time, on the forge's clock too."""

    def __init__(self, forge: Forge) -> None:
        super().__init__()
        self.forge = forge

    def __call__(self, seconds: float) -> None:
        self.append(seconds)
        self.forge.pass_time(seconds)


@pytest.fixture
def slept(forge: Forge) -> Slept:
    return Slept(forge)


@pytest.fixture
def github(forge: Forge, slept: Slept) -> GitHub:
    return GitHub(forge.settings(forge.token(), timeout=1), sleep=slept)


def issue(github: GitHub) -> Any:
    return github.write("POST", "{repo}/issues", {"title": "Drift"})


def test_what_is_there_and_what_is_not(forge: Forge, github: GitHub) -> None:
    assert github.get("{repo}")["full_name"] == forge.repository
    assert github.get("{repo}/issues/1") is None
    assert issue(github)["number"] == 1
    assert github.get("{repo}/issues/1")["title"] == "Drift"
    assert github.write("POST", "{repo}/dispatches", {"event_type": "x"}) is None


def test_a_list_is_read_over_all_of_its_pages(forge: Forge, github: GitHub) -> None:
    issue(github)
    for number in range(101):
        forge.state.label(f"label {number:03d}")
    assert [one["name"] for one in github.pages("{repo}/labels")] == [f"label {number:03d}" for number in range(101)]
    asked = [dict(parse_qsl(one.query)) for one in forge.requests if one.path.endswith("/labels")]
    assert asked == [{"per_page": "100", "page": "1"}, {"per_page": "100", "page": "2"}]
    forge.commit({".github/workflows/a.yml": "on: push\n"})
    assert [one["name"] for one in github.pages("{repo}/actions/workflows", key="workflows")] == ["a"]


def test_what_should_be_a_list_and_is_none(forge: Forge, github: GitHub) -> None:
    with pytest.raises(Unsure, match="answered no list"):
        list(github.pages("{repo}"))
    forge.violations.clear()


@pytest.mark.parametrize("kind", KINDS)
def test_a_read_is_tried_again(forge: Forge, github: GitHub, slept: Slept, kind: str) -> None:
    forge.faults = [Fault(1, kind)]
    assert github.get("{repo}")["full_name"] == forge.repository
    assert forge.count() == 2
    assert slept == [WAITS.get(kind, 1.0)]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "stall"])
def test_a_read_is_given_up(forge: Forge, github: GitHub, slept: Slept, kind: str) -> None:
    forge.faults = [Fault(1, kind, times=99)]
    with pytest.raises(Limited if kind in LIMITS else Unsure) as caught:
        github.get("{repo}")
    assert forge.count() == READS
    assert sum(slept) <= READS * LONGEST_WAIT
    assert caught.value.code == OUTSIDE
    assert str(caught.value).endswith("Try again later.") and "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", BROKEN)
def test_a_write_is_sent_once(forge: Forge, github: GitHub, slept: Slept, kind: str) -> None:
    forge.faults = [Fault(1, kind)]
    with pytest.raises(Unsure):
        issue(github)
    assert forge.count() == 1
    assert len(forge.issues) == int(KINDS[kind])
    assert slept == []


@pytest.mark.parametrize("kind", LIMITS)
def test_a_write_waits_for_a_rate_limit(forge: Forge, github: GitHub, slept: Slept, kind: str) -> None:
    forge.faults = [Fault(1, kind)]
    assert issue(github)["number"] == 1
    assert (len(forge.issues), slept) == (1, [WAITS[kind]])
    forge.begin_count()
    forge.faults = [Fault(1, kind, times=99)]
    with pytest.raises(Limited):
        issue(github)
    assert (forge.count(), len(forge.issues)) == (READS, 1)


def release(github: GitHub) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """How to find a draft, and how to make it."""
    body = {"tag_name": "v1", "draft": True}

    def look() -> Any:
        return next((one for one in github.pages("{repo}/releases") if one["tag_name"] == "v1"), None)

    return look, lambda: github.write("POST", "{repo}/releases", body)


def looks_before_writes(forge: Forge) -> bool:
    """Whether no write follows another without a read between them."""
    verbs = [one.verb for one in forge.requests if one.fault not in LIMITS]
    return all(before == "GET" for before, verb in zip([*verbs[-1:], *verbs], verbs, strict=False) if verb == "POST")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("at", [1, 2])
def test_what_must_be_there_is_made_once(forge: Forge, github: GitHub, kind: str, at: int) -> None:
    forge.lag = 10
    forge.faults = [Fault(at, kind)]
    look, act = release(github)
    assert github.ensure(look, act, lag=12)["tag_name"] == "v1"
    assert len(forge.releases) == 1
    assert looks_before_writes(forge)


@pytest.mark.parametrize("kind", ["cut_after", "502_after", "short_body"])
def test_with_two_answers_lost_in_a_row_it_is_made_once(forge: Forge, github: GitHub, kind: str) -> None:
    forge.faults = [Fault(2, kind, times=2)]
    look, act = release(github)
    github.ensure(look, act)
    assert len(forge.releases) == 1
    assert [one.verb for one in forge.requests] == ["GET", "POST", "GET", "GET"]


def test_what_is_there_is_not_made(forge: Forge, github: GitHub) -> None:
    look, act = release(github)
    first = github.ensure(look, act)
    assert github.ensure(look, act)["id"] == first["id"]
    assert len(forge.writes) == 1


def test_making_it_is_given_up(forge: Forge, github: GitHub) -> None:
    def unsure() -> Any:
        raise Unsure("GitHub: POST: no answer. Try again later.")

    looks: list[int] = []
    with pytest.raises(Unsure):
        github.ensure(lambda: looks.append(1), unsure)
    assert len(looks) == LOOKS


def refused(act: Callable[[], Any]) -> str:
    with pytest.raises(Refused) as caught:
        act()
    assert caught.value.code == OUTSIDE
    return str(caught.value)


def test_each_refusal_says_what_to_do(forge: Forge, github: GitHub, slept: Slept) -> None:
    reader = GitHub(forge.settings(forge.token({"contents": "read", "issues": "read"})), sleep=slept)
    where = "GitHub: POST /repos/octo/evergreen"
    assert refused(lambda: issue(reader)) == (
        f"{where}/issues: 403, Resource not accessible by integration. "
        "Give the job's token issues: write under `permissions:`."
    )
    wrong = GitHub(replace(forge.settings("ghs_wrong")), sleep=slept)
    said = refused(lambda: issue(wrong))
    assert (
        said
        == f"{where}/issues: 401, Bad credentials. The token is missing, wrong or expired: give one in GITHUB_TOKEN."
    )
    assert "ghs_wrong" not in said
    assert refused(lambda: github.write("POST", "{repo}/issues/7/comments", {"body": "x"})) == (
        f"{where}/issues/7/comments: 404, Not Found. "
        "The repository or this part of it is not there, or the token may not see it."
    )
    forge.settings_of_repo.has_issues = False
    assert refused(lambda: issue(github)).endswith("This feature is switched off in the repository's settings.")
    assert slept == []


def test_a_refusal_tells_every_detail_on_one_line(forge: Forge, github: GitHub) -> None:
    wanted = {"title": "x", "head": "missing", "base": "main"}
    said = refused(lambda: github.write("POST", "{repo}/pulls", wanted))
    assert said.startswith("GitHub: POST /repos/octo/evergreen/pulls: 422, Validation Failed; head invalid.")
    forge.state.bare.set("refs/heads/same", str(forge.tip()))
    said = refused(lambda: github.write("POST", "{repo}/pulls", wanted | {"head": "same"}))
    assert "No commits between main and same" in said
    assert "\n" not in said


def test_pull_requests_that_the_repository_forbids_to_actions(forge: Forge, github: GitHub) -> None:
    forge.settings_of_repo.allow_actions_prs = False
    said = refused(lambda: github.write("POST", "{repo}/pulls", {"title": "x", "head": "y", "base": "main"}))
    assert "403, GitHub Actions is not permitted to create or approve pull requests" in said


def test_graphql_is_asked_where_it_is(forge: Forge, github: GitHub) -> None:
    answer = github.write("POST", "/graphql", {"query": "mutation { enablePullRequestAutoMerge }", "variables": {}})
    assert answer["errors"][0]["type"] == "NOT_FOUND"
    assert forge.requests[-1].path == "/graphql"


def test_a_server_that_is_not_there(github: GitHub, slept: Slept) -> None:
    dead = GitHub(replace(github.settings, api="http://127.0.0.1:9/api/v3"), sleep=slept)
    with pytest.raises(Unsure, match=r"GitHub: GET /repos/octo/evergreen: no answer \(ConnectionError\)"):
        dead.get("{repo}")
    assert len(slept) == READS - 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "3600"}, LONGEST_WAIT),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1030"}, 30.0),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "990"}, 0.0),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "99999"}, LONGEST_WAIT),
        ({"X-RateLimit-Remaining": "12", "X-RateLimit-Reset": "1030"}, LONGEST_WAIT),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, LONGEST_WAIT),
        ({}, LONGEST_WAIT),
    ],
)
def test_waits_are_as_long_as_github_says_and_bounded(headers: dict[str, str], seconds: float) -> None:
    assert wait_of(headers, now=lambda: 1000.0) == seconds
