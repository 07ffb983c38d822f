"""Bring the next batch, measure drift, retrain when there is a reason, judge the candidate, and say what was found."""

import os
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from scripts.core import code, errors, facts, summary, text, triggers
from scripts.core.declaration import Declaration
from scripts.core.errors import USAGE, Mistake
from scripts.core.params import Params
from scripts.core.paths import (
    CANDIDATE,
    DATA,
    DATA_DVC,
    DECLARATION,
    DRIFT,
    EVALUATION,
    PARAMS,
    PIPELINE,
    PRODUCTION,
    RUN,
    VALIDATION,
)
from scripts.core.report import explain, run_page
from scripts.edges import actions, asked, files, lock, outcome, project, took
from scripts.edges.asked import Asked
from scripts.edges.progress import Progress
from scripts.edges.registry import tracking
from scripts.edges.versions import dvc, dvc_lock
from scripts.ingest import Arrived, Landed, ingest

MONTH = len("2013-01")


@dataclass
class Run:
    """One retrain under way."""

    asked: Asked
    params: Params
    declaration: Declaration
    last: Mapping[str, Any] | None  # reports/run.json: the last run that came to its end
    progress: Progress
    arrived: Arrived | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def seen(self) -> set[str]:
        """Batches that a whole run has seen."""
        return set(self.last["batches"]) if self.last else set()

    @cached_property
    def manifest(self) -> Mapping[str, Any] | None:
        """Production's; None when there is no production."""
        if not self.declaration.version:
            return None
        return project.read_bundle(PRODUCTION, self.declaration.bundle).manifest

    @property
    def id(self) -> str:
        """Of data, params, code, production and a person's reason: what goes in."""
        inputs = {path.as_posix(): path.read_bytes() for path in (DATA_DVC, PARAMS, DECLARATION, PIPELINE)}
        inputs |= {path.as_posix(): path.read_bytes() for path in Path("scripts").rglob("*.py")}
        return code.run_id({**inputs, "reason": (self.asked.reason or "").encode()})

    def stages(self, *names: str) -> None:
        ended = dvc.repro(*names, starts=self.progress, alone=True)
        self.seconds |= ended.seconds
        ended.check()


@dataclass(frozen=True)
class Outcome:
    lines: list[str]  # for people
    record: dict[str, Any]  # for machines


def retrain(run: Run) -> Outcome:
    dvc_lock.settle()
    project.restore(run.declaration)
    run.arrived = bring(run)
    if finished_before(run):
        return unchanged(run)
    validation = validated(run)
    known = decided(run, validation, None)
    with ThreadPoolExecutor(1) as pool:
        # What fires already need not wait for drift.
        drifting = pool.submit(run.stages, "drift")
        if not known.retrain:
            drifting.result()
            known = decided(run, validation, project.read_json(DRIFT))
        if not known.retrain:
            return finished(run, validation, known, [])
        bring_anchors(run)
        run.stages("train")
        drifting.result()
        with tracking.started(run.params, unless=run.asked.dry_run) as recorder:
            run.stages("evaluate")
            known = decided(run, validation, project.read_json(DRIFT))
            run.progress("record")
            recorded = recorder.record(as_record(run, validation, known))
    warnings = [str(recorded)] if isinstance(recorded, tracking.Unrecorded) else []
    return finished(run, validation, known, warnings)


def bring(run: Run) -> Arrived | None:
    """New batches; none while the last one of a source that gives one at a time has not been through a whole run."""
    seen = run.last["data"] if run.last else dvc.EMPTY
    if not run.asked.ingest or (run.params.data.source.kind == "replay" and dvc.digest() != seen):
        return None
    run.progress("ingest")
    return replayed(run, run.asked.as_of) if run.asked.as_of else ingest(Path(), run.params)


def bring_anchors(run: Run) -> None:
    """Before anything is trained, so that a pinned version that never was is told at once."""
    from scripts.edges import anchors  # a run that finds nothing new needs neither the store nor what reads bundles

    anchors.level(run.params, run.declaration)


def replayed(run: Run, as_of: str) -> Arrived:
    """One month after the other, the one of this day included."""
    landed: list[Landed] = []
    newest = max((path.name for path in DATA.iterdir()), default="")
    while newest[:MONTH] < as_of[:MONTH] and (arrived := ingest(Path(), run.params)).batches:
        landed += arrived.batches
        newest = landed[-1].name
    return Arrived(tuple(landed), 0, exhausted=not landed)


def finished_before(run: Run) -> bool:
    """Whether a whole run has seen exactly this, and what it made is still in place."""
    if run.last is None or run.last["run"] != run.id:
        return False
    targets = () if run.last["verdict"] else ("validate", "drift")
    return not dvc.status(*targets)


def unchanged(run: Run) -> Outcome:
    assert run.last is not None
    decision = triggers.Decision.from_list(run.last["triggers"])
    verdict = f" (the last verdict was {run.last['verdict']})" if run.last["verdict"] else ""
    said = f"nothing new{verdict}"
    saved = explain.saved(took.known())
    lines = summary.nothing_new(run.params.data.name, run.declaration.version, decision, said, saved)
    return Outcome(lines, {**run.last, "new": False})


