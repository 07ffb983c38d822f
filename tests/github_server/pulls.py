"""Pull requests. Their commits and files are those of the bare repository."""

from typing import Any

from tests.github_server import issues, merging, shapes
from tests.github_server.answers import Answer, invalid, refused
from tests.github_server.routes import Address, Call, route
from tests.github_server.state import Issue, Pull, State, stamp

READ, WRITE = "pull_requests=read", "pull_requests=write"
NOT_PERMITTED = "GitHub Actions is not permitted to create or approve pull requests."


def _end(at: Address, state: State, branch: str, sha: str) -> dict[str, Any]:
    owner = at.repository.split("/")[0]
    return {
        "label": f"{owner}:{branch}",
        "ref": branch,
        "sha": sha,
        "user": shapes.user(at, owner),
        "repo": shapes.repository(at, state.settings, push=False),
    }


def _auto_merge(at: Address, pull: Pull) -> dict[str, Any] | None:
    if pull.auto_merge is None:
        return None
    who = shapes.user(at, pull.auto_merge_by)
    return {"enabled_by": who, "merge_method": pull.auto_merge, "commit_title": "", "commit_message": ""}


def simple(at: Address, state: State, issue: Issue) -> dict[str, Any]:
    """A pull request as lists show it."""
    pull = issue.pull
    assert pull is not None
    url, web = at.repo(f"/pulls/{issue.number}"), at.web(f"/pull/{issue.number}")
    links = {
        "self": url,
        "html": web,
        "issue": at.repo(f"/issues/{issue.number}"),
        "comments": at.repo(f"/issues/{issue.number}/comments"),
        "review_comments": f"{url}/comments",
        "review_comment": at.repo("/pulls/comments{/number}"),
        "commits": f"{url}/commits",
        "statuses": at.repo(f"/statuses/{pull.head_sha}"),
    }
    return {
        "url": url,
        "id": issue.id,
        "node_id": shapes.node("PR", issue.id),
        "html_url": web,
        "diff_url": f"{web}.diff",
        "patch_url": f"{web}.patch",
        **{f"{name}_url": links[name] for name in links if name not in ("self", "html")},
        "number": issue.number,
        "state": issue.state,
        "locked": False,
        "title": issue.title,
        "user": shapes.user(at, issue.user),
        "body": issue.body,
        "labels": issues.labels_of(at, state, issue),
        "milestone": None,
        "active_lock_reason": None,
        "created_at": stamp(issue.created),
        "updated_at": stamp(issue.updated),
        "closed_at": stamp(issue.closed),
        "merged_at": stamp(pull.merged_at),
        "merge_commit_sha": pull.merge_commit,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "head": _end(at, state, pull.head, pull.head_sha),
        "base": _end(at, state, pull.base, pull.base_sha),
        "_links": {name: {"href": link} for name, link in links.items()},
        "author_association": "NONE",
        "auto_merge": _auto_merge(at, pull),
        "draft": pull.draft,
    }


def whole(at: Address, state: State, issue: Issue) -> dict[str, Any]:
    """A pull request with what only the question for one tells."""
    pull = issue.pull
    assert pull is not None
    start = state.bare.merge_base(pull.base_sha, pull.head_sha) or pull.base_sha
    files = state.bare.files(start, pull.head_sha)
    mergeable = state.bare.tree_of_merge(pull.base_sha, pull.head_sha) is not None if issue.state == "open" else None
    blocked = bool(merging.missing_checks(state, pull))
    words = {None: "unknown", False: "dirty", True: "blocked" if blocked else "clean"}
    return simple(at, state, issue) | {
        "merged": pull.merged_at is not None,
        "mergeable": mergeable,
        "rebaseable": mergeable,
        "mergeable_state": words[mergeable],
        "merged_by": shapes.user(at, pull.merged_by) if pull.merged_by else None,
        "comments": len([comment for comment in state.comments.values() if comment.issue == issue.number]),
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": len(_commits(state, pull)),
        "additions": sum(file["plus"] for file in files),
        "deletions": sum(file["minus"] for file in files),
        "changed_files": len(files),
    }


def _commits(state: State, pull: Pull) -> list[str]:
    """Oldest first."""
    start = state.bare.merge_base(pull.base_sha, pull.head_sha)
    return state.bare.commits(pull.head_sha, *([f"^{start}"] if start else []))[::-1]


def _branch(call: Call, name: str) -> str:
    """`head` may have the owner in front."""
    given = call.text("PullRequest", name)
    owner, _, branch = given.rpartition(":")
    if owner not in ("", call.at.repository.split("/")[0]):
        raise invalid("PullRequest", "invalid", name)
    return branch


@route("GET", "pulls", READ)
def listed(call: Call) -> Answer:
    state, head, base = call.query.get("state", "open"), call.query.get("head"), call.query.get("base")
    owner = call.at.repository.split("/")[0]
    if head is not None and ":" not in head:
        head = None  # GitHub ignores a filter without an owner
    items = [
        issue
        for issue in call.state.issues.values()
        if issue.pull is not None
        and state in ("all", issue.state)
        and base in (None, issue.pull.base)
        and head in (None, f"{owner}:{issue.pull.head}")
    ]
    items = issues.in_order(call, items, "desc" if call.query.get("sort", "created") == "created" else "asc")
    return call.paged(items, lambda issue: simple(call.at, call.state, issue), f"/repos/{call.at.repository}/pulls")


