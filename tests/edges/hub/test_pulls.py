import pytest

from scripts.edges.hub import pulls
from scripts.edges.hub.github import GitHub, Refused
from scripts.edges.hub.pulls import Status
from tests.github_server import Fault, Forge

BRANCH = "evergreen/candidate"


@pytest.fixture
def github(forge: Forge) -> GitHub:
    forge.commit({"models/production.json": "{}"}, branch=BRANCH)
    return GitHub(forge.settings(forge.token()), sleep=forge.pass_time)


def test_there_is_never_a_second_one(forge: Forge, github: GitHub) -> None:
    first = pulls.created(github, BRANCH, "main", "Promote v1", "body", 0)
    again = pulls.created(github, BRANCH, "main", "another", "other", 0)
    assert first.number == again.number == 1
    assert len(forge.pulls) == 1
    assert first.head == forge.tip(BRANCH)


@pytest.mark.parametrize("kind", ["502_after", "cut_after", "cut_before", "reset", "html_200", "short_body"])
def test_a_lost_answer_opens_no_second_one(forge: Forge, github: GitHub, kind: str) -> None:
    forge.begin_count()
    forge.faults = [Fault(at=2, kind=kind)]
    assert pulls.created(github, BRANCH, "main", "Promote v1", "body", 0).number == 1
    assert len(forge.pulls) == 1
    assert next(one.fault for one in forge.writes) == kind


def test_what_is_newest_comes_first_and_other_branches_do_not_come(forge: Forge, github: GitHub) -> None:
    forge.commit({"x": "y"}, branch="feature")
    pulls.created(github, "feature", "main", "Mine", "body", 0)
    for number in (2, 3):
        pulls.created(github, BRANCH, "main", "Promote v1", "body", 0)
        forge.close(number)
    found = pulls.of_branch(github, BRANCH)
    assert [(pull.number, pull.open, pull.merged) for pull in found] == [(3, False, False), (2, False, False)]


def test_a_merge_is_told_from_a_close(forge: Forge, github: GitHub) -> None:
    pulls.created(github, BRANCH, "main", "Promote v1", "body", 0)
    forge.merge(1)
    (pull,) = pulls.of_branch(github, BRANCH)
    assert pull.merged and not pull.open and not pull.refused


def test_an_update_is_sent_only_when_something_differs(forge: Forge, github: GitHub) -> None:
    pull = pulls.created(github, BRANCH, "main", "Promote v1", "body", 0)
    forge.begin_count()
    pulls.updated(github, pull, "Promote v1", "body")
    assert forge.writes == []
    assert pulls.updated(github, pull, "Promote v2", "body").title == "Promote v2"
    assert not pulls.updated(github, pull, "Promote v2", "body", closed=True).open
    assert len(forge.writes) == 2


def test_a_label_is_made_when_it_is_missing(forge: Forge, github: GitHub) -> None:
    pull = pulls.created(github, BRANCH, "main", "Promote v1", "body", 0)
    pulls.label(github, pull, ["evergreen", "needs: a look/100%"])
    (now,) = pulls.of_branch(github, BRANCH)
    assert sorted(forge.labels) == ["evergreen", "needs: a look/100%"]
    assert sorted(now.labels) == ["evergreen", "needs: a look/100%"]
    forge.begin_count()
    pulls.label(github, now, ["Evergreen"])
    assert forge.writes == []


def test_a_status_is_posted_when_it_says_something_new(forge: Forge, github: GitHub) -> None:
    commit = str(forge.tip(BRANCH))
    gate = Status("evergreen/gate", "success", "d" * 200, "https://x/1")
    pulls.statuses(github, commit, [gate])
    pulls.statuses(github, commit, [gate])
    assert [(one["context"], len(one["description"])) for one in forge.statuses] == [("evergreen/gate", 140)]
    pulls.statuses(github, commit, [Status("evergreen/gate", "failure", "no", None)])
    pulls.statuses(github, commit, [gate])
    assert [one["state"] for one in forge.statuses] == ["success", "failure", "success"]


def test_settings_that_forbid_it_are_told_from_a_missing_permission(forge: Forge, github: GitHub) -> None:
    forge.settings_of_repo.allow_actions_prs = False
    with pytest.raises(Refused) as refused:
        pulls.created(github, BRANCH, "main", "Promote v1", "body", 0)
    assert pulls.forbidden(refused.value)
    forge.settings_of_repo.allow_actions_prs = True
    poor = GitHub(forge.settings(forge.token({"pull-requests": "read"})), sleep=forge.pass_time)
    with pytest.raises(Refused) as refused:
        pulls.created(poor, BRANCH, "main", "Promote v1", "body", 0)
    assert not pulls.forbidden(refused.value)


def test_auto_merge_says_why_not(forge: Forge, github: GitHub) -> None:
    pull = pulls.created(github, BRANCH, "main", "Promote v1", "body", 0)
    assert "not allowed for this repository" in str(pulls.auto_merge(github, pull))
    forge.settings_of_repo.allow_auto_merge = True
    forge.settings_of_repo.required_checks = ("tests",)
    assert pulls.auto_merge(github, pull) is None
    (now,) = pulls.of_branch(github, BRANCH)
    forge.begin_count()
    assert pulls.auto_merge(github, now) is None
    assert forge.writes == []
