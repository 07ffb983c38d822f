"""Ends a client at a request: before it is sent, or after the server has acted and before anything is heard of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from requests.adapters import HTTPAdapter

SEND = HTTPAdapter.send


class Killed(BaseException):
    """Nothing catches it, as nothing catches a kill."""


@contextmanager
def killed(at: int, when: str) -> Iterator[list[int]]:
    """`when` is before or after; the list holds how many requests there have been."""
    count = [0]

    def send(adapter: Any, *arguments: Any, **options: Any) -> Any:
        count[0] += 1
        if count[0] == at and when == "before":
            raise Killed
        answer = SEND(adapter, *arguments, **options)
        if count[0] == at:
            answer.close()  # its first bytes are here: the server has acted
            raise Killed
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HTTPAdapter, "send", send)
        yield count
