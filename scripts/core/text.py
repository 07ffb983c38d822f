"""Values as text, for files and for people."""

import difflib
import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

MOST = 20  # words that a line lists
BREAK = "\N{ZERO WIDTH SPACE}"
COMMAND = re.compile(r":(?=:)|##(?=\[)")  # where the log of a workflow would begin a command to its runner
DIGITS = 10  # enough to check a verdict again; fewer than the last bits that differ between machines


def to_json(value: Any) -> str:
    """JSON with a trailing newline; a number that is not finite is refused, never written."""
    return json.dumps(rounded(value), indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    if isinstance(value, float):
        short = float(f"{value:.{DIGITS}g}")
        return short if math.isfinite(short) else value  # the greatest floats can't be rounded up
    return value


def number(value: float) -> str:
    """Four significant digits, for people."""
    return f"{value:.4f}" if 0.001 <= abs(value) < 10 else f"{value:.4g}"


def shown(text: str) -> str:
    """One line that a terminal, and the log of a workflow, show and do not obey."""
    line = "".join(letter if letter.isprintable() or letter == BREAK else " " for letter in text)
    return COMMAND.sub(lambda found: found[0] + BREAK, line)


def nearest(word: str, known: Iterable[str]) -> str | None:
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A sentence that names the nearest known word, or lists what there is."""
    known = sorted(known)
    near = nearest(word, known)
    more = ", ..." if len(known) > MOST else "."
    return f"Did you mean {near}?" if near else f"Known: {', '.join(known[:MOST])}{more}"
