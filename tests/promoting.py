"""A project whose candidate was judged, and a stand-in for everything outside of it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scripts.core import bundle, declaration
from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.paths import CANDIDATE, DECLARATION, EVALUATION, PARAMS, PRODUCTION, PRODUCTION_DVC
from scripts.edges import files
from scripts.edges.registry.mlflow_registry import Recorded, Unrecorded
from tests import bundles

OLD, NEW = bundles.hollow("the old model"), bundles.hollow("the new model")
WRITE = files.write
STEPS = ("production.zip", "dvc", "production.json", "alias")


class Killed(BaseException):
    pass


class World:
    """Everything outside that promote touches; it can die right before or behind a step."""

    def __init__(self) -> None:
        self.dies: tuple[str, str] | None = None
        self.fails: str | None = None  # a step, when it has done its work
        self.aliased: str | None = None  # digest that the registry calls production
        self.registry: Recorded | Unrecorded = Recorded(version="7")

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        if self.dies == (name, "before"):
            raise Killed
        yield
        if self.dies == (name, "behind"):
            raise Killed
        if self.fails == name:
            raise Mistake("dvc add: No space left on device.", code=OUTSIDE)

    def write(self, path: Path, content: bytes) -> None:
        with self.step(path.name):
            WRITE(path, content)

    def add(self, path: Path) -> None:
        with self.step("dvc"):
            PRODUCTION_DVC.write_text(bundle.digest(path.read_bytes()))

    @contextmanager
    def started(self, params: Any) -> Iterator["World"]:
        yield self

    def alias(self, name: str, digest: str, alias: str) -> Recorded | Unrecorded:
        assert (name, alias) == ("small", "production")
        with self.step("alias"):
            self.aliased = digest
        return self.registry


def lay_out(candidate: bytes, production: bytes = b"", version: int = 0) -> None:
    Path("models").mkdir(exist_ok=True)
    Path("reports").mkdir(exist_ok=True)
    PARAMS.write_text(bundles.PARAMS)
    CANDIDATE.write_bytes(candidate)
    PRODUCTION.write_bytes(production)
    now = declaration.none()
    if version:
        now = declaration.Declaration(
            version=version, bundle=bundle.digest(production), judged_on=judged("sha256:77", 2)
        )
    DECLARATION.write_text(declaration.render(now))
    judge(candidate, now)


def judged(holdout: str, uses: int) -> declaration.Judged:
    return declaration.Judged.model_validate({"rows": 40, "holdout": holdout, "uses": uses})


def judge(candidate: bytes, production: declaration.Declaration, verdict: str = "PROMOTE", **other: Any) -> None:
    """Write reports/evaluation.json as the stage does."""
    compared = None
    if production.version:
        compared = {"version": production.version, "bundle": production.bundle, "model": "sha256:0"}
    score = {"decides": True, "candidate": 0.561, "production": None, "difference": None, "interval": None}
    if production.version:
        score |= {"production": 0.5759, "difference": -0.0149, "interval": [-0.028, -0.002]}
    report = {
        "verdict": {"verdict": verdict, "first": not production.version, "reasons": ["the first reason", "another"]},
        "models": {"candidate": {"bundle": bundle.digest(candidate), "model": "sha256:1"}, "production": compared},
        "holdout": {"rows": 40, "from": "2013-06-24", "to": "2013-06-30", "fingerprint": "sha256:77", "leaked": 0},
        "metrics": {"log_loss": score, "f1": {**score, "candidate": None}},
    }
    EVALUATION.write_text(json.dumps(report | other))


def now() -> declaration.Declaration:
    return declaration.parse(DECLARATION.read_text())


def state() -> dict[str, bytes]:
    """Every file of the project but locks."""
    found = [path for path in Path().rglob("*") if path.is_file() and path.parts[0] != ".dvc"]
    return {path.as_posix(): path.read_bytes() for path in found}
