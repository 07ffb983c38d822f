"""Live through the year in a scratch copy: ingest, retrain, promote when the verdict says so, month by month."""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.core import bundle, declaration, errors
from scripts.core.errors import Mistake
from scripts.core.params import Params
from scripts.core.paths import (
    ANCHORS,
    ANCHORS_DVC,
    DATA,
    DATA_DVC,
    DECLARATION,
    DRIFT,
    LOCK,
    PRODUCTION,
    PRODUCTION_DVC,
    REPORTS,
)
from scripts.core.plots.plots import Month, year
from scripts.core.scoring import metrics
from scripts.core.tables import table
from scripts.core.text import number
from scripts.core.training import model as models
from scripts.edges import files, project
from scripts.edges.repository import git
from scripts.edges.versions import dvc, pointers

SCRATCH = Path("demo")
PICTURE = "year.png"
MONTHS = 12
EMPTIED = (LOCK, DATA_DVC, PRODUCTION_DVC, ANCHORS_DVC)  # a new copy has no history


@dataclass(frozen=True)
class Scratch:
    """The copy that the demo lives in; nothing outside of it is touched."""

    root: Path

    def run(self, command: str, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", f"scripts.{command}", *arguments],
            cwd=self.root,
            env=os.environ | {"MLFLOW_TRACKING_URI": ""},  # the demo's runs belong in no shared registry
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            said = done.stderr.strip().splitlines() or [f"ended with {done.returncode}"]
            raise Mistake(*(f"demo: {command}: {line}" for line in said[-5:]), code=done.returncode)
        return done.stdout

    def retrain(self) -> dict[str, Any]:
        return dict(json.loads(self.run("retrain", "--json")))

    def promote(self) -> None:
        """And commit it, as a person would: which releases there were is what git says."""
        self.run("promote")
        git.keep(self.root, "Promote")

    def bundle(self) -> bytes | None:
        """Production's bytes; None before the first promotion."""
        path = self.root / PRODUCTION
        return path.read_bytes() if path.exists() and path.stat().st_size else None


def copied(root: Path) -> Scratch:
    """The project's files as git knows them, uncommitted changes included, with no data and no model yet."""
    shutil.rmtree(root, ignore_errors=True)
    for path in map(Path, git.files()):
        if path.is_file() and path.parts[0] != REPORTS.name and path not in EMPTIED:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, root / path)
    files.write(root / DECLARATION, declaration.render(declaration.none()).encode())
    files.write(root / DATA_DVC, dvc.NOTHING.encode())
    files.write(root / PRODUCTION_DVC, dvc.NO_FILE.encode())
    files.write(root / ANCHORS_DVC, pointers.folder({}, ANCHORS.name).encode())
    git.begin(root, "The template as it was")
    return Scratch(root)


def scored(content: bytes, batch: Path, params: Params) -> float:
    """The deciding metric of a bundle's model on every labelled row of a batch."""
    from scripts.core.scoring.resampling import single

    opened = bundle.unpack(content, None)
    model = models.load(opened.model, params.train.trusted)
    with batch.open("rb") as handle:
        frame = table.read({batch.name: handle}, params.data)
    frame = frame[frame[params.data.target].notna()]
    target = table.labels(frame[params.data.target], params.data)
    known = opened.manifest["classes"]
    classes = None if known is None else sorted({*known, *target.tolist()})
    estimate = single(
        metrics.find(params.gate.metric),
        target,
        models.predict(model, frame, params.data, classes),
        None,
        classes=classes,
        positive=table.positive(params.data, classes),
        resamples=params.gate.resamples,
        confidence=params.gate.confidence,
        seed=params.gate.seed,
    )
    return estimate.value


def lived(scratch: Scratch, params: Params, count: int) -> list[Month]:
    months: list[Month] = []
    first: bytes | None = None
    seen: set[str] = set()
    for _ in range(count):
        before = scratch.bundle()
        result = scratch.retrain()
        new = sorted(set(result["batches"]) - seen)
        if not new:
            break
        seen.update(new)
        month = observed(scratch, params, new[-1], before, first, result)
        if result["verdict"] == "PROMOTE":
            scratch.promote()
        first = first or scratch.bundle()
        months.append(month)
        print(said(month, result), flush=True)
    return months


def observed(
    scratch: Scratch, params: Params, batch: str, before: bytes | None, first: bytes | None, result: dict[str, Any]
) -> Month:
    """The month as both models met it: none of them had been trained on a row of it."""
    path, metric = scratch.root / DATA / batch, metrics.find(params.gate.metric)
    drift = project.read_json(scratch.root / DRIFT)
    promoted = result["verdict"] == "PROMOTE"
    return Month(
        name=Path(batch).stem,
        production=scored(before, path, params) if before else None,
        never=scored(first, path, params) if first else None,
        promoted=promoted,
        version=result["production"] + promoted,
        drift_share=drift["weighted_share"] if drift and drift["production"] else None,
        metric=metric.name,
        greater_is_better=metric.greater_is_better,
        drift_limit=params.triggers.data_drift.share,
    )


HEAD = f"{'month':<10}{'production':>12}{'never':>10}{'drift':>8}  {'verdict':<9}then"


def said(month: Month, result: dict[str, Any]) -> str:
    shown = [number(value) if value is not None else "-" for value in (month.production, month.never)]
    drift = f"{month.drift_share:.2f}" if month.drift_share is not None else "-"
    verdict = result["verdict"] or "-"
    then = f"v{month.version} is production" if month.promoted else f"v{month.version} stays"
    return f"{month.name:<10}{shown[0]:>12}{shown[1]:>10}{drift:>8}  {verdict:<9}{then}"


def ending(months: Sequence[Month]) -> str:
    both = [month for month in months if month.production is not None and month.never is not None]
    if not both:
        return "No month was scored by both models."
    kept = sum(month.production or 0.0 for month in both) / len(both)
    never = sum(month.never or 0.0 for month in both) / len(both)
    promoted = sum(month.promoted for month in months)
    return (
        f"Mean {both[0].metric.replace('_', ' ')} of {len(both)} months, each scored before any model saw it: "
        f"{number(kept)} with Evergreen ({promoted} promotions), {number(never)} with the first model kept."
    )


@errors.reported
def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.demo", description=__doc__)
    parser.add_argument("--months", type=int, default=MONTHS, help="how many months to live through")
    parser.add_argument("--into", type=Path, default=SCRATCH, help="folder of the scratch copy; made anew")
    given = parser.parse_args()
    params = project.read_params()
    print(f"A year in {given.into}/: the score of each month before any model has seen it.\n{HEAD}", flush=True)
    months = lived(copied(given.into), params, given.months)
    picture = given.into / PICTURE
    files.write(picture, year(months))
    print(f"\n{ending(months)}\nPicture: {picture}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