@route("POST", "pulls", WRITE)
def created(call: Call) -> Answer:
    state, given = call.state, call.given
    if merging.forbidden_to_actions(state, call.actor):
        raise refused(403, NOT_PERMITTED)
    title, head, base = call.text("PullRequest", "title"), _branch(call, "head"), _branch(call, "base")
    issues.checked_text(call)
    tips = {"head": state.bare.branch(head), "base": state.bare.branch(base)}
    for name, sha in tips.items():
        if sha is None:
            raise invalid("PullRequest", "invalid", name)
    head_sha, base_sha = str(tips["head"]), str(tips["base"])
    owner = call.at.repository.split("/")[0]
    if any(_same(issue, head, base) for issue in state.issues.values()):
        raise invalid("PullRequest", "custom", message=f"A pull request already exists for {owner}:{head}.")
    if state.bare.holds(base_sha, head_sha):
        raise invalid("PullRequest", "custom", message=f"No commits between {base} and {head}")
    now = state.now()
    pull = Pull(head, base, head_sha, base_sha, draft=given.get("draft", False))
    issue = Issue(next(state.numbers), state.id(), title, given.get("body"), call.actor, now, now, pull=pull)
    state.issues[issue.number] = issue
    return Answer(201, whole(call.at, state, issue))


def _same(issue: Issue, head: str, base: str) -> bool:
    pull = issue.pull
    return pull is not None and issue.state == "open" and (pull.head, pull.base) == (head, base)


@route("GET", "pulls/{pull_number}", READ)
def one(call: Call) -> Answer:
    return Answer(200, whole(call.at, call.state, call.issue("pull_number", pull=True)))


@route("PATCH", "pulls/{pull_number}", WRITE)
def changed(call: Call) -> Answer:
    issue, state = call.issue("pull_number", pull=True), call.state
    issues.checked_text(call)
    wanted = call.given.get("state", issue.state)
    if wanted == "open" and issue.state == "closed":
        _may_open_again(state, issue)
    issue.title = call.given.get("title", issue.title)
    issue.body = call.given.get("body", issue.body)
    issues.set_state(state, issue, wanted, call.actor)
    issue.updated = state.now()
    return Answer(200, whole(call.at, state, issue))


def _may_open_again(state: State, issue: Issue) -> None:
    pull = issue.pull
    assert pull is not None
    head = state.bare.branch(pull.head)
    why = None
    if pull.merged_at is not None:
        why = "The pull request cannot be reopened."
    elif head is None:
        why = f"state cannot be changed. The {pull.head} branch has been deleted."
    elif any(_same(other, pull.head, pull.base) for other in state.issues.values()):
        why = f"state cannot be changed. There is already an open pull request from {pull.head} to {pull.base}."
    elif not state.bare.holds(head, pull.head_sha):
        why = f"state cannot be changed. The {pull.head} branch was force-pushed or recreated."
    if why is not None:
        raise invalid("PullRequest", "invalid", "state", why)
    assert head is not None
    pull.head_sha, pull.base_sha = head, state.bare.branch(pull.base) or pull.base_sha


@route("GET", "pulls/{pull_number}/files", READ)
def files(call: Call) -> Answer:
    issue = call.issue("pull_number", pull=True)
    assert issue.pull is not None
    start = call.state.bare.merge_base(issue.pull.base_sha, issue.pull.head_sha) or issue.pull.base_sha
    items = shapes.files(call.at, call.state.bare, start, issue.pull.head_sha)
    return call.paged(items, lambda file: file, f"/repos/{call.at.repository}/pulls/{issue.number}/files")


@route("GET", "pulls/{pull_number}/commits", READ)
def commits(call: Call) -> Answer:
    issue = call.issue("pull_number", pull=True)
    assert issue.pull is not None
    path = f"/repos/{call.at.repository}/pulls/{issue.number}/commits"
    return call.paged(_commits(call.state, issue.pull), lambda sha: shapes.commit(call.at, call.state.bare, sha), path)


@route("GET", "pulls/{pull_number}/merge", READ)
def is_merged(call: Call) -> Answer:
    issue = call.issue("pull_number", pull=True)
    return Answer(204 if issue.pull and issue.pull.merged_at is not None else 404)


@route("PUT", "pulls/{pull_number}/merge", "contents=write")
def merge(call: Call) -> Answer:
    issue = call.issue("pull_number", pull=True)
    assert issue.pull is not None
    wanted = call.given.get("sha")
    if wanted is not None and wanted != issue.pull.head_sha:
        raise refused(409, "Head branch was modified. Review and try the merge again.")
    title, text = call.given.get("commit_title"), call.given.get("commit_message") or ""
    commit = merging.merged(call.state, issue, call.given.get("merge_method", "merge"), call.actor, title, text)
    return Answer(200, {"sha": commit, "merged": True, "message": "Pull Request successfully merged"})
