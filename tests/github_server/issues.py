"""Issues, their comments and labels. A pull request is an issue too."""

from typing import Any
from urllib.parse import quote

from tests.github_server import shapes
from tests.github_server.answers import Answer, invalid, not_found, refused, too_long
from tests.github_server.routes import Address, Call, route
from tests.github_server.state import Comment, Issue, Label, State, stamp

BODY, TITLE, LABEL_TEXT, LABEL_NAME = 65_536, 256, 100, 50
READ, WRITE = "issues=read; pull_requests=read", "issues=write; pull_requests=write"


def label_shape(at: Address, label: Label) -> dict[str, Any]:
    return {
        "id": label.id,
        "node_id": shapes.node("LA", label.id),
        "url": at.repo(f"/labels/{quote(label.name)}"),
        "name": label.name,
        "color": label.color,
        "default": label.default,
        "description": label.description,
    }


def labels_of(at: Address, state: State, issue: Issue) -> list[dict[str, Any]]:
    return [label_shape(at, state.labels[name]) for name in issue.labels if name in state.labels]


def shape(at: Address, state: State, issue: Issue) -> dict[str, Any]:
    url = at.repo(f"/issues/{issue.number}")
    web = at.web(f"/{'pull' if issue.pull else 'issues'}/{issue.number}")
    value: dict[str, Any] = {
        "url": url,
        "repository_url": at.repo(),
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": web,
        "id": issue.id,
        "node_id": shapes.node("PR" if issue.pull else "I", issue.id),
        "number": issue.number,
        "title": issue.title,
        "user": shapes.user(at, issue.user),
        "labels": labels_of(at, state, issue),
        "state": issue.state,
        "state_reason": None if issue.state == "open" or issue.pull else "completed",
        "locked": False,
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "comments": len([comment for comment in state.comments.values() if comment.issue == issue.number]),
        "created_at": stamp(issue.created),
        "updated_at": stamp(issue.updated),
        "closed_at": stamp(issue.closed),
        "closed_by": shapes.user(at, issue.closed_by) if issue.closed_by else None,
        "author_association": "NONE",
        "active_lock_reason": None,
        "body": issue.body,
        "reactions": shapes.reactions(url),
        "timeline_url": f"{url}/timeline",
        "performed_via_github_app": None,
    }
    if issue.pull:
        links = {"url": at.repo(f"/pulls/{issue.number}"), "html_url": web, "diff_url": f"{web}.diff"}
        value["pull_request"] = links | {"patch_url": f"{web}.patch", "merged_at": stamp(issue.pull.merged_at)}
    return value


def comment_shape(at: Address, state: State, comment: Comment) -> dict[str, Any]:
    part = "pull" if state.issues[comment.issue].pull else "issues"
    return {
        "url": at.repo(f"/issues/comments/{comment.id}"),
        "html_url": at.web(f"/{part}/{comment.issue}#issuecomment-{comment.id}"),
        "issue_url": at.repo(f"/issues/{comment.issue}"),
        "id": comment.id,
        "node_id": shapes.node("IC", comment.id),
        "user": shapes.user(at, comment.user),
        "created_at": stamp(comment.created),
        "updated_at": stamp(comment.updated),
        "author_association": "NONE",
        "body": comment.body,
        "reactions": shapes.reactions(at.repo(f"/issues/comments/{comment.id}")),
        "performed_via_github_app": None,
    }


def put_labels(state: State, issue: Issue, given: Any) -> None:
    """Add labels by name; a missing one is made, as on GitHub."""
    for one in given or []:
        name = one if isinstance(one, str) else one.get("name")
        if not isinstance(name, str) or not name or len(name) > LABEL_NAME:
            raise invalid("Label", "invalid", "name")
        state.label(name)
        if name.lower() not in issue.labels:
            issue.labels.append(name.lower())


def checked_text(call: Call, resource: str = "Issue") -> None:
    if len(call.given.get("title") or "") > TITLE:
        raise too_long(resource, "title", TITLE)
    if len(call.given.get("body") or "") > BODY:
        raise too_long(resource, "body", BODY)


def set_state(state: State, issue: Issue, wanted: str, actor: str) -> None:
    if wanted == issue.state:
        return
    issue.state = wanted
    issue.closed, issue.closed_by = (state.now(), actor) if wanted == "closed" else (None, None)


def in_order(call: Call, items: list[Issue], otherwise: str) -> list[Issue]:
    """As the question wants them: by when they were made, or last changed."""
    by_change = call.query.get("sort") == "updated"
    direction = call.query.get("direction", otherwise)
    return sorted(items, key=lambda one: (one.updated if by_change else 0.0, one.number), reverse=direction == "desc")


