from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scripts.core.doctor import hub
from scripts.core.doctor.findings import Finding, Unseen
from scripts.core.doctor.hub import LOOP, NEEDED, Here, Hub, Protection, Repository, Run
from scripts.core.doctor.trust import Form, Names

NOW = datetime(2026, 11, 24, tzinfo=UTC)
WHY = Unseen("not told", "Ask.")
REPOSITORY = Repository(
    names=Names("octo", 11, "evergreen", 22),
    made=NOW - timedelta(days=90),
    pushed=NOW - timedelta(days=1),
    branch="main",
    private=False,
    fork=False,
    template=False,
    archived=False,
    auto_merge=True,
)
SOUND = Hub(
    repository=REPOSITORY,
    rights=dict.fromkeys(NEEDED, True),
    app_rights=None,
    may_open=True,
    workflows=dict.fromkeys(LOOP, "active"),
    last=Run(NOW - timedelta(hours=5), "https://github.com/octo/evergreen/actions/runs/1"),
    protection=Protection(True, True, ("ci",)),
    form=Form(),
    released={1, 2, 3},
    given=(),
)
HERE = Here(
    now=NOW,
    in_actions=False,
    every=timedelta(days=1),
    mode="pull_request",
    auto_merge=False,
    app=False,
    version=3,
)


def bad(found: Hub, here: Here = HERE) -> list[Finding]:
    findings = [each for each in hub.findings(found, here) if each.state != "ok"]
    assert all(each.cure for each in findings), "a line without a cure"
    return findings


def only(found: Hub, here: Here = HERE) -> Finding:
    [one] = bad(found, here)
    return one


def repository(**changed: Any) -> Hub:
    return replace(SOUND, repository=replace(REPOSITORY, **changed))


def test_a_sound_repository_is_fine() -> None:
    assert bad(SOUND) == []


def test_a_repository_that_is_not_seen_is_one_line() -> None:
    assert [each.state for each in bad(replace(SOUND, repository=WHY))] == ["unknown"]
    assert [each.state for each in bad(replace(SOUND, repository=replace(WHY, broken=True)))] == ["fail"]


@pytest.mark.parametrize("part", ["rights", "may_open", "workflows", "last", "protection", "released"])
def test_what_is_not_seen_is_unknown_and_nothing_else(part: str) -> None:
    found = only(replace(SOUND, **{part: WHY}))
    assert (found.state, found.says, found.cure) == ("unknown", "not told", "Ask.")


def test_a_token_that_lacks_rights_names_the_lines() -> None:
    found = only(replace(SOUND, rights={"contents": True, "issues": True}))
    assert found.state == "warn"
    assert "pull-requests: write, statuses: write" in found.cure


def test_in_a_job_a_token_that_may_only_read_is_as_it_should_be() -> None:
    assert bad(replace(SOUND, rights={}), replace(HERE, in_actions=True)) == []


def test_the_token_of_an_app_must_open_pull_requests() -> None:
    found = only(replace(SOUND, app_rights={"contents": True, "issues": True, "statuses": True}))
    assert found.state == "fail" and "pull-requests: write" in found.cure


def test_actions_that_may_not_open_pull_requests_name_the_setting() -> None:
    found = only(replace(SOUND, may_open=False))
    assert found.state == "fail"
    assert "Settings > Actions > General" in found.cure and "create and approve pull requests" in found.cure


def test_with_an_app_or_without_pull_requests_that_setting_does_not_matter() -> None:
    assert bad(replace(SOUND, may_open=False), replace(HERE, app=True)) == []
    unprotected = replace(SOUND, may_open=False, protection=Protection(True, False, ()))
    assert bad(unprotected, replace(HERE, mode="release")) == []


def test_releasing_at_once_needs_a_branch_that_can_be_pushed_to() -> None:
    found = only(SOUND, replace(HERE, mode="release"))
    assert found.state == "fail" and "promotion.mode: pull_request" in found.cure


def test_auto_merge_must_be_allowed() -> None:
    assert bad(repository(auto_merge=False)) == []
    assert only(repository(auto_merge=False), replace(HERE, auto_merge=True)).what == "auto-merge"
    assert bad(repository(auto_merge=None), replace(HERE, auto_merge=True)) == []


def test_a_cron_that_github_stopped_is_a_fault_with_the_command_that_starts_it() -> None:
    found = only(replace(SOUND, workflows={**SOUND.workflows, "retrain.yml": "disabled_inactivity"}))  # type: ignore[dict-item]
    assert found.state == "fail"
    assert "60 days" in found.says and "gh workflow enable retrain.yml" in found.cure


def test_a_workflow_that_is_missing() -> None:
    found = only(replace(SOUND, workflows=dict.fromkeys(LOOP[1:], "active")))
    assert found.state == "fail" and "retrain.yml is not on main" in found.says


def test_in_a_fork_workflows_that_sleep_are_no_fault() -> None:
    asleep = replace(repository(fork=True), workflows=dict.fromkeys(LOOP, "disabled_fork"))
    assert {each.state for each in bad(asleep)} == {"warn"}


def test_the_template_itself_needs_no_run() -> None:
    assert bad(replace(repository(template=True), last=None)) == []


def test_a_copy_that_never_ran_says_how_to_start() -> None:
    assert "gh workflow run retrain.yml" in only(replace(SOUND, last=None)).cure


@pytest.mark.parametrize(("days", "late"), [(0, False), (2, False), (4, True)])
def test_a_missed_schedule_is_noticed(days: int, late: bool) -> None:
    found = bad(replace(SOUND, last=Run(NOW - timedelta(days=days), "https://x/runs/1")))
    assert [each.state for each in found] == (["fail"] if late else [])


def test_without_a_schedule_no_run_is_late() -> None:
    assert bad(replace(SOUND, last=Run(NOW - timedelta(days=400), "u")), replace(HERE, every=None)) == []


def test_long_silence_of_a_public_repository_is_warned_of_before_the_cron_stops() -> None:
    found = only(repository(pushed=NOW - timedelta(days=50)))
    assert found.what == "schedule" and "in 10 days" in found.says
    assert bad(repository(pushed=NOW - timedelta(days=50), private=True)) == []


def test_an_unprotected_main_names_the_check_to_require() -> None:
    found = only(replace(SOUND, protection=Protection(False, False, ())))
    assert found.state == "warn" and "ci" in found.cure


def test_archived() -> None:
    assert only(repository(archived=True)).state == "fail"


def test_a_declared_version_that_is_not_published() -> None:
    found = only(replace(SOUND, released={1, 2}))
    assert found.state == "warn" and "gh workflow run release.yml" in found.cure
    assert bad(replace(SOUND, released=set()), replace(HERE, version=0)) == []
