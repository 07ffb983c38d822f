"""How fast and how right the intervals are: `python -m benchmarks.resampling [speed] [coverage] [promotions]`."""

import argparse
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks import results
from scripts.core.gate import gate as gates
from scripts.core.gate import measure
from scripts.core.gate.evidence import Scored
from scripts.core.params import Gate
from scripts.core.scoring.metrics import find
from scripts.core.scoring.resampling import paired
from scripts.core.scoring.scores import statistic
from scripts.core.scoring.truth import truth_of

ASKED: dict[str, Any] = {"classes": [0, 1], "positive": 1, "resamples": 1000, "confidence": 0.95, "seed": 0}
METRICS = ("log_loss", "roc_auc", "brier_score")


def world(seed: int, days: int, rows_a_day: int, worse: float = 0.0, uneven: float = 0.3) -> tuple[Any, Any, Any, Any]:
    """Target, two models, day. Days differ in what happens, in size, and in how far each model is off on them."""
    rng = np.random.default_rng(seed)
    sizes = np.maximum(5, rows_a_day * rng.lognormal(0, uneven, days)).astype(int)
    day = np.repeat(np.arange(days), sizes)
    rows = len(day)
    signal, weather = rng.normal(0, 1, rows), rng.normal(0, 0.7, days)[day]
    y = (rng.random(rows) < logistic(-1 + 1.2 * signal + weather)).astype(np.int64)
    both = []
    for knowledge in (1 - worse, 1.0):
        off = rng.normal(0, 0.4, days)[day] + rng.normal(0, 0.5, rows)
        p = logistic(-1 + knowledge * (1.1 * signal + 0.5 * weather) + off)
        both.append(np.column_stack([1 - p, p]))
    return y, both[0], both[1], day


def logistic(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def timed(act: Callable[[], Any]) -> float:
    start = perf_counter()
    act()
    return perf_counter() - start


def speed(rows: int = 100_000, training: int = 300_000, rounds: int = 3) -> None:
    """Both models, three metrics, against one fit of the default model on as many rows as the default data has."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    y, p, q, _ = world(0, 14, rows // 13)
    y, p, q = y[:rows], p[:rows], q[:rows]
    day = np.sort(np.random.default_rng(1).integers(0, 14, len(y)))
    rng = np.random.default_rng(2)
    table = rng.normal(size=(training, 17))
    target = rng.random(training) < logistic(table[:, 0] + table[:, 1] * table[:, 2])
    model = HistGradientBoostingClassifier(
        max_iter=150, learning_rate=0.1, min_samples_leaf=50, l2_regularization=1.0, early_stopping=False
    )

    def resample(blocks: Any) -> None:
        for name in METRICS:
            paired(find(name), y, p, q, blocks, **ASKED)

    jobs = {
        "fit": lambda: model.fit(table, target),
        "days": lambda: resample(day),
        "rows": lambda: resample(None),
        "average precision, days": lambda: paired(find("average_precision"), y, p, q, day, **ASKED),
    }
    taken: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            taken[name].append(timed(job))
    fit = median(taken["fit"])
    print(f"{len(y):,} rows, 1,000 resamples, {', '.join(METRICS)} of two models; medians of {rounds}")
    for name, seconds in taken.items():
        print(f"  {name:24s} {median(seconds):7.3f} s   {median(seconds) / fit:6.3f} of a fit")


def coverage(trials: int = 1000) -> None:
    """How often a 95 % interval of the difference holds the difference on 20,000 days."""
    y, p, q, _ = world(10**6, 20_000, 40)
    truths = {}
    for name in METRICS:
        whole = truth_of(y, np.zeros(len(y)), [0, 1], 1, 0)
        ones = np.ones((1, 1))
        truths[name] = float(statistic(find(name), whole, p)(ones)[0] - statistic(find(name), whole, q)(ones)[0])
    print(f"share of {trials:,} intervals of 95 % that hold the true difference (one standard error: 0.7 points)")
    for days, rows_a_day, uneven in ((7, 200, 0.3), (14, 100, 0.3), (14, 100, 1.2), (30, 60, 0.3), (250, 30, 0.3)):
        held = dict.fromkeys(METRICS, 0)
        for seed in range(trials):
            y, p, q, day = world(seed, days, rows_a_day, uneven=uneven)
            for name in METRICS:
                found = paired(find(name), y, p, q, day, **ASKED)
                held[name] += found.low <= truths[name] <= found.high
        shares = "   ".join(f"{name} {100 * count / trials:5.1f} %" for name, count in held.items())
        sizes = ", very uneven" if uneven > 1 else ""
        print(f"  {days:4d} blocks of about {rows_a_day:3d} rows{sizes}   {shares}", flush=True)


def promotions(trials: int = 1000) -> None:
    """Verdicts on equal models and on a candidate that knows less (half a point of log loss, 0.005)."""
    gate = Gate.model_validate({"metric": "log_loss", "resamples": 1000, "block": "1D"})
    print(f"verdicts on {trials:,} hold-outs of 14 days")
    for what, worse in (("equal models", 0.0), ("a worse candidate", 0.13)):
        counts: dict[str, int] = {}
        apart = []
        for seed in range(trials):
            y, p, q, day = world(seed, 14, 100, worse)
            found = gates.decide(measure.gather(Scored(y, p, q, day, [0, 1], 1, {}), gate), gate)
            counts[found.verdict] = counts.get(found.verdict, 0) + 1
            apart.append(found.evidence.metrics["log_loss"].gains[0])
        shares = "   ".join(f"{name} {100 * count / trials:4.1f} %" for name, count in sorted(counts.items()))
        print(f"  {what:18s} (mean improvement {np.mean(apart):+.4f})   {shares}", flush=True)


JOBS: dict[str, Callable[[], None]] = {"speed": speed, "coverage": coverage, "promotions": promotions}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *JOBS], help="what to measure; all when none is named")
    parser.add_argument("--write", action="store_true", help="keep what is printed in benchmarks/RESULTS.md")
    asked = parser.parse_args()

    def job() -> None:
        print("```")
        for name in asked.parts or JOBS:
            JOBS[name]()
        print("```")

    if asked.write:
        results.printed("resampling", "The gate: speed, coverage, promotions", job, ("numpy", "scikit-learn", "scipy"))
    else:
        job()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
