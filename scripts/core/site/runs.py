"""Every run for the page: a row, its reason in a sentence, and the sentences that a reader may unfold."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from scripts.core import ledger_text
from scripts.core.ledger import Line
from scripts.core.report.markdown import plain
from scripts.core.site import state, words
from scripts.core.site.state import Mood
from scripts.core.site.words import Link, begun
from scripts.core.text import number

ARROW = "\N{RIGHTWARDS ARROW}"
LINKS = "Links"  # stand below as links
DETAILED = 500  # newest runs whose sentences are on the page


@dataclass(frozen=True)
class Run:
    """`told`: what each sentence is about, and the sentences; empty for the older ones of very many runs."""

    id: str
    time: str  # UTC
    begun: str
    outcome: str
    mood: Mood
    score: str
    version: str
    data: str
    took: str
    why: str
    told: tuple[tuple[str, str], ...]
    links: tuple[Link, ...]


def runs(lines: Sequence[Line], detailed: int = DETAILED) -> list[Run]:
    """Newest first."""
    shown = state.told(lines)
    return [run(line, lines if place < detailed else None) for place, line in enumerate(reversed(shown))]


def run(line: Line, lines: Sequence[Line] | None) -> Run:
    """`lines`: all, which say what became of it; None: without its sentences."""
    newest = words.moment(line.data.to) if line.data else None
    event = ledger_text.EVENTS.get(line.event or "", line.event or "laptop")
    return Run(
        id=plain(line.run or line.id, 80),
        time=words.when(line.moment),
        begun=f"{plain(line.command, 20)}, {plain(event, 20)}",
        outcome=plain(ledger_text.verdict(line), 40),
        mood=state.mood(line),
        score=_score(line),
        version=_version(line),
        data=f"{newest:%Y-%m-%d}" if newest else "",
        took="" if line.total_seconds is None else ledger_text.took(line.total_seconds),
        why=why(line),
        told=() if lines is None else tuple(entries(ledger_text.why(line, lines))),
        links=words.links(line),
    )


def _score(line: Line) -> str:
    found = line.deciding
    if found is None or found[1].candidate is None:
        return ""
    before = "" if found[1].production is None else f"{number(found[1].production)} {ARROW} "
    return f"{words.named(found[0])} {before}{number(found[1].candidate)}"


def _version(line: Line) -> str:
    if line.command == "retrain":
        proposed = line.version and line.pull_request is not None and line.pull_request.action in ledger_text.PROPOSED
        return f"v{line.version} proposed" if proposed else f"v{line.production} stays" if line.production else ""
    if not line.version:
        return ""
    if line.command == "rollback":
        return f"v{line.version} asked for"
    return f"v{line.version} released" if line.action == "published" else f"v{line.version}"


def why(line: Line) -> str:
    """Why it ran and what decided."""
    if line.ended != 0 or line.errors:
        return plain(line.errors[0], 300) if line.errors else "It left no word of why it ended."
    return " ".join(f"{begun(plain(part, 300)).rstrip('.')}." for part in _reasons(line)) or "It gives no reason."


def _reasons(line: Line) -> Iterator[str]:
    if not line.new:
        yield "nothing new since the run before"
    elif fired := [trigger.says or trigger.name for trigger in line.triggers if trigger.state == "fired"]:
        yield "; ".join(fired)
    elif line.triggers:
        yield "No trigger fired"
    elif line.command == "release" and line.action and not line.reasons:
        before = f" after v{line.production}" if line.production else ""
        yield f"v{line.version} was declared on main{before}: {line.action.replace('_', ' ')}"
    yield from line.reasons[:1]


def entries(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Label and sentences of a run told for the terminal, unwrapped."""
    starts = [place for place, line in enumerate(lines) if line[: ledger_text.LABEL].strip()]
    for first, last in pairwise([*starts, len(lines)]):
        label = lines[first][: ledger_text.LABEL].strip()
        if label != LINKS:
            yield label, " ".join(line[ledger_text.LABEL :].strip() for line in lines[first:last])
