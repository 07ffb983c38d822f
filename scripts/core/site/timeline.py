"""The timeline of production's score: what was measured when, what became production, and how far the data drifted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from scripts.core import ledger_text
from scripts.core.ledger import PUBLISHED, Line
from scripts.core.report.markdown import plain
from scripts.core.site import words
from scripts.core.text import number


@dataclass(frozen=True)
class Drift:
    at: str
    share: float
    over: bool


@dataclass(frozen=True)
class Point:
    """One run's scores on its hold-out. `low`, `high`: where the interval says that the candidate is."""

    at: str  # where it lies on the axis
    run: str
    time: str
    verdict: str
    production: float | None
    candidate: float | None
    low: float | None
    high: float | None
    version: int | None  # of production
    promoted: bool
    drift: Drift | None


@dataclass(frozen=True)
class Mark:
    """A change of production. `back`: to an earlier version, by a rollback or a revert."""

    at: str
    time: str
    version: int
    back: bool


@dataclass(frozen=True)
class Timeline:
    """`by_data`: the axis is the newest row that a run saw, else the time of the run."""

    metric: str
    by_data: bool
    points: tuple[Point, ...] = ()
    drift: tuple[Drift, ...] = ()
    limit: float | None = None  # of the newest run
    marks: tuple[Mark, ...] = ()
    left_out: int = 0  # runs that were judged by another metric

    def __bool__(self) -> bool:
        return bool(self.points or self.drift)


def timeline(lines: Sequence[Line]) -> Timeline:
    judged = [line for line in lines if line.command == "retrain" and line.deciding]
    metric = next((line.deciding[0] for line in reversed(judged) if line.deciding), "")
    same = [line for line in judged if line.deciding and line.deciding[0] == metric]
    drifted = [line for line in lines if line.drift_share is not None]
    by_data = _known_by_data([*same, *drifted])
    places = _places(lines, by_data)
    limits = [limit for line in drifted if (limit := _limit(line)) is not None]
    return Timeline(
        metric=metric,
        by_data=by_data,
        points=tuple(sorted((_point(line, places[line.id]) for line in same), key=lambda point: point.at)),
        drift=tuple(_drift(line, places[line.id]) for line in drifted),
        limit=limits[-1] if limits else None,
        marks=tuple(_marks(lines, places)),
        left_out=len(judged) - len(same),
    )


def _known_by_data(lines: Sequence[Line]) -> bool:
    """Whether the newest row tells the runs apart."""
    newest = {words.moment(line.data.to) if line.data else None for line in lines}
    return None not in newest and len(newest) > 1


def _places(lines: Sequence[Line], by_data: bool) -> Mapping[str, str]:
    """Where each line lies: what came after a run, and saw no data itself, lies where that run does."""
    found: dict[str, str] = {}
    last = ""
    for line in lines:
        newest = words.moment(line.data.to) if line.data and by_data else None
        if newest is not None:
            last = f"{newest:%Y-%m-%d %H:%M:%S}"
        elif not by_data:
            last = f"{line.moment:%Y-%m-%d %H:%M:%S}"
        found[line.id] = last
    return found


def _point(line: Line, at: str) -> Point:
    assert line.deciding is not None
    score = line.deciding[1]
    base, interval = score.production, score.interval
    ends = (base + interval[0], base + interval[1]) if base is not None and interval else (None, None)
    return Point(
        at=at,
        run=plain(line.run or line.id, 80),
        time=words.when(line.moment),
        verdict=plain(ledger_text.verdict(line), 40),
        production=base,
        candidate=score.candidate,
        low=ends[0],
        high=ends[1],
        version=line.production,
        promoted=line.verdict == "PROMOTE",
        drift=_drift(line, at) if line.drift_share is not None else None,
    )


def _drift(line: Line, at: str) -> Drift:
    share, limit = line.drift_share or 0.0, _limit(line)
    return Drift(at, share, limit is not None and share >= limit)


def _limit(line: Line) -> float | None:
    return next((trigger.limit for trigger in line.triggers if trigger.name == "data_drift"), None)


def _marks(lines: Sequence[Line], places: Mapping[str, str]) -> Iterator[Mark]:
    highest = 0
    for line in lines:
        if line.action in PUBLISHED and line.version:
            if places[line.id]:
                yield Mark(places[line.id], words.when(line.moment), line.version, line.version < highest)
            highest = max(highest, line.version)


def newest(found: Timeline, count: int) -> Timeline:
    """With so many runs that were judged, and what belongs to them."""
    if len(found.points) <= count:
        return found
    begin = found.points[-count].at
    return replace(
        found,
        points=found.points[-count:],
        drift=tuple(each for each in found.drift if each.at >= begin),
        marks=tuple(each for each in found.marks if each.at >= begin),
    )


def said(found: Timeline) -> str:
    """The picture in a sentence, for who does not see it."""
    values = [point.production for point in found.points if point.production is not None]
    if not values:
        return f"Production's {words.named(found.metric)} was not measured yet." if found.metric else ""
    back = sum(mark.back for mark in found.marks)
    made = len(found.marks) - back
    ranged = f"from {number(min(values))} to {number(max(values))}"
    drifted = sum(each.over for each in found.drift)
    return (
        f"Production's {words.named(found.metric)} over {len(values):,} runs, {ranged}, "
        f"{number(values[-1])} in the newest; {made:,} promotion{'s' * (made != 1)}, {back:,} way{'s' * (back != 1)} "
        f"back to an earlier version, {drifted:,} run{'s' * (drifted != 1)} with drift over the limit."
    )
