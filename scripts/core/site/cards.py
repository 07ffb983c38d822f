"""The page at a glance, in cards: production, its score, the last run, the data, and what waits for a person."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile

from scripts.core import ledger, ledger_text
from scripts.core.ledger import PUBLISHED, Line, Score
from scripts.core.report.markdown import plain
from scripts.core.site.state import Mood, Production, asked, mood, production, told, waiting
from scripts.core.site.words import Link, ago, begun, direction, links, moment, named, signed, when
from scripts.core.text import number


@dataclass(frozen=True)
class Card:
    """`about`: sentences below the value."""

    name: str
    value: str
    about: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    mood: Mood = "plain"


def cards(lines: Sequence[Line], now: datetime) -> tuple[Card, ...]:
    found = production(lines)
    return (
        _production(found, lines, now),
        _score(found, lines),
        _last(lines, now),
        _data(lines, now),
        _waiting(lines, now),
    )


def _production(found: Production | None, lines: Sequence[Line], now: datetime) -> Card:
    if found is None:
        return Card("Production", "none yet", ("The first model that is promoted will stand here.",))
    if found.released is None:
        about = ("The ledger knows of no release of it.", f"Seen by the run of {when(found.said.moment)}.")
        return Card("Production", f"v{found.version}", about)
    line = found.released
    others = [each.version for each in lines if each.action in PUBLISHED and each.version != line.version]
    before = f" Before it was v{others[-1]}." if others else ""  # a way back: not the one it was once judged against
    done = "Released" if line.action == "published" else "Made the latest again"
    said = f"{done} {ago(line.moment, now)} ({when(line.moment)}).{before}"
    return Card("Production", f"v{found.version}", (said,), links(line, ("release",)), "good")


def _score(found: Production | None, lines: Sequence[Line]) -> Card:
    """The newest score of production, and what it won by when it was promoted."""
    newest = _measured(found, lines)
    promoted = found.released.deciding if found and found.released else None
    if newest is None and (promoted is None or promoted[1].candidate is None):
        return Card("Score", "not measured")
    name = newest[0] if newest else promoted[0] if promoted else ""
    about = [f"{begun(direction(name))}."] if direction(name) else []
    if newest:
        about.append(f"On the hold-out of the run of {when(newest[2].moment)}.")
    value = newest[1] if newest else None
    if promoted and promoted[1].candidate is not None and found:
        value = promoted[1].candidate if value is None else value
        before = found.released.production if found.released else None
        about.append(f"At release {number(promoted[1].candidate)}{_gained(promoted[1], before)}.")
    return _alarmed(Card(f"Production's {named(name)}", number(value or 0.0), tuple(about)), lines, "performance_drop")


def _measured(found: Production | None, lines: Sequence[Line]) -> tuple[str, float, Line] | None:
    for line in reversed(lines):
        deciding = line.deciding
        if found is None or deciding is None or deciding[1].production is None or line.moment < found.said.moment:
            continue
        if line.command == "retrain" and line.production == found.version:
            return deciding[0], deciding[1].production, line
    return None


def _last(lines: Sequence[Line], now: datetime) -> Card:
    shown = told(lines)
    if not shown:
        return Card("Last run", "none yet")
    line = shown[-1]
    about = [f"{begun(line.command)}, {ago(line.moment, now)} ({when(line.moment)})."]
    about += [f"{plain(error, 200)}" for error in line.errors[:1]]
    retrain = next((each for each in reversed(shown) if each.command == "retrain"), line)
    if retrain is not line:
        about.append(f"Last retrain: {ledger_text.verdict(retrain)}, {ago(retrain.moment, now)}.")
    late = ledger.missed(lines, now)
    feels = mood(line) if not late or mood(line) == "bad" else "care"
    return Card("Last run", plain(ledger_text.verdict(line), 40), (*about, *late), links(line), feels)


def _data(lines: Sequence[Line], now: datetime) -> Card:
    """How new the data are: when the newest row was, and when it came."""
    known = [line for line in lines if line.data is not None]
    if not known:
        return Card("Data", "none yet")
    data = known[-1].data
    assert data is not None
    same = takewhile(lambda line: line.data is not None and line.data.digest == data.digest, reversed(known))
    came = [*same][-1]
    about = [f"{data.rows:,} rows."] if data.rows is not None else []
    newest = moment(data.to)
    if newest is not None:
        about.append(f"The newest row is from {ago(newest, now)}.")
    about.append(f"The newest data came {ago(came.moment, now)} ({when(came.moment)}).")
    if newest is not None:
        return _alarmed(Card("Data up to", f"{newest:%Y-%m-%d}", tuple(about)), lines, "data_drift")
    rows = f"{data.rows:,} rows" if data.rows is not None else "known"
    return _alarmed(Card("Data", rows, tuple(about)), lines, "data_drift")


def _alarmed(card: Card, lines: Sequence[Line], trigger: str) -> Card:
    """With what the newest run that looked found over its limit."""
    looked = next((line for line in reversed(lines) if line.triggers), None)
    fired = [each for each in looked.triggers if (each.name, each.state) == (trigger, "fired")] if looked else []
    said = tuple(f"{begun(plain(each.says or trigger, 200))}." for each in fired)
    return replace(card, about=(*card.about, *said), mood="care") if fired else card


def _waiting(lines: Sequence[Line], now: datetime) -> Card:
    line = waiting(lines)
    if line is None or line.pull_request is None:
        return Card("Waits for you", "nothing", ("No pull request is open, as far as the ledger knows.",))
    about = [_would(line)] if line.version else []
    about.append(f"As of the run {ago(line.moment, now)}.")
    if line.pull_request.reason:
        about.append(f"{begun(plain(line.pull_request.reason, 200)).rstrip('.')}.")
    return Card("Waits for you", asked(line), tuple(about), links(line, ("pull_request",)), "care")


def _would(line: Line) -> str:
    return f"It goes back to v{line.version}." if line.command == "rollback" else f"It promotes v{line.version}."


def _gained(score: Score, before: int | None) -> str:
    if score.difference is None:
        return ""
    said = f", {signed(score.difference)} against {f'v{before}' if before else 'the model before'}"
    return f"{said} (interval {' to '.join(map(signed, score.interval))})" if score.interval else said
