"""Defects that gates of this kind are known to have, planted one by one: none may end in a promotion.

Each is planted where it would help: with a candidate that a gate with the defect would promote.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import verdict_worlds as worlds
from benchmarks.results import table
from benchmarks.verdict_worlds import Noise
from scripts.core.gate import contest, measure
from scripts.core.gate import gate as gates
from scripts.core.gate.evidence import Comparison, Evidence, Scored
from scripts.core.gate.seat import seated
from scripts.core.params import Gate
from scripts.core.scoring import metrics
from scripts.core.settings.data_params import Data
from scripts.core.tables import rows as row_prints

ROWS, SEEDS = 2_000, 25
BETTER, WORSE = 1.0, 0.3  # what the candidate knows; production knows 0.6
DATA = Data.model_validate(
    {"name": "planted", "task": "binary", "target": "y", "id": "key", "source": {"kind": "replay"}, "holdout": 0.2}
    | {"columns": {"x": {"kind": "number"}}}
)
Defect = Callable[[str, int], str]  # metric, seed -> verdict


def rules(metric: str) -> Gate:
    return Gate.model_validate({"metric": metric, "block": "1D", "resamples": 1000, "slices": ("place",)})


def world(metric: str, seed: int, knows: float) -> Scored:
    task = worlds.METRICS[metric]
    rows = worlds.drawn(np.random.default_rng(seed), ROWS, True, Noise())
    knob = knows if task == "binary" else 0.5 / knows  # there it is the size of errors, production's is 1
    sides = [worlds.predictions(rows, task, each, seat) for seat, each in enumerate((knob, worlds.usual(task)))]
    place = pd.Categorical(np.where(np.arange(ROWS) % 2, "east", "west"))
    classes = [0, 1] if task == "binary" else None
    positive = 1 if classes else None
    return Scored(worlds.target(rows, task), sides[0], sides[1], rows.day, classes, positive, {"place": place})


def judged(scored: Scored, metric: str, leaked: int = 0, faults: tuple[str, ...] = ()) -> str:
    return contest.weighed(scored, rules(metric), leaked=leaked, faults=faults, same=()).verdict


def told(metric: str, scored: Scored) -> np.ndarray[Any, Any]:
    """Predictions of a model that has seen the labels."""
    if scored.classes is None:
        return np.asarray(scored.target + 0.01 * (scored.candidate - scored.target))
    return np.asarray(0.03 + 0.94 * np.eye(2)[scored.target])


def better(metric: str, seed: int) -> str:
    return judged(world(metric, seed, BETTER), metric)


def against_itself(metric: str, seed: int) -> str:
    scored = world(metric, seed, BETTER)
    return judged(replace(scored, candidate=scored.production.copy()), metric)


def in_both_seats(metric: str, seed: int) -> str:
    scored = world(metric, seed, BETTER)
    return judged(replace(scored, production=scored.candidate), metric)


def trained_on(metric: str, seed: int, share: float) -> str:
    """Rows that the fingerprints find are left out and counted, as scripts/core/gate/contest.py does."""
    scored = world(metric, seed, WORSE)
    scored = replace(scored, candidate=told(metric, scored))
    prints = row_prints.fingerprints(pd.DataFrame({"key": [f"{seed}-{row}" for row in range(ROWS)]}), DATA)
    known = row_prints.leaked(prints, np.sort(prints[: int(share * ROWS)]))
    return judged(_part(scored, ~known), metric, leaked=int(known.sum()))


def _part(scored: Scored, kept: np.ndarray[Any, Any]) -> Scored:
    sides = {name: getattr(scored, name)[kept] for name in ("target", "candidate", "production", "blocks")}
    return replace(scored, **sides, slices={name: its[kept] for name, its in scored.slices.items()})


def under_new_ids(metric: str, seed: int) -> str:
    scored = world(metric, seed, WORSE)
    return judged(replace(scored, candidate=told(metric, scored)), metric)


def not_fetched(metric: str, seed: int) -> str:
    """No file: the seat has a fault, and no number stands in for a score."""
    scored = world(metric, seed, WORSE)
    seat = seated("production", "models/production.zip", None, "sha256:declared", (), DATA)
    empty = np.full_like(scored.production, np.nan)
    return judged(replace(scored, production=empty), metric, faults=() if seat.fault is None else (seat.fault,))


def zeros(metric: str, seed: int) -> str:
    scored = world(metric, seed, WORSE)
    return judged(replace(scored, production=np.zeros_like(scored.production)), metric)


def zero_score(metric: str, seed: int) -> str:
    """The number 0 for production's score, as a gate has it that compares with what it remembers."""

    def remembered(one: Comparison) -> Comparison:
        assert one.paired is not None
        apart = one.paired.candidate
        ends = {"low": apart - 0.01, "high": apart + 0.01}
        improvement = one.metric.gain(apart)
        return replace(
            one, paired=replace(one.paired, production=0.0, difference=apart, improvement=improvement, **ends)
        )

    scored = world(metric, seed, WORSE)
    found = measure.gather(scored, rules(metric))
    return _decided(replace(found, metrics={name: remembered(one) for name, one in found.metrics.items()}), metric)


