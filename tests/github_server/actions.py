"""GitHub Actions: dispatches, workflows and their runs, and the settings that a token may see."""

from collections.abc import Mapping
from typing import Any

from tests.github_server import shapes
from tests.github_server.answers import Answer, not_found, refused
from tests.github_server.routes import Address, Call, route
from tests.github_server.state import State

FOLDER = ".github/workflows/"


@route("POST", "dispatches", "contents=write")
def dispatched(call: Call) -> Answer:
    event = call.text("RepositoryDispatch", "event_type")
    payload = call.given.get("client_payload", {})
    if len(event) > 100:
        raise refused(422, "Invalid request.\n\nevent_type is too long.")
    if len(payload) > 10:
        raise refused(422, "Invalid request.\n\nNo more than 10 properties are allowed; 11 were supplied.")
    call.state.dispatches.append({"repository": _repository(call), "event_type": event, "client_payload": payload})
    return Answer(204)


def _repository(call: Call) -> str:
    return f"{call.names['owner']}/{call.names['repo']}"


def workflows(state: State) -> list[str]:
    """Paths of the workflow files on main."""
    sha = state.bare.branch("main")
    names = state.bare.git("ls-tree", "-r", "--name-only", sha, FOLDER).splitlines() if sha else []
    return [name for name in names if name.endswith((".yml", ".yaml"))]


def _workflow(at: Address, path: str) -> dict[str, Any]:
    number, file = shapes.number_of(path), path.removeprefix(FOLDER)
    return {
        "id": number,
        "node_id": shapes.node("W", number),
        "name": file.partition(".")[0],
        "path": path,
        "state": "active",
        "created_at": shapes.BORN,
        "updated_at": shapes.BORN,
        "url": at.repo(f"/actions/workflows/{number}"),
        "html_url": at.web(f"/blob/main/{path}"),
        "badge_url": at.web(f"/workflows/{file}/badge.svg"),
    }


def _path(call: Call) -> str:
    """A workflow is named by its number or its file."""
    for path in workflows(call.state):
        if call.names["workflow_id"] in (path.removeprefix(FOLDER), str(shapes.number_of(path))):
            return path
    raise not_found()


@route("GET", "actions/workflows", "actions=read")
def listed(call: Call) -> Answer:
    path = f"/repos/{call.at.repository}/actions/workflows"
    return call.paged(workflows(call.state), lambda file: _workflow(call.at, file), path, "workflows")


@route("GET", "actions/workflows/{workflow_id}", "actions=read")
def one(call: Call) -> Answer:
    return Answer(200, _workflow(call.at, _path(call)))


@route("POST", "actions/workflows/{workflow_id}/dispatches", "actions=write")
def workflow_dispatched(call: Call) -> Answer:
    path, ref = _path(call), call.text("WorkflowDispatch", "ref")
    if call.state.bare.sha(ref.removeprefix("refs/heads/")) is None:
        raise refused(422, f"No ref found for: {ref}")
    entry = {"repository": _repository(call), "workflow": path.removeprefix(FOLDER), "ref": ref}
    call.state.dispatches.append(entry | {"inputs": call.given.get("inputs", {})})
    return Answer(204)


