"""The one mutation of GraphQL that has no counterpart in the rest of the API: auto-merge."""

import re
from typing import Any

from tests.github_server import merging, shapes
from tests.github_server.answers import Answer, refused
from tests.github_server.routes import Call
from tests.github_server.state import Issue

ASKED = "enablePullRequestAutoMerge"


def answered(call: Call) -> Answer:
    query, variables = str(call.given.get("query", "")), call.given.get("variables") or {}
    if call.token is None:
        raise refused(401, "This endpoint requires you to be authenticated.")
    if ASKED not in query:
        return _problem("undefinedField", "This stand-in knows one mutation: " + ASKED)
    if not (call.may("contents=write") and call.may("pull_requests=write")):
        return _problem("FORBIDDEN", "Resource not accessible by integration")
    words = re.findall(r"[\w-]+", query) + [str(word) for word in _leaves(variables)]
    issue = next((one for one in call.state.issues.values() if one.pull and shapes.node("PR", one.id) in words), None)
    if issue is None:
        return _problem("NOT_FOUND", "Could not resolve to a node with the global id that was given.")
    return _enabled(call, issue, next((word for word in words if word in ("MERGE", "SQUASH", "REBASE")), "MERGE"))


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for one in value.values() for leaf in _leaves(one)]
    return [value]


def _enabled(call: Call, issue: Issue, method: str) -> Answer:
    pull = issue.pull
    assert pull is not None
    if not call.state.settings.allow_auto_merge:
        return _problem("UNPROCESSABLE", "Pull request Auto merge is not allowed for this repository")
    if issue.state != "open":
        return _problem("UNPROCESSABLE", "Pull request is closed")
    if not merging.missing_checks(call.state, pull):
        return _problem("UNPROCESSABLE", "Pull request Pull request is in clean status")
    pull.auto_merge, pull.auto_merge_by = method.lower(), call.actor
    shown = {"id": shapes.node("PR", issue.id), "number": issue.number, "autoMergeRequest": {"mergeMethod": method}}
    return Answer(200, {"data": {ASKED: {"clientMutationId": None, "pullRequest": shown}}})


def _problem(kind: str, message: str) -> Answer:
    """GraphQL says no with 200."""
    error = {"type": kind, "path": [ASKED], "locations": [{"line": 1, "column": 1}], "message": message}
    return Answer(200, {"data": {ASKED: None}, "errors": [error]})
