"""Small tables of every kind that people bring, each with the params that fit it."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from scripts.core import params
from scripts.core.settings.data_params import Data

Settings = dict[str, Any]


@dataclass(frozen=True)
class Table:
    frame: pd.DataFrame
    data: Settings

    def text(self, **changed: Any) -> str:
        """params.yaml; a setting is changed by its path with two underscores: data__holdout="1D"."""
        regression = self.data["task"] == "regression"
        tree = f"sklearn.tree.DecisionTree{'Regressor' if regression else 'Classifier'}"
        blocks: Settings = {
            "data": self.data,
            "validate": {},
            "drift": {},
            "train": {"estimator": tree, "parameters": {"max_depth": 3}, "threads": 1},
            "compute": {},
            "gate": {"metric": "root_mean_squared_error" if regression else "log_loss"},
        }
        whole: Settings = yaml.safe_load(yaml.safe_dump(blocks, sort_keys=False))
        for path, value in changed.items():
            *block, name = path.split("__")
            inner = whole
            for step in block:
                inner = inner.setdefault(step, {})
            inner[name] = value
        return yaml.safe_dump(whole, sort_keys=False)

    def params(self, **changed: Any) -> params.Params:
        return params.parse(self.text(**changed))

    @property
    def checked(self) -> Data:
        return self.params().data

    def batches(self, count: int = 1, suffix: str = ".parquet") -> dict[str, bytes]:
        ends = np.linspace(0, len(self.frame), count + 1).astype(int)
        parts = (self.frame.iloc[start:end] for start, end in pairwise(ends))
        return {f"batch-{number:02}{suffix}": content(part, suffix) for number, part in enumerate(parts)}

    def write(self, root: Path, batches: int = 1, suffix: str = ".parquet", **changed: Any) -> Path:
        """params.yaml and data/ in a folder, as a stage finds them."""
        (root / "data").mkdir(parents=True, exist_ok=True)
        (root / "params.yaml").write_text(self.text(**changed))
        for name, bytes_ in self.batches(batches, suffix).items():
            (root / "data" / name).write_bytes(bytes_)
        return root


def content(frame: pd.DataFrame, suffix: str = ".parquet", **options: Any) -> bytes:
    if suffix == ".csv":
        return frame.to_csv(index=False, **options).encode()
    out = io.BytesIO()
    frame.to_parquet(out, index=False, **options)
    return out.getvalue()


def settings(task: str, target: str, columns: Mapping[str, str], **others: Any) -> Settings:
    given = {"name": "small", "task": task, "target": target, "holdout": 0.25, "source": {"kind": "replay"}} | others
    return given | {"columns": {name: {"kind": kind} for name, kind in columns.items()}}


def binary(rows: int = 400, seed: int = 0, days: int = 40) -> Table:
    """Two labels, an id, a time column, missing values in both kinds of column."""
    rng = np.random.default_rng(seed)
    size, place = rng.normal(size=rows), rng.choice(["EWR", "JFK", "LGA"], rows)
    late = (size + (place == "JFK") + rng.normal(size=rows) > 0.5).astype(int)
    frame = pd.DataFrame(
        {
            "row": [f"r{seed}-{number}" for number in range(rows)],
            "at": pd.Timestamp("2024-03-01") + pd.to_timedelta(np.arange(rows) * days * 1440 // rows, unit="min"),
            "size": np.where(rng.random(rows) < 0.1, np.nan, size),
            "speed": rng.integers(0, 100, rows).astype(float),
            "place": pd.array(np.where(rng.random(rows) < 0.05, None, place), dtype="str"),
            "late": late,
        }
    )
    columns = {"size": "number", "speed": "number", "place": "category"}
    data = settings("binary", "late", columns, id="row", time="at", holdout="10D", positive=1)
    return Table(frame, data)


def three_classes(rows: int = 344, seed: int = 0) -> Table:
    """Text labels, no time, no id, a few missing values: the size of a table in a textbook."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(["Adelie", "Chinstrap", "Gentoo"], rows, p=[0.44, 0.2, 0.36])
    length = rng.normal(40, 3, rows) + 5.0 * (kind == "Gentoo") + 4.0 * (kind == "Chinstrap")
    sex = np.where(rng.random(rows) < 0.03, None, rng.choice(["male", "female"], rows))
    frame = pd.DataFrame(
        {
            "bill": np.where(rng.random(rows) < 0.01, np.nan, length.round(1)),
            "mass": rng.integers(2700, 6300, rows).astype(float),
            "island": pd.array(rng.choice(["Biscoe", "Dream", "Torgersen"], rows), dtype="str"),
            "sex": pd.array(sex, dtype="str"),
            "species": pd.array(kind, dtype="str"),
        }
    )
    columns = {"bill": "number", "mass": "number", "island": "category", "sex": "category"}
    return Table(frame, settings("multiclass", "species", columns))


