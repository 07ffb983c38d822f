import base64

import pytest

from tests.github_server import Forge
from tests.github_server.client import Client, client


@pytest.fixture
def actions(forge: Forge) -> Client:
    return client(forge)


def test_refs_are_made_moved_and_deleted(forge: Forge, actions: Client) -> None:
    first = forge.tip()
    second = forge.commit({"a": "a"})
    made = actions.post("git/refs", {"ref": "refs/heads/x/y", "sha": first})
    assert (made.status, made.value["object"]) == (201, actions.get("git/ref/heads/x/y").value["object"])
    assert actions.post("git/refs", {"ref": "refs/heads/x/y", "sha": first}).message == "Reference already exists"
    assert actions.post("git/refs", {"ref": "refs/heads/z", "sha": "1" * 40}).message == "Object does not exist"
    assert actions.patch("git/refs/heads/x/y", {"sha": second}).value["object"]["sha"] == second
    assert actions.patch("git/refs/heads/x/y", {"sha": first}).message == "Update is not a fast forward"
    assert actions.patch("git/refs/heads/x/y", {"sha": first, "force": True}).status == 200
    assert [one["ref"] for one in actions.get("git/matching-refs/heads/x").value] == ["refs/heads/x/y"]
    assert actions.delete("git/refs/heads/x/y").status == 204
    assert actions.delete("git/refs/heads/x/y").status == 422
    assert actions.get("git/ref/heads/x/y").status == 404


def test_branches_and_their_protection(forge: Forge, actions: Client) -> None:
    person = client(forge, "admin", "octocat")
    assert actions.get("branches/main").value["protected"] is False
    assert person.get("branches/main/protection").status == 404
    forge.settings_of_repo.protected_main = True
    assert actions.get("branches/main").value["protected"] is True
    assert [one["name"] for one in actions.get("branches").value] == ["main"]
    assert person.get("branches/main/protection").status == 200
    assert actions.get("branches/main/protection").status == 403
    assert actions.get("branches/missing").status == 404
    assert actions.get("rules/branches/main").value == []


def test_commits_and_comparisons_are_those_of_git(forge: Forge, actions: Client) -> None:
    base = forge.tip()
    head = forge.commit({"a/b.txt": "1\n2\n", "README.md": None}, branch="side", message="Two\n\nMore")
    forge.commit({"c.txt": "c"})
    seen = actions.get("compare/main...side").value
    assert (seen["status"], seen["ahead_by"], seen["behind_by"]) == ("diverged", 1, 1)
    assert seen["merge_base_commit"]["sha"] == base
    assert {file["filename"]: file["status"] for file in seen["files"]} == {"a/b.txt": "added", "README.md": "removed"}
    assert actions.get("compare/main...main").value["status"] == "identical"
    assert actions.get("compare/main...missing").status == 404
    one = actions.get(f"commits/{head}").value
    assert (one["commit"]["message"], one["stats"]["additions"]) == ("Two\n\nMore", 2)
    assert [commit["sha"] for commit in actions.get("commits", sha="side").value] == [head, base]
    assert len(actions.get("commits", sha="side", path="a/b.txt").value) == 1
    assert actions.get(f"commits/{'1' * 40}").status == 422
    assert actions.get("commits/main/check-runs").value["total_count"] == 0


def test_files_are_read_at_a_ref(forge: Forge, actions: Client) -> None:
    forge.commit({"models/production.json": "{}\n"}, branch="side")
    seen = actions.get("contents/models/production.json", ref="side").value
    assert base64.b64decode(seen["content"]) == b"{}\n"
    raw = actions.ask("GET", "contents/models/production.json", accept="application/vnd.github.raw+json", ref="side")
    assert raw.content == b"{}\n"
    assert actions.get("contents/models/production.json").status == 404
