import pytest

from tests.github_server import Forge
from tests.github_server.client import client


def test_issues_and_their_comments(forge: Forge) -> None:
    actions = client(forge)
    made = actions.post("issues", {"title": "Drift", "body": "b", "labels": ["evergreen"]})
    assert (made.status, made.value["labels"][0]["name"]) == (201, "evergreen")
    comment = actions.post("issues/1/comments", {"body": "first"}).value
    actions.patch(f"issues/comments/{comment['id']}", {"body": "second"})
    assert [one["body"] for one in actions.get("issues/1/comments").value] == ["second"]
    assert forge.comments[0]["number"] == 1
    assert [one["title"] for one in actions.get("issues", labels="Evergreen").value] == ["Drift"]
    assert actions.get("issues", labels="other").value == []
    assert actions.patch("issues/1", {"state": "closed"}).value["closed_by"]["login"] == "github-actions[bot]"
    assert actions.get("issues").value == []
    assert actions.delete(f"issues/comments/{comment['id']}").status == 204
    assert actions.get(f"issues/comments/{comment['id']}").status == 404


def test_a_pull_request_is_an_issue_and_takes_the_next_number(forge: Forge) -> None:
    forge.commit({"a": "a"}, branch="b")
    actions = client(forge)
    actions.post("issues", {"title": "one"})
    assert actions.post("pulls", {"title": "two", "head": "b", "base": "main"}).value["number"] == 2
    actions.post("issues/2/comments", {"body": "here"})
    assert [("pull_request" in one) for one in actions.get("issues").value] == [True, False]
    assert len(forge.issues) == len(forge.pulls) == 1


def test_missing_labels_are_made_and_labels_exist_once(forge: Forge) -> None:
    actions = client(forge)
    actions.post("issues", {"title": "one"})
    assert [one["name"] for one in actions.post("issues/1/labels", {"labels": ["a", "b"]}).value] == ["a", "b"]
    assert [one["name"] for one in actions.post("issues/1/labels", {"labels": ["A"]}).value] == ["a", "b"]
    assert actions.post("labels", {"name": "B"}).message == "Validation Failed already_exists"
    assert actions.post("labels", {"name": "c", "color": "00ff00", "description": "C"}).status == 201
    assert actions.get("labels/C").value["description"] == "C"
    assert actions.get("labels/d").status == 404
    assert [one["name"] for one in actions.delete("issues/1/labels/a").value] == ["b"]
    assert actions.ask("PUT", "issues/1/labels", {"labels": ["c"]}).value[0]["name"] == "c"


def test_limits_of_texts(forge: Forge) -> None:
    actions = client(forge)
    assert actions.post("issues", {"title": "x" * 257}).status == 422
    assert actions.post("issues", {"title": "x", "body": "x" * 65_537}).status == 422
    actions.post("issues", {"title": "x"})
    assert actions.post("issues/1/comments", {"body": "x" * 65_537}).status == 422
    assert actions.post("labels", {"name": "x", "description": "x" * 101}).status == 422
    assert actions.post("issues/1/comments", {"body": " "}).status == 422


def test_lists_come_in_pages_with_links(forge: Forge) -> None:
    actions = client(forge)
    actions.post("issues", {"title": "x"})
    for number in range(5):
        actions.post("issues/1/comments", {"body": str(number)})
    first = actions.get("issues/1/comments", per_page=2)
    assert [one["body"] for one in first.value] == ["0", "1"]
    assert 'rel="next"' in first.headers["Link"] and 'rel="last"' in first.headers["Link"]
    last = actions.get("issues/1/comments", per_page=2, page=3)
    assert [one["body"] for one in last.value] == ["4"]
    assert 'rel="prev"' in last.headers["Link"] and 'rel="next"' not in last.headers["Link"]
    assert "Link" not in actions.get("issues/1/comments").headers


def test_issues_may_be_switched_off(forge: Forge) -> None:
    forge.settings_of_repo.has_issues = False
    assert client(forge).post("issues", {"title": "x"}).status == 410


@pytest.mark.parametrize("state", ["success", "failure", "pending", "error"])
def test_statuses_and_what_they_come_to(forge: Forge, state: str) -> None:
    actions, sha = client(forge), forge.tip()
    actions.post(f"statuses/{sha}", {"state": "success", "context": "gate", "description": "won"})
    actions.post(f"statuses/{sha}", {"state": "success", "context": "data"})
    actions.post(f"statuses/{sha}", {"state": state, "context": "gate"})
    whole = actions.get(f"commits/{sha}/status").value
    assert whole["state"] == {"error": "failure"}.get(state, state)
    assert {one["context"]: one["state"] for one in whole["statuses"]} == {"gate": state, "data": "success"}
    assert len(actions.get(f"commits/{sha}/statuses").value) == len(forge.statuses) == 3


def test_a_status_needs_a_commit_and_few_words(forge: Forge) -> None:
    actions = client(forge)
    assert actions.post(f"statuses/{'0' * 40}", {"state": "success"}).status == 422
    assert actions.post(f"statuses/{forge.tip()}", {"state": "success", "description": "x" * 141}).status == 422
