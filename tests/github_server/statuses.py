"""Commit statuses."""

from typing import Any

from tests.github_server import merging, shapes
from tests.github_server.answers import Answer, invalid, not_found, refused, too_long
from tests.github_server.routes import Address, Call, route
from tests.github_server.state import Status, stamp

TEXT, STATES = 140, ("error", "failure", "pending", "success")


def shape(at: Address, status: Status, creator: bool = True) -> dict[str, Any]:
    who = shapes.user(at, status.user)
    value = {
        "url": at.repo(f"/statuses/{status.sha}"),
        "avatar_url": who["avatar_url"],
        "id": status.id,
        "node_id": shapes.node("SC", status.id),
        "state": status.state,
        "description": status.description,
        "target_url": status.target_url,
        "context": status.context,
        "created_at": stamp(status.created),
        "updated_at": stamp(status.created),
    }
    return value | ({"creator": who} if creator else {})


@route("POST", "statuses/{sha}", "statuses=write")
def created(call: Call) -> Answer:
    state, given = call.state, call.given
    sha = state.bare.sha(call.names["sha"])
    if sha is None or sha != call.names["sha"]:
        raise refused(422, f"No commit found for SHA: {call.names['sha']}")
    if given.get("state") not in STATES:
        raise invalid("Status", "custom", "state", "state is not included in the list")
    if len(given.get("description") or "") > TEXT:
        raise too_long("Status", "description", TEXT)
    status = Status(
        state.id(),
        sha,
        given["state"],
        given.get("context") or "default",
        given.get("description"),
        given.get("target_url"),
        call.actor,
        state.now(),
    )
    state.statuses.append(status)
    merging.settle(state)
    return Answer(201, shape(call.at, status))


def _sha(call: Call) -> str:
    sha = call.state.bare.sha(call.names["ref"])
    if sha is None:
        raise refused(422, f"No commit found for SHA: {call.names['ref']}")
    return sha


@route("GET", "commits/{ref}/statuses", "statuses=read")
def listed(call: Call) -> Answer:
    sha = _sha(call)
    items = [status for status in reversed(call.state.statuses) if status.sha == sha]
    path = f"/repos/{call.at.repository}/commits/{sha}/statuses"
    return call.paged(items, lambda status: shape(call.at, status), path)


@route("GET", "commits/{ref}/status", "statuses=read")
def combined(call: Call) -> Answer:
    sha = call.state.bare.sha(call.names["ref"])
    if sha is None:
        raise not_found()
    newest = call.state.combined(sha)
    states = {status.state for status in newest}
    word = "failure" if states & {"error", "failure"} else "pending" if "pending" in states or not states else "success"
    value = {
        "state": word,
        "statuses": [shape(call.at, status, creator=False) for status in newest],
        "sha": sha,
        "total_count": len(newest),
        "repository": shapes.minimal(call.at),
        "commit_url": call.at.repo(f"/commits/{sha}"),
        "url": call.at.repo(f"/commits/{sha}/status"),
    }
    return Answer(200, value)


@route("GET", "commits/{ref}/check-runs", "checks=read")
def check_runs(call: Call) -> Answer:
    _sha(call)
    return Answer(200, {"total_count": 0, "check_runs": []})
