"""The demo's picture: what retraining was worth, month by month."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, nan
from typing import TYPE_CHECKING, Any

from scripts.core.plots.figures import (
    ALERT,
    BODY,
    CANDIDATE,
    EDGE,
    PALE,
    PRODUCTION,
    QUIET,
    SMALL,
    Sheet,
    clean,
    column,
    counted,
    fit,
    plain,
    png,
    sheet,
    style,
)
from scripts.core.plots.panels import panel

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEFT, WIDE, HIGH, BARS = EDGE + 0.55, 5.5, 2.9, 0.8  # inches
NAMED = 12  # months and versions that are written out
RETRAINED, NEVER = (CANDIDATE, CANDIDATE), (PRODUCTION, "#586C88")  # of the line, of the words


@dataclass(frozen=True)
class Month:
    """One batch of the replay, scored by two models that had not seen it.

    `production` and `never` are the scores of the model in production and of the first one, never retrained;
    `promoted` says that a candidate became production, as `version`, once this month had come.
    """

    name: str
    production: float | None
    never: float | None
    promoted: bool
    version: int | None
    drift_share: float | None
    metric: str
    greater_is_better: bool = False
    drift_limit: float | None = None


def year(rows: Sequence[Month]) -> bytes:
    with style():
        compared = [row for row in rows if isfinite(_number(row.production) + _number(row.never))]
        if not compared:
            return plain("No year to show yet", "No month was scored by both models.")
        page = sheet(HIGH + BARS + 0.85, title(compared), _told(rows, len(compared)))
        _scores(page, rows)
        _drift(page, rows)
        return png(page.figure)


def _number(value: float | None) -> float:
    return nan if value is None else value


def _metric(row: Month) -> str:
    return fit(clean(row.metric.replace("_", " ")), HIGH, SMALL)


def title(compared: Sequence[Month]) -> str:
    """The mean of both models over the months that both were scored on."""
    sums = sum(_number(row.production) for row in compared), sum(_number(row.never) for row in compared)
    retrained, never = column([total / len(compared) for total in sums])
    return f"Mean {_metric(compared[0])}: {retrained} retrained, {never} never retrained"


def _told(rows: Sequence[Month], compared: int) -> str:
    better = "Greater" if rows[0].greater_is_better else "Lower"
    promoted = sum(row.promoted for row in rows)
    times = "once" if promoted == 1 else f"{promoted:,} times"
    over = f"{better} is better. Mean of {counted(compared, 'month')}."
    return f"{over} Dotted: a candidate was promoted, {times}."


def _scores(page: Sheet, rows: Sequence[Month]) -> None:
    axes = panel(page, (LEFT, 0.2, WIDE, HIGH), "", _metric(rows[0]))
    retrained, never = [_number(r.production) for r in rows], [_number(r.never) for r in rows]
    axes.fill_between(range(len(rows)), retrained, never, color=CANDIDATE, alpha=0.07, linewidth=0)
    for values, (colour, _) in ((never, NEVER), (retrained, RETRAINED)):
        axes.plot(values, color=colour, linewidth=2.2, marker="o", markersize=5)
    _months(axes, rows)
    axes.tick_params(axis="x", labelbottom=False)
    _promotions(axes, rows)
    _ends(axes, {"retrained": (retrained, RETRAINED[1]), "never retrained": (never, NEVER[1])})


def _months(axes: "Axes", rows: Sequence[Month]) -> None:
    places = range(0, len(rows), -(-len(rows) // NAMED))
    axes.set_xticks(places, months([rows[place].name for place in places]))
    axes.set_xlim(-0.6, len(rows) - 0.4)


def months(names: Sequence[str]) -> list[str]:
    """2013-11, 12, 2014-01, 02: what stays the same is said once."""
    heads = [name.rpartition("-")[0] for name in names]
    again = [place > 0 and head == heads[place - 1] for place, head in enumerate(heads)]
    short = [name.rpartition("-")[2] if same else name for name, same in zip(names, again, strict=True)]
    return [fit(clean(name), max(0.6, WIDE / len(names)), SMALL) for name in short]


def _promotions(axes: "Axes", rows: Sequence[Month]) -> None:
    promoted = [place for place, row in enumerate(rows) if row.promoted]
    how: dict[str, Any] = {"ha": "center", "va": "bottom", "size": SMALL, "color": QUIET}
    for place in promoted:
        axes.axvline(place, color=QUIET, linewidth=0.8, linestyle=(0, (1, 2)), zorder=0)
    for place in promoted[:: max(1, -(-len(promoted) // NAMED))]:
        if rows[place].version is not None:
            axes.text(place, 1.01, f"v{rows[place].version}", transform=axes.get_xaxis_transform(), **how)


def _ends(axes: "Axes", lines: dict[str, tuple[list[float], str]]) -> None:
    """Each line's name at its end, pushed apart where the ends meet."""
    low, high = axes.get_ylim()
    ends = {name: [v for v in values if isfinite(v)][-1] for name, (values, _) in lines.items()}
    heights = {name: (end - low) / (high - low) for name, end in ends.items()}
    lower, upper = sorted(heights, key=lambda name: heights[name])
    push = max(0.0, 0.1 - (heights[upper] - heights[lower])) / 2
    heights[lower] -= push
    heights[upper] += push
    for name, (_, colour) in lines.items():
        how: dict[str, Any] = {"va": "center", "size": BODY, "weight": "bold", "color": colour}
        axes.text(1.015, heights[name], name, transform=axes.transAxes, **how)


def _drift(page: Sheet, rows: Sequence[Month]) -> None:
    from matplotlib.ticker import PercentFormatter

    axes = panel(page, (LEFT, HIGH + 0.32, WIDE, BARS), "", "drifted")
    shares = [row.drift_share or 0.0 for row in rows]
    limit = rows[-1].drift_limit
    over = [limit is not None and share >= limit for share in shares]
    axes.bar(range(len(rows)), shares, 0.6, color=[ALERT if one else PALE for one in over])
    axes.set_ylim(0.0, max(*shares, limit or 0.0, 0.01) * 1.15)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, 0))
    axes.locator_params(axis="y", nbins=2)
    _months(axes, rows)
    if limit is not None:
        axes.axhline(limit, color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
        how: dict[str, Any] = {"va": "center", "size": SMALL, "color": QUIET}
        axes.text(1.015, limit, f"limit {limit:.0%}", transform=axes.get_yaxis_transform(), **how)
