"""GitHub's Markdown, made of texts that nobody trusts: names of columns and categories, reasons, errors.

An escaped text reads as it was written and does nothing: no markup, no HTML, no link, no mention, no broken table.
"""

import re
from collections.abc import Iterable, Sequence

LONGEST = 80  # characters of a name
BREAK = "\N{ZERO WIDTH SPACE}"  # inside of what GitHub would take for a mention, a reference or a link
HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"})
MARKS = re.compile(r"([\\`*\[\]~])|(?<![^\W_])(_)|(_)(?![^\W_])")  # an underscore between letters is just one
BAR = r"\|"  # what a table takes for a bar, in code too
LINKS = re.compile(r"@(?=\w)|#(?=\d)|(?<=[A-Za-z]):(?=//)|:(?=[\w+-]+:)|(?i:(?<=www)(?=\.)|(?<=GH)-(?=\d))")
OPENERS = re.compile(r"^(\s*)([#+=-]|:(?=:)|\d+(?=[.)]))")  # what only means something where a line begins
ALIGNS = {"l": "---", "r": "---:", "c": ":---:"}


def plain(text: object, most: int = 10_000) -> str:
    """One line without control characters and what turns a text around; cut off where it is too long."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in str(text)).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def escape(text: object, most: int = 10_000) -> str:
    line = OPENERS.sub(rf"\1{BREAK}\2", plain(text, most))
    line = LINKS.sub(lambda found: f"{found[0]}{BREAK}", line).translate(HTML)
    return MARKS.sub(r"\\\g<0>", line).replace("$", "<span>$</span>")


def name(text: object) -> str:
    return escape(text, LONGEST)


def code(text: object, most: int = 10_000) -> str:
    """Word for word, as one line of code: nothing in it means anything."""
    line = plain(text, most)
    fence = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}" if line else ""


def table(header: Sequence[str], rows: Iterable[Sequence[str]], align: str) -> str:
    """Cells are Markdown already; `align` has a letter (l, r, c) for each column."""
    lines = [header, [ALIGNS[letter] for letter in align], *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', BAR) for cell in line)} |" for line in lines)


def bullets(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def details(summary: str, body: str, unfolded: bool = False) -> str:
    """Folded if not asked otherwise; the summary is plain text."""
    begin = "<details open>" if unfolded else "<details>"
    return f"{begin}<summary>{plain(summary).translate(HTML)}</summary>\n\n{body}\n\n</details>"


def link(text: str, url: str) -> str:
    """`text` is Markdown already; an address that could end the link early is written so that it can't."""
    safe = re.sub(r"[\s<>()\[\]\"'`|\\]", lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), url)
    return f"[{text}]({safe})"


def clip(parts: Iterable[str], limit: int, last: str = "") -> str:
    """Parts with an empty line between them, in their order; those that pass the limit are left out, `last` never."""
    note = "*Some parts were too long for this page: the run's artifacts and `reports/` have all of them.*"
    room = limit - len(last) - len(note) - 4
    kept: list[str] = []
    whole = True
    for part in filter(None, parts):
        fits = len(part) + 2 <= room
        whole = whole and fits
        if fits:
            kept.append(part)
            room -= len(part) + 2
    return "\n\n".join([*kept, *([] if whole else [note]), *([last] if last else [])])
