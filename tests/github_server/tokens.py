"""Tokens and what each may do: the words are those of `permissions:` in a workflow."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.github_server.answers import Stop, refused

WORDS = (
    "actions",
    "attestations",
    "checks",
    "contents",
    "deployments",
    "id_token",
    "issues",
    "packages",
    "pages",
    "pull_requests",
    "security_events",
    "statuses",
)
PERSONAL = ("administration", "actions_variables", "secrets")  # no job's token ever holds these
LEVELS = ("none", "read", "write")


@dataclass(frozen=True)
class Token:
    text: str
    actor: str
    permissions: Mapping[str, str]
    repositories: frozenset[str]

    def may(self, need: str) -> bool:
        """`need` is permission=level, or several of which one is enough with "; " between."""
        return not need or any(self._has(*one.split("=")) for one in need.split("; "))

    def _has(self, permission: str, level: str) -> bool:
        held = "read" if permission == "metadata" else self.permissions.get(permission, "none")
        return LEVELS.index(held) >= LEVELS.index(level)


def permissions(given: Mapping[str, str] | str) -> dict[str, str]:
    """As in a workflow: a mapping, or read-all or write-all. `admin` is what only a person's token holds."""
    if isinstance(given, str):
        level = {"read-all": "read", "write-all": "write", "admin": "write"}[given]
        held = dict.fromkeys(WORDS, level)
        return held | dict.fromkeys(PERSONAL, level) if given == "admin" else held
    held = {name.replace("-", "_"): level for name, level in given.items()}
    unknown = [
        f"{name}: {level}" for name, level in held.items() if name not in (*WORDS, *PERSONAL) or level not in LEVELS
    ]
    assert not unknown, f"no permissions: {unknown}"
    return held


def forbidden(need: str) -> Stop:
    """403, with the permission that is missing in a header."""
    return refused(403, "Resource not accessible by integration", X_Accepted_GitHub_Permissions=need)
