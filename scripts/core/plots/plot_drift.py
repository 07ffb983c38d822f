"""Drift by column, from drift.json: how far each moved, measured by what it may move."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

from scripts.core.plots.figures import (
    ALERT,
    BODY,
    EDGE,
    INK,
    PALE,
    PRODUCTION,
    QUIET,
    SMALL,
    Sheet,
    bare,
    column,
    counted,
    labels,
    plain,
    png,
    sheet,
    style,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Report = Mapping[str, Any]

MOST = 30  # columns that the picture shows
FARTHEST = 4.0  # times its limit: what moved farther is cut off, its numbers stand beside it
CHANGED = 0.05  # change of the missing share that is worth a note
ROW = 0.25  # inches, like all that follows
NAME, BARS = 2.0, 2.3
DISTANCE, USE, USED, MISSING = 5.75, 5.95, 0.6, 7.0  # where a column ends, starts, how wide it is, starts


@dataclass(frozen=True)
class Moved:
    """`ratio` is the distance over its threshold: above 1 it drifted."""

    name: str
    ratio: float
    distance: float
    threshold: float
    drifted: bool
    importance: float | None
    missing: str
    lost: bool  # drifted by what is missing
    whole: bool  # the predictions or the target, not a column

    @property
    def far(self) -> bool:
        """Drifted by its distance, not only by what is missing."""
        return self.drifted and (self.ratio > 1 or not self.lost)


def drift(report: Report) -> bytes:
    """The farthest columns first, beside how much the production model uses each."""
    with style():
        nothing = _nothing(report)
        return plain("No drift to show", nothing) if nothing else _bars(report, moved(report))


def _nothing(report: Report) -> str | None:
    if not report["production"]:
        return "There is no production model yet, so there is nothing to compare new rows with."
    if not report["new"]["rows"]:
        return f"No row is newer than those that production v{report['production']} has seen."
    return None if report["columns"] else "No column could be compared: drift.json says why for each."


def moved(report: Report) -> list[Moved]:
    """Predictions and target first, then the columns from the farthest to the nearest."""
    wholes = [(name, report[key]) for key, name in (("prediction", "predictions"), ("target", "target"))]
    columns = [_one(one["column"], one, whole=False) for one in report["columns"]]
    columns.sort(key=lambda one: -one.ratio)
    return [_one(name, one, whole=True) for name, one in wholes if one] + columns


def _one(name: str, entry: Report, whole: bool) -> Moved:
    distance, threshold = float(entry["distance"] or 0.0), float(entry["threshold"] or 0.0)
    ratio = distance / threshold if threshold > 0 else (inf if distance > 0 else 0.0)
    use = entry.get("importance")
    return Moved(name, ratio, distance, threshold, bool(entry["drifted"]), use, _missing(entry), _lost(entry), whole)


def _lost(entry: Report) -> bool:
    return bool(entry.get("missing_drifted"))


def _missing(entry: Report) -> str:
    then, now = entry.get("missing_then"), entry.get("missing_now")
    if then is None or now is None or (abs(now - then) < CHANGED and not _lost(entry)):
        return ""
    return f"{then:.0%} \N{RIGHTWARDS ARROW} {now:.0%}"


def _bars(report: Report, found: Sequence[Moved]) -> bytes:
    shown = [one for one in found if one.whole] + [one for one in found if not one.whole][:MOST]
    page = sheet(ROW * len(shown) + 0.55, _title(report), _told(report, len(found) - len(shown)))
    axes = page.axes(EDGE + NAME, 0.3, BARS, ROW * len(shown))
    reach = 1.02 * min(max(1.25, *(one.ratio for one in shown)), FARTHEST)
    axes.set(xlim=(0.0, reach), ylim=(len(shown) - 0.5, -0.5))
    bare(axes)
    lengths = [min(one.ratio, reach) for one in shown]
    axes.barh(range(len(shown)), lengths, 0.62, color=[ALERT if one.far else PALE for one in shown])
    for place in (place for place, one in enumerate(shown) if one.ratio > reach):
        axes.plot([reach], [place], ">", color=ALERT, markersize=6, clip_on=False)
    axes.axvline(1.0, color=INK, linewidth=0.8)
    axes.text(1.0, -0.95, "limit", ha="center", va="center_baseline", color=QUIET, size=SMALL)
    _columns(axes, shown)
    _used(page, shown)
    return png(page.figure)


def _columns(axes: "Axes", shown: Sequence[Moved]) -> None:
    """Names at the left; distance and limit, and what is missing, at the right."""

    def write(inches: float, place: float, text: str, **how: Any) -> None:
        across = (inches - EDGE - NAME) / BARS
        axes.text(across, place, text, transform=axes.get_yaxis_transform(), va="center_baseline", **how)

    heads = [(DISTANCE, "distance of limit", "right"), (USE, "used", "left")]
    if any(one.missing for one in shown):
        heads.append((MISSING, "missing", "left"))
    for inches, head, side in heads:
        write(inches, -0.95, head, ha=side, color=QUIET, size=SMALL)
    distances = [f"{distance} of {limit}" for distance, limit in zip(*_numbers(shown), strict=True)]
    names = labels([one.name for one in shown], NAME - 0.15)
    for place, (one, name, distance) in enumerate(zip(shown, names, distances, strict=True)):
        weight = "bold" if one.whole else "normal"
        write(EDGE + NAME - 0.1, place, name, ha="right", size=BODY, weight=weight)
        write(DISTANCE, place, distance, ha="right", size=BODY, color=ALERT if one.far else QUIET)
        write(MISSING, place, one.missing, size=BODY, color=ALERT if one.lost else QUIET)


def _numbers(shown: Sequence[Moved]) -> tuple[list[str], list[str]]:
    limits = column([one.threshold for one in shown], digits=2)
    decimals = len(limits[0].partition(".")[2])
    return [f"{one.distance:,.{decimals}f}" for one in shown], limits


def _used(page: Sheet, shown: Sequence[Moved]) -> None:
    """How much the production model uses each column, as small bars with their share."""
    axes = page.axes(USE, 0.3, USED, ROW * len(shown))
    most = max((one.importance or 0.0 for one in shown), default=0.0) or 1.0
    axes.set(xlim=(0.0, most * 1.9), ylim=(len(shown) - 0.5, -0.5))
    bare(axes)
    axes.barh(range(len(shown)), [one.importance or 0.0 for one in shown], 0.62, color=PRODUCTION)
    for place, one in enumerate(shown):
        if one.importance is not None:
            text, end = _share(one.importance), one.importance + most * 0.1
            axes.text(end, place, text, va="center_baseline", size=SMALL, color=QUIET)


def _share(value: float) -> str:
    return "<1%" if 0 < value < 0.005 else f"{value:.0%}"


def _title(report: Report) -> str:
    count = sum(one["drifted"] for one in report["columns"])
    among = counted(len(report["columns"]), "column")
    if not count:
        return f"No drift in {among}"
    return f"Drift in {count:,} of {among}: {_share(report['weighted_share'])} when weighted by use"


def _told(report: Report, more: int) -> str:
    new, sampled = report["new"], report["sampled"]
    told = f"{new['rows']:,} new rows{_between(new)} against what production v{report['production']}"
    told += f" learned from, by samples of {sampled['current']:,} and {sampled['reference']:,}."
    told += " Orange: past its limit."
    if more:
        told += f" And {counted(more, 'more column')} that moved less."
    left_out = {one["column"] for one in report["skipped"]} - {one["column"] for one in report["columns"]}
    if left_out:
        told += f" {len(left_out):,} could not be compared."
    return told


def _between(new: Report) -> str:
    return f" ({str(new['from'])[:10]} to {str(new['to'])[:10]})" if new["from"] and new["to"] else ""
