"""A forest plot: a row for each comparison, centre and interval, right is better, numbers beside it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from scripts.core.plots.figures import BODY, EDGE, INK, QUIET, SMALL, Sheet, bare

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW = 0.27  # inches
FOOT = 0.65  # inches for what stands above and below the rows


@dataclass(frozen=True)
class Layout:
    """Inches: how wide the names and the points are, and where each column of notes ends."""

    name: float
    points: float
    heads: tuple[tuple[float, str], ...]

    def across(self, inches: float) -> float:
        """A place on the sheet as a share of the width of the points."""
        return (inches - EDGE - self.name) / self.points


@dataclass(frozen=True)
class Row:
    name: str
    centre: float | None
    low: float | None
    high: float | None
    colour: str
    notes: tuple[str, ...]  # one for each head and, in the row's colour, what it comes to
    marks: tuple[float, ...] = ()  # margins and limits
    hollow: bool = False
    bold: bool = False

    def reach(self) -> float:
        """How far from zero anything of it lies."""
        places = (self.centre, self.low, self.high, *self.marks)
        return max((abs(place) for place in places if place is not None), default=0.0)

    def in_own_scale(self) -> "Row":
        by = self.reach() or 1.0
        centre, low, high = (None if at is None else at / by for at in (self.centre, self.low, self.high))
        return replace(self, centre=centre, low=low, high=high, marks=tuple(mark / by for mark in self.marks))


def draw(page: Sheet, rows: Sequence[Row], reach: float, layout: Layout) -> "Axes":
    """Rows from the top down, on -reach..reach. What lies beyond ends in an arrow head."""
    axes = page.axes(EDGE + layout.name, ROW, layout.points, ROW * len(rows))
    axes.set(xlim=(-reach, reach), ylim=(len(rows) - 0.5, -0.5))
    bare(axes)
    axes.axvline(0.0, color=INK, linewidth=0.8, zorder=1)
    for place, row in enumerate(rows):
        _points(axes, place, row, reach)
        _words(axes, place, row, layout)
    quiet: dict[str, Any] = {"color": QUIET, "size": SMALL}
    for stop, head in layout.heads:
        _write(axes, layout.across(stop), -1.0, head, ha="right", **quiet)
    _write(axes, 0.0, len(rows), "\N{LEFTWARDS ARROW} worse", **quiet)
    _write(axes, 1.0, len(rows), "better \N{RIGHTWARDS ARROW}", ha="right", **quiet)
    return axes


def _write(axes: "Axes", across: float, place: float, text: str, **how: Any) -> None:
    axes.text(across, place, text, transform=axes.get_yaxis_transform(), va="center_baseline", **how)


def _words(axes: "Axes", place: int, row: Row, layout: Layout) -> None:
    how: dict[str, Any] = {"size": BODY, "weight": "bold" if row.bold else "normal"}
    _write(axes, -0.12 / layout.points, place, row.name, ha="right", **how)
    *numbers, comes_to = row.notes
    for (stop, _), number in zip(layout.heads, numbers, strict=True):
        _write(axes, layout.across(stop), place, number, ha="right", **how)
    _write(axes, layout.across(layout.heads[-1][0] + 0.15), place, comes_to, color=row.colour, **how)


def _points(axes: "Axes", place: int, row: Row, reach: float) -> None:
    def inside(value: float) -> float:
        return min(max(value, -reach), reach)

    if row.low is not None and row.high is not None:
        ends = [inside(row.low), inside(row.high)]
        axes.plot(ends, [place, place], color=row.colour, linewidth=2.2, solid_capstyle="butt", zorder=2)
        for end, arrow in ((row.low, "<"), (row.high, ">")):
            if abs(end) > reach:
                axes.plot([inside(end)], [place], arrow, color=row.colour, markersize=5, clip_on=False)
    for mark in row.marks:
        axes.plot([mark, mark], [place - 0.36, place + 0.36], color=QUIET, linewidth=1.0, zorder=1)
    if row.centre is not None:
        face = "white" if row.hollow else row.colour
        dot: dict[str, Any] = {"markerfacecolor": face, "markersize": 6, "clip_on": False, "zorder": 3}
        axes.plot([inside(row.centre)], [place], "o", color=row.colour, **dot)
