"""What trying all policies costs, against fitting one model for each month and nothing else.

Both are alternated in one go. The yardstick is the plain loop: the rows of each month and of all before it, split and
fitted, one after the other with `train.threads` threads; reading and imports are not counted for it. The backtest is
the whole command in a fresh copy: start, bringing the year, fits, drift, verdicts, table and picture.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks import measure, results, scratch
from benchmarks.scratch import Scratch

AT_MOST = 3.0
FITS = (sys.executable, "-m", "benchmarks.backtest", "--fits")
TRIED = (sys.executable, "-m", "scripts.backtest")


def fits(folder: Path) -> None:
    """Print the seconds that one fit for each month takes."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    from scripts.core.tables import table
    from scripts.core.training import fitting
    from scripts.edges import project
    from scripts.stages.train import sides

    given = project.read_params()
    os.environ["OMP_NUM_THREADS"] = str(given.train.threads)
    months = sorted(folder.iterdir())
    frames = {month.name: table.read({month.name: month.open("rb")}, given.data) for month in months}
    import pandas as pd

    taken = []
    for count in range(1, len(months) + 1):
        frame = pd.concat([frames[month.name] for month in months[:count]], ignore_index=True)
        began = perf_counter()
        parts = sides(frame, given.data)
        with threadpool_limits(given.train.threads):
            fitting.fitted(parts.train, parts.target, given.train, given.data)
        taken.append(perf_counter() - began)
    print(json.dumps(taken))


def measured(runs: int) -> tuple[list[float], list[measure.Run], str]:
    """Seconds of all fits and of the backtest, by run, and what the backtest said."""
    with tempfile.TemporaryDirectory(prefix="evergreen-backtest-") as folder:
        project = scratch.fresh(Path(folder) / "home")
        months = Path(folder) / "months"
        project.python("benchmarks.months", str(months), "1")
        alone: list[float] = []
        tried: list[measure.Run] = []
        for number in range(runs):
            alone.append(sum(_fitted(project, months)))
            tried.append(measure.run(TRIED, project.project, project.env))
            print(f"{number + 1}/{runs}: {alone[-1]:.1f} s and {tried[-1].seconds:.1f} s", file=sys.stderr, flush=True)
        return alone, tried, tried[-1].printed


def _fitted(project: Scratch, months: Path) -> Sequence[float]:
    said = measure.run([*FITS, str(months)], project.project, project.env).printed
    return [float(seconds) for seconds in json.loads(said.splitlines()[-1])]


def ratio(alone: Sequence[float], tried: Sequence[float]) -> float:
    return median(tried) / median(alone)


def told(runs: int) -> bool:
    """Print the figures; whether the bar holds."""
    load = os.getloadavg()[0]
    alone, tried, said = measured(runs)
    times = ratio(alone, [run.seconds for run in tried])
    rows = [
        _row("one fit for each month, alone", alone),
        _row("all policies, the whole command", [run.seconds for run in tried]),
        _row("its processor seconds", [run.processor for run in tried]),
    ]
    largest = max(run.largest for run in tried) / 1e6
    print(f"{runs} runs each, alternated. Load before them: {load:.2f}.\n")
    print(results.table(["", "median s", "range s"], rows))
    holds = times <= AT_MOST
    print(f"\nAll policies take {times:.2f} times as long as the fits alone; at most {AT_MOST:g}: ", end="")
    print(f"{'holds' if holds else 'does not hold'}. Its largest process has {largest:,.0f} MB.")
    print(f"\nWhat it found:\n\n```\n{_found(said)}\n```")
    return holds


def _row(name: str, seconds: Sequence[float]) -> list[str]:
    return [name, f"{median(seconds):.1f}", f"{min(seconds):.1f} to {max(seconds):.1f}"]


def _found(said: str) -> str:
    """Without the lines that tell what is going on."""
    lines = said.splitlines()
    start = next(number for number, line in enumerate(lines) if " batches, " in line)
    return "\n".join(lines[start:]).strip()


def main() -> int:
    """1 when the bar does not hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.backtest", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="of each")
    parser.add_argument("--write", action="store_true", help="keep the figures in benchmarks/RESULTS.md")
    parser.add_argument("--fits", type=Path, metavar="FOLDER", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.fits:
        fits(asked.fits)
        return 0
    held: list[bool] = []

    def job() -> None:
        held.append(told(asked.runs))

    if asked.write:
        results.printed(
            "backtest", "What trying all policies costs", job, ("numpy", "pandas", "scikit-learn", "joblib")
        )
    else:
        job()
    return 0 if all(held) else 1


if __name__ == "__main__":
    raise SystemExit(main())
