"""Which recorder a run has: MLflow's, or one that does nothing."""

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

from scripts.core.params import Params
from scripts.core.paths import CANDIDATE, DRIFT, DRIFT_HTML, EVALUATION, METRICS, PLOTS, VALIDATION
from scripts.edges.registry import mlflow_registry
from scripts.edges.registry.mlflow_registry import Model, Record, Recorded, Settings, Unrecorded, Worker
from scripts.edges.repository import git

__all__ = ["Nobody", "Record", "Recorded", "Recorder", "Unrecorded", "record_of", "started"]


class Recorder(Protocol):
    def record(self, record: Record) -> Recorded | Unrecorded: ...

    def alias(self, name: str, digest: str, alias: str) -> Recorded | Unrecorded: ...


@dataclass(frozen=True)
class Nobody:
    """Tracking is switched off."""

    def record(self, record: Record) -> Recorded | Unrecorded:
        return Recorded()

    def alias(self, name: str, digest: str, alias: str) -> Recorded | Unrecorded:
        return Recorded()


def started(params: Params, unless: bool = False) -> AbstractContextManager[Recorder]:
    tracking = params.tracking
    if unless or not tracking.enabled:
        return nullcontext(Nobody())
    return Worker(Settings(os.environ.get("MLFLOW_TRACKING_URI") or tracking.uri, tracking.timeout, tracking.retries))


def record_of(
    params: Params,
    run: str,
    data: str,
    triggers: Sequence[str],
    reports: Mapping[str, Any],
    seconds: Mapping[str, float],
) -> Record:
    """A retrain as MLflow shows it. `reports` are validation, drift and evaluation; the model is the candidate."""
    evaluation = reports["evaluation"]
    won = evaluation["verdict"]["verdict"] == "PROMOTE"
    digest = evaluation["models"]["candidate"]["bundle"]
    aliases = ("candidate", "staging") if won else ("candidate",)
    ended = time.time()
    return Record(
        run=run,
        experiment=params.tracking.experiment or params.data.name,
        started=ended - sum(seconds.values()),
        ended=ended,
        params=mlflow_registry.params_of(params),
        metrics=mlflow_registry.metrics_of(evaluation, reports["drift"], seconds),
        tags=mlflow_registry.tags_of(
            evaluation,
            reports["validation"],
            data=data,
            commit=git.commit(),
            dirty=git.dirty(),
            triggers=triggers,
        ),
        artifacts=[path for path in (VALIDATION, DRIFT, DRIFT_HTML, METRICS, EVALUATION, PLOTS) if path.exists()],
        model=Model(params.data.name, CANDIDATE, digest, params.train.trusted, aliases),
    )
