import pytest

from scripts.core.report.release_notes import Credit
from scripts.edges.hub import authorship
from scripts.edges.hub.github import GitHub
from tests.github_server import Fault, Forge


@pytest.fixture
def hub(forge: Forge) -> GitHub:
    return GitHub(forge.settings(forge.token("write-all")), sleep=lambda seconds: None)


def opened(forge: Forge, hub: GitHub) -> int:
    forge.commit({"a.txt": "a"}, branch="topic")
    made = hub.write("POST", "{repo}/pulls", {"title": "A", "head": "topic", "base": "main", "body": ""})
    return int(made["number"])


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_the_commit_of_a_merge_names_its_pull_request_and_who_merged(forge: Forge, hub: GitHub, method: str) -> None:
    number = opened(forge, hub)
    commit = forge.merge(number, "hubot", method)
    assert authorship.of(hub, commit) == Credit("hubot", number)


def test_a_push_names_nobody(forge: Forge, hub: GitHub) -> None:
    forge.merge(opened(forge, hub))
    assert authorship.of(hub, forge.commit({"b.txt": "b"})) == Credit()


def test_where_github_does_not_say_nobody_is_named(forge: Forge, hub: GitHub) -> None:
    commit = forge.merge(opened(forge, hub))
    blind = GitHub(forge.settings(forge.token({"contents": "write"})))
    assert authorship.of(blind, commit) == Credit()
    forge.begin_count()
    forge.faults = [Fault(at=1, kind="502_after", times=10)]
    assert authorship.of(hub, commit) == Credit()
