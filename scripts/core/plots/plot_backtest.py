"""The backtest's picture: production's score by batch for a few policies, and what each retraining bought."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from typing import TYPE_CHECKING, Any, Literal

from scripts.core.plots.figures import (
    ALERT,
    BODY,
    CANDIDATE,
    EDGE,
    INK,
    PALE,
    PRODUCTION,
    SMALL,
    Sheet,
    clean,
    counted,
    fit,
    plain,
    png,
    said,
    sheet,
    style,
)
from scripts.core.plots.panels import panel
from scripts.core.plots.plot_year import months

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEFT, WIDE, HIGH, BELOW, GAP = EDGE + 0.55, 4.6, 2.7, 2.4, 0.75  # inches
BESIDE = 2.2  # inches for names
NAMED = 12  # batches that are written out
MOST = 9  # policies that are named
APART = 0.08  # share of a panel's height that one written line takes
Role = Literal["never", "current", "best", "oracle"]
DRAWN: Mapping[Role, tuple[str, str, float, Any]] = {  # colour, that of the name, width, dashes
    "never": (PRODUCTION, "#586C88", 2.2, "-"),
    "current": (CANDIDATE, CANDIDATE, 2.6, "-"),
    "best": (ALERT, "#A8460A", 2.0, "-"),
    "oracle": (INK, INK, 1.1, (0, (3, 2))),
}


@dataclass(frozen=True)
class Line:
    """The score of what served each batch; None where it could not be measured."""

    role: Role
    name: str
    scores: Sequence[float | None]


@dataclass(frozen=True)
class Dot:
    """One policy: what it retrained, and its mean score. `best`: nothing beats it with as few retrainings."""

    name: str
    gate: bool
    retrains: int
    mean: float
    best: bool


@dataclass(frozen=True)
class Picture:
    metric: str
    greater_is_better: bool
    batches: Sequence[str]
    lines: Sequence[Line]
    dots: Sequence[Dot]


def backtest(given: Picture) -> bytes:
    with style():
        known = [dot for dot in given.dots if isfinite(dot.mean)]
        if not known or not given.batches:
            return plain("No policy to compare yet", "No batch was scored after the first model was made.")
        page = sheet(HIGH + GAP + BELOW + 0.6, title(given, known), _told(given))
        _scores(page, given)
        _frontier(page, given, known)
        return png(page.figure)


def title(given: Picture, known: Sequence[Dot]) -> str:
    """What the best mean took, beside what retraining least gave."""
    best = _best(known) or list(known)
    least, most = best[0], best[-1]
    one = f"{said(least.mean)} with {counted(least.retrains, 'retraining')}"
    if least is most:
        return f"Mean {_metric(given)}: {one}"
    return f"Mean {_metric(given)}: {one}, {said(most.mean)} with {counted(most.retrains, 'retraining')}"


def _best(known: Sequence[Dot]) -> list[Dot]:
    return sorted((dot for dot in known if dot.best), key=lambda dot: dot.retrains)


def _told(given: Picture) -> str:
    better = "Greater" if given.greater_is_better else "Lower"
    over = f"{better} is better. Each policy walked through the same {len(given.batches):,} batches, each scored before"
    return f"{over} any model saw it. Filled: with the gate. Hollow: without it, every candidate promoted."


def _metric(given: Picture) -> str:
    return fit(clean(given.metric.replace("_", " ")), HIGH, SMALL)


def _number(value: float | None) -> float:
    return nan if value is None else value


def _scores(page: Sheet, given: Picture) -> None:
    axes = panel(page, (LEFT, 0.1, WIDE, HIGH), "", _metric(given))
    for line in given.lines:
        colour, _, width, dashes = DRAWN[line.role]
        values = [_number(value) for value in line.scores]
        axes.plot(values, color=colour, linewidth=width, linestyle=dashes, marker="o", markersize=1.8 * width)
    places = range(0, len(given.batches), -(-len(given.batches) // NAMED))
    axes.set_xticks(places, months([given.batches[place] for place in places]))
    axes.set_xlim(-0.4, len(given.batches) - 0.6)
    _names(axes, [(line.name, _last(line.scores), DRAWN[line.role][1]) for line in given.lines], BODY)


def _last(scores: Sequence[float | None]) -> float:
    return next((value for value in reversed(scores) if value is not None and isfinite(value)), nan)


def _names(axes: "Axes", ends: Sequence[tuple[str, float, str]], size: float) -> None:
    """Each name beside the panel at the height of its value, pushed apart where values meet."""
    low, high = axes.get_ylim()
    known = sorted((end for end in ends if isfinite(end[1])), key=lambda end: end[1])
    heights = spread([(value - low) / (high - low) for _, value, _ in known])
    for (name, _, colour), height in zip(known, heights, strict=True):
        how: dict[str, Any] = {"va": "center", "size": size, "weight": "bold", "color": colour}
        axes.text(1.02, height, fit(clean(name), BESIDE, size * 1.1), transform=axes.transAxes, **how)


def spread(heights: Sequence[float]) -> list[float]:
    """Ascending heights, each at least APART over the one below it, with the same middle."""
    out: list[float] = []
    for height in heights:
        out.append(max(height, out[-1] + APART) if out else height)
    shift = (sum(out) - sum(heights)) / len(out) if out else 0.0
    return [height - shift for height in out]


def _frontier(page: Sheet, given: Picture, known: Sequence[Dot]) -> None:
    """What nothing beats is named beside the panel, with the retrainings that it took."""
    axes = panel(page, (LEFT, HIGH + GAP, WIDE, BELOW), "retrainings", f"mean {_metric(given)}")
    best, most = _best(known), max(dot.retrains for dot in known)
    steps = [*((dot.retrains, dot.mean) for dot in best), *([(most, best[-1].mean)] if best else [])]
    axes.step(*zip(*steps, strict=True), where="post", color=CANDIDATE, linewidth=1.2, zorder=1)
    for dot in sorted(known, key=lambda dot: dot.best):
        colour = CANDIDATE if dot.best else PALE
        face = colour if dot.gate else "white"
        axes.plot(dot.retrains, dot.mean, "o", markersize=7, color=colour, markerfacecolor=face, zorder=2 + dot.best)
    axes.set_xlim(-0.05 * max(most, 1), 1.05 * max(most, 1))
    axes.locator_params(axis="x", integer=True)
    axes.margins(y=0.12)
    few = best if len(best) <= MOST else [*best[: MOST - 1], best[-1]]
    _names(axes, [(f"{dot.retrains:,}: {dot.name}", dot.mean, CANDIDATE) for dot in few], SMALL)
