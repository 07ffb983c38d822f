"""Bundles whose stored predictions are their model's own, for each task, and what a release of one is made of."""

import functools
import io
import json
from typing import Any

import numpy as np

from scripts.core import bundle, declaration, params
from scripts.core.declaration import Declaration, Replaced, Rows, Verdict
from scripts.core.report.material import LOCKED, Material
from scripts.core.tables import table
from scripts.core.training import model as models
from scripts.edges import evidence
from tests import bundles, reports, tables

LOCK = b"# uv pip compile --generate-hashes --python-version 3.11\nmlflow==3.17.2 \\\n    --hash=sha256:00\n"
TASKS = {"binary": tables.binary, "multiclass": tables.three_classes, "regression": tables.wide_regression}


@functools.cache
def bundle_of(task: str = "binary", preprocess: str | None = None) -> bytes:
    """A small tree; with `preprocess` the flights' function goes before it."""
    if preprocess is None:
        made = TASKS[task]()
        checked, frame = params.parse(made.text()), made.frame
    else:
        checked, frame = params.parse(bundles.PARAMS), bundles.rows().assign(late=lambda rows: rows.index % 2)
    data = checked.data
    target = table.labels(frame[data.target], data)
    fitted = models.build(checked.train, data, frame).fit(frame[table.features(data)], target)
    classes = None if data.task == "regression" else np.unique(target).tolist()
    said = models.predict(fitted, frame, data, classes)
    out = io.BytesIO()
    frame.assign(**table.prediction_columns(said, data, classes)).head(50).to_parquet(out, index=False)
    described = bundles.manifest(
        checked,
        task=data.task,
        target=data.target,
        classes=classes,
        positive=table.positive(data, classes),
        params={"train": checked.train.model_dump(mode="json")},
    )
    return bundle.pack(described, models.dump(fitted), out.getvalue(), bundle.rows_bytes(np.arange(5, dtype=np.uint64)))


def material(content: bytes, version: int = 5, trusted: Any = None, **changed: Any) -> Material:
    """As evidence.gather() puts it together."""
    opened = bundle.unpack(content, None)
    models_ = {"candidate": {"bundle": opened.digest, "model": "sha256:1"}}
    models_ |= {"production": {"version": version - 1, "bundle": reports.OLD, "model": "sha256:0"}}
    evaluation = changed.pop("evaluation", None) or reports.evaluation()
    held = {
        "reports/evaluation.json": json.dumps(evaluation | {"models": models_}).encode(),
        "reports/metrics.json": b"{}",
        "reports/drift.json": json.dumps(reports.drift()).encode(),
        "reports/run.json": json.dumps(reports.run()).encode(),
        "reports/plots/differences.png": b"\x89PNG",
        LOCKED.as_posix(): LOCK,
    }
    declared = Declaration(
        version=version,
        bundle=opened.digest,
        replaces=Replaced(version=version - 1, bundle=reports.OLD),
        verdict=Verdict(verdict="PROMOTE", first=False, reasons=("better",)),
        trained_on=Rows.model_validate({"rows": 166158, "from": "2013-01-01T05:15:00", "to": "2013-06-23T23:59:00"}),
    )
    return Material(
        declaration=changed.pop("declaration", declared),
        commit="a81c" * 10,
        bundle=opened,
        reports=held | changed.pop("reports", {}),
        stored={"reports/predictions.parquet": b"PAR1", "reports/drift.html": b"<html>"},
        sources=changed.pop("sources", {}),
        trusted=evidence.types(opened.model, ()) if trusted is None else trusted,
    )


def first(made: Material) -> Declaration:
    return declaration.Declaration(version=1, bundle=made.bundle.digest)
