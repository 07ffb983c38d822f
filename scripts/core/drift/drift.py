"""How far a column has moved from what production was trained on, and how far chance alone would have moved it.

The distance is the population stability index (PSI) over cells of the reference: it does not grow with the
rows, as the evidence of a p-value does. A column has drifted when its distance passes both the effect that was
asked for and what two samples of these sizes from one distribution pass with the probability `chance`. The share
of drifted columns needs no correction for their number: weights sum to 1, so by chance its mean is `chance` at
most (twice that with the missing values), and by Markov's inequality it reaches a quarter in less than 1 % of
tries, however the columns hang together.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from scripts.core.params import Drift

Counts = np.ndarray[Any, np.dtype[np.int64]]
Floats = np.ndarray[Any, np.dtype[np.float64]]
Series: TypeAlias = "pd.Series[Any]"

METHOD = "psi"
SMOOTHING = 0.5  # rows added to each cell (Jeffreys): one that a side lacks leaves the distance finite
LEAST_PER_BIN = 5  # reference rows
COMMON = 20  # rows, both sides together, from which a category is a cell by itself
MOST_CATEGORIES = 200  # of those; more cost more to draw than they tell
ENOUGH = 20  # rows expected in the emptiest cell from which chi-square gives the same limit as draws, within 3 %


@dataclass(frozen=True)
class Cells:
    """Rows of two samples by cell.

    Where there are rare categories the last cell holds them all: `rare` has the rows of each in both samples
    together, `unseen` is the current rows of those that the reference lacks.
    """

    reference: Counts
    current: Counts
    rare: Counts
    unseen: int = 0


@dataclass(frozen=True)
class Shift:
    method: str
    distance: float
    threshold: float
    effect: float
    chance: float
    drifted: bool


@dataclass(frozen=True)
class Column:
    column: str
    kind: str
    method: str
    distance: float
    threshold: float
    effect: float
    chance: float
    drifted: bool
    importance: float
    missing_then: float
    missing_now: float
    missing_drifted: bool


def compare(
    reference: pd.DataFrame,
    current: pd.DataFrame,
    kinds: Mapping[str, str],
    importance: Mapping[str, float],
    drift: Drift,
) -> list[Column]:
    """Every column of `kinds` (name: number or category); both tables have it and are not empty."""
    return [
        column(reference[name], current[name], kind, importance.get(name, 0.0), drift) for name, kind in kinds.items()
    ]


def column(reference: Series, current: Series, kind: str, importance: float, drift: Drift) -> Column:
    name = str(reference.name)
    moved = shift(reference, current, kind, drift.effects.get(name, drift.effect), drift)
    then, now = float(reference.isna().mean()), float(current.isna().mean())
    lost = abs(now - then) > max(drift.missing_effect, missing_by_chance(reference, current, drift.chance))
    values = {**vars(moved), "drifted": moved.drifted or lost}
    return Column(
        name,
        kind,
        **values,
        importance=importance,
        missing_then=then,
        missing_now=now,
        missing_drifted=lost,
    )


def shift(reference: Series, current: Series, kind: str, effect: float, drift: Drift) -> Shift:
    """Draws are seeded by the column's name, so that other columns do not change its limit."""
    cells = number_cells(reference, current, drift.bins) if kind == "number" else category_cells(reference, current)
    rng = np.random.default_rng([drift.seed, *str(reference.name).encode()])
    chance = by_chance(cells, drift.chance, drift.draws, rng)
    far = distance(cells)
    return Shift(METHOD, far, max(effect, chance), effect, chance, far > max(effect, chance))


def shares(columns: list[Column]) -> tuple[float, float]:
    """The share of drifted columns, plain and weighted by importance (plain, for a model that uses none)."""
    plain = sum(c.drifted for c in columns) / max(1, len(columns))
    if not any(c.importance > 0 for c in columns):
        return plain, plain
    return plain, float(sum(c.importance for c in columns if c.drifted))


def number_cells(reference: Series, current: Series, bins: int) -> Cells:
    """Quantile bins of the reference, and one cell for what is missing."""
    then, now = (np.asarray(side, dtype=np.float64) for side in (reference, current))
    edges = _edges(np.sort(then[~np.isnan(then)]), bins)
    return _filled(_binned(then, edges), _binned(now, edges))