def decided(run: Run, validation: Mapping[str, Any], drift: Mapping[str, Any] | None) -> triggers.Decision:
    known = facts.facts(
        run.params,
        run.declaration,
        validation,
        drift,
        manifest=run.manifest,
        sources=project.training_code(),
        gate=run.last["gate"] if run.last else None,
        reason=run.asked.reason,
    )
    return triggers.decide(known, run.params.triggers)


def as_record(run: Run, validation: Mapping[str, Any], decision: triggers.Decision) -> tracking.Record:
    reports = {"validation": validation, "drift": project.read_json(DRIFT), "evaluation": project.read_json(EVALUATION)}
    names = [trigger.name for trigger in decision.fired]
    return tracking.record_of(run.params, run.id, dvc.digest(), names, reports, run.seconds)


def validated(run: Run) -> Mapping[str, Any]:
    VALIDATION.unlink(missing_ok=True)  # so that what is read below is this run's
    ended = dvc.repro("validate", starts=run.progress)
    run.seconds |= ended.seconds
    validation: Mapping[str, Any] | None = project.read_json(VALIDATION)
    if validation is not None and not validation["passed"]:
        failures = [failure["message"] for failure in validation["failures"]]
        raise Mistake(*failures, *turned_away(run, validation))
    ended.check()
    assert validation is not None
    return validation


def turned_away(run: Run, validation: Mapping[str, Any]) -> list[str]:
    """Failing batches that the source has just brought leave data/ again; it can bring them once more, mended."""
    brought = {batch.name for batch in run.arrived.batches if not batch.replaced} if run.arrived else set()
    if run.params.data.source.kind == "replay":
        brought |= {batch["name"] for batch in validation["batches"]} - run.seen
    failing = sorted({failure["batch"] for failure in validation["failures"]} & brought)
    for name in failing:
        (DATA / name).unlink()
    if failing:
        dvc.add(DATA)
    return [f"data/{name}: was turned away; data/ is as it was before." for name in failing]


def finished(run: Run, validation: Mapping[str, Any], decision: triggers.Decision, warnings: list[str]) -> Outcome:
    """Write down that the run came to its end, and what it found."""
    evaluation = project.read_json(EVALUATION) if decision.retrain else None
    record = {
        "run": run.id,
        "data": dvc.digest(),
        "batches": [batch["name"] for batch in validation["batches"]],
        "gate": code.params_digest(code.gate_params(run.params)),
        "production": run.declaration.version,
        "triggers": decision.to_list(),
        "verdict": evaluation["verdict"]["verdict"] if evaluation else None,
    }
    files.write(RUN, text.to_json(record).encode())
    drift = project.read_json(DRIFT)
    explained = explain.explained(record, evaluation, drift, run.params.data.label_delay)
    found = summary.Found(
        name=run.params.data.name,
        run=run.id,
        data=facts.arrival(
            validation, {b.name: b.rows for b in run.arrived.batches} if run.arrived else None, run.seen
        ),
        production=run.declaration.version,
        decision=decision,
        validation=validation,
        drift=drift,
        manifest=project.read_bundle(CANDIDATE, None).manifest if evaluation else None,
        evaluation=evaluation,
        seconds=run.seconds,
        warnings=warnings,
        explained=explained,
        saved=None if evaluation else explain.saved(took.known()),
    )
    if (trained := explain.trained(run.seconds)) is not None:
        took.keep(trained)
    seconds = {stage: round(value, 2) for stage, value in run.seconds.items()}
    machines = {**record, "new": True, "seconds": seconds, "evaluation": evaluation, "warnings": warnings}
    machines |= {"explained": explained}
    return Outcome(summary.lines(found), machines | facts.told(validation, drift, evaluation))


def begun(what: Asked, progress: Progress) -> Run:
    project.settled()
    params = project.read_params()
    if what.as_of and params.data.source.kind != "replay":
        said = f"--as-of: the source {params.data.source.kind} can't be replayed. Leave it out."
        raise Mistake(said, code=USAGE)
    return Run(what, params, project.read_declaration(), project.read_json(RUN), progress)


def told(found: Outcome, started: datetime) -> dict[str, Any]:
    """The run for the commands after it."""
    seconds = (datetime.now(UTC) - started).total_seconds()
    return {**found.record, "started": started.isoformat(timespec="seconds"), "total_seconds": round(seconds, 2)}


@contextmanager
def page_of_a_dry_run() -> Iterator[None]:
    """No job comes after it that would say on the run's page what was found."""
    try:
        yield
    finally:
        found = outcome.read("retrain") or {}
        if found.get("dry_run"):
            judged = project.read_json(EVALUATION) if found.get("verdict") else None
            ran = run_page.Ran("Dry run", found.get("production") or 0, found, evaluation=judged)
            actions.job().say(run_page.page(ran))


@errors.reported
def main() -> int:
    started = datetime.now(UTC)
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # stages overlap: a thread that waits must not keep a core
    outcome.begin()
    with page_of_a_dry_run(), outcome.kept("retrain") as kept:
        what = asked.of_a_retrain(__doc__ or "", os.environ)
        kept |= {"started": started.isoformat(timespec="seconds"), "reason": what.reason, "dry_run": what.dry_run}
        with lock.held(), Progress(quiet=what.json) as progress:
            found = retrain(begun(what, progress))
        kept |= told(found, started)
    if what.json:
        print(text.to_json(told(found, started)), end="")
    else:
        print(*map(text.shown, found.lines), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
