"""Panels that show both models: axes in words, one way to draw each model, names beside the curves."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from scripts.core.plots.curves import POINTS, Curve, thinned
from scripts.core.plots.figures import BODY, CANDIDATE, PRODUCTION, QUIET, SMALL, Sheet, column, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {"production": PRODUCTION, "candidate": CANDIDATE}
INKS = {"production": "#586C88", "candidate": CANDIDATE}  # dark enough to read
LEADING = 0.19  # inches from one written line to the next

Names = Mapping[str, str]  # what each model is called


def panel(page: Sheet, place: tuple[float, float, float, float], across: str, up: str) -> "Axes":
    """Axes at (left, top, width, height) inches, with few ticks, and words for what lies on them."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes = page.axes(*place)
    axes.set(xlabel=across, ylabel=up)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
        axis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
    return axes


def unit(axes: "Axes") -> None:
    """Both axes from 0 to 1."""
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))


def line(axes: "Axes", curve: Curve, **how: Any) -> None:
    """The candidate is a thin dark line over production's broad pale one."""
    few = thinned(curve, 2 * POINTS)
    width = 1.8 if curve.model == "candidate" else 3.2
    axes.plot(few.x, few.y, color=COLOURS[curve.model], linewidth=width, solid_joinstyle="round", **how)


def ordered(drawn: Iterable[Curve]) -> list[Curve]:
    """The candidate first, as it is spoken of."""
    return sorted(drawn, key=lambda curve: curve.model)


def numbered(drawn: Iterable[Curve], names: Names) -> list[tuple[Curve, str, str]]:
    """Each curve, its model's name, and its number with as many decimals as the others'."""
    found = ordered(drawn)
    numbers = column([curve.summary for curve in found])
    return [(curve, names[curve.model], number) for curve, number in zip(found, numbers, strict=True)]


def both(drawn: Iterable[Curve], names: Names) -> str:
    """For a title: 0.764 (candidate), 0.753 (production v4)."""
    return ", ".join(f"{number} ({name})" for _, name, number in numbered(drawn, names))


def called(
    axes: "Axes", drawn: Iterable[Curve], names: Names, what: str, corner: tuple[float, float], inches: float
) -> None:
    """Each model's name and number in its own colour, where no curve runs; `inches` is the panel's height."""
    across, top = corner
    side = "right" if 0.5 < across < 1 else "left"
    how: dict[str, Any] = {"ha": side, "va": "top", "transform": axes.transAxes}
    axes.text(across, top, what, color=QUIET, size=SMALL, **how)
    for place, (curve, name, number) in enumerate(numbered(drawn, names), start=1):
        down, colour = top - LEADING * place / inches, INKS[curve.model]
        axes.text(across, down, f"{name} {number}", color=colour, size=BODY, weight="bold", **how)
