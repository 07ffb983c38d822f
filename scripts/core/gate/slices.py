"""Both models on parts of the hold-out, so that a gain on the whole does not hide a loss somewhere."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from scripts.core.gate.evidence import Scored, Slice, compare
from scripts.core.params import Gate
from scripts.core.scoring.metrics import find
from scripts.core.scoring.resampling import measurable
from scripts.core.scoring.truth import Bools, Floats, Ints, Truth, truth_of

MISSING = "(missing)"


def levels(values: "pd.Series[Any]", kind: str) -> "pd.Categorical[Any]":
    """The level of each row: its category, or the quartile of its number. Missing values are a level."""
    missing = values.isna().to_numpy()
    known = values[~missing].to_numpy()
    codes, names = _quartiles(known.astype(np.float64)) if kind == "number" else _categories(known.astype(str))
    out = np.full(len(values), len(names))
    out[~missing] = codes
    return pd.Categorical.from_codes(out, pd.Index([*names, MISSING], dtype=str))


def _categories(values: np.ndarray[Any, Any]) -> tuple[Ints, list[str]]:
    names, codes = np.unique(values, return_inverse=True)
    return codes, [name if name != MISSING else repr(name) for name in names.tolist()]


def _quartiles(values: Floats) -> tuple[Ints, list[str]]:
    """Equal values stay together, so a number of few values has fewer parts than four."""
    if not len(values):
        return np.zeros(0, np.int64), []
    edges = np.unique(np.quantile(values, [0.25, 0.5, 0.75]))
    texts = _told_apart(edges.tolist())
    names = [f"up to {texts[0]}", *(f"{low} to {high}" for low, high in pairwise(texts)), f"over {texts[-1]}"]
    return np.searchsorted(edges, values).astype(np.int64), names


def _told_apart(edges: list[float]) -> list[str]:
    shapes = ([f"{edge:.{digits}g}" for edge in edges] for digits in range(4, 18))
    return next(texts for texts in shapes if len(set(texts)) == len(edges))


def slices(scored: Scored, gate: Gate) -> tuple[Slice, ...]:
    """Every level of every sliced column; intervals hold for all compared slices at once (Bonferroni)."""
    parts = [
        (column, str(its.categories[code]), _part(scored, np.asarray(its.codes == code)))
        for column, its in scored.slices.items()
        for code in np.unique(its.codes)
    ]
    truths = [_truth(part, gate) for _, _, part in parts]
    large = [_comparable(truth, gate) for truth in truths]
    confidence = 1 - (1 - gate.confidence) / max(1, sum(large))
    return tuple(
        Slice(
            column,
            level,
            len(part.target),
            truth.count,
            compare(find(gate.metric), part, gate, confidence) if enough else None,
        )
        for (column, level, part), truth, enough in zip(parts, truths, large, strict=True)
    )


def _part(scored: Scored, rows: Bools) -> Scored:
    return replace(
        scored,
        target=scored.target[rows],
        candidate=scored.candidate[rows],
        production=None if scored.production is None else scored.production[rows],
        blocks=None if scored.blocks is None else scored.blocks[rows],
        slices={},
    )


def _truth(part: Scored, gate: Gate) -> Truth:
    return truth_of(part.target, part.blocks, part.classes, part.positive, gate.seed)


def _comparable(truth: Truth, gate: Gate) -> bool:
    return len(truth.target) >= gate.slice_min_rows and measurable(find(gate.metric), truth)
