"""The ledger: one JSON line per run, kept for ever. A line that can't be read is told by its number and left alone."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from scripts.core.errors import USAGE, Mistake
from scripts.core.text import rounded

BRANCH, FILE = "evergreen-ledger", "ledger.jsonl"
PUBLISHED = ("published", "made_latest")  # what a release does that changes which model users get
LEAST = 3  # scheduled runs that tell how often there should be one
LATE = 2.0  # usual gaps after which a schedule was missed


class Part(BaseModel):
    """Keys of later versions are passed over in reading; what is written is this and nothing else."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", populate_by_name=True, alias_generator=lambda name: name.rstrip("_")
    )


class Data(Part):
    digest: str | None = None
    rows: int | None = None
    from_: str | None = None
    to: str | None = None


class Trigger(Part):
    name: str
    state: str
    value: float | None = None
    limit: float | None = None
    distance: float | None = None  # share of the limit; it fires at 1
    says: str = ""


class Score(Part):
    decides: bool = False
    candidate: float | None = None
    production: float | None = None
    difference: float | None = None
    interval: tuple[float, float] | None = None


class PullRequest(Part):
    action: str
    number: int | None = None
    url: str | None = None
    reason: str | None = None


class Predictions(Part):
    digest: str
    md5: str | None = None  # by which the store knows them


class Line(Part):
    """What is not known, or was not come to, is None or empty, and is not written."""

    time: str  # UTC
    id: str
    command: str  # whose run it was: retrain, release, rollback
    ended: int | None = None  # exit code; None: it left no word
    event: str | None = None
    actor: str | None = None
    workflow: str | None = None
    attempt: int | None = None
    commit: str | None = None
    recorded: str | None = None  # the commit that holds what was found
    run: str | None = None  # names data, params, code and production that went in
    new: bool = True  # False: a run before had seen exactly this
    data: Data | None = None
    production: int | None = None  # version before; 0: none
    triggers: tuple[Trigger, ...] = ()
    drift_share: float | None = None
    verdict: str | None = None
    first: bool = False
    reasons: tuple[str, ...] = ()
    explained: tuple[str, ...] = ()  # what was needed to be promoted; without a verdict, what waiting costs
    holdout: str | None = None  # fingerprint of the rows that were judged on
    uses: float | None = None  # verdicts on these rows before
    best: int | None = None  # version of the best of the earlier releases on these rows
    rollback: bool = False  # whether it is better than production, and than the candidate
    metrics: dict[str, Score] = {}
    seconds: dict[str, float] = {}
    total_seconds: float | None = None
    action: str | None = None  # of a release or a rollback
    version: int | None = None
    tag: str | None = None
    pull_request: PullRequest | None = None
    links: dict[str, str] = {}
    bundles: dict[str, str] = {}  # candidate, production
    predictions: Predictions | None = None
    digests: dict[str, str] = {}  # code, params
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @field_validator("time")
    @classmethod
    def _is_a_moment(cls, time: str) -> str:
        if datetime.fromisoformat(time).tzinfo is None:
            raise ValueError("has no time zone")
        return time

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.time)

    @property
    def fired(self) -> tuple[str, ...]:
        return tuple(trigger.name for trigger in self.triggers if trigger.state == "fired")

    @property
    def deciding(self) -> tuple[str, Score] | None:
        return next((each for each in self.metrics.items() if each[1].decides), next(iter(self.metrics.items()), None))

    @property
    def candidate(self) -> str | None:
        return self.bundles.get("candidate")


@dataclass(frozen=True)
class Broken:
    file: str
    number: int  # of the line, from 1
    why: str

    def __str__(self) -> str:
        return f"{self.file}:{self.number}: can't be read ({self.why}); it is left as it is, and passed over."


@dataclass(frozen=True)
class Ledger:
    lines: tuple[Line, ...] = ()
    broken: tuple[Broken, ...] = ()


def parse(content: bytes | None, file: str = FILE) -> Ledger:
    """Lines by their time, each once, whatever else stands in the file."""
    lines: dict[str, Line] = {}
    broken = []
    for number, raw in enumerate((content or b"").split(b"\n"), 1):
        if not raw.strip():
            continue
        try:
            line = Line.model_validate(json.loads(raw, parse_constant=_refused))
            lines.setdefault(line.id, line)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            broken.append(Broken(file, number, f"{'.'.join(map(str, first['loc']))}: {first['msg']}"))
        except (ValueError, RecursionError) as error:
            broken.append(Broken(file, number, " ".join(str(error).split())[:80]))
    return Ledger(tuple(sorted(lines.values(), key=lambda line: line.moment)), tuple(broken))


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is no number")


