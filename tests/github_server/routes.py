"""Which function answers which operation. Paths are written as in GitHub's own description of its API."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tests.github_server.answers import Answer, invalid, not_found
from tests.github_server.state import Issue, State
from tests.github_server.tokens import PERSONAL, Token

REPO = "/repos/{owner}/{repo}"
WIDE = {"ref", "path", "basehead", "branch", "tag"}  # these may hold slashes
MOST = 100  # items on a page


@dataclass(frozen=True)
class Address:
    """Where the forge is: every link in its answers begins here."""

    url: str
    repository: str

    @property
    def api(self) -> str:
        return f"{self.url}/api/v3"

    def repo(self, path: str = "") -> str:
        return f"{self.api}/repos/{self.repository}{path}"

    def web(self, path: str = "") -> str:
        return f"{self.url}/{self.repository}{path}"


@dataclass(frozen=True)
class Call:
    """One request of the API that may be carried out."""

    state: State
    at: Address
    token: Token | None
    names: Mapping[str, str]  # what the path's places hold
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any  # parsed JSON, or the bytes of an upload

    @property
    def actor(self) -> str:
        return self.token.actor if self.token else "ghost"

    @cached_property
    def given(self) -> dict[str, Any]:
        return self.body if isinstance(self.body, dict) else {}

    def may(self, need: str) -> bool:
        """Anybody may read a public repository; a token may do what it says."""
        if self.token is None:
            return not self.state.settings.private and public(need)
        return self.token.may(need)

    def number(self, name: str) -> int:
        return int(self.names[name])

    def issue(self, name: str = "issue_number", pull: bool = False) -> Issue:
        found = self.state.issues.get(self.number(name))
        if found is None or (pull and found.pull is None):
            raise not_found()
        return found

    def text(self, resource: str, name: str) -> str:
        """A string that must be given and not be blank."""
        value = self.given.get(name)
        if not isinstance(value, str) or not value.strip():
            raise invalid(resource, "missing_field", name)
        return value

    def _whole(self, name: str, otherwise: int) -> int:
        text = self.query.get(name, "")
        return int(text) if text.isdecimal() else otherwise

    def paged(self, items: Sequence[Any], shape: Callable[[Any], Any], path: str, key: str | None = None) -> Answer:
        """One page of a list, with links to the others."""
        size = max(1, min(self._whole("per_page", 30), MOST))
        page, last = max(1, self._whole("page", 1)), max(1, -(-len(items) // size))
        shown = [shape(item) for item in items[(page - 1) * size : page * size]]
        rest = "".join(f"&{name}={value}" for name, value in self.query.items() if name not in ("page",))
        places = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
        wanted = [name for name in places if (page < last if name in ("next", "last") else page > 1)]
        link = ", ".join(f'<{self.at.api}{path}?page={places[name]}{rest}>; rel="{name}"' for name in wanted)
        value = shown if key is None else {"total_count": len(items), key: shown}
        return Answer(200, value, {"Link": link} if link else {})


def public(need: str) -> bool:
    """Whether this takes no token in a public repository."""
    return all(one.endswith("=read") and one.partition("=")[0] not in PERSONAL for one in need.split("; ") if one)


Handler = Callable[[Call], Answer]


@dataclass(frozen=True)
class Route:
    verb: str
    path: str
    needs: str  # permission=level; several that each suffice, with "; " between; "" for none
    handler: Handler
    repository: bool  # whether it is about one repository

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        def place(match: re.Match[str]) -> str:
            name = match[1]
            if name in WIDE:
                return f"(?P<{name}>.+)"
            digits = name.endswith(("_id", "_number")) and name != "workflow_id"
            return f"(?P<{name}>{'[0-9]+' if digits else '[^/]+'})"

        return re.compile(re.sub(r"\{(\w+)\}", place, self.path))


ROUTES: list[Route] = []


def route(verb: str, path: str, needs: str = "") -> Callable[[Handler], Handler]:
    """`path` without a leading slash is about the repository."""
    whole = path if path.startswith("/") else f"{REPO}/{path}".rstrip("/")

    def added(handler: Handler) -> Handler:
        ROUTES.append(Route(verb, whole, needs, handler, whole.startswith(REPO)))
        return handler

    return added


def found(verb: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The route of a path: of several that fit, the one with most fixed words."""
    fits = [(one, match) for one in ROUTES if one.verb == verb and (match := one.pattern.fullmatch(path))]
    if not fits:
        return None
    best, match = max(fits, key=lambda fit: (fit[0].path.count("/"), -fit[0].path.count("{")))
    return best, match.groupdict()
