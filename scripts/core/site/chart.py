"""The timeline as a figure for Plotly: values and names of colours, which the page fills in for light and for dark."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from html import escape
from typing import Any

from scripts.core.site import words
from scripts.core.site.timeline import Drift, Mark, Point, Timeline
from scripts.core.text import number

Trace = dict[str, Any]
SCORES, DRIFTS, MARKS = (0.34, 0.88), (0.0, 0.2), (0.93, 1.0)  # where on the height each panel lies
APART = 0.08  # of the width: names of versions that are nearer to each other are left out
CONFIG = {"responsive": True, "displayModeBar": False, "displaylogo": False, "scrollZoom": False}


SIGNS = {"diamond": "◆", "diamond-open": "◇", "triangle-up": "▲", "triangle-left": "◀", "circle": "●", "x": "✖"}


def colour(name: str) -> str:
    return f"var(--{name})"


def figure(found: Timeline) -> dict[str, Any]:
    """JSON with data, layout and config. Texts are escaped: Plotly reads some HTML in them."""
    return {"data": list(_traces(found)), "layout": _layout(found), "config": CONFIG}


def legend(found: Timeline) -> list[tuple[str, str, str]]:
    """Sign, colour and name of each kind that is in the picture, for the page, where they wrap as text does."""
    shown = [trace for trace in _traces(found) if trace["x"]]
    return [(_sign(trace), trace["marker"]["color"], trace["name"]) for trace in shown]


def _sign(trace: Trace) -> str:
    return f"{'━' * ('lines' in trace['mode'])}{SIGNS[trace['marker']['symbol']]}"


def _traces(found: Timeline) -> Iterator[Trace]:
    yield _production(found.points)
    yield _candidates("candidate, promoted", [each for each in found.points if each.promoted], "diamond", "candidate")
    others = [each for each in found.points if not each.promoted]
    yield _candidates("candidate, not promoted", others, "diamond-open", "quiet")
    for name, back, symbol, ink in (
        ("new version", False, "triangle-up", "candidate"),
        ("back to an earlier version", True, "triangle-left", "alert"),
    ):
        yield _changes(name, _grouped(found.marks, back), symbol, ink, found)
    yield _stems("drift", [each for each in found.drift if not each.over], "circle", "production")
    yield _stems("drift over the limit", [each for each in found.drift if each.over], "x", "alert")


def _production(points: Sequence[Point]) -> Trace:
    known = [each for each in points if each.production is not None]
    return {
        "type": "scatter",
        "name": "production",
        "mode": "lines+markers",
        "x": [each.at for each in known],
        "y": [each.production for each in known],
        "text": [f"v{each.version}" if each.version else "production" for each in known],
        "hovertemplate": "%{text}: %{y:.4f}<extra></extra>",
        "line": {"color": colour("production"), "width": 3},
        "marker": {"symbol": "circle", "size": 6, "color": colour("production")},
    }


def _candidates(name: str, points: Sequence[Point], symbol: str, ink: str) -> Trace:
    known = [each for each in points if each.candidate is not None]
    return {
        "type": "scatter",
        "name": name,
        "mode": "markers",
        "x": [each.at for each in known],
        "y": [each.candidate for each in known],
        "error_y": _error([(each.candidate, each.low, each.high) for each in known], ink),
        "text": [_hover(each) for each in known],
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {"symbol": symbol, "size": 9, "color": colour(ink), "line": {"width": 2, "color": colour(ink)}},
    }


def _error(ends: Sequence[tuple[float | None, float | None, float | None]], ink: str) -> Trace:
    """From production's score and the interval of the difference: where it passes production, nothing is proven."""
    above = [max(high - value, 0.0) if value is not None and high is not None else 0.0 for value, _, high in ends]
    below = [max(value - low, 0.0) if value is not None and low is not None else 0.0 for value, low, _ in ends]
    how = {"color": colour(ink), "thickness": 1, "width": 3}
    return {"type": "data", "symmetric": False, "array": above, "arrayminus": below, **how}


def _hover(point: Point) -> str:
    ends = ""
    if point.low is not None and point.high is not None:
        ends = f" (interval {number(point.low)} to {number(point.high)})"
    return escape(f"candidate: {number(point.candidate or 0.0)}{ends}, {point.verdict}, run {point.run}, {point.time}")


def _grouped(marks: Sequence[Mark], back: bool) -> list[list[Mark]]:
    """Changes at one place on the axis are one mark; with a way back among them it is drawn as one."""
    places: dict[str, list[Mark]] = {}
    for mark in marks:
        places.setdefault(mark.at, []).append(mark)
    return [group for group in places.values() if any(mark.back for mark in group) is back]


