"""A plain client for the forge's own tests: one request, nothing tried again, no redirect followed."""

from dataclasses import dataclass
from typing import Any

import requests

from tests.github_server import Forge


@dataclass(frozen=True)
class Reply:
    status: int
    value: Any
    headers: requests.structures.CaseInsensitiveDict[str]
    content: bytes
    request_url: str

    @property
    def message(self) -> str:
        """What GitHub says is wrong, its details included."""
        details = [str(error.get("message") or error.get("code")) for error in self.value.get("errors", [])]
        return " ".join([self.value["message"], *details])


@dataclass(frozen=True)
class Client:
    forge: Forge
    token: str | None

    def ask(self, verb: str, path: str, body: Any = None, /, accept: str | None = None, **query: Any) -> Reply:
        """`path` without a leading slash is about the repository."""
        url = path
        if "://" not in path:
            url = self.forge.api + path if path.startswith("/") else self.forge.at.repo(f"/{path}").rstrip("/")
        headers = {"Accept": accept or "application/vnd.github+json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        content = {"data": body} if isinstance(body, bytes) else {"json": body} if body is not None else {}
        done = requests.request(verb, url, headers=headers, params=query, timeout=10, allow_redirects=False, **content)
        kind = done.headers.get("Content-Type", "")
        value = done.json() if done.content and "json" in kind else None
        return Reply(done.status_code, value, done.headers, done.content, url)

    def get(self, path: str, /, **query: Any) -> Reply:
        return self.ask("GET", path, **query)

    def post(self, path: str, body: Any = None, /, **query: Any) -> Reply:
        return self.ask("POST", path, body, **query)

    def patch(self, path: str, body: Any) -> Reply:
        return self.ask("PATCH", path, body)

    def delete(self, path: str) -> Reply:
        return self.ask("DELETE", path)


def client(
    forge: Forge, given: dict[str, str] | str | None = "write-all", actor: str = "github-actions[bot]"
) -> Client:
    return Client(forge, None if given is None else forge.token(given, actor))
