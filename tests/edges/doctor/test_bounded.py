import threading
import time

import pytest

from scripts.core.errors import Mistake
from scripts.edges.doctor import bounded


def test_everything_is_asked_at_once() -> None:
    meeting = threading.Barrier(3, timeout=5)
    found = bounded.answers(dict.fromkeys("abc", meeting.wait), 5)
    assert sorted(found.values()) == [0, 1, 2]


def test_what_hangs_is_left_out_and_nobody_waits_for_it() -> None:
    forever = threading.Event()
    began = time.monotonic()
    found = bounded.answers({"hangs": forever.wait, "too": forever.wait, "answers": lambda: 1}, 0.2)
    assert found == {"answers": 1}
    assert time.monotonic() - began < 2
    forever.set()


def test_what_is_raised_is_not_swallowed() -> None:
    def fails() -> None:
        raise Mistake("no")

    with pytest.raises(Mistake):
        bounded.answers({"a": lambda: 1, "b": fails}, 5)
