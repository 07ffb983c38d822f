"""Texts of data and of people as lines that a terminal, and the log of a workflow, show and do not obey."""

import re

BREAK = "\N{ZERO WIDTH SPACE}"
COMMAND = re.compile(r":(?=:)|##(?=\[)")  # where a workflow's log would begin a command to its runner


def shown(text: str) -> str:
    """One line without control characters, in which no command begins."""
    line = "".join(letter if letter.isprintable() or letter == BREAK else " " for letter in text)
    return COMMAND.sub(lambda found: found[0] + BREAK, line)
