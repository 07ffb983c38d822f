"""How often each verdict is right: `python -m benchmarks.verdicts [gate] [defects] [reuse] [drift] [--write]`."""

import argparse
import os
import sys
from collections.abc import Callable, Iterable

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy starts its threads: the matrices are small

from benchmarks import (
    false_alarms,
    results,
    verdict_defects,
    verdict_reuse,
    verdict_table,
    verdict_trials,
    verdict_worlds,
)
from benchmarks.verdict_table import Tally
from benchmarks.verdict_trials import Cell
from benchmarks.verdict_worlds import Noise

ROWS = (300, 1_000, 10_000)
TRIALS = 2_000
SLOWER = {"roc_auc": 2}  # a share of the trials: its resamples cost the square of the blocks
EVIDENTLY = 40  # trials of Evidently's preset, which is slow
TESTED = 100  # trials of a cell in which the self-tests, too, are run
NOTE = """\
Two models of one kind with noise of their own (benchmarks/verdict_worlds.py), {trials:,} hold-outs a cell ({auc:,} for
the ROC AUC), all truths on the same hold-outs. A point is 0.01 of accuracy, log loss or ROC AUC, and 1 % of
production's mean absolute or root mean squared error. "Together": {days} days, and what a day brings its rows share.
Beside our gate (95 % interval, 1,000 resamples, `gate.block: 1D` where rows hang together): the textbook's paired
interval over rows, and a plain "better on the hold-out"."""
HARDEST = """\
Here the candidate also uses more (or less) of what a whole day brings than production does. Then a few days make most
of the difference, and 14 of them are too few for an interval to know it: it holds a difference of 2 points a little
less often than it says, and believes it smaller than it is. Neither Hall's correction for skewness nor the
studentised bootstrap does better over all cells. These rows are no part of the bars above."""


CELLS = [Cell(metric, rows, by_day) for metric in verdict_worlds.METRICS for by_day in (False, True) for rows in ROWS]
SKEWED = [Cell("log_loss", rows, True) for rows in ROWS]


def gate(trials: int, cells: Iterable[Cell] = CELLS, noise: Noise = Noise()) -> verdict_table.Tallies:  # noqa: B008
    tallies: dict[tuple[Cell, float], Tally] = {}
    for cell in cells:
        for seed in range(trials // SLOWER.get(cell.metric, 1)):
            for outcome in verdict_trials.trial(cell, seed, noise, seed < TESTED):
                tallies.setdefault((cell, outcome.points), Tally()).add(outcome)
        print(verdict_table.progress(tallies, cell), file=sys.stderr, flush=True)
    return tallies


def print_gate(trials: int) -> bool:
    tallies = gate(trials)
    print("\n### Verdicts on known truths\n")
    print(NOTE.format(trials=trials, auc=trials // SLOWER["roc_auc"], days=verdict_worlds.DAYS))
    print(f"\n{verdict_table.summary(tallies)}\n\n{verdict_table.beside(tallies)}")
    for metric in verdict_worlds.METRICS:
        print(f"\n<details><summary>{metric}, percent of hold-outs</summary>\n")
        print(f"{verdict_table.shown(tallies, metric)}\n\n</details>")
    print(f"\n<details><summary>log_loss, where it is hardest</summary>\n\n{HARDEST}\n")
    print(f"{verdict_table.shown(gate(trials, SKEWED, Noise(daily=0.3)), 'log_loss')}\n\n</details>")
    return all(bar.holds for bar in verdict_table.bars(tallies))


def print_defects(trials: int) -> bool:
    found = verdict_defects.verdicts()
    print("\n### Planted defects\n")
    print(f"{verdict_defects.SEEDS} hold-outs of {verdict_defects.ROWS:,} rows by day for each of the five metrics.\n")
    print(verdict_defects.report(found))
    return verdict_defects.all_found(found)


def print_reuse(trials: int) -> bool:
    print("\n### A year of weekly verdicts on one hold-out\n")
    print(f"{verdict_reuse.YEARS:,} years a line; benchmarks/verdict_reuse.py says what they are like.\n")
    print(verdict_reuse.report())
    return True


def print_drift(trials: int) -> bool:
    print("\n### Drift: false alarms, and shifts that are found")
    false_alarms.report(trials // 5, EVIDENTLY)
    return True


JOBS: dict[str, Callable[[int], bool]] = {
    "gate": print_gate,
    "defects": print_defects,
    "reuse": print_reuse,
    "drift": print_drift,
}


def main() -> int:
    """1 when a bar does not hold or a planted defect was not found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.verdicts", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *JOBS], help="what to measure; all when none is named")
    parser.add_argument("--trials", type=int, default=TRIALS, help="hold-outs a cell")
    parser.add_argument("--write", action="store_true", help="keep the tables in benchmarks/RESULTS.md")
    asked = parser.parse_args()
    held: list[bool] = []

    def job() -> None:
        held.extend(JOBS[name](asked.trials) for name in asked.parts or JOBS)

    if asked.write:
        results.printed("verdicts", "Verdicts: how often each is right", job, ("numpy", "scipy", "evidently"))
    else:
        job()
    return 0 if all(held) else 1


if __name__ == "__main__":
    raise SystemExit(main())
