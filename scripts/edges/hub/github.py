"""GitHub's API: reads are tried again, a write is sent once, and whoever sent one that nobody answered must look.

Every answer is checked here, so that callers see JSON, `None` for what does not exist, or one of two errors.
"""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from scripts.core.errors import OUTSIDE, Mistake

if TYPE_CHECKING:
    from github import Github

Found = TypeVar("Found")
READS, LOOKS, PAUSE, LONGEST_WAIT, PAGE = 4, 4, 1.0, 60.0, 100
CURES = {
    401: "The token is missing, wrong or expired: give one in GITHUB_TOKEN",
    404: "The repository or this part of it is not there, or the token may not see it",
    410: "This feature is switched off in the repository's settings",
}


class Refused(Mistake):
    """GitHub understood and said no: nothing was changed."""

    def __init__(self, status: int, message: str, line: str) -> None:
        super().__init__(line, code=OUTSIDE)
        self.status, self.message = status, message


class Unsure(Mistake):
    """No proper answer came: a write may have been carried out, or not. Look before it is sent again."""

    def __init__(self, line: str) -> None:
        super().__init__(line, code=OUTSIDE)


@dataclass(frozen=True)
class Settings:
    """`repository` is OWNER/NAME; seconds. `pace` is the least time between two requests, twice that between writes."""

    repository: str
    token: str | None
    api: str = "https://api.github.com"
    server: str = "https://github.com"
    timeout: float = 20.0
    pace: float = 0.25


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    value: Any  # parsed JSON; None for an empty body


@dataclass(frozen=True)
class GitHub:
    """Paths begin with a slash; `{repo}` in one is filled with /repos/OWNER/NAME."""

    settings: Settings
    sleep: Callable[[float], None] = field(default=time.sleep)

    @cached_property
    def client(self) -> "Github":
        from github import Auth, Github

        settings = self.settings
        return Github(
            auth=Auth.Token(settings.token) if settings.token else None,
            base_url=settings.api,
            timeout=int(settings.timeout),
            retry=None,
            seconds_between_requests=settings.pace,
            seconds_between_writes=settings.pace * 2,
        )

    def get(self, path: str, **query: Any) -> Any:
        """What is there; None when it is not (404). Tried again on faults, up to READS times."""
        try:
            return self._read(path, query).value
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    def pages(self, path: str, key: str | None = None, **query: Any) -> Iterator[Any]:
        """Every item of a list, over all of its pages; `key` names the list inside of an object."""
        number = 1
        while True:
            page = self._read(path, {"per_page": PAGE, "page": number, **query}).value
            items = page[key] if key else page
            if not isinstance(items, list):
                raise Unsure(f"GitHub: GET {path}: answered no list. Try again later.")
            yield from items
            if len(items) < PAGE:
                return
            number += 1

    def write(self, verb: str, path: str, body: Any = None) -> Any:
        """Sent once. Refused: nothing happened. Unsure: look. A rate limit, which acts on nothing, is waited for."""
        for attempt in range(READS):
            try:
                return self._sent(verb, path, {}, body).value
            except Limited as limited:
                if attempt == READS - 1:
                    raise
                self.sleep(limited.wait)
        raise AssertionError

    def ensure(self, look: Callable[[], Found | None], act: Callable[[], Found], lag: float = 0.0) -> Found:
        """What `look` finds, made by `act` when it finds nothing; never sent again without a look.

        `lag` is how many seconds GitHub's lists may lie behind: after an unsure write they are looked at that long.
        """
        found = look()
        for attempt in range(LOOKS):
            if found is not None:
                return found
            try:
                return act()
            except Unsure:
                if attempt == LOOKS - 1:
                    raise
                found = self._seen(look, lag)
        raise AssertionError

    def _seen(self, look: Callable[[], Found | None], lag: float) -> Found | None:
        waited = 0.0
        while True:
            self.sleep(PAUSE)
            waited += PAUSE
            if (found := look()) is not None or waited >= lag:
                return found

    def _read(self, path: str, query: Mapping[str, Any]) -> Answer:
        for attempt in range(READS):
            try:
                return self._sent("GET", path, query, None)
            except Limited as limited:
                if attempt == READS - 1:
                    raise
                self.sleep(limited.wait)
            except Unsure:
                if attempt == READS - 1:
                    raise
                self.sleep(PAUSE * 2**attempt)
        raise AssertionError

    def _sent(self, verb: str, path: str, query: Mapping[str, Any], body: Any) -> Answer:
        import requests
        from github import GithubException

        url = path.replace("{repo}", f"/repos/{self.settings.repository}")
        try:
            requester = self.client.requester
            # On a server of one's own GraphQL is beside the API, not below it.
            place = requester.graphql_url if path == "/graphql" else url
            status, headers, text = requester.requestJson(verb, place, dict(query), {}, body)
        except (requests.RequestException, GithubException, ConnectionError) as error:
            why = type(error).__name__ if isinstance(error, requests.RequestException) else str(error)
            raise Unsure(f"GitHub: {verb} {url}: no answer ({why}). Try again later.") from None
        return _checked(Answer(status, headers, _parsed(text)), verb, url, text)


