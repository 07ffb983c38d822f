import pytest

from scripts.edges.hub import threads
from scripts.edges.hub.github import GitHub, Refused
from tests.github_server import Fault, Forge
from tests.github_server.client import client


@pytest.fixture
def github(forge: Forge) -> GitHub:
    client(forge).post("issues", {"title": "Something", "body": "A person's"})
    return GitHub(forge.settings(forge.token()), sleep=forge.pass_time)


def said(forge: Forge) -> list[str]:
    return [comment["body"] for comment in forge.comments]


def test_one_comment_of_a_kind_says_the_newest(forge: Forge, github: GitHub) -> None:
    first = threads.sticky(github, 1, "standing", "one", 0)
    second = threads.sticky(github, 1, "standing", "two", 0)
    assert first == second == forge.comments[0]["html_url"]
    assert said(forge) == ["<!-- evergreen:standing -->\ntwo"]


def test_another_kind_is_another_comment_and_a_persons_is_left_alone(forge: Forge, github: GitHub) -> None:
    client(forge).post("issues/1/comments", {"body": "I quote: <!-- evergreen:standing -->"})
    threads.sticky(github, 1, "standing", "one", 0)
    threads.sticky(github, 1, "comparison", "two", 0)
    assert len(said(forge)) == 3
    assert threads.has(github, 1, "comparison") and not threads.has(github, 1, "other")


def test_the_same_again_is_not_sent(forge: Forge, github: GitHub) -> None:
    threads.sticky(github, 1, "standing", "one", 0)
    forge.begin_count()
    threads.sticky(github, 1, "standing", "one", 0)
    assert forge.writes == []


def test_doubles_are_removed(forge: Forge, github: GitHub) -> None:
    for _ in range(3):
        client(forge).post("issues/1/comments", {"body": "<!-- evergreen:standing -->\nold"})
    threads.sticky(github, 1, "standing", "new", 0)
    assert said(forge) == ["<!-- evergreen:standing -->\nnew"]


@pytest.mark.parametrize("kind", ["502_after", "cut_after", "cut_before", "html_200", "reset", "short_body"])
def test_a_lost_answer_doubles_no_comment(forge: Forge, github: GitHub, kind: str) -> None:
    forge.begin_count()
    forge.faults = [Fault(at=3, kind=kind)]
    threads.sticky(github, 1, "standing", "one", 0)
    assert [one.fault for one in forge.writes if one.fault] == [kind]
    assert said(forge) == ["<!-- evergreen:standing -->\none"]


def test_one_issue_of_a_kind(forge: Forge, github: GitHub) -> None:
    first = threads.issue(github, "waiting", "A model waits", "text", 0)
    assert (
        threads.issue(github, "waiting", "A model waits", "other text", 0) == first == (2, forge.issues[1]["html_url"])
    )
    assert forge.issues[1]["body"] == "other text\n\n<!-- evergreen:waiting -->"
    threads.settle(github, "waiting")
    assert [issue["state"] for issue in forge.issues] == ["open", "closed"]
    forge.begin_count()
    threads.settle(github, "waiting")
    assert forge.writes == []
    assert threads.issue(github, "waiting", "A model waits", "text", 0)[0] == 3


def test_an_issue_of_any_length_keeps_its_mark(forge: Forge, github: GitHub) -> None:
    threads.issue(github, "waiting", "A model waits", "x" * 70_000, 0)
    threads.issue(github, "waiting", "A model waits", "y" * 70_000, 0)
    assert len(forge.issues) == 2


def test_where_issues_are_switched_off_it_says_so(forge: Forge, github: GitHub) -> None:
    forge.settings_of_repo.has_issues = False
    with pytest.raises(Refused, match="switched off"):
        threads.issue(github, "waiting", "A model waits", "text", 0)
    threads.settle(github, "waiting")
