"""What can go wrong on the way: one fault at one request, counted from 1 among requests of some kinds.

| kind | acted on | what the client gets |
|---|---|---|
| cut_before | no | the connection ends without an answer |
| cut_after | yes | the connection ends without an answer |
| 502_after | yes; an upload leaves a `starter` | 502 |
| reset | no | the connection is reset |
| stall | yes | nothing, until it gives up |
| short_body | yes | half of the body that was announced |
| html_200 | no | a page of HTML with 200 |
| secondary_403 | no | 403, a secondary rate limit |
| 429 | no | 429 that doesn't say how long to wait |
| 429_retry_after | no | 429 with Retry-After |
"""

from dataclasses import dataclass

from tests.github_server.answers import DOCS, Answer

KINDS = {
    "cut_before": False,
    "cut_after": True,
    "502_after": True,
    "reset": False,
    "stall": True,
    "short_body": True,
    "html_200": False,
    "secondary_403": False,
    "429": False,
    "429_retry_after": False,
}
LIMITS = ("secondary_403", "429", "429_retry_after")
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
PAGE = b"<!DOCTYPE html><html><body><h1>Unicorn!</h1><p>We had issues producing the response.</p></body></html>"


@dataclass(frozen=True)
class Fault:
    """`among`: api (REST, uploads, GraphQL), web (downloads), git. `times`: how many requests in a row."""

    at: int
    kind: str
    among: tuple[str, ...] = ("api", "web")
    times: int = 1

    def __post_init__(self) -> None:
        assert self.kind in KINDS, f"no kind of fault: {self.kind}"

    def hits(self, kind: str, counts: dict[str, int]) -> bool:
        """`counts`: how many requests of each kind there have been, this one included."""
        number = sum(counts.get(one, 0) for one in self.among)
        return kind in self.among and self.at <= number < self.at + self.times

    @property
    def acts(self) -> bool:
        return KINDS[self.kind]


def instead(kind: str) -> Answer | None:
    """What is sent in place of the true answer; None where nothing is."""
    words = {"message": SECONDARY, "documentation_url": DOCS}
    page = {"Content-Type": "text/html; charset=utf-8"}
    return {
        "502_after": Answer(502, raw=PAGE, headers=page),
        "html_200": Answer(200, raw=PAGE, headers=page),
        "secondary_403": Answer(403, words | {"status": "403"}, {"Retry-After": "1"}),
        "429": Answer(429, words | {"status": "429"}),
        "429_retry_after": Answer(429, words | {"status": "429"}, {"Retry-After": "1"}),
    }.get(kind)
