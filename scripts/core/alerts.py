"""Who should hear of what: alerts about a run, each once for its kind and candidate, however often it is run again."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Literal

from scripts.core import ledger_text
from scripts.core.errors import FAILED, OUTSIDE, USAGE
from scripts.core.ledger import Line, ended
from scripts.core.paths import DATA
from scripts.core.report.markdown import plain
from scripts.core.settings.loop_params import Alerts
from scripts.core.text import number

Kind = Literal[
    "validation_failed", "drift_found", "retrained", "skipped", "proposed", "released", "rolled_back", "broken"
]
State = Literal["claimed", "sent", "failed"]
FILE = "alerts.jsonl"
ABANDONED = timedelta(minutes=5)  # a claim that nothing came of: its run was killed
DRIFT = ("data_drift", "prediction_drift", "performance_drop")
HEARD = ("opened", "refreshed", "issue")  # what a proposal did that a person should look at
LONGEST_TITLE, LONGEST_LINE, MOST_LINES = 120, 400, 12
BREAK = "\N{ZERO WIDTH SPACE}"
SAID = str.maketrans(
    {
        "<": "‹", ">": "›", "`": "'", "*": "∗", "@": f"@{BREAK}", "[": "(", "]": ")", "|": "¦", "~": "∼",
    }
)  # fmt: skip
EDGES = re.compile(r"(?<![^\W_])_|_(?![^\W_])")  # underscores that mark words up; between letters one is just one


@dataclass(frozen=True)
class Alert:
    kind: Kind
    key: str  # the same alert has the same key
    title: str
    text: str
    since: datetime | None = None  # of what an earlier run did and could not tell: told if alerts were in use by then


@dataclass(frozen=True)
class Case:
    """A run as its ledger line says it."""

    name: str  # data.name
    line: Line
    before: Sequence[Line] = ()  # the ledger


def alerts(case: Case, params: Alerts) -> list[Alert]:
    """Those that somebody wants to hear, the most urgent first."""
    found = [alert for alert in _all(case) if getattr(params, alert.kind)]
    return found[: params.most]


def neutral(text: object, most: int = LONGEST_LINE) -> str:
    """Texts of data, people and services: one line that mentions nobody, links nowhere and formats nothing."""
    said = plain(text, most).translate(SAID).replace("://", f":{BREAK}//")
    return EDGES.sub(f"_{BREAK}", said)


def _all(case: Case) -> Iterator[Alert]:
    line = case.line
    if line.command == "retrain":
        yield from _failures(case)
        yield from _drift(case)
        yield from _proposed(case)
        yield from _retrained(case)
    elif line.command == "rollback":
        yield from _failures(case)
        yield from _proposed(case)
    else:
        yield from _failures(case)
        yield from _released(case)


def _failures(case: Case) -> Iterator[Alert]:
    """A failure is told once until a run comes to its end again; a mistake in params is its writer's to see."""
    line = case.line
    if line.ended == 0 and line.action != "refused":
        return
    streak = next((each.id for each in reversed(case.before) if _sound(each, line)), "none")
    errors = "\n".join(line.errors)
    if line.ended == FAILED and any(error.startswith(f"{DATA}/") for error in line.errors):
        yield _alert(case, "validation_failed", (errors, streak), "the new data failed their checks", line.errors)
    elif line.ended != USAGE:
        why = "could not reach what it needs" if line.ended == OUTSIDE else "broke"
        yield _alert(case, "broken", (line.command, errors, streak), f"{line.command} {why}", line.errors)


def _sound(earlier: Line, line: Line) -> bool:
    return earlier.command == line.command and earlier.ended == 0 and earlier.id != line.id


def _drift(case: Case) -> Iterator[Alert]:
    line = case.line
    fired = [each for each in line.triggers if each.state == "fired" and each.name in DRIFT]
    if not fired or line.ended is None:
        return
    key = (line.data.digest if line.data else line.run, str(line.production), *(each.name for each in fired))
    told = [f"{each.name.replace('_', ' ')}: {each.says}" for each in fired]
    yield _alert(case, "drift_found", key, f"{' and '.join(each.name.replace('_', ' ') for each in fired)}", told)


def _proposed(case: Case) -> Iterator[Alert]:
    line = case.line
    about = line.pull_request
    standing = about is not None and about.action == "nothing" and about.number  # an earlier run made it
    if about is None or not (about.action in HEARD or standing):
        return
    version = f"v{line.version}" if line.version else "a new model"
    if line.command == "rollback":
        key: tuple[str | None, ...] = ("rollback", str(line.version), str(line.production), str(about.number))
        title = f"going back to {version} waits for a merge"
    else:
        key = (line.candidate or line.run,)
        title = f"{version} is proposed" + (f": {headline(line)}" if line.metrics else "")
    url = (about.url,) if about.url else ()
    yield _alert(case, "proposed", key, title, line.reasons, url)


