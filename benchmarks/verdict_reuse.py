"""A year of weekly verdicts on one and the same hold-out, with and without gate.reuse_budget.

Every model has a mean loss on each of 14 days, normal around what it is worth; two models differ by 0.35 points
(0.0035) of standard error, a little more than 10,000 rows by day have in log loss (benchmarks/verdict_worlds.py). The
interval is the gate's own, in closed form and with the confidence that scripts/core/gate/reuse.py asks for after so
many verdicts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.results import table
from scripts.core.gate import reuse
from scripts.core.params import Gate

Floats = NDArray[np.float64]
WEEKS, DAYS, ERROR = 52, 14, 0.35  # in points
LATE = 26  # the week in which a better one comes
YEARS = 4_000
BUDGETS = {"no budget": None, "budget 12": 12, "budget 4 (default)": 4, "budget 0": 0}


@dataclass(frozen=True)
class Year:
    """Of many years at once: worth of production at the end, what the hold-out says of it, promotions by week."""

    worth: Floats
    claimed: Floats
    promoted: NDArray[np.bool_]  # (years, weeks)
    wrong: NDArray[np.bool_]  # of these, a candidate that was no better than what it replaced


def worths(kind: str, years: int, rng: np.random.Generator) -> Floats:
    """(years, 1 + weeks): production's, which is 0, then each week's candidate's, in points; more is better."""
    out = np.zeros((years, 1 + WEEKS))
    if kind == "half a point worse":
        out[:, 1:] = -0.5
    elif kind == "of all kinds":
        out[:, 1:] = rng.normal(-0.5, 0.5, (years, WEEKS))
    elif kind == "one 2 points better":
        out[:, LATE] = 2.0
    return out


def quantiles(budget: int | None) -> Floats:
    from scipy.special import stdtrit

    gate = Gate.model_validate({"metric": "log_loss", "reuse_budget": budget})
    levels = np.array([reuse.stricter(gate, before).confidence for before in range(WEEKS)])
    return np.asarray(stdtrit(DAYS - 1, (1 + levels) / 2))


def lived(worth: Floats, days: Floats, needed: Floats | None) -> Year:
    """`needed`: standard errors that a week's candidate must be better by; None: better is enough."""
    years = np.arange(len(worth))
    now = np.zeros(len(worth), dtype=int)
    promoted, wrong = np.zeros((2, len(worth), WEEKS), dtype=bool)
    for week in range(WEEKS):
        apart = days[:, week + 1] - days[years, now]
        error = apart.std(axis=1, ddof=1) / np.sqrt(DAYS) * np.sqrt(DAYS / (DAYS - 1))
        won = apart.mean(axis=1) > (0 if needed is None else needed[week] * error)
        promoted[:, week] = won
        wrong[:, week] = won & (worth[:, week + 1] <= worth[years, now])
        now = np.where(won, week + 1, now)
    return Year(worth[years, now], (days[years, now] - days[:, 0]).mean(axis=1), promoted, wrong)


def gates() -> dict[str, Floats | None]:
    return {"better on the hold-out": None, **{name: quantiles(budget) for name, budget in BUDGETS.items()}}


def simulated(kind: str, years: int = YEARS) -> dict[str, Year]:
    rng = np.random.default_rng([52, len(kind)])
    worth = worths(kind, years, rng)
    apart = ERROR / np.sqrt(2) * np.sqrt(DAYS)
    days = worth[:, :, None] + rng.normal(0, apart, (years, 1 + WEEKS, DAYS))
    return {name: lived(worth, days, needed) for name, needed in gates().items()}


def lines(kind: str) -> Iterator[list[str]]:
    for name, year in simulated(kind).items():
        found = f"{100 * year.promoted[:, LATE - 1].mean():.0f} %" if kind == "one 2 points better" else ""
        yield [
            kind,
            name,
            f"{100 * year.wrong.any(axis=1).mean():.1f} %",
            f"{year.wrong.sum(axis=1).mean():.2f}",
            f"{year.worth.mean():+.2f}",
            f"{year.claimed.mean():+.2f}",
            found,
        ]


def report() -> str:
    kinds = ("equal", "half a point worse", "of all kinds", "one 2 points better")
    header: list[Any] = ["52 candidates", "gate", "years with a wrong promotion", "wrong promotions a year"]
    header += ["production's true gain, points", "gain on the hold-out", "the better one promoted"]
    return table(header, [line for kind in kinds for line in lines(kind)])