def joined(ledgers: Iterable[Ledger]) -> Ledger:
    """Of several branches: each line once."""
    known = list(ledgers)
    lines: dict[str, Line] = {}
    for line in (line for ledger in known for line in ledger.lines):
        lines.setdefault(line.id, line)
    ordered = sorted(lines.values(), key=lambda line: line.moment)
    return Ledger(tuple(ordered), tuple(broken for ledger in known for broken in ledger.broken))


def render(line: Line) -> bytes:
    """ValueError for a number that is not finite."""
    values = line.model_dump(by_alias=True, mode="json", exclude_defaults=True)
    return (json.dumps(rounded(values), allow_nan=False, ensure_ascii=False) + "\n").encode()


def with_line(content: bytes | None, line: Line) -> bytes | None:
    """The file with one line more; None when the line is there already. What is there stays as it is, broken or not."""
    if any(known.id == line.id for known in parse(content).lines):
        return None
    return ended(content) + render(line)


def ended(content: bytes | None) -> bytes:
    """With an end of its last line, so that half a line never swallows the next."""
    return content + b"\n" if content and not content.endswith(b"\n") else content or b""


def find(lines: Sequence[Line], name: str) -> Line:
    """The line of a run by its id, GitHub's number of the run, or the beginning of either.

    Runs that found what another had found bear one name: the one that found it is meant.
    """
    exact = [line for line in lines if name in (line.id, line.run)]
    found = exact or [line for line in lines if line.id.startswith(name) or (line.run or "").startswith(name)]
    if not name or not found:
        newest = ", ".join(line.run or line.id for line in lines[-3:])
        raise Mistake(f"{name!r}: is no run of the ledger. The newest are: {newest or 'none yet'}.", code=USAGE)
    if len({line.run or line.id for line in found}) > 1 and len({line.id.split("-")[0] for line in found}) > 1:
        names = ", ".join(dict.fromkeys(line.id for line in found[-5:]))
        raise Mistake(f"{name!r}: could be any of {names}. Give more of it.", code=USAGE)
    return max(found, key=lambda line: (line.run is not None, line.new, line.verdict is not None, line.moment))


def as_of(lines: Sequence[Line], moment: datetime) -> Line | None:
    """The line of the release that was production then; None when no release is known of."""
    published = [line for line in lines if line.action in PUBLISHED and line.version and line.moment <= moment]
    return published[-1] if published else None


def moment(text: str) -> datetime:
    """A day means its end; without a zone, UTC."""
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        cure = "Write it as in 2026-11-24 or 2026-11-24T18:00"
        raise Mistake(f"{text!r}: is no date. {cure}.", code=USAGE) from None
    if len(text) <= len("2026-11-24"):
        given += timedelta(days=1) - timedelta(microseconds=1)
    return given.replace(tzinfo=UTC) if given.tzinfo is None else given


def missed(lines: Sequence[Line], now: datetime) -> list[str]:
    """What should have run by its schedule and did not: a cron may be dropped, or switched off for inactivity."""
    scheduled: dict[str, list[datetime]] = {}
    for line in lines:
        if line.event == "schedule":
            scheduled.setdefault(line.workflow or line.command, []).append(line.moment)
    return [said for name, times in scheduled.items() if (said := _missed(name, times, now))]


def _missed(name: str, times: Sequence[datetime], now: datetime) -> str | None:
    if len(times) < LEAST:
        return None
    usual = timedelta(seconds=median((later - earlier).total_seconds() for earlier, later in pairwise(times)))
    since = now - times[-1]
    if since <= LATE * usual:
        return None
    return (
        f"schedule of {name}: its last run was {span(since)} ago, the usual gap is {span(usual)}: a run was missed. "
        "Look whether the workflow is still enabled on the Actions page."
    )


def span(time: timedelta) -> str:
    """In words, about."""
    seconds = time.total_seconds()
    units = (("days", 86400), ("hours", 3600), ("minutes", 60))
    word, unit = next((each for each in units if seconds >= 2 * each[1]), ("seconds", 1))
    return f"{seconds / unit:.0f} {word}"
