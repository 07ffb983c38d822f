"""Whether what a model says is what comes: calibration.png and the points behind it."""

from typing import Any

import numpy as np

from scripts.core.plots import curves
from scripts.core.plots.curves import Curve, Floats, Predictions
from scripts.core.plots.figures import EDGE, FAINT, Sheet, clean, fit, plain, png, sheet
from scripts.core.plots.panels import COLOURS, Names, both, called, line, panel

LEFT, WIDE, HIGH, STRIP = EDGE + 0.55, 4.9, 3.0, 0.65  # inches
BARS = 40

Said = dict[str, tuple[Floats, Floats]]  # model: what it said, what came


def calibrated(predictions: Predictions, names: Names) -> tuple[bytes, list[Curve]]:
    """The picture, and the points of each model."""
    said = {model: (scores, came) for model, scores, came in curves.certainty(predictions)}
    if not said:
        return plain("No calibration", "No row of the hold-out has a prediction that is a number."), []
    drawn = [curves.calibration(model, *pair) for model, pair in said.items()]
    title, across, up = _words(predictions)
    told = "Each point is a tenth of the rows; on the grey line, what is said is what comes."
    told += f" Below: how many of the {len(predictions.target):,} hold-out rows are told what."
    page = sheet(HIGH + STRIP + 0.7, f"{title} {both(drawn, names)}", told)
    low, high = _limits(drawn, bounded=predictions.classes is not None)
    _points(page, drawn, names, (low, high), up)
    _counts(page, said, (low, high), across)
    return png(page.figure), drawn


def _words(predictions: Predictions) -> tuple[str, str, str]:
    """Title, and what lies on the axes."""
    if predictions.classes is None:
        return "Tenth by tenth, predictions are off by", "predicted, mean of a tenth", "actual, mean"
    if predictions.positive is None:
        return "Confidence is off by", "probability of the class picked", "share that was right"
    positive = fit(clean(predictions.classes[predictions.positive]), 1.0)
    said, was = f"probability of \u201c{positive}\u201d", f"share that was \u201c{positive}\u201d"
    return "Probabilities are off by", said, was


def _limits(drawn: list[Curve], bounded: bool) -> tuple[float, float]:
    """One range for both axes, so that the line of agreement runs from corner to corner."""
    values = np.concatenate([np.concatenate([curve.x, curve.y]) for curve in drawn])
    edge = 0.06 * float(np.ptp(values)) or 0.5
    low, high = float(values.min()) - edge, float(values.max()) + edge
    return (max(low, -0.01), min(high, 1.01)) if bounded else (low, high)


def _points(page: Sheet, drawn: list[Curve], names: Names, limits: tuple[float, float], up: str) -> None:
    axes = panel(page, (LEFT, 0.0, WIDE, HIGH), "", up)
    axes.set(xlim=limits, ylim=limits)
    axes.tick_params(axis="x", labelbottom=False)
    axes.plot(limits, limits, color=FAINT, linewidth=1.0, zorder=0)
    for curve in drawn:
        size = 7.0 if curve.model == "production" else 5.5
        line(axes, curve, marker="o", markersize=size, alpha=0.95)
    called(axes, drawn, names, "off on average by", (1.04, 0.98), HIGH)


def _counts(page: Sheet, said: Said, limits: tuple[float, float], across: str) -> None:
    """How often each value is said: production filled, the candidate as an outline."""
    axes = panel(page, (LEFT, HIGH + 0.08, WIDE, STRIP), across, "rows")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0, labelleft=False)
    axes.set(xlim=limits)
    for model, (scores, _) in said.items():
        counts, edges = np.histogram(scores, BARS, limits)
        how: dict[str, Any] = {"fill": model == "production", "color": COLOURS[model], "linewidth": 1.2}
        axes.stairs(counts, edges, alpha=0.4 if model == "production" else 1.0, **how)
    axes.set_ylim(bottom=0)
