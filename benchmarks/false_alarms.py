"""How often drift cries wolf, and what it finds: `python -m benchmarks.false_alarms [--trials N] [--evidently N]`.

Rows of the whole year of the default data are shuffled, so that two samples differ by chance alone. Beside our alarms,
those of Evidently's preset as it comes.
"""

import argparse
import io
import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before scikit-learn starts its threads

import numpy as np
import pandas as pd

from benchmarks import results
from benchmarks.results import table as markdown
from scripts.core import params, paths
from scripts.core.drift import drift
from scripts.core.params import Params
from scripts.core.tables import table
from scripts.core.training import importance
from scripts.core.training import model as models
from scripts.edges.batches import flights

SIZES = (300, 3_000, 30_000)
Shift = tuple[str, str, Callable[[Any], Any]]  # column, what happens to it
Sides = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]


@dataclass(frozen=True)
class World:
    given: Params
    rows: pd.DataFrame  # of the year, in random order
    model: Any  # trained on `size` rows that no trial sees
    weights: dict[str, float]
    size: int

    @property
    def kinds(self) -> dict[str, str]:
        return {name: self.given.data.columns[name].kind for name in table.features(self.given.data)}


@dataclass(frozen=True)
class Alarms:
    dataset: bool
    prediction: bool
    columns: int  # that drifted
    past_chance: int  # whose distance is more than chance makes it, whatever effect was asked for


def year(given: Params) -> pd.DataFrame:
    files = {name: io.BytesIO(flights.month(name)) for name in flights.months()}
    return table.read(files, given.data).sample(frac=1, random_state=0, ignore_index=True)


def world(given: Params, rows: pd.DataFrame, size: int) -> World:
    known, data = rows.iloc[:size], given.data
    target = table.labels(known[data.target], data)
    model = models.build(given.train, data).fit(known[table.features(data)], target)
    weights = importance.importance(model, known, data, [0, 1], given.train.seed)
    return World(given, rows.iloc[size:].reset_index(drop=True), model, weights, size)


def drawn(here: World, trial: int) -> Sides:
    """What production was trained on, what it was judged on, and what is new, each as the stage samples it."""
    size = min(here.size, here.given.drift.sample)
    places = np.random.default_rng(trial).choice(len(here.rows), 3 * size, replace=False)
    trained, judged, new = (here.rows.iloc[part].reset_index(drop=True) for part in np.split(places, 3))
    return trained, judged, new


def ours(here: World, trial: int) -> Alarms:
    trained, judged, new = drawn(here, trial)
    settings = here.given.drift.model_copy(update={"seed": trial})
    columns = drift.compare(trained, new, here.kinds, here.weights, settings)
    said = [models.predict(here.model, side, here.given.data, [0, 1])[:, 1] for side in (judged, new)]
    then, now = (pd.Series(answers, name="prediction") for answers in said)
    return Alarms(
        dataset=drift.shares(columns)[1] >= here.given.triggers.data_drift.share,
        prediction=drift.shift(then, now, "number", settings.prediction_effect, settings).drifted,
        columns=sum(column.drifted for column in columns),
        past_chance=sum(column.distance > column.chance for column in columns),
    )


def evidently_preset(here: World, trained: pd.DataFrame, new: pd.DataFrame) -> tuple[bool, int]:
    """Its alarm over all columns (half of them), and how many columns it says have drifted."""
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    definition = DataDefinition(
        numerical_columns=[name for name, kind in here.kinds.items() if kind == "number"],
        categorical_columns=[name for name, kind in here.kinds.items() if kind == "category"],
    )
    sides = [Dataset.from_pandas(side[list(here.kinds)], data_definition=definition) for side in (new, trained)]
    found = Report([DataDriftPreset()]).run(*sides).dict()["metrics"][0]["value"]
    return found["share"] >= 0.5, int(found["count"])


def percent(hits: Any) -> str:
    return f"{100 * np.mean(hits):.1f} %"


def alarms(worlds: list[World], trials: int) -> Iterator[list[str]]:
    for here in worlds:
        found = [ours(here, trial) for trial in range(trials)]
        yield [
            f"{here.size:,}",
            percent([one.dataset for one in found]),
            percent([one.prediction for one in found]),
            percent([one.dataset or one.prediction for one in found]),
            percent([one.columns > 0 for one in found]),
            percent([one.past_chance / len(here.kinds) for one in found]),
        ]


