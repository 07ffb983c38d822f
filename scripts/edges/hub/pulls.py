"""Pull requests of one branch, their labels, statuses and auto-merge: created or updated, never doubled."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from scripts.core.standing import Pull
from scripts.edges.hub.github import GitHub, Refused, Unsure

COLOUR = "2ea44f"  # of a label that is made here
FORBIDDEN = "not permitted to create or approve pull requests"
MERGE = """mutation($pull: ID!) {
  enablePullRequestAutoMerge(input: {pullRequestId: $pull}) { clientMutationId }
}"""


@dataclass(frozen=True)
class Status:
    """What a commit's list of checks says."""

    context: str
    state: Literal["success", "failure", "error", "pending"]
    description: str
    url: str | None

    @property
    def body(self) -> dict[str, Any]:
        found = {"context": self.context, "state": self.state, "description": self.description[:140]}
        return found | ({"target_url": self.url} if self.url else {})


def of_branch(github: GitHub, branch: str) -> list[Pull]:
    """Every pull request from this branch of this repository, newest first."""
    repository = github.settings.repository
    head = f"{repository.split('/')[0]}:{branch}"
    listed = github.pages("{repo}/pulls", head=head, state="all", sort="created", direction="desc")
    own = (one for one in listed if _is_own(one, repository, branch))
    return sorted((_pull(one) for one in own), key=lambda pull: -pull.number)


def _is_own(one: Any, repository: str, branch: str) -> bool:
    """Not of a fork, which may name a branch as it likes."""
    source = (one["head"].get("repo") or {}).get("full_name")
    return bool(one["head"]["ref"] == branch and (source or "").lower() == repository.lower())


def _pull(one: Any) -> Pull:
    return Pull(
        number=int(one["number"]),
        url=str(one["html_url"]),
        node=str(one["node_id"]),
        title=str(one["title"]),
        body=str(one["body"] or ""),
        head=str(one["head"]["sha"]),
        open=one["state"] == "open",
        merged=bool(one.get("merged_at")),
        labels=tuple(str(label["name"]) for label in one["labels"]),
        auto_merge=one.get("auto_merge") is not None,
    )


def created(github: GitHub, branch: str, base: str, title: str, body: str, lag: float) -> Pull:
    """The open pull request of the branch; made when there is none."""

    def look() -> Pull | None:
        return next((pull for pull in of_branch(github, branch) if pull.open), None)

    def act() -> Pull:
        wanted = {"title": title, "body": body, "head": branch, "base": base}
        try:
            return _pull(github.write("POST", "{repo}/pulls", wanted))
        except Refused as refused:
            if refused.status == 422 and "already exists" in refused.message:
                raise Unsure(str(refused)) from None  # GitHub's list lies behind: look again
            raise

    return github.ensure(look, act, lag)


def updated(github: GitHub, pull: Pull, title: str, body: str, closed: bool = False) -> Pull:
    """The pull request with this title and body; closed if so asked. Nothing is sent when it is so already."""
    path = f"{{repo}}/pulls/{pull.number}"
    wanted = {"title": title, "body": body} | ({"state": "closed"} if closed else {})

    def look() -> Pull | None:
        one = github.get(path)
        now = None if one is None else _pull(one)
        return now if now is not None and _says(now, title, body) and not (closed and now.open) else None

    def act() -> Pull:
        return _pull(github.write("PATCH", path, wanted))

    return github.ensure(look, act)


def _says(pull: Pull, title: str, body: str) -> bool:
    return pull.title == title and pull.body.replace("\r\n", "\n").strip() == body.strip()


def forbidden(refused: Refused) -> bool:
    """Whether the repository's settings keep Actions from opening pull requests."""
    return refused.status == 403 and FORBIDDEN in refused.message


def label(github: GitHub, pull: Pull, labels: Sequence[str]) -> None:
    """Put on what is missing; a label that the repository does not know is made."""
    there = {name.lower() for name in pull.labels}  # GitHub's labels don't differ by case alone
    missing = [name for name in labels if name.lower() not in there]
    for name in missing:
        _known_label(github, name)
    if missing:
        path = f"{{repo}}/issues/{pull.number}/labels"

        def look() -> list[Any] | None:
            now = {one["name"].lower() for one in github.pages(path)}
            return [] if now.issuperset(name.lower() for name in missing) else None

        github.ensure(look, lambda: list(github.write("POST", path, {"labels": missing})))


def _known_label(github: GitHub, name: str) -> None:
    def look() -> Any | None:
        """By listing: a name may hold what an address can't."""
        known = github.pages("{repo}/labels")
        return next((one for one in known if one["name"].lower() == name.lower()), None)

    def act() -> Any:
        wanted = {"name": name, "color": COLOUR, "description": "Proposed by a run"}
        try:
            return github.write("POST", "{repo}/labels", wanted)
        except Refused as refused:
            if refused.status == 422 and "already_exists" in refused.message:
                return wanted
            raise

    github.ensure(look, act)


def statuses(github: GitHub, commit: str, wanted: Iterable[Status]) -> None:
    """The newest status of each context is this one from now on."""
    path = f"{{repo}}/commits/{commit}/statuses"
    for one in wanted:

        def look(one: Status = one) -> Any | None:
            found = next((each for each in github.pages(path) if each["context"] == one.context), None)
            same = found is not None and all(found.get(name) == value for name, value in one.body.items())
            return found if same else None

        def act(one: Status = one) -> Any:
            return github.write("POST", f"{{repo}}/statuses/{commit}", one.body)

        github.ensure(look, act)


def auto_merge(github: GitHub, pull: Pull) -> str | None:
    """Ask GitHub to merge when all checks have passed; why it won't, if so."""
    if pull.auto_merge:
        return None
    answer = github.write("POST", "/graphql", {"query": MERGE, "variables": {"pull": pull.node}})
    errors = answer.get("errors") if isinstance(answer, dict) else None
    if not errors:
        return None
    return " ".join(str(errors[0].get("message") if isinstance(errors[0], dict) else errors[0]).split())[:300]