def _edges(values: Floats, bins: int) -> Floats:
    """Upper ends of all bins but the last; a value that fills a bin has one of its own. `values` are sorted."""
    if not len(values):
        return np.empty(0)
    places = np.linspace(0, len(values) - 1, 1 + max(1, min(bins, len(values) // LEAST_PER_BIN)))
    found, times = np.unique(values[places.round().astype(np.int64)], return_counts=True)
    own = found[times > 1]
    return np.unique(np.concatenate([found[1:-1], own, np.nextafter(own, -np.inf)]))


def _binned(values: Floats, edges: Floats) -> Counts:
    known = values[~np.isnan(values)]
    counts = np.bincount(np.searchsorted(edges, known, side="left"), minlength=len(edges) + 1)
    return np.append(counts, len(values) - len(known))


def _filled(reference: Counts, current: Counts) -> Cells:
    used = reference + current > 0
    return Cells(reference[used], current[used], np.empty(0, dtype=np.int64))


def category_cells(reference: Series, current: Series) -> Cells:
    """Common categories, what is missing, and rare categories together.

    Both samples together tell what is common: neither side is favoured when chance divides them anew.
    """
    sides = {"then": reference.value_counts(), "now": current.value_counts()}
    counts = pd.DataFrame(sides).fillna(0).sort_index()
    then, now = (counts[side].to_numpy(dtype=np.int64) for side in sides)
    common = _common(then + now)
    rare = ~common
    cells = _filled(
        np.append(then[common], reference.isna().sum()),
        np.append(now[common], current.isna().sum()),
    )
    if not rare.any():
        return cells
    return Cells(
        np.append(cells.reference, then[rare].sum()),
        np.append(cells.current, now[rare].sum()),
        rare=(then + now)[rare],
        unseen=int(now[rare & (then == 0)].sum()),
    )


def _common(rows: Counts) -> np.ndarray[Any, np.dtype[np.bool_]]:
    common = rows >= COMMON
    if common.sum() > MOST_CATEGORIES:
        common[np.argsort(-rows, kind="stable")[MOST_CATEGORIES:]] = False
    return common


def distance(cells: Cells) -> float:
    if not len(cells.rare):
        return float(psi(cells.reference, cells.current))
    expected = _expected(list(_moved(cells.rare, cells.current[-1])))
    return float(psi(*_apart(cells.reference, cells.current, np.asarray(cells.unseen), expected)))


def psi(reference: Any, current: Any) -> Floats:
    """Population stability index over the last axis."""
    smooth = SMOOTHING * reference.shape[-1]
    then = (reference + SMOOTHING) / (reference.sum(axis=-1, keepdims=True) + smooth)
    now = (current + SMOOTHING) / (current.sum(axis=-1, keepdims=True) + smooth)
    return np.asarray(((now - then) * np.log(now / then)).sum(axis=-1))


def by_chance(cells: Cells, chance: float, draws: int, rng: np.random.Generator) -> float:
    """The distance that two samples of these sizes from one distribution pass with probability `chance`.

    The rows of both are divided anew at random, by cell. Where every cell is well filled that is chi-square times
    1/n + 1/m (Yurdakul 2018), which costs nothing.
    """
    pooled, sizes = cells.reference + cells.current, (cells.reference.sum(), cells.current.sum())
    if not len(cells.rare) and pooled.min() * min(sizes) >= ENOUGH * sum(sizes):
        return _chi_square(len(pooled) - 1, chance) * float(1 / sizes[0] + 1 / sizes[1])
    current = rng.multivariate_hypergeometric(pooled, int(sizes[1]), size=draws)
    sides: tuple[Any, Any] = (pooled - current, current)
    if len(cells.rare):
        moved = list(_moved(cells.rare, current[:, -1]))
        unseen = np.sum([size * rng.binomial(count, whole) for size, count, whole in moved], axis=0)
        sides = _apart(*sides, np.minimum(unseen, current[:, -1]), _expected(moved))
    return float(np.quantile(psi(*sides), 1 - chance, method="higher"))


def _chi_square(freedom: int, chance: float) -> float:
    from scipy.special import chdtri

    return float(chdtri(freedom, chance)) if freedom else 0.0


def _expected(moved: list[tuple[int, int, Floats]]) -> Floats:
    return np.asarray(np.sum([size * count * whole for size, count, whole in moved], axis=0))


def _moved(rare: Counts, taken: Any) -> Iterator[tuple[int, int, Floats]]:
    """Each size of rare category, how many have it, and the probability that all its rows are among the `taken`."""
    from scipy.special import gammaln

    total = int(rare.sum())
    for size, count in zip(*np.unique(rare, return_counts=True), strict=True):
        ways = gammaln(taken + 1) - gammaln(taken - size + 1) - gammaln(total + 1) + gammaln(total - size + 1)
        yield int(size), int(count), np.exp(np.minimum(ways, 0.0))


def _apart(reference: Any, current: Any, unseen: Any, expected: Any) -> tuple[Floats, Floats]:
    """The last cell, of all rare categories, as two: those that the reference has, and those that it lacks.

    The reference has no row of what it lacks; the rows that chance would make it lack stand for them.
    """
    lacking = np.minimum(expected * reference.sum(axis=-1) / current.sum(axis=-1), reference[..., -1])
    then = np.concatenate([reference, lacking[..., None]], axis=-1)
    now = np.concatenate([current, unseen[..., None]], axis=-1)
    then[..., -2] -= lacking
    now[..., -2] -= unseen
    return then, now


def missing_by_chance(reference: Series, current: Series, chance: float) -> float:
    """The change of the missing share, either way, that chance alone passes with probability `chance`."""
    from scipy.special import ndtri

    n, m = len(reference), len(current)
    share = float(reference.isna().sum() + current.isna().sum()) / (n + m)
    spread = np.sqrt(share * (1 - share) * (1 / n + 1 / m) * (n + m) / (n + m - 1))
    step = (1 / n + 1 / m) / 2  # shares move in steps: half a step for continuity
    return float(step - ndtri(chance / 2) * spread)