def evidently_alarms(worlds: list[World], trials: int) -> Iterator[list[str]]:
    for here in worlds:
        sides = [drawn(here, trial) for trial in range(trials)]
        found = [evidently_preset(here, trained, new) for trained, _, new in sides]
        counts = [count for _, count in found]
        row = [percent([alarm for alarm, _ in found]), percent([count > 0 for count in counts])]
        yield [f"{here.size:,}", *row, f"{np.mean(counts):.2f} of {len(here.kinds)}"]


def colder(degrees: float) -> Shift:
    return "temp", f"{degrees:g} °F colder", lambda values: values - degrees


def lossy(share: float) -> Shift:
    return (
        "origin_delay_3h",
        f"{share:.0%} lost",
        lambda values: values.mask(np.arange(len(values)) % 100 < 100 * share),
    )


def half_of(place: str) -> Shift:
    """Every other row of a place comes from a neighbour: the share of the place is halved."""
    other = {"JFK": "LGA", "EWR": "JFK"}[place]
    return "origin", f"half of {place} moves to {other}", lambda values: _moved(values, place, other)


def _moved(values: Any, place: str, other: str) -> Any:
    leaves = (values == place).to_numpy() & (np.arange(len(values)) % 2 == 0)
    return values.mask(leaves, other)


def wetter(share: float) -> Shift:
    """Humidity closer to 100 %: the whole distribution moves and narrows."""
    return "humid", f"{share:.0%} of the way to 100 % humid", lambda values: values + share * (100 - values)


SHIFTS = (colder(5), colder(10), wetter(0.2), wetter(0.5), half_of("JFK"), half_of("EWR"), lossy(0.05), lossy(0.2))


def power(worlds: list[World], trials: int) -> Iterator[list[str]]:
    for column, name, act in SHIFTS:
        for here in worlds:
            found, others = [], []
            for trial in range(trials):
                trained, _, new = drawn(here, trial)
                sides = trained[column], act(new[column])
                kind = here.kinds[column]
                found.append(drift.column(*sides, kind, 1.0, here.given.drift))
                others.append(evidently_column(*sides, kind))
            far = f"{np.mean([one.distance for one in found]):.3f}"
            yield [f"{column}: {name}", f"{here.size:,}", far, percent([one.drifted for one in found]), percent(others)]


def evidently_column(trained: Any, new: Any, kind: str) -> bool:
    from evidently import DataDefinition, Dataset, Report
    from evidently.metrics import ValueDrift

    named = {"numerical_columns" if kind == "number" else "categorical_columns": [trained.name]}
    definition = DataDefinition(**named)
    sides = [Dataset.from_pandas(side.to_frame(), data_definition=definition) for side in (new, trained)]
    report = Report([ValueDrift(column=trained.name)], include_tests=True)
    return str(report.run(*sides).dict()["tests"][0]["status"]).endswith("FAIL")


def show(title: str, header: list[str], rows: Iterator[list[str]]) -> None:
    print(f"\n{title}\n\n{markdown(header, list(rows))}", flush=True)


def report(trials: int, evidently: int) -> None:
    warnings.simplefilter("ignore", RuntimeWarning)  # Evidently divides by zero
    given = params.parse(Path(paths.PARAMS).read_text("utf-8"))
    rows = year(given)
    worlds = [world(given, rows, size) for size in SIZES]
    show(
        f"Alarms on one distribution, {trials} trials (the aim: any alarm in 5 % or fewer)",
        ["rows a side", "dataset", "predictions", "any alarm", "any column", "columns past chance (set: 0.1 %)"],
        alarms(worlds, trials),
    )
    show(
        f"Evidently's preset on such samples, {evidently} trials",
        ["rows a side", "dataset", "any column", "columns that drifted"],
        evidently_alarms(worlds, evidently),
    )
    show(
        f"A column that was shifted is found, {evidently} trials (the effect asked for: {given.drift.effect:g})",
        ["shift", "rows a side", "mean distance", "found", "found by Evidently"],
        power(worlds, evidently),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=400)
    parser.add_argument("--evidently", type=int, default=40, help="trials of Evidently's preset, which is slow")
    parser.add_argument("--write", action="store_true", help="keep the tables in benchmarks/RESULTS.md")
    asked = parser.parse_args()

    def job() -> None:
        report(asked.trials, asked.evidently)

    if asked.write:
        results.printed("false_alarms", "Drift: false alarms and power", job, ("evidently", "numpy", "pandas"))
    else:
        job()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