@route("GET", "issues", "issues=read; pull_requests=read")
def listed(call: Call) -> Answer:
    if not call.state.settings.has_issues:
        raise refused(410, "Issues has been disabled in this repository.")
    wanted = {name for name in call.query.get("labels", "").lower().split(",") if name}
    state, creator = call.query.get("state", "open"), call.query.get("creator")
    items = [
        issue
        for issue in call.state.issues.values()
        if state in ("all", issue.state)
        and wanted <= set(issue.labels)
        and creator in (None, issue.user)
        and call.may("pull_requests=read" if issue.pull else "issues=read")
    ]
    items = in_order(call, items, "desc")
    return call.paged(items, lambda issue: shape(call.at, call.state, issue), f"/repos/{call.at.repository}/issues")


@route("POST", "issues", "issues=write")
def created(call: Call) -> Answer:
    state = call.state
    if not state.settings.has_issues:
        raise refused(410, "Issues has been disabled in this repository.")
    title, now = call.text("Issue", "title"), state.now()
    checked_text(call)
    issue = Issue(next(state.numbers), state.id(), title, call.given.get("body"), call.actor, now, now)
    put_labels(state, issue, call.given.get("labels"))
    state.issues[issue.number] = issue
    return Answer(201, shape(call.at, state, issue))


@route("GET", "issues/{issue_number}", READ)
def one(call: Call) -> Answer:
    return Answer(200, shape(call.at, call.state, call.issue()))


@route("PATCH", "issues/{issue_number}", WRITE)
def changed(call: Call) -> Answer:
    issue = call.issue()
    checked_text(call)
    issue.title = call.given.get("title", issue.title)
    issue.body = call.given.get("body", issue.body)
    if "labels" in call.given:
        issue.labels = []
        put_labels(call.state, issue, call.given["labels"])
    set_state(call.state, issue, call.given.get("state", issue.state), call.actor)
    issue.updated = call.state.now()
    return Answer(200, shape(call.at, call.state, issue))


@route("GET", "issues/{issue_number}/comments", READ)
def comments(call: Call) -> Answer:
    issue = call.issue()
    items = [comment for comment in call.state.comments.values() if comment.issue == issue.number]
    path = f"/repos/{call.at.repository}/issues/{issue.number}/comments"
    return call.paged(items, lambda comment: comment_shape(call.at, call.state, comment), path)


@route("POST", "issues/{issue_number}/comments", WRITE)
def commented(call: Call) -> Answer:
    issue, now = call.issue(), call.state.now()
    body = call.text("IssueComment", "body")
    checked_text(call, "IssueComment")
    comment = Comment(call.state.id(), issue.number, body, call.actor, now, now)
    call.state.comments[comment.id] = comment
    issue.updated = now
    return Answer(201, comment_shape(call.at, call.state, comment))


def _comment(call: Call) -> Comment:
    comment = call.state.comments.get(call.number("comment_id"))
    if comment is None:
        raise not_found()
    return comment


@route("GET", "issues/comments/{comment_id}", READ)
def one_comment(call: Call) -> Answer:
    return Answer(200, comment_shape(call.at, call.state, _comment(call)))


@route("PATCH", "issues/comments/{comment_id}", WRITE)
def comment_changed(call: Call) -> Answer:
    comment = _comment(call)
    body = call.text("IssueComment", "body")
    checked_text(call, "IssueComment")
    comment.body, comment.updated = body, call.state.now()
    return Answer(200, comment_shape(call.at, call.state, comment))


@route("DELETE", "issues/comments/{comment_id}", WRITE)
def comment_deleted(call: Call) -> Answer:
    del call.state.comments[_comment(call).id]
    return Answer(204)


@route("GET", "issues/{issue_number}/labels", READ)
def labels(call: Call) -> Answer:
    issue = call.issue()
    path = f"/repos/{call.at.repository}/issues/{issue.number}/labels"
    return call.paged(labels_of(call.at, call.state, issue), lambda label: label, path)


def _given_labels(call: Call) -> Any:
    return call.body if isinstance(call.body, list) else call.given.get("labels")


@route("POST", "issues/{issue_number}/labels", WRITE)
def labelled(call: Call) -> Answer:
    issue = call.issue()
    put_labels(call.state, issue, _given_labels(call))
    return Answer(200, labels_of(call.at, call.state, issue))


@route("PUT", "issues/{issue_number}/labels", WRITE)
def labels_set(call: Call) -> Answer:
    call.issue().labels = []
    return labelled(call)


@route("DELETE", "issues/{issue_number}/labels/{name}", WRITE)
def label_taken(call: Call) -> Answer:
    issue, name = call.issue(), call.names["name"].lower()
    if name not in issue.labels:
        raise refused(404, "Label does not exist")
    issue.labels.remove(name)
    return Answer(200, labels_of(call.at, call.state, issue))
