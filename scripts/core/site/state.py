"""The state of the model now, as the ledger's lines tell it: what is production, and what waits for a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from scripts.core import ledger_text
from scripts.core.ledger import PUBLISHED, Line
from scripts.core.report.markdown import plain
from scripts.core.site.words import ago

Mood = Literal["good", "care", "bad", "plain"]
OPEN = ("opened", "refreshed", "carried", "left", "nothing", "issue")  # actions after which a person is waited for


@dataclass(frozen=True)
class Production:
    """`released`: the line of its release; None where no release is known of, and `said` is a run that names it."""

    version: int
    said: Line
    released: Line | None


def production(lines: Sequence[Line]) -> Production | None:
    """What the newest line that knows says: a release, or a run that began with another declaration on main."""
    released = next((line for line in reversed(lines) if line.action in PUBLISHED and line.version), None)
    said = next((line for line in reversed(lines) if line.command == "retrain" and line.production), None)
    if released is not None and released.version:
        newer = said is not None and said.moment > released.moment and said.production != released.version
        if not newer:
            return Production(released.version, released, released)
    return Production(said.production, said, None) if said is not None and said.production else None


def headline(lines: Sequence[Line], now: datetime) -> str:
    """The whole page in a sentence or two."""
    if not lines:
        return "No run has left a line yet: the first one fills this page."
    found, pull = production(lines), waiting(lines)
    stands = f"v{found.version} is production" if found else "There is no production model yet"
    last = told(lines)[-1] if told(lines) else lines[-1]
    how = f"the last run ({last.command}) was {ago(last.moment, now)}: {plain(ledger_text.verdict(last), 40)}"
    then = f"{asked(pull)} waits for you." if pull else "Nothing waits for you."
    return f"{stands}; {how}. {then}"


def told(lines: Sequence[Line]) -> list[Line]:
    """Without releases that had nothing to do."""
    return [line for line in lines if line.command != "release" or line.action != "nothing" or line.ended]


def waiting(lines: Sequence[Line]) -> Line | None:
    """The line whose pull request, or whose issue that asks for one, was open when its run ended."""
    for place in range(len(lines) - 1, -1, -1):
        line = lines[place]
        if line.pull_request is None:
            continue
        merged = any(each.action in PUBLISHED and each.version == line.version for each in lines[place + 1 :])
        stands = line.pull_request.action in OPEN and line.pull_request.number is not None
        return line if stands and not merged else None
    return None


def asked(line: Line) -> str:
    assert line.pull_request is not None
    what = "Issue" if line.pull_request.action == "issue" else "Pull request"
    return f"{what} #{line.pull_request.number}"


def mood(line: Line) -> Mood:
    if line.ended != 0 or line.errors:
        return "bad"
    if line.verdict == "INVALID":
        return "care"
    return "good" if line.verdict == "PROMOTE" or line.action in PUBLISHED else "plain"
