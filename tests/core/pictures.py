"""Reports and predictions to draw, and what was drawn of them."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from scripts.core.plots import figures
from scripts.core.plots.plots import Month, Predictions

HOSTILE = [
    "$x^2$",
    "a_b$\\frac{",
    "line\nbreak\ttab\x00\x1b[31m",
    "中文列名",
    "\U0001f600 \U0001f9ff",
    "\U0001d5a0 only in the thin face",
    "\u202eevil\u202c",
    "\ud800lone",
    "",
    " ",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "x" * 80,
    "x" * 79 + "y",
    "العربية",
    "\\",
]


def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Filled with every figure that is drawn from now on, as matplotlib has it."""
    from matplotlib.figure import Figure

    found: list[Any] = []
    save = Figure.savefig

    def kept(self: Any, *given: Any, **how: Any) -> None:
        found.append(self)
        save(self, *given, **how)

    monkeypatch.setattr(Figure, "savefig", kept)
    return found


def texts(figure: Any) -> list[str]:
    from matplotlib.text import Text

    inside = [found for axes in figure.axes for found in axes.findobj(Text)]
    return [found.get_text() for found in [*figure.texts, *inside] if found.get_text()]


def dots(figure: Any) -> list[float]:
    return [line.get_xdata()[0] for line in figure.axes[0].lines if line.get_marker() == "o"]


def metric(candidate: float, production: float | None, greater: bool = False, **more: Any) -> dict[str, Any]:
    difference = None if production is None else candidate - production
    interval = None if difference is None else [difference - 0.01, difference + 0.01]
    return {
        "decides": False,
        "greater_is_better": greater,
        "candidate": candidate,
        "production": production,
        "difference": difference,
        "interval": interval,
        "reading": None if production is None else "better",
    } | more


def part(value: Any, difference: float | None = 0.0, state: str = "ok", column: str = "carrier") -> dict[str, Any]:
    """A slice that scored 0.5 in production."""
    known = None if difference is None else 0.5 + difference
    interval = None if difference is None else [difference - 0.01, difference + 0.01]
    about = {"column": column, "value": value, "rows": 300, "blocks": 14, "state": state}
    return about | {"candidate": known, "production": 0.5, "difference": difference, "interval": interval}


def report(first: bool = False, **more: Any) -> dict[str, Any]:
    """An evaluation.json: log loss decides, the candidate is better."""
    before = {"log_loss": None, "roc_auc": None} if first else {"log_loss": 0.6, "roc_auc": 0.7}
    return {
        "verdict": {"verdict": "PROMOTE", "first": first, "reasons": ["log loss better by 0.05"]},
        "models": {"candidate": {}, "production": None if first else {"version": 4}},
        "holdout": {"rows": 2000, "blocks": 14},
        "metrics": {
            "roc_auc": metric(0.75, before["roc_auc"], greater=True),
            "log_loss": metric(0.55, before["log_loss"], decides=True),
        },
        "guardrails": [],
        "limits": [],
        "slices": {"compared": 2, "broken": [], "too_small": [], "rows": [part("AA"), part("UA", -0.1)]},
        "method": {"confidence": 0.95, "gate": {"confidence": 0.95}},
    } | more


def predictions(task: str, first: bool = False, rows: int = 2000, classes: int = 3) -> Predictions:
    rng = np.random.default_rng(0)
    if task == "regression":
        actual = rng.gamma(2.0, 1000.0, rows)
        guesses = [actual * rng.lognormal(0.0, spread, rows) for spread in (0.2, 0.4)]
        return Predictions(actual, None, guesses[0], None if first else guesses[1], None)
    count = 2 if task == "binary" else classes
    codes = rng.integers(0, count, rows)
    scores = []
    for skill in (1.5, 0.7):
        logits = rng.normal(size=(rows, count)) + skill * np.eye(count)[codes]
        scores.append(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True))
    names = [f"class {place}" for place in range(count)]
    positive = 1 if task == "binary" else None
    return Predictions(np.array(names)[codes], names, scores[0], None if first else scores[1], positive)


def moved(name: str, distance: float, **more: Any) -> dict[str, Any]:
    about = {"column": name, "kind": "number", "method": "psi", "distance": distance, "threshold": 0.2}
    shares = {"importance": 0.1, "missing_then": 0.0, "missing_now": 0.0}
    return about | {"drifted": distance > 0.2} | shares | more


def drifted(columns: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {
        "production": 4,
        "new": {"rows": 28000, "labelled": 28000, "from": "2013-05-01T00:00:00", "to": "2013-05-31T23:00:00"},
        "sampled": {"reference": 10000, "current": 10000},
        "columns": columns,
        "weighted_share": 0.3,
        "prediction": {"method": "psi", "distance": 0.05, "threshold": 0.2, "drifted": False},
        "target": None,
        "skipped": [],
    } | more


def month(name: str, production: float | None, never: float | None, version: int | None = None) -> Month:
    return Month(name, production, never, version is not None, version, 0.3, "log_loss", drift_limit=0.25)


def is_picture(content: bytes) -> None:
    with Image.open(io.BytesIO(content)) as image:
        image.load()
        assert image.format == "PNG"
        assert image.width == figures.WIDTH * figures.DPI
        assert image.height > 60
        assert "Software" not in image.info
        assert image.convert("RGB").getpixel((2, 2)) == (255, 255, 255)
