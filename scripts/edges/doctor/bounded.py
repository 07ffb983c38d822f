"""Questions asked at the same time, each given up when its time is over."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any


def answers(questions: Mapping[str, Callable[[], Any]], patience: float) -> dict[str, Any]:
    """What each returned; one that did not end within `patience` seconds is left out, what one raised is raised.

    What hangs goes on in a thread that does not keep the process alive.
    """
    found: dict[str, Any] = {}
    failed: dict[str, BaseException] = {}

    def ask(name: str, question: Callable[[], Any]) -> None:
        try:
            found[name] = question()
        except BaseException as error:
            failed[name] = error

    threads = [threading.Thread(target=ask, args=item, daemon=True) for item in questions.items()]
    for thread in threads:
        thread.start()
    until = time.monotonic() + patience
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    for error in failed.values():
        raise error
    return dict(found)