def _changes(name: str, groups: Sequence[Sequence[Mark]], symbol: str, ink: str, found: Timeline) -> Trace:
    shown = _apart(found)
    texts = ["then ".join(f"v{mark.version} on {mark.time} UTC, " for mark in group).rstrip(", ") for group in groups]
    named = [", ".join(f"v{mark.version}" for mark in group) if group[0].at in shown else "" for group in groups]
    return {
        "type": "scatter",
        "name": name,
        "mode": "markers+text",
        "x": [group[0].at for group in groups],
        "y": [0] * len(groups),
        "yaxis": "y3",
        "text": named,
        "textposition": "top center",
        "textfont": {"color": colour("ink"), "size": 12},
        "customdata": texts,
        "hovertemplate": "production: %{customdata}<extra></extra>",
        "cliponaxis": False,
        "marker": {"symbol": symbol, "size": 11, "color": colour(ink)},
    }


def _apart(found: Timeline) -> set[str]:
    """Places whose names don't touch: the newest first."""
    places = [*(one.at for one in found.points), *(one.at for one in found.drift), *(one.at for one in found.marks)]
    every = [datetime.fromisoformat(at) for at in places]
    wide = max(every) - min(every) if every else None
    kept: list[datetime] = []
    for mark in reversed(found.marks):
        at = datetime.fromisoformat(mark.at)
        if at in kept or not wide or all(abs(at - other) >= APART * wide for other in kept):
            kept.append(at)
    return {f"{at:%Y-%m-%d %H:%M:%S}" for at in kept}


def _stems(name: str, drift: Sequence[Drift], symbol: str, ink: str) -> Trace:
    """A dot on a stem: as wide on the screen however far apart the runs are."""
    shares = [each.share for each in drift]
    return {
        "type": "scatter",
        "name": name,
        "mode": "markers",
        "x": [each.at for each in drift],
        "y": shares,
        "yaxis": "y2",
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [0.0] * len(shares),
            "arrayminus": shares,
            "color": colour(ink),
            "thickness": 3,
            "width": 0,
        },
        "hovertemplate": f"{name}: %{{y:.2f}}<extra></extra>",
        "marker": {"symbol": symbol, "size": 8, "color": colour(ink)},
    }


def _layout(found: Timeline) -> dict[str, Any]:
    better = words.direction(found.metric)
    metric = escape(words.named(found.metric) + (f" · {better}" if better else ""))
    axis = "newest row that the run saw" if found.by_data else "time of the run"
    grid = {"gridcolor": colour("faint"), "zeroline": False, "fixedrange": True}
    return {
        "height": 500,
        "margin": {"l": 48, "r": 16, "t": 24, "b": 56},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": colour("quiet")},
        "hovermode": "x unified",
        "hoversubplots": "axis",
        "hoverlabel": {"bgcolor": colour("card"), "bordercolor": colour("faint"), "font": {"color": colour("ink")}},
        "dragmode": "zoom",
        "showlegend": False,
        "xaxis": {
            "type": "date",
            "anchor": "y2",
            "title": {"text": f"{axis}, UTC", "standoff": 8, "font": {"size": 13}},
            "showgrid": False,
            "ticklabelstandoff": 6,
            "tickangle": 0,
            "hoverformat": "%Y-%m-%d %H:%M",
        },
        "yaxis": {"domain": SCORES, "nticks": 6, **grid},
        "yaxis2": {"domain": DRIFTS, "nticks": 4, "rangemode": "tozero", "tickformat": ".0%", **grid},
        "yaxis3": {"domain": MARKS, "range": [-1, 1], "visible": False, "fixedrange": True},
        "shapes": list(_shapes(found)),
        "annotations": [
            _heading(metric, SCORES[1]),
            _heading("drifted share of what the model uses", DRIFTS[1]),
        ],
    }


def _heading(text: str, top: float) -> dict[str, Any]:
    place = {"xref": "paper", "yref": "paper", "x": 0, "y": top, "xanchor": "left", "yanchor": "bottom"}
    return {
        "text": text,
        "showarrow": False,
        "bgcolor": colour("card"),
        "font": {"color": colour("ink"), "size": 13},
        **place,
    }


def _shapes(found: Timeline) -> Iterator[dict[str, Any]]:
    for at in dict.fromkeys(mark.at for mark in found.marks):
        line = {"color": colour("quiet"), "width": 1, "dash": "dot"}
        ends = {"xref": "x", "x0": at, "x1": at, "y0": 0, "y1": 0.95, "yref": "paper"}
        yield {"type": "line", "layer": "below", "line": line, **ends}
    if found.limit is not None:
        line = {"color": colour("alert"), "width": 1, "dash": "dash"}
        ends = {"xref": "paper", "x0": 0, "x1": 1, "y0": found.limit, "y1": found.limit, "yref": "y2"}
        yield {"type": "line", "line": line, **ends}