def _retrained(case: Case) -> Iterator[Alert]:
    line = case.line
    if line.verdict and line.new:
        title = f"retrained: {line.verdict}" + (f", {headline(line)}" if line.metrics else "")
        told = [*line.reasons, *line.explained]
        yield _alert(case, "retrained", (line.candidate or line.run, line.verdict), title, told)
    elif line.triggers and line.new and line.ended == 0:
        far = [f"{each.name.replace('_', ' ')}: {each.says}" for each in line.triggers if each.state == "quiet"]
        spared = ledger_text.saved(line, case.before)
        told = [*far, *line.explained, *([spared] if spared else [])]
        yield _alert(case, "skipped", (line.run,), "no reason to retrain", told)


def _released(case: Case) -> Iterator[Alert]:
    line = case.line
    if not line.version:
        return
    release = (line.links["release"],) if "release" in line.links else ()
    if line.action in ("published", "nothing"):
        scores = f": {headline(line)}" if line.metrics else ""
        alert = _alert(case, "released", (str(line.version),), f"v{line.version} is released{scores}", (), release)
        earlier = [each for each in case.before if each.version == line.version and each.command == "release"]
        if line.action == "published":
            yield alert
        elif (when := _published(earlier, line)) is not None:
            yield replace(alert, since=when)
    elif line.action == "made_latest":
        title = f"v{line.version} is production again"
        yield _alert(case, "rolled_back", (str(line.version), line.commit), title, line.reasons, release)


def _published(earlier: Sequence[Line], line: Line) -> datetime | None:
    """When a release came to be that this run found; None where others have found it before."""
    others = [each for each in earlier if each.id != line.id]
    made = next((each.moment for each in others if each.action == "published"), None)
    return made if made is not None or others else line.moment


def headline(line: Line) -> str:
    """log_loss 0.5759 → 0.5610"""
    assert line.deciding is not None
    name, score = line.deciding
    if score.candidate is None:
        return f"{name} not measured"
    before = "" if score.production is None else f"{number(score.production)} → "
    return f"{name} {before}{number(score.candidate)}"


def _alert(
    case: Case,
    kind: Kind,
    key: Sequence[str | None],
    title: str,
    told: Sequence[str],
    links: Sequence[str] = (),
) -> Alert:
    line = case.line
    more = [f"and {len(told) - MOST_LINES:,} more"] if len(told) > MOST_LINES else []
    lines = [f"· {neutral(each)}" for each in [*told[:MOST_LINES], *more]]  # a mark, so that no text begins a line
    run = [line.links["run"]] if "run" in line.links else []
    took = [f"took {ledger_text.took(line.total_seconds)}"] if line.total_seconds else []
    whole = sha256(json.dumps([kind, *key]).encode()).hexdigest()[:24]
    headed = neutral(f"{case.name}: {title}", LONGEST_TITLE)
    return Alert(kind, f"{kind}:{whole}", headed, "\n".join([*lines, *took, *links, *run]) or headed)


def due(found: Sequence[Alert], content: bytes | None, now: datetime, by: str = "") -> list[Alert]:
    """Those that nobody has sent and nobody but `by` is about to send, by the file that remembers."""
    entries = list(_entries(content))
    last = {entry["key"]: entry for entry in entries}
    begun = min((datetime.fromisoformat(entry["time"]) for entry in entries), default=now)
    return [
        alert
        for alert in found
        if _open(last.get(alert.key), now, by) and (alert.since is None or (entries and begun <= alert.since))
    ]


def _open(entry: Mapping[str, Any] | None, now: datetime, by: str) -> bool:
    if entry is None or entry["state"] == "failed":
        return True
    abandoned = now - datetime.fromisoformat(entry["time"]) > ABANDONED
    return entry["state"] == "claimed" and (abandoned or entry.get("by") == by)


def _entries(content: bytes | None) -> Iterator[dict[str, Any]]:
    """What can't be read is passed over: at worst an alert is sent twice."""
    for raw in (content or b"").split(b"\n"):
        try:
            entry = json.loads(raw)
            if entry["key"] and entry["state"] and datetime.fromisoformat(entry["time"]).tzinfo:
                yield entry
        except (ValueError, LookupError, TypeError, RecursionError):
            continue


def remembered(content: bytes | None, found: Sequence[Alert], state: State, now: datetime, by: str) -> bytes:
    """The file with what becomes of these alerts; `by` is who sends them."""
    entries = [
        {"time": now.isoformat(timespec="seconds"), "key": alert.key, "state": state, "by": by, "title": alert.title}
        for alert in found
    ]
    return ended(content) + "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries).encode()


def trial(name: str, now: datetime) -> Alert:
    """What a person asks for to see whether alerts arrive."""
    text = f"Alerts of {neutral(name, 60)} arrive here. Nothing has happened."
    return Alert("broken", f"test:{now.isoformat()}", neutral(f"{name}: a test", LONGEST_TITLE), text)
