"""Where every request arrives: logged, matched with its token and its route, carried out, and checked."""

import base64
import json
import traceback
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

# Importing these fills the table of routes.
from tests.github_server import (
    actions,
    assets,
    git_http,
    graphql,
    labels,
    merging,
    meta,
    pulls,
    refs,
    releases,
    statuses,
)
from tests.github_server.answers import Answer, Stop, not_found, refused
from tests.github_server.description import description
from tests.github_server.faults import Fault
from tests.github_server.routes import Address, Call, Route, found, public
from tests.github_server.server import Request
from tests.github_server.state import State
from tests.github_server.tokens import Token, forbidden

AREAS = (actions, assets, labels, meta, pulls, refs, releases, statuses)
API, UPLOADS, GRAPHQL, STORAGE = "/api/v3", "/api/uploads", "/api/graphql", "/storage/"


@dataclass
class Desk:
    state: State
    tokens: dict[str, Token] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    url: str = ""

    @property
    def at(self) -> Address:
        return Address(self.url, self.state.repository)

    def noted(self, request: Request) -> Fault | None:
        """Put a request in the log; the fault that befalls it."""
        request.token = _token(request.headers.pop("authorization", "")) if request.path[:9] != STORAGE else None
        known_token = self.tokens.get(request.token or "")
        request.actor = known_token.actor if known_token else None
        request.path, request.kind = self._kind(request.path)
        with self.state.lock:
            self.counts[request.kind] += 1
            self.requests.append(request)
            fault = next((one for one in self.faults if one.hits(request.kind, self.counts)), None)
        request.fault = fault.kind if fault else None
        return fault

    def _kind(self, path: str) -> tuple[str, str]:
        if path == GRAPHQL:
            return "/graphql", "api"
        for start in (API, UPLOADS):
            if path.startswith(f"{start}/"):
                return path.removeprefix(start) if path != f"{API}/graphql" else path, "api"
        return path, "git" if git_http.asked(path, self.state.repository) else "web"

    def carried(self, request: Request, broken: bool) -> Answer:
        """Carry a request out. `broken`: an upload that does not come to its end."""
        try:
            if request.kind == "git":
                return self._git(request)
            with self.state.lock:
                return self._api(request, broken) if request.kind == "api" else self._web(request)
        except Stop as stop:
            return stop.answer
        except Exception:
            self.violations.append(f"{request.verb} {request.path}: {traceback.format_exc()}")
            return Answer(500, {"message": "Server Error"})

    def _git(self, request: Request) -> Answer:
        token = self._held(request)
        rest = git_http.asked(request.path, self.state.repository)
        assert rest is not None
        if not request.whole:
            return Answer(400, raw=b"")
        return git_http.answered(self.state, token, request.verb, rest, request.query, request.headers, request.data)

    def _held(self, request: Request) -> Token | None:
        """The token of a request; a wrong one is an error, none at all is not."""
        if request.token is None:
            return None
        if request.token not in self.tokens:
            raise refused(401, "Bad credentials")
        return self.tokens[request.token]

    def _api(self, request: Request, broken: bool) -> Answer:
        token, verb = self._held(request), "GET" if request.verb == "HEAD" else request.verb
        query = dict(parse_qsl(request.query, keep_blank_values=True))
        if request.path == "/graphql":
            return graphql.answered(Call(self.state, self.at, token, {}, query, request.headers, request.body))
        hit = found(verb, unquote(request.path))
        if hit is None:
            self.violations.append(f"{request.verb} {request.path}: this stand-in has no such operation")
            raise not_found()
        one, names = hit
        upload = one.handler is assets.uploaded
        body = request.data if upload else _json(request)
        call = Call(self.state, self.at, token, names, query, request.headers, body)
        answer = self._done(one, call, broken, request.whole)
        self._check(one, call, answer)
        return answer

    def _done(self, one: Route, call: Call, broken: bool, whole: bool) -> Answer:
        try:
            if one.repository:
                self._allowed(one, call)
            if broken and one.handler is assets.uploaded:
                return assets.store(call, "starter")
            if not whole:
                raise refused(400, "Problems parsing JSON")
            merging.settle(self.state)  # tests may have pushed into the bare repository itself
            return one.handler(call)
        except Stop as stop:
            return stop.answer

    def _check(self, one: Route, call: Call, answer: Answer) -> None:
        """Hold request and answer against GitHub's description."""
        operation = description().operation(one.verb, one.path)
        if operation is None:
            self.violations.append(f"{one.verb} {one.path}: GitHub describes no such operation")
            return
        wrong = [*operation.request(call.query, call.body), *operation.response(answer.status, answer.value)]
        self.violations += [f"{operation.key}: {line}" for line in wrong]

    def _allowed(self, one: Route, call: Call) -> None:
        """Refuse what the token may not do, in the order in which GitHub looks."""
        name = f"{call.names['owner']}/{call.names['repo']}".lower()
        ours = name == self.state.repository.lower()
        if not ours and (name not in self.state.others or one.handler is not actions.dispatched):
            raise not_found()
        if call.token is None:
            if self.state.settings.private:
                raise not_found()
            if not public(one.needs):
                raise refused(401, "Requires authentication")
        elif name not in call.token.repositories:
            raise not_found()
        elif not call.token.may(one.needs):
            raise forbidden(one.needs)

    def _web(self, request: Request) -> Answer:
        start = f"/{self.state.repository}/releases/"
        rest = request.path.removeprefix(start)
        if request.path.startswith(STORAGE):
            number = request.path.removeprefix(STORAGE)
            signature = dict(parse_qsl(request.query)).get("sig", "")
            return assets.stored(self.state, int(number), signature, request.headers)
        if rest != request.path and rest.startswith("download/"):
            tag, _, name = unquote(rest.removeprefix("download/")).rpartition("/")
            return assets.download(self.at, self.state, tag, name)
        if rest != request.path and rest.startswith("latest/download/"):
            return assets.latest_download(self.at, self.state, unquote(rest.removeprefix("latest/download/")))
        return Answer(404, raw=b"Not Found", headers={"Content-Type": "text/plain"})


def _json(request: Request) -> Any:
    if not request.data:
        return None
    try:
        return json.loads(request.data)
    except ValueError:
        raise refused(400, "Problems parsing JSON") from None


def _token(header: str) -> str | None:
    """The token in `token X`, `Bearer X` or `Basic base64(user:X)`."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "basic":
        return base64.b64decode(value).decode().partition(":")[2] or None
    return value.strip() or None
