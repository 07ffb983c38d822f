import json
import re
import sys
from pathlib import Path

import pytest

from tests.github_server import Forge, packages
from tests.github_server.client import client
from tests.github_server.description import PACKAGE, description
from tests.github_server.packages import NotFetched, Package
from tests.github_server.pruning import pruned, schema
from tests.github_server.routes import ROUTES, found


def test_every_route_is_an_operation_of_github() -> None:
    assert [one for one in ROUTES if description().operation(one.verb, one.path) is None] == []
    assert len(ROUTES) >= 60


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"title": 1, "head": "a", "base": "b"}, 'body: title: 1 is not of type "string"'),
        ({"title": "x", "base": "b"}, 'body: as a whole: "head" is a required property'),
        ({"title": "x", "head": "a", "base": "b", "labels": []}, "body: labels is not a field"),
        (None, "body: is missing"),
    ],
)
def test_a_wrong_request_is_a_violation(forge: Forge, body: object, wrong: str) -> None:
    client(forge).post("pulls", body)
    assert f"POST /repos/{{owner}}/{{repo}}/pulls: {wrong}" in forge.violations
    forge.violations.clear()


def test_wrong_parameters_and_paths_are_violations(forge: Forge) -> None:
    client(forge).get("pulls", state="merged", owner="octo", per_page="many")
    assert sorted(line.partition(": ")[2] for line in forge.violations) == [
        'parameter per_page: as a whole: "many" is not of type "integer"',
        'parameter state: as a whole: "merged" is not one of "open", "closed" or "all"',
        "query: owner is not a parameter",
    ]
    forge.violations.clear()
    assert client(forge).get("nowhere").status == client(forge).delete("issues/1").status == 404
    assert forge.violations == [
        "GET /repos/octo/evergreen/nowhere: this stand-in has no such operation",
        "DELETE /repos/octo/evergreen/issues/1: this stand-in has no such operation",
    ]
    forge.violations.clear()


def test_a_wrong_answer_is_a_violation() -> None:
    operation = description().operation("GET", "/repos/{owner}/{repo}/git/ref/{ref}")
    assert operation is not None
    thing = {"type": "commit", "sha": "0" * 40, "url": "http://localhost"}
    good = {"ref": "refs/heads/main", "node_id": "x", "url": "http://localhost", "object": thing}
    assert list(operation.response(200, good)) == []
    assert any("url" in line for line in operation.response(200, good | {"url": "no address"}))
    assert list(operation.response(200, good | {"more": 1})) == ["answer 200: more is not described"]
    assert list(operation.response(200, {"ref": "x"})) != []
    assert list(operation.response(201, good)) == ["answer: 201 is not described"]
    assert list(operation.response(403, {"message": 1})) != []
    assert list(operation.response(403, {"message": "no", "documentation_url": "http://localhost"})) == []


# Keys of GitHub's that depend on how it is asked, or on features that the forge has nothing of.
LEFT_OUT = {
    "pulls/1": {"stack"},
    "issues/1/comments": {"body_html", "body_text", "minimized", "pin"},
    "issues/1": {"body_html", "body_text", "draft", "issue_dependencies_summary", "issue_field_values"}
    | {"parent_issue_url", "pinned_comment", "pull_request", "repository", "sub_issues_summary", "type"},
    "releases/latest": {"body_html", "body_text", "discussion_url", "mentions_count", "reactions"},
    "commits/main": set(),
    "branches/main": {"pattern", "required_approving_review_count"},
}


@pytest.mark.parametrize("path", LEFT_OUT)
def test_answers_have_every_key_that_github_describes(forge: Forge, path: str) -> None:
    forge.commit({"a.txt": "a"}, branch="side")
    actions = client(forge)
    place = "issues/1" if path.startswith("issues") else "pulls/1"
    if place == "issues/1":
        actions.post("issues", {"title": "x"})
    else:
        actions.post("pulls", {"title": "x", "head": "side", "base": "main"})
    actions.post("issues/1/comments", {"body": "x"})
    actions.post("releases", {"tag_name": "v1"})
    known = description()
    one, _ = found("GET", f"/repos/octo/evergreen/{path}") or pytest.fail(path)
    operation = known.operation("GET", one.path)
    assert operation is not None
    answer, wanted = actions.get(path).value, operation.known["responses"]["200"]
    if isinstance(answer, list):
        answer, wanted = answer[0], wanted["items"]
    assert known.names_in(wanted) - answer.keys() == LEFT_OUT[path]


def test_null_is_said_as_json_schema_says_it() -> None:
    assert schema({"type": "string", "nullable": True, "description": "d"}) == {"type": ["string", "null"]}
    assert schema({"enum": ["a"], "type": "string", "nullable": True})["enum"] == ["a", None]
    reference = schema({"allOf": [{"$ref": "#/components/schemas/x"}], "nullable": True})
    assert reference == {"anyOf": [{"allOf": [{"$ref": "urn:github#/components/schemas/x"}]}, {"type": "null"}]}
    fields = {"properties": {"description": {"type": "string"}, "title": {"type": "string", "example": "e"}}}
    assert schema(fields) == {"properties": {"description": {"type": "string"}, "title": {"type": "string"}}}


def test_pruning_keeps_what_is_reached_and_nothing_else() -> None:
    def content(name: str) -> dict[str, object]:
        return {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}}

    schemas = {
        "one": {"properties": {"two": {"$ref": "#/components/schemas/two"}}},
        "two": {"type": "string"},
        "three": {"type": "string"},
        "basic-error": {"type": "object"},
    }
    paths = {"/a": {"get": {"responses": {"200": content("one")}}}, "/b": {"get": {"responses": {}}}}
    kept = pruned({"paths": paths, "components": {"schemas": schemas}}, [("GET", "/a"), ("GET", "/missing")])
    assert list(kept["operations"]) == ["GET /a"]
    assert sorted(kept["components"]["schemas"]) == ["basic-error", "one", "two"]


def test_what_is_kept_is_small() -> None:
    assert len(json.dumps(description().content, separators=(",", ":"))) < 300_000


def test_a_package_with_another_digest_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "CACHE", tmp_path)
    other = Package("@octokit/openapi", "1.2.3", PACKAGE.integrity)
    other.archive.write_bytes(b"something else")
    with pytest.raises(NotFetched, match=r"openapi 1\.2\.3: its digest is sha512-"):
        other.member("package.json")
    assert not other.archive.exists()


@pytest.mark.parametrize("npm", ["missing", "failing"])
def test_what_cannot_be_fetched_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, npm: str) -> None:
    monkeypatch.setattr(packages, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(packages, "FAILED", {})
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    if npm == "failing":
        (tmp_path / "npm").write_text("#!/bin/sh\necho 'npm error code E503' >&2\nexit 1\n")
        (tmp_path / "npm").chmod(0o755)
    with pytest.raises(NotFetched) as caught:
        PACKAGE.fetched()
    assert ("E503" if npm == "failing" else "npm is missing") in str(caught.value)
    assert "\n" not in str(caught.value)
    (tmp_path / "npm").unlink(missing_ok=True)
    with pytest.raises(NotFetched, match=re.escape(str(caught.value))):  # asked once, not by every test
        PACKAGE.fetched()
