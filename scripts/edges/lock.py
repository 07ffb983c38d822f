"""One run at a time: a lock that ends with the process that holds it, however it ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.core.errors import OUTSIDE, Mistake

FILE = Path(".dvc/tmp/evergreen.lock")


@contextmanager
def held(file: Path = FILE) -> Iterator[None]:
    try:
        file.parent.mkdir(exist_ok=True)
    except FileNotFoundError:
        said = f"{file.parent.parent}: is not here. Run commands from the project's root."
        raise Mistake(said, code=OUTSIDE) from None
    with file.open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            raise Mistake(
                f"{file}: another run holds the lock (process {handle.read().strip() or 'unknown'}). "
                "Wait until it ends, or end it.",
                code=OUTSIDE,
            ) from None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield
