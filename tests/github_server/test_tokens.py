import pytest

from tests.github_server import Forge
from tests.github_server.client import client

WRITES = [
    ("issues", {"title": "x"}, "issues=write"),
    ("pulls", {"title": "x", "head": "x", "base": "main"}, "pull_requests=write"),
    ("releases", {"tag_name": "v1"}, "contents=write"),
    ("git/refs", {"ref": "refs/heads/x", "sha": "0" * 40}, "contents=write"),
    ("dispatches", {"event_type": "x"}, "contents=write"),
    (f"statuses/{'0' * 40}", {"state": "success"}, "statuses=write"),
    ("actions/workflows/retrain.yml/dispatches", {"ref": "main"}, "actions=write"),
    ("labels", {"name": "x"}, "issues=write; pull_requests=write"),
]


@pytest.mark.parametrize(("path", "body", "need"), WRITES)
def test_a_write_takes_its_permission(forge: Forge, path: str, body: dict[str, str], need: str) -> None:
    reply = client(forge, "read-all").post(path, body)
    assert reply.status == 403
    assert reply.value["message"] == "Resource not accessible by integration"
    assert reply.headers["X-Accepted-GitHub-Permissions"] == need
    assert client(forge, None).post(path, body).status == 401
    assert forge.writes[-1].status == 401


def test_one_of_two_permissions_is_enough_for_what_issues_and_pulls_share(forge: Forge) -> None:
    assert client(forge, {"issues": "write"}).post("labels", {"name": "a"}).status == 201
    assert client(forge, {"pull-requests": "write"}).post("labels", {"name": "b"}).status == 201
    assert client(forge, {"contents": "write"}).post("labels", {"name": "c"}).status == 403


def test_a_wrong_token_is_refused_even_for_what_everybody_may_read(forge: Forge) -> None:
    nobody = client(forge, None)
    assert nobody.get("releases").status == 200
    assert nobody.__class__(forge, "wrong").get("releases").status == 401


def test_a_private_repository_is_not_there_for_others(forge: Forge) -> None:
    forge.settings_of_repo.private = True
    assert client(forge, None).get("releases").status == 404
    assert client(forge, "read-all").get("releases").status == 200


def test_administration_is_never_a_jobs(forge: Forge) -> None:
    assert client(forge).get("actions/permissions/workflow").status == 403
    forge.settings_of_repo.allow_actions_prs = False
    seen = client(forge, "admin", "octocat").get("actions/permissions/workflow").value
    assert seen["can_approve_pull_request_reviews"] is False


def test_a_token_is_for_its_repository(forge: Forge) -> None:
    forge.state.others.add("octo/deploy")
    event = {"event_type": "promoted", "client_payload": {"version": 4}}
    assert client(forge).post("/repos/octo/deploy/dispatches", event).status == 404
    deploy = client(forge).__class__(forge, forge.token({"contents": "write"}, repositories=("octo/deploy",)))
    assert deploy.post("/repos/octo/deploy/dispatches", event).status == 204
    assert forge.dispatches == [{"repository": "octo/deploy", **event}]
    assert deploy.get("/repos/octo/deploy/releases").status == 404


def test_unknown_permissions_are_a_mistake_of_the_test(forge: Forge) -> None:
    with pytest.raises(AssertionError):
        forge.token({"content": "write"})


def test_who_asks_and_how_often_it_may(forge: Forge) -> None:
    assert client(forge, "admin", "octocat").get("/user").value["login"] == "octocat"
    assert client(forge).get("/user").status == 403
    assert client(forge, None).get("/rate_limit").value["rate"]["limit"] == 5000
    assert client(forge).get("/meta").status == 200
    assert client(forge).get("").value["permissions"]["push"] is True
