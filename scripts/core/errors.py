"""A user's mistake: said in one line each, without a traceback."""

import sys
from collections.abc import Callable
from functools import wraps

from scripts.core.text import shown

FAILED = 1  # the data or a stage failed
USAGE = 2  # params or arguments
OUTSIDE = 3  # a lock, a store, the network or git refused


class Mistake(Exception):
    """One line per mistake: what, where (file, field, value), and the cure."""

    def __init__(self, *lines: str, code: int = FAILED) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines
        self.code = code


def reported(main: Callable[[], int]) -> Callable[[], int]:
    """Print a Mistake's lines, or the name of a missing file, on stderr and turn it into an exit code."""

    @wraps(main)
    def run() -> int:
        try:
            return main()
        except Mistake as mistake:
            print(*map(shown, mistake.lines), sep="\n", file=sys.stderr)
            return mistake.code
        except FileNotFoundError as missing:
            name = missing.filename
            print(f"{name}: is missing. Bring it back: git checkout -- {name}, or dvc checkout.", file=sys.stderr)
            return OUTSIDE

    return run
