"""Every picture that the stages and the demo call for: values in, PNG and JSON bytes out."""

from collections.abc import Iterable, Mapping
from typing import Any

from scripts.core.plots.curves import Curve, Predictions
from scripts.core.plots.figures import style
from scripts.core.plots.plot_calibration import calibrated
from scripts.core.plots.plot_drift import drift
from scripts.core.plots.plot_ranking import ranking
from scripts.core.plots.plot_slices import slices
from scripts.core.plots.plot_verdict import differences, production
from scripts.core.plots.plot_year import Month, year
from scripts.core.text import to_json

__all__ = ["FILES", "Month", "Predictions", "drift", "evaluation", "year"]

FILES = ("differences.png", "slices.png", "curves.png", "calibration.png", "curves.json", "calibration.json")


def evaluation(evaluation: Mapping[str, Any], predictions: Predictions) -> dict[str, bytes]:
    """Content by file name: always FILES, whatever the task, with production or without."""
    names = {"candidate": "candidate", "production": production(evaluation)}
    with style():
        ranks, curves = ranking(predictions, names)
        knows, calibration = calibrated(predictions, names)
        pictures = (differences(evaluation), slices(evaluation), ranks, knows)
    return dict(zip(FILES, (*pictures, points(curves), points(calibration)), strict=True))


def points(drawn: Iterable[Curve]) -> bytes:
    """For `dvc plots`: the keys curve, model, x and y in every entry, production's entries first."""
    return to_json([point for curve in drawn for point in curve.points()]).encode()
