"""Answers of the API, and refusals in GitHub's words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

DOCS = "https://docs.github.com/rest"


@dataclass(frozen=True)
class Answer:
    status: int
    value: Any = None  # what is sent as JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None  # sent as it is, instead of JSON


class Stop(Exception):
    """Ends a request with this answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.status}: {answer.value}")
        self.answer = answer


def refused(status: int, message: str, errors: Sequence[Any] = (), **headers: str) -> Stop:
    value: dict[str, Any] = {"message": message, "documentation_url": DOCS, "status": str(status)}
    if errors:
        value["errors"] = list(errors)
    return Stop(Answer(status, value, {name.replace("_", "-"): text for name, text in headers.items()}))


def not_found() -> Stop:
    return refused(404, "Not Found")


def invalid(resource: str, code: str, name: str | None = None, message: str | None = None) -> Stop:
    """422, with the one thing that is wrong."""
    error = {"resource": resource, "code": code}
    error |= {"field": name} if name else {}
    error |= {"message": message} if message else {}
    return refused(422, "Validation Failed", [error])


def too_long(resource: str, name: str, limit: int) -> Stop:
    return invalid(resource, "custom", name, f"{name} is too long (maximum is {limit} characters)")
