"""How well both models rank, or how far they miss: curves.png and the curves behind it."""

from collections.abc import Iterable, Sequence

import numpy as np

from scripts.core.plots import curves
from scripts.core.plots.curves import ClassArea, Curve, Predictions
from scripts.core.plots.figures import BODY, EDGE, FAINT, Sheet, counted, labels, plain, png, sheet
from scripts.core.plots.panels import COLOURS, Names, both, called, line, panel, unit

SIDE, HEIGHT = 3.15, 3.75  # inches: a square panel, and one with what is written around it
LEFT, RIGHT = EDGE + 0.5, EDGE + 4.25
CLASSES = 12  # classes that the picture names

Ranking = tuple[bytes, list[Curve]]


def ranking(predictions: Predictions, names: Names) -> Ranking:
    """The picture of the task's curves, and the curves."""
    if predictions.classes is None:
        return _regression(predictions, names)
    if predictions.positive is None:
        return _multiclass(predictions, names)
    return _binary(predictions, names)


def _none() -> Ranking:
    return plain("No curves", "All rows of the hold-out are of one class: there is nothing to rank."), []


def _rows(predictions: Predictions) -> str:
    return f"{len(predictions.target):,} hold-out rows."


def _named(drawn: Iterable[Curve], name: str) -> list[Curve]:
    return [curve for curve in drawn if curve.name == name]


def _binary(predictions: Predictions, names: Names) -> Ranking:
    drawn = curves.binary(predictions)
    if not drawn:
        return _none()
    rocs = _named(drawn, curves.ROC)
    told = "Left: finds against false alarms. Right: how many of the finds are right. "
    page = sheet(HEIGHT, f"Ranking: ROC AUC {both(rocs, names)}", told + _rows(predictions))
    _roc(page, rocs, names, "ROC AUC")
    _precision(page, _named(drawn, curves.PRECISION_RECALL), names, predictions)
    return png(page.figure), drawn


def _roc(page: Sheet, drawn: Sequence[Curve], names: Names, what: str) -> None:
    axes = panel(page, (LEFT, 0.0, SIDE, SIDE), "share of negatives called positive", "share of positives found")
    unit(axes)
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1.0, zorder=0)
    for curve in drawn:
        line(axes, curve)
    called(axes, drawn, names, what, (0.97, 0.24), SIDE)


def _precision(page: Sheet, drawn: Sequence[Curve], names: Names, predictions: Predictions) -> None:
    axes = panel(page, (RIGHT, 0.0, SIDE, SIDE), "share of positives found (recall)", "share of finds that are right")
    unit(axes)
    share = float((predictions.codes == predictions.positive).mean())
    axes.axhline(share, color=FAINT, linewidth=1.0, zorder=0)
    for curve in drawn:
        line(axes, curve)
    corner = (0.04, 0.24) if drawn[-1].summary > 0.6 else (0.97, 0.98)
    called(axes, drawn, names, "average precision", corner, SIDE)


def _multiclass(predictions: Predictions, names: Names) -> Ranking:
    drawn, areas = curves.multiclass(predictions)
    if not drawn:
        return _none()
    places = list(dict.fromkeys(area.place for area in areas))
    told = f"Left: one class against the rest, the mean of {len(places):,} classes. Right: class by class"
    told += f", the {CLASSES} most common. " if len(places) > CLASSES else ". "
    page = sheet(HEIGHT, f"Telling classes apart: mean ROC AUC {both(drawn, names)}", told + _rows(predictions))
    _roc(page, drawn, names, "mean ROC AUC")
    assert predictions.classes is not None
    _classes(page, predictions.classes, areas, places[:CLASSES])
    return png(page.figure), drawn


def _classes(page: Sheet, classes: Sequence[object], areas: Sequence[ClassArea], places: Sequence[int]) -> None:
    """A line for each class from production's area to the candidate's."""
    height = min(SIDE, 0.26 * len(places) + 0.1)
    axes = panel(page, (RIGHT + 1.05, 0.0, SIDE - 1.1, height), "ROC AUC against the rest", "")
    axes.spines["left"].set_visible(False)
    axes.set(ylim=(len(places) - 0.5, -0.5))
    axes.set_yticks(range(len(places)), labels([classes[place] for place in places], 1.4))
    axes.tick_params(axis="y", length=0, labelsize=BODY)
    for row, place in enumerate(places):
        pair = {area.model: area.area for area in areas if area.place == place}
        axes.plot(list(pair.values()), [row] * len(pair), color=FAINT, linewidth=2.0, zorder=1)
        for model, area in pair.items():
            axes.plot([area], [row], "o", color=COLOURS[model], markersize=7 if model == "production" else 6)


def _regression(predictions: Predictions, names: Names) -> Ranking:
    drawn = curves.regression(predictions)
    if not drawn:
        return plain("No curves", "No row of the hold-out has a prediction that is a number."), []
    errors, pairs = _named(drawn, curves.ERROR), _named(drawn, curves.ACTUAL)
    told = f"Left: predicted and actual of {counted(len(pairs[0].x), 'row')}, from least to greatest. "
    told += f"Right: the error that a share of the rows stays within. {_rows(predictions)}"
    page = sheet(HEIGHT, f"Half of the rows are off by at most {both(errors, names)}", told)
    _pairs(page, pairs)
    axes = panel(page, (RIGHT, 0.0, SIDE, SIDE), "share of rows", "is off by at most")
    top = max(float(np.interp(0.98, curve.x, curve.y)) for curve in errors)
    axes.set(xlim=(0.0, 1.0), ylim=(0.0, top * 1.05 or 1.0))
    for curve in errors:
        line(axes, curve)
    called(axes, errors, names, "half of the rows", (0.05, 0.98), SIDE)
    return png(page.figure), drawn


def _pairs(page: Sheet, drawn: Sequence[Curve]) -> None:
    """A cloud for each model around the line of perfect predictions; what lies far out is put on the edge."""
    values = np.concatenate([np.concatenate([curve.x, curve.y]) for curve in drawn])
    low, high = np.quantile(values, [0.003, 0.997])
    edge = 0.03 * (high - low) or 1.0
    axes = panel(page, (LEFT, 0.0, SIDE, SIDE), "predicted", "actual")
    axes.set(xlim=(low - edge, high + edge), ylim=(low - edge, high + edge))
    axes.plot([low, high], [low, high], color=FAINT, linewidth=1.0, zorder=0)
    for curve in drawn:
        x, y = np.clip(curve.x, low, high), np.clip(curve.y, low, high)
        axes.plot(x, y, "o", color=COLOURS[curve.model], markersize=3.5, alpha=0.55, markeredgewidth=0)