class Limited(Refused):
    """A rate limit: nothing was done, and GitHub says how long to wait."""

    def __init__(self, status: int, wait: float, line: str) -> None:
        super().__init__(status, "rate limit", line)
        self.wait = wait


def _parsed(text: str) -> Any:
    """JSON; the text itself where it is none."""
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def _checked(answer: Answer, verb: str, url: str, text: str) -> Answer:
    status, value = answer.status, answer.value
    if status < 300:
        if isinstance(value, str) and not text.lstrip().startswith('"'):
            raise Unsure(f"GitHub: {verb} {url}: answered {status} with something that is no JSON. Try again later.")
        return answer
    message = _message(value)
    if status >= 500 or status < 400 or status == 408:
        raise Unsure(f"GitHub: {verb} {url}: answered {status}. Try again later.")
    if status == 429 or (status == 403 and ("rate limit" in message.lower() or "abuse" in message.lower())):
        raise Limited(status, wait_of(answer.headers), f"GitHub: {verb} {url}: rate limit ({status}). Try again later.")
    raise Refused(status, message, f"GitHub: {verb} {url}: {status}, {message}. {cure(status, answer.headers)}.")


def _message(value: Any) -> str:
    """What GitHub says is wrong, its details included, on one line."""
    if not isinstance(value, Mapping):
        return "no reason given"
    errors = value.get("errors") or []
    details = [e if isinstance(e, str) else e.get("message") or f"{e.get('field')} {e.get('code')}" for e in errors]
    said = " ".join("; ".join([str(value.get("message") or "no reason given"), *map(str, details)]).split())
    return re.sub(r"\.+$", "", said)[:300]


def wait_of(headers: Mapping[str, str], now: Callable[[], float] = time.time) -> float:
    """Seconds to wait, from Retry-After or the reset of the primary limit; bounded, a minute without either."""
    low = {name.lower(): value for name, value in headers.items()}
    if "retry-after" in low and low["retry-after"].isdigit():
        return min(float(low["retry-after"]), LONGEST_WAIT)
    if low.get("x-ratelimit-remaining") == "0" and low.get("x-ratelimit-reset", "").isdigit():
        return min(max(0.0, float(low["x-ratelimit-reset"]) - now()), LONGEST_WAIT)
    return LONGEST_WAIT


def cure(status: int, headers: Mapping[str, str]) -> str:
    """What to do about a refusal: the permission that GitHub says is missing, where it says so."""
    if status == 403:
        accepted = {name.lower(): value for name, value in headers.items()}.get("x-accepted-github-permissions")
        needed = accepted.replace("_", "-").replace("=", ": ") if accepted else "the permission it needs"
        return f"Give the job's token {needed} under `permissions:`"
    return CURES.get(status, "See what it says, and run it again")
