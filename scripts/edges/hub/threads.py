"""Comments and issues that are kept, not repeated: one of a kind, found again by a hidden mark, rewritten in place."""

from collections.abc import Iterator
from typing import Any

from scripts.edges.hub.github import GitHub, Refused

LONGEST = 65_000  # GitHub takes 65,536 characters
LAG = 10.0  # seconds that GitHub's lists may lie behind
GONE = 410  # what a feature that is switched off answers


def mark(kind: str) -> str:
    return f"<!-- evergreen:{kind} -->"


def sticky(github: GitHub, number: int, kind: str, text: str, lag: float) -> str:
    """The address of the one comment of this kind on an issue or pull request, which says this from now on."""
    body = f"{mark(kind)}\n{text}"[:LONGEST]

    def look() -> Any | None:
        first, *others = [*_comments(github, number, kind)] or [None]
        for other in others:
            github.write("DELETE", f"{{repo}}/issues/comments/{other['id']}")
        return first if first is not None and _same(first["body"], body) else None

    def act() -> Any:
        first = next(_comments(github, number, kind), None)
        if first is None:
            return github.write("POST", f"{{repo}}/issues/{number}/comments", {"body": body})
        return github.write("PATCH", f"{{repo}}/issues/comments/{first['id']}", {"body": body})

    return str(github.ensure(look, act, lag)["html_url"])


def has(github: GitHub, number: int, kind: str) -> bool:
    return next(_comments(github, number, kind), None) is not None


def _comments(github: GitHub, number: int, kind: str) -> Iterator[Any]:
    """Oldest first."""
    found = github.pages(f"{{repo}}/issues/{number}/comments")
    return (comment for comment in found if str(comment["body"] or "").startswith(mark(kind)))


def issue(github: GitHub, kind: str, title: str, text: str, lag: float) -> tuple[int, str]:
    """Number and address of the one open issue of this kind."""
    body = f"{text}\n\n{mark(kind)}"[-LONGEST:]

    def look() -> Any | None:
        found = next(_issues(github, kind), None)
        return found if found is not None and found["title"] == title and _same(found["body"], body) else None

    def act() -> Any:
        found = next(_issues(github, kind), None)
        wanted = {"title": title, "body": body}
        if found is None:
            return github.write("POST", "{repo}/issues", wanted)
        return github.write("PATCH", f"{{repo}}/issues/{found['number']}", wanted)

    found = github.ensure(look, act, lag)
    return int(found["number"]), str(found["html_url"])


def settle(github: GitHub, kind: str) -> None:
    """Close the issues of this kind; where issues are switched off there are none."""
    try:
        open_ones = list(_issues(github, kind))
    except Refused as refused:
        if refused.status != GONE:
            raise
        return
    for found in open_ones:
        path = f"{{repo}}/issues/{found['number']}"

        def look(path: str = path) -> Any | None:
            now = github.get(path)
            return now if now is not None and now["state"] == "closed" else None

        def act(path: str = path) -> Any:
            return github.write("PATCH", path, {"state": "closed"})

        github.ensure(look, act)


def _issues(github: GitHub, kind: str) -> Iterator[Any]:
    found = github.pages("{repo}/issues", state="open", sort="created", direction="asc")
    return (one for one in found if "pull_request" not in one and mark(kind) in str(one["body"] or ""))


def _same(one: Any, other: str) -> bool:
    return str(one or "").replace("\r\n", "\n").strip() == other.strip()
