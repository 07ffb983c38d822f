import pytest

from tests.github_server import Forge
from tests.github_server.client import Client, client

BRANCH = "evergreen/candidate"
WANTED = {"title": "Promote v1", "head": BRANCH, "base": "main", "body": "Why"}


@pytest.fixture
def actions(forge: Forge) -> Client:
    forge.commit({"models/production.json": "{}\n"}, branch=BRANCH)
    return client(forge)


def test_a_pull_request_is_opened_found_changed_and_closed(forge: Forge, actions: Client) -> None:
    made = actions.post("pulls", WANTED)
    assert made.status == 201
    assert (made.value["number"], made.value["commits"], made.value["changed_files"]) == (1, 1, 1)
    assert made.value["head"]["sha"] == forge.tip(BRANCH)
    assert [one["number"] for one in actions.get("pulls", head=f"octo:{BRANCH}", base="main").value] == [1]
    assert actions.get("pulls", head="octo:another").value == []
    changed = actions.patch("pulls/1", {"title": "Promote v2", "state": "closed"})
    assert (changed.value["title"], changed.value["state"]) == ("Promote v2", "closed")
    assert actions.get("pulls").value == []
    assert [one["number"] for one in actions.get("pulls", state="all").value] == [1]
    assert [file["filename"] for file in actions.get("pulls/1/files").value] == ["models/production.json"]
    assert [one["sha"] for one in actions.get("pulls/1/commits").value] == [forge.tip(BRANCH)]


def test_a_second_pull_request_for_a_branch_is_refused(actions: Client) -> None:
    actions.post("pulls", WANTED)
    again = actions.post("pulls", WANTED)
    assert again.status == 422
    assert again.message == f"Validation Failed A pull request already exists for octo:{BRANCH}."


def test_there_must_be_something_to_merge(forge: Forge, actions: Client) -> None:
    forge.state.bare.set("refs/heads/same", str(forge.tip()))
    assert actions.post("pulls", WANTED | {"head": "same"}).message.endswith("No commits between main and same")
    missing = actions.post("pulls", WANTED | {"head": "missing"}).value["errors"]
    assert missing == [{"resource": "PullRequest", "code": "invalid", "field": "head"}]


def test_a_body_has_a_limit(actions: Client) -> None:
    assert actions.post("pulls", WANTED | {"body": "x" * 65_537}).status == 422
    assert actions.post("pulls", WANTED | {"body": "x" * 65_536}).status == 201
    assert actions.patch("pulls/1", {"body": "x" * 65_537}).status == 422


def test_actions_may_be_forbidden_to_open_pull_requests(forge: Forge, actions: Client) -> None:
    forge.settings_of_repo.allow_actions_prs = False
    said = actions.post("pulls", WANTED)
    assert said.status == 403
    assert said.message == "GitHub Actions is not permitted to create or approve pull requests."
    assert client(forge, actor="evergreen-app[bot]").post("pulls", WANTED).status == 201


@pytest.mark.parametrize(("method", "parents"), [("merge", 2), ("squash", 1)])
def test_merging_makes_a_commit(forge: Forge, actions: Client, method: str, parents: int) -> None:
    actions.post("pulls", WANTED)
    forge.commit({"meanwhile.txt": "x"})
    done = actions.ask("PUT", "pulls/1/merge", {"merge_method": method})
    assert done.status == 200
    assert forge.tip() == done.value["sha"]
    assert len(forge.state.bare.commit(done.value["sha"])["parents"]) == parents
    assert forge.read("models/production.json") == b"{}\n"
    assert forge.read("meanwhile.txt") == b"x"
    merged = actions.get("pulls/1").value
    assert (merged["merged"], merged["state"], merged["merge_commit_sha"]) == (True, "closed", forge.tip())
    assert actions.ask("PUT", "pulls/1/merge", {}).status == 405


def test_merging_takes_a_permission_and_the_right_head(forge: Forge, actions: Client) -> None:
    actions.post("pulls", WANTED)
    assert client(forge, {"pull-requests": "write"}).ask("PUT", "pulls/1/merge", {}).status == 403
    assert actions.ask("PUT", "pulls/1/merge", {"sha": "0" * 40}).status == 409