def run_shape(at: Address, state: State, number: int, given: dict[str, Any]) -> dict[str, Any]:
    """A workflow's run; `given` has path, sha, event, status, conclusion, created."""
    url, identity = at.repo(f"/actions/runs/{number}"), shapes.number_of(given["path"])
    commit = state.bare.commit(given["sha"])
    actor = shapes.user(at, given.get("actor", "octocat"))
    parts = ("jobs", "logs", "artifacts", "cancel", "rerun")
    head = {"id": given["sha"], "tree_id": commit["tree"], "message": commit["message"], "timestamp": given["created"]}
    people = {role: {"name": commit[role], "email": commit[f"{role}_email"]} for role in ("author", "committer")}
    return {
        "id": number,
        "node_id": shapes.node("WFR", number),
        "name": given["path"].removeprefix(FOLDER).partition(".")[0],
        "path": given["path"],
        "display_title": commit["message"].partition("\n")[0],
        "run_number": number,
        "run_attempt": 1,
        "event": given["event"],
        "status": given["status"],
        "conclusion": given["conclusion"],
        "workflow_id": identity,
        "check_suite_id": number,
        "check_suite_node_id": shapes.node("CS", number),
        "head_branch": given.get("branch", "main"),
        "head_sha": given["sha"],
        "head_commit": head | people,
        "head_repository": shapes.minimal(at),
        "repository": shapes.minimal(at),
        "actor": actor,
        "triggering_actor": actor,
        "pull_requests": [],
        "referenced_workflows": [],
        "created_at": given["created"],
        "updated_at": given["created"],
        "run_started_at": given["created"],
        "url": url,
        "html_url": at.web(f"/actions/runs/{number}"),
        "check_suite_url": at.repo(f"/check-suites/{number}"),
        "previous_attempt_url": None,
        "workflow_url": at.repo(f"/actions/workflows/{identity}"),
        **{f"{part}_url": f"{url}/{part}" for part in parts},
    }


def _runs(call: Call, path: str | None) -> list[dict[str, Any]]:
    """Newest first, as the question narrows them down."""
    query = call.query
    return [
        run
        for run in reversed(call.state.runs)
        if path in (None, run["path"])
        and query.get("branch") in (None, run["head_branch"])
        and query.get("event") in (None, run["event"])
        and query.get("status") in (None, run["status"], run["conclusion"])
    ]


@route("GET", "actions/runs", "actions=read")
def runs(call: Call) -> Answer:
    path = f"/repos/{call.at.repository}/actions/runs"
    return call.paged(_runs(call, None), lambda run: run, path, "workflow_runs")


@route("GET", "actions/workflows/{workflow_id}/runs", "actions=read")
def runs_of_one(call: Call) -> Answer:
    path = f"/repos/{call.at.repository}/actions/workflows/{call.names['workflow_id']}/runs"
    return call.paged(_runs(call, _path(call)), lambda run: run, path, "workflow_runs")


@route("GET", "actions/permissions", "administration=read")
def permissions(call: Call) -> Answer:
    return Answer(200, {"enabled": True, "allowed_actions": "all", "sha_pinning_required": False})


@route("GET", "actions/permissions/workflow", "administration=read")
def workflow_permissions(call: Call) -> Answer:
    may = call.state.settings.allow_actions_prs
    return Answer(200, {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": may})


@route("GET", "actions/oidc/customization/sub", "actions=read")
def subject(call: Call) -> Answer:
    return Answer(200, {"use_default": True})


def _named(call: Call, names: Mapping[str, str | None], kind: str) -> Answer:
    """Variables with their values, secrets without."""
    dates = {"created_at": shapes.BORN, "updated_at": shapes.BORN}

    def shape(name: str) -> dict[str, Any]:
        value = names[name]
        return {"name": name, **dates} | ({} if value is None else {"value": value})

    return call.paged(sorted(names), shape, f"/repos/{call.at.repository}/actions/{kind}", kind.rpartition("-")[2])


@route("GET", "actions/variables", "actions_variables=read")
def variables(call: Call) -> Answer:
    return _named(call, call.state.settings.variables, "variables")


@route("GET", "actions/secrets", "secrets=read")
def secrets(call: Call) -> Answer:
    return _named(call, dict.fromkeys(call.state.settings.secrets), "secrets")


@route("GET", "actions/organization-variables", "actions_variables=read")
def shared_variables(call: Call) -> Answer:
    """The repository belongs to a person, whom no organisation shares anything with."""
    return _named(call, {}, "organization-variables")


@route("GET", "actions/organization-secrets", "secrets=read")
def shared_secrets(call: Call) -> Answer:
    return _named(call, {}, "organization-secrets")
