"""Each metric's difference with its interval, and how the pictures read evaluation.json."""

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from scripts.core.plots import forest
from scripts.core.plots.figures import (
    ALERT,
    BODY,
    CANDIDATE,
    EDGE,
    QUIET,
    UNKNOWN,
    clean,
    column,
    labels,
    plain,
    png,
    said,
    sheet,
)
from scripts.core.plots.forest import Layout, Row

Report = Mapping[str, Any]

MOST = 12  # rows that the picture shows
ARROW = "\N{RIGHTWARDS ARROW}"
LAYOUT = Layout(1.4, 1.35, ((4.5, f"production {ARROW} candidate"), (5.35, "difference"), (7.0, "interval")))
READINGS = {"better": CANDIDATE, "worse": ALERT}


def finite(value: Any) -> float | None:
    return float(value) if value is not None and isfinite(value) else None


def interval(entry: Report, key: str = "interval") -> tuple[float | None, float | None]:
    low, high = entry.get(key) or (None, None)
    return finite(low), finite(high)


def between(low: str, high: str) -> str:
    return "" if UNKNOWN in (low, high) else f"{low} \N{HORIZONTAL ELLIPSIS} {high}"


def oriented(entry: Report, greater: bool) -> tuple[float | None, float | None, float | None]:
    """Difference and interval, turned so that more is better."""
    centre, (low, high) = finite(entry["difference"]), interval(entry)
    return (centre, low, high) if greater else (_minus(centre), _minus(high), _minus(low))


def _minus(value: float | None) -> float | None:
    return None if value is None else -value


def production(evaluation: Report) -> str:
    entry = evaluation["models"]["production"]
    return f"production v{entry['version']}" if entry else "production"


def spoken(metric: str) -> str:
    return clean(metric).replace("_", " ")


def decides(evaluation: Report) -> tuple[str, Report] | None:
    """The deciding metric and what is known of it; None when it could not be measured."""
    found = ((name, entry) for name, entry in evaluation["metrics"].items() if entry["decides"])
    return next(found, None)


def on_rows(evaluation: Report) -> str:
    rows, blocks = evaluation["holdout"]["rows"], evaluation["holdout"]["blocks"]
    return f"{rows:,} hold-out rows" + (f" in {blocks:,} blocks" if blocks and blocks != rows else "")


def differences(evaluation: Report) -> bytes:
    """Each metric's difference with its interval, each in its own scale: the numbers stand beside it."""
    metrics, verdict = evaluation["metrics"], evaluation["verdict"]
    title = ": ".join([verdict["verdict"], *verdict["reasons"][:1]])
    names = sorted(metrics, key=lambda name: not metrics[name]["decides"])[:MOST]
    shown = dict(zip(names, labels([spoken(name) for name in names], LAYOUT.name - 0.15), strict=True))
    if not names:
        return plain(title, "No metric could be measured.")
    if all(finite(metrics[name]["difference"]) is None for name in names):
        return _alone(evaluation, title, shown)
    rows = [_row(evaluation, name, label).in_own_scale() for name, label in shown.items()]
    told = f"Candidate against {production(evaluation)} on the same {on_rows(evaluation)}. Bold decides."
    told += f" Bars: {100 * evaluation['method']['confidence']:g}% intervals, each row in its own scale."
    if any(row.marks for row in rows):
        told += " Thin ticks: the margin asked for (right), the loss allowed (left)."
    page = sheet(forest.ROW * len(rows) + forest.FOOT, title, told)
    forest.draw(page, rows, 1.08, LAYOUT)
    return png(page.figure)


def _row(evaluation: Report, name: str, label: str) -> Row:
    entry = evaluation["metrics"][name]
    centre, low, high = oriented(entry, entry["greater_is_better"])
    before, after = column([finite(entry["production"]), finite(entry["candidate"])])
    difference, *ends = column([finite(entry["difference"]), *interval(entry)], sign="+")
    reading = entry["reading"] or "no value"
    notes = (f"{before} {ARROW} {after}", difference, between(*ends), reading)
    marks = tuple(_marks(evaluation, name))
    return Row(label, centre, low, high, READINGS.get(reading, QUIET), notes, marks, bold=entry["decides"])


def _marks(evaluation: Report, name: str) -> Iterator[float]:
    """The margin that the deciding metric must win by, and how much worse a guarded one may be."""
    entry = evaluation["metrics"][name]
    margin = finite(evaluation["method"].get("min_improvement")) if entry["decides"] else None
    if margin:
        yield margin
    base = abs(finite(entry["production"]) or 0.0)
    for guard in evaluation["guardrails"]:
        limits = (finite(guard["limit"]) or 0.0, (finite(guard["relative"]) or 0.0) * base)
        yield from (-limit for limit in limits if limit and guard["metric"] == name)


def _alone(evaluation: Report, title: str, names: Mapping[str, str]) -> bytes:
    """The candidate's own values, when there is nothing to compare them with."""
    told = "The first model." if evaluation["verdict"]["first"] else "The candidate alone."
    told += f" Its values, with intervals, on {on_rows(evaluation)}."
    page = sheet(forest.ROW * len(names) + 0.2, title, told)
    axes = page.axes(EDGE, 0.0, 7.4, forest.ROW * len(names))
    axes.set(xlim=(EDGE, EDGE + 7.4), ylim=(len(names) - 0.5, -0.5))
    axes.set_axis_off()
    for place, (name, label) in enumerate(names.items()):
        entry = evaluation["metrics"][name]
        text, colour = _limit(evaluation, name, entry["greater_is_better"])
        how: dict[str, Any] = {"size": BODY, "va": "center_baseline"}
        how["weight"] = "bold" if entry["decides"] else "normal"
        axes.text(EDGE, place, label, **how)
        value, *ends = column([finite(entry["candidate"]), *interval(entry, "candidate_interval")])
        axes.text(2.9, place, value, ha="right", **how)
        axes.text(3.1, place, between(*ends), **how)
        axes.text(4.8, place, text, color=colour, **how)
    return png(page.figure)


def _limit(evaluation: Report, name: str, greater: bool) -> tuple[str, str]:
    for limit in evaluation["limits"]:
        if limit["metric"] == name:
            asked = f"{'at least' if greater else 'at most'} {said(finite(limit['limit']))} is asked"
            return (f"{asked}: broken", ALERT) if limit["broken"] else (f"{asked}: held", CANDIDATE)
    return "", QUIET