def _decided(evidence: Evidence, metric: str) -> str:
    return gates.decide(evidence, rules(metric)).verdict


@contextmanager
def turned(metric: str) -> Iterator[None]:
    real = metrics.METRICS[metric]
    metrics.METRICS[metric] = replace(real, greater_is_better=not real.greater_is_better)
    try:
        yield
    finally:
        metrics.METRICS[metric] = real


def direction_flipped(metric: str, seed: int) -> str:
    with turned(metric):
        return judged(world(metric, seed, WORSE), metric)


def slices_dropped(metric: str, seed: int) -> str:
    return judged(replace(world(metric, seed, BETTER), slices={}), metric)


def one_slice_dropped(metric: str, seed: int) -> str:
    found = measure.gather(world(metric, seed, BETTER), rules(metric))
    return _decided(replace(found, slices=found.slices[1:]), metric)


def slice_not_measured(metric: str, seed: int) -> str:
    found = measure.gather(world(metric, seed, BETTER), rules(metric))
    one = found.slices[0]
    assert one.comparison is not None and one.comparison.paired is not None
    blind = replace(one.comparison, paired=replace(one.comparison.paired, difference=float("nan")))
    return _decided(replace(found, slices=(replace(one, comparison=blind), *found.slices[1:])), metric)


def bad_slice(metric: str, seed: int) -> str:
    """Much better in the west, much worse in the east."""
    scored = world(metric, seed, BETTER)
    east = np.asarray(scored.slices["place"] == "east")
    if scored.classes is None:
        spoiled = np.where(east, scored.production + 1.0, scored.candidate)
        spoiled[~east] = scored.target[~east] + 0.6 * (scored.production - scored.target)[~east]
    else:
        half = 0.5 * scored.production + 0.5 * told(metric, scored)
        spoiled = np.where(east[:, None], scored.production[:, ::-1], half)
    return judged(replace(scored, candidate=spoiled), metric)


NONE = "(none: a better candidate)"
DEFECTS: dict[str, Defect] = {
    "champion against itself": against_itself,
    "the candidate in both seats": in_both_seats,
    "scored on training rows, 2 % of the hold-out": lambda metric, seed: trained_on(metric, seed, 0.02),
    "scored on training rows, half of the hold-out": lambda metric, seed: trained_on(metric, seed, 0.5),
    "scored on training rows, all of the hold-out": lambda metric, seed: trained_on(metric, seed, 1.0),
    "scored on training rows that got new ids": under_new_ids,
    "baseline 0: production can't be fetched": not_fetched,
    "baseline 0: production says 0 everywhere": zeros,
    "baseline 0: the number 0 for its score": zero_score,
    "direction flipped": direction_flipped,
    "slices dropped": slices_dropped,
    "one slice dropped": one_slice_dropped,
    "a slice without a number": slice_not_measured,
    "a slice that is much worse": bad_slice,
}


def verdicts(seeds: int = SEEDS) -> dict[str, Counter[str]]:
    return {
        name: Counter(defect(metric, seed) for metric in worlds.METRICS for seed in range(seeds))
        for name, defect in {NONE: better, **DEFECTS}.items()
    }


def all_found(verdicts: Mapping[str, Counter[str]]) -> bool:
    return all(not its["PROMOTE"] and not its["HOLD"] for name, its in verdicts.items() if name != NONE)


def report(verdicts: Mapping[str, Counter[str]]) -> str:
    kinds = ("PROMOTE", "HOLD", "REJECT", "INVALID")
    return table(["planted", *kinds], [[name, *(f"{its[kind]}" for kind in kinds)] for name, its in verdicts.items()])