def wide_regression(rows: int = 300, columns: int = 80, seed: int = 0) -> Table:
    """80 columns and thousands of missing cells; one column is empty, one never changes."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(rows, columns - 10))
    price = numbers[:, 0] * 3 + numbers[:, 1] + rng.normal(size=rows) + 100
    numbers[rng.random(numbers.shape) < 0.2] = np.nan
    numbers[:, 2], numbers[:, 3] = np.nan, 7.0
    texts = rng.choice(["Gd", "TA", "Fa", None], (rows, 10))
    named = {f"n{place}": numbers[:, place] for place in range(numbers.shape[1])}
    named |= {f"c{place}": pd.array(texts[:, place], dtype="str") for place in range(10)}
    kinds = {name: "category" if name.startswith("c") else "number" for name in named}
    frame = pd.DataFrame({**named, "price": price})
    return Table(frame, settings("regression", "price", kinds))


def many_classes(rows: int = 1500, seed: int = 0) -> Table:
    """48 classes that come and go over 30 days: some are in the hold-out alone, some in training alone."""
    rng = np.random.default_rng(seed)
    minutes = np.sort(rng.integers(0, 30 * 1440, rows))
    label = (minutes * 40 // (30 * 1440) + rng.integers(0, 9, rows)) % 48
    frame = pd.DataFrame(
        {
            "at": pd.Timestamp("2024-01-01") + pd.to_timedelta(minutes, unit="min"),
            "near": label + rng.normal(size=rows),
            "noise": rng.normal(size=rows),
            "label": label,
        }
    )
    data = settings("multiclass", "label", {"near": "number", "noise": "number"}, time="at", holdout="5D")
    return Table(frame, data)


def thousand_categories(rows: int = 2500, seed: int = 0) -> Table:
    """One column of a thousand levels, most of them rare."""
    table = binary(rows, seed)
    levels = np.random.default_rng(seed).zipf(1.3, rows) % 1000
    frame = table.frame.assign(place=pd.array([f"level {level}" for level in levels], dtype="str"))
    return Table(frame, table.data)


def text_labels(rows: int = 400, seed: int = 0) -> Table:
    table = binary(rows, seed)
    labels = pd.array(np.where(table.frame["late"] == 1, "yes", "no"), dtype="str")
    return Table(table.frame.assign(late=labels), table.data | {"positive": "yes"})


def whole_classes(rows: int = 400, seed: int = 0) -> Table:
    """Classes that are integers, and none of them 0."""
    table = three_classes(rows, seed)
    codes = table.frame["species"].map({"Adelie": 1, "Chinstrap": 2, "Gentoo": 7}).astype("int64")
    return Table(table.frame.assign(species=codes), table.data)


def missing_targets(rows: int = 400, seed: int = 0) -> Table:
    """Every seventh row has no label."""
    table = binary(rows, seed)
    late = table.frame["late"].astype(float)
    late[::7] = np.nan
    return Table(table.frame.assign(late=late), table.data)


ALL = {
    "binary": binary,
    "three_classes": three_classes,
    "wide_regression": wide_regression,
    "many_classes": many_classes,
    "thousand_categories": thousand_categories,
    "text_labels": text_labels,
    "whole_classes": whole_classes,
    "missing_targets": missing_targets,
}
