"""What the trials of benchmarks/verdicts.py add up to, as tables and as bars that hold or don't."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.results import table
from benchmarks.verdict_trials import Cell, Outcome
from benchmarks.verdict_worlds import POINTS

VERDICTS = ("PROMOTE", "HOLD", "REJECT", "INVALID")
EQUAL, WORSE, COVERED = 5.0, 1.5, (93.0, 97.0)  # the bars, in percent
SAID = {0.0: "equal", -0.5: "0.5 worse", -2.0: "2 worse", 0.5: "0.5 better", 2.0: "2 better"}


@dataclass
class Tally:
    trials: int = 0
    ours: Counter[str] = field(default_factory=Counter)
    by_rows: Counter[str] = field(default_factory=Counter)
    plain: Counter[str] = field(default_factory=Counter)
    covered: int = 0

    def add(self, one: Outcome) -> None:
        self.trials += 1
        self.ours[one.verdict] += 1
        self.by_rows[one.by_rows] += 1
        self.plain[one.plain] += 1
        self.covered += one.covered

    def percent(self, count: int) -> float:
        return 100 * count / self.trials

    @property
    def promoted(self) -> float:
        return self.percent(self.ours["PROMOTE"])

    @property
    def coverage(self) -> float:
        return self.percent(self.covered)


Tallies = Mapping[tuple[Cell, float], Tally]


@dataclass(frozen=True)
class Bar:
    what: str
    cells: int
    worst: float
    where: str
    holds: bool


def shown(tallies: Tallies, metric: str) -> str:
    header = ["truth, points", "rows", "of a day", *VERDICTS, "interval holds", "by rows: PROMOTE", "plain: PROMOTE"]
    lines = []
    for points in POINTS:
        for (cell, truth), one in tallies.items():
            if cell.metric == metric and truth == points:
                shares = [one.percent(one.ours[verdict]) for verdict in VERDICTS]
                shares += [one.coverage, *(one.percent(its["PROMOTE"]) for its in (one.by_rows, one.plain))]
                about = [SAID[points], f"{cell.rows:,}", "together" if cell.by_day else "independent"]
                lines.append([*about, *(f"{share:.1f}" for share in shares)])
    return table(header, lines)


def named(cell: Cell, points: float) -> str:
    return f"{cell.metric}, {cell.rows:,} rows{', by day' if cell.by_day else ''}, {SAID[points]}"


def progress(tallies: Tallies, cell: Cell) -> str:
    found = {points: one for (its, points), one in tallies.items() if its == cell}
    promoted = ", ".join(f"{SAID[points]} {one.promoted:.1f} %" for points, one in found.items())
    coverage = [one.coverage for one in found.values()]
    held = f"{min(coverage):.1f} to {max(coverage):.1f} %"
    return f"{named(cell, 0.0).removesuffix(', equal')}: promoted {promoted}; interval holds {held}"


def bars(tallies: Tallies) -> list[Bar]:
    def most(points: float) -> tuple[int, float, str]:
        found = [(one.promoted, named(*key)) for key, one in tallies.items() if key[1] == points]
        return len(found), *max(found)

    equal, worse = most(0.0), most(-0.5)
    coverage = sorted((one.coverage, named(*key)) for key, one in tallies.items())
    least, greatest = coverage[0], coverage[-1]
    return [
        Bar(f"equal models promoted, {EQUAL:g} % or fewer", *equal, equal[1] <= EQUAL),
        Bar(f"0.5 points worse promoted, {WORSE:g} % or fewer", *worse, worse[1] <= WORSE),
        Bar(f"interval holds the truth, {COVERED[0]:g} % or more", len(coverage), *least, least[0] >= COVERED[0]),
        Bar(
            f"interval holds the truth, {COVERED[1]:g} % or fewer", len(coverage), *greatest, greatest[0] <= COVERED[1]
        ),
    ]


def summary(tallies: Tallies) -> str:
    lines = [
        [bar.what, f"{bar.cells}", f"{bar.worst:.2f} %", bar.where, "yes" if bar.holds else "NO"]
        for bar in bars(tallies)
    ]
    return table(["bar", "cells", "worst", "where", "holds"], lines)


def beside(tallies: Tallies) -> str:
    """The worst cell of each gate for each truth, and how often it finds what is there, over all cells."""
    gates = {"ours": "ours", "paired, rows taken for independent": "by_rows", "better on the hold-out": "plain"}
    lines = []
    for name, part in gates.items():
        promoted = {
            points: [one.percent(getattr(one, part)["PROMOTE"]) for key, one in tallies.items() if key[1] == points]
            for points in POINTS
        }
        most = [f"{max(promoted[points]):.1f} %" for points in (0.0, -0.5, -2.0)]
        mean = [f"{sum(promoted[points]) / len(promoted[points]):.1f} %" for points in (0.5, 2.0)]
        lines.append([name, *most, *mean])
    header = ["gate", "equal promoted, worst cell", "0.5 worse, worst cell", "2 worse, worst cell"]
    return table([*header, "0.5 better, mean", "2 better, mean"], lines)
