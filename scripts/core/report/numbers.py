"""Figures in reports: as many decimals as tell the difference, a true minus, direction by an arrow."""

from collections.abc import Mapping
from math import floor, isfinite, log10
from typing import Any

MINUS, ARROW = "−", "→"
READINGS = {"better": "▲ better", "worse": "▼ worse", "unclear": "≈"}
FEWEST, MOST = 0, 8


def digits(value: float | None, significant: int) -> int:
    """Decimals that show so many significant digits of a value."""
    if not value or not isfinite(value):
        return FEWEST
    return significant - 1 - floor(log10(abs(value)))


def decimals(entry: Mapping[str, Any], of_value: int = 3) -> int:
    """For one metric: so many digits of its value, two of the difference, one of the interval's nearer end."""
    ends = entry["interval"] or ()
    near = min((abs(end) for end in ends if end), default=None)
    needed = [digits(entry["candidate"], of_value), digits(entry["difference"], 2), digits(near, 1)]
    return max(FEWEST, min(MOST, max(needed)))


def fixed(value: float | None, places: int) -> str:
    return "–" if value is None else f"{value:,.{places}f}".replace("-", MINUS)


def signed(value: float | None, places: int) -> str:
    return "–" if value is None else f"{value:+,.{places}f}".replace("-", MINUS)


def between(interval: Any, places: int) -> str:
    return "–" if interval is None else f"{signed(interval[0], places)} … {signed(interval[1], places)}"


def duration(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole} s" if whole < 120 else f"{whole // 60} min {whole % 60} s"


def gain(entry: Mapping[str, Any]) -> tuple[float, float, float] | None:
    """The difference and its interval, turned so that more is better; None where there is none."""
    if entry["difference"] is None or entry["interval"] is None:
        return None
    low, high = entry["interval"]
    return (entry["difference"], low, high) if entry["greater_is_better"] else (-entry["difference"], -high, -low)


def spoken(metric: str) -> str:
    """log_loss as log loss, roc_auc as ROC AUC."""
    shown = metric.replace("_", " ")
    return shown.upper().replace("ROC AUC OVR", "ROC AUC, one against the rest") if "auc" in shown else shown


def deciding(evaluation: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
    """The metric that decides, if it could be measured."""
    found = ((metric, entry) for metric, entry in evaluation["metrics"].items() if entry["decides"])
    return next(((metric, entry) for metric, entry in found if entry["candidate"] is not None), None)