def test_conflicts_are_not_merged(forge: Forge, actions: Client) -> None:
    actions.post("pulls", WANTED)
    forge.commit({"models/production.json": "other\n"})
    assert actions.get("pulls/1").value["mergeable"] is False
    assert actions.ask("PUT", "pulls/1/merge", {}).status == 405


def test_a_pull_request_follows_its_branch(forge: Forge, actions: Client) -> None:
    actions.post("pulls", WANTED)
    forge.commit({"more.txt": "x"}, branch=BRANCH)
    assert actions.get("pulls/1").value["head"]["sha"] == forge.tip(BRANCH)
    assert forge.pulls[0]["state"] == "open"
    forge.state.bare.delete(f"refs/heads/{BRANCH}")
    assert actions.get("pulls/1").value["state"] == "closed"
    assert actions.patch("pulls/1", {"state": "open"}).status == 422


def test_a_branch_that_was_begun_anew_cannot_be_opened_again(forge: Forge, actions: Client) -> None:
    actions.post("pulls", WANTED)
    forge.close(1)
    forge.state.bare.delete(f"refs/heads/{BRANCH}")
    forge.commit({"other.txt": "x"}, branch=BRANCH)
    assert "force-pushed" in actions.patch("pulls/1", {"state": "open"}).message
    assert actions.post("pulls", WANTED).value["number"] == 2


def test_commits_that_reach_the_base_by_a_push_count_as_merged(forge: Forge, actions: Client) -> None:
    actions.post("pulls", WANTED)
    forge.state.bare.set("refs/heads/main", str(forge.tip(BRANCH)))
    assert actions.get("pulls/1").value["merged"] is True


def test_a_branch_put_back_to_its_base_closes_the_pull_request(forge: Forge, actions: Client) -> None:
    actions.post("pulls", WANTED)
    forge.state.bare.set(f"refs/heads/{BRANCH}", str(forge.tip()))
    closed = actions.get("pulls/1").value
    assert (closed["merged"], closed["state"]) == (False, "closed")


def test_lists_are_in_the_order_that_is_asked_for(forge: Forge, actions: Client) -> None:
    forge.commit({"b": "b"}, branch="other")
    actions.post("pulls", WANTED)
    forge.pass_time(10)
    actions.post("pulls", WANTED | {"head": "other"})
    assert [one["number"] for one in actions.get("pulls").value] == [2, 1]
    assert [one["number"] for one in actions.get("pulls", direction="asc").value] == [1, 2]
    forge.pass_time(10)
    actions.patch("pulls/1", {"title": "Changed"})
    for part in ("pulls", "issues"):
        assert [one["number"] for one in actions.get(part, sort="updated", direction="desc").value] == [1, 2]


MUTATION = """mutation($id: ID!, $method: PullRequestMergeMethod!) {
  enablePullRequestAutoMerge(input: {pullRequestId: $id, mergeMethod: $method}) { clientMutationId }
}"""


def test_auto_merge_waits_for_the_checks(forge: Forge, actions: Client) -> None:
    made = actions.post("pulls", WANTED).value
    asked = {"query": MUTATION, "variables": {"id": made["node_id"], "method": "SQUASH"}}
    url = f"{forge.url}/api/graphql"
    assert "not allowed" in actions.post(url, asked).value["errors"][0]["message"]
    forge.settings_of_repo.allow_auto_merge = True
    assert "clean status" in actions.post(url, asked).value["errors"][0]["message"]
    forge.settings_of_repo.required_checks = ("gate",)
    assert "errors" not in actions.post(url, asked).value
    assert forge.pulls[0]["auto_merge"]["merge_method"] == "squash"
    actions.post(f"statuses/{forge.tip(BRANCH)}", {"state": "pending", "context": "gate"})
    assert not forge.pulls[0]["merged"]
    actions.post(f"statuses/{forge.tip(BRANCH)}", {"state": "success", "context": "gate"})
    assert forge.pulls[0]["merged"]
