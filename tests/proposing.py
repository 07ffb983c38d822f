"""A clone of the forge's repository in which a candidate was judged, and `python -m scripts.propose` run in it."""

import functools
import hashlib
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from scripts import propose
from scripts.core import bundle, declaration, objects
from scripts.core.declaration import Declaration
from scripts.core.paths import CANDIDATE, DECLARATION, EVALUATION, PARAMS, PRODUCTION_DVC
from scripts.edges import actions, files, outcome
from scripts.edges.hub import github, world
from scripts.edges.stores import stores
from scripts.edges.versions import dvc
from tests import bundles, reports
from tests.github_server import Forge
from tests.repository import Repository

FIRST, SECOND, THIRD = (bundles.hollow(f"model {number}") for number in (1, 2, 3))
BRANCH = "evergreen/candidate"
DATA = "outs:\n- md5: {}.dir\n  size: 1\n  nfiles: 1\n  hash: md5\n  path: data\n"
LOCK = """schema: '2.0'
stages:
  train:
    outs:
    - path: models/candidate.zip
      hash: md5
      md5: {candidate}
      size: 1
  evaluate:
    deps:
    - path: data
      hash: md5
      md5: {data}.dir
"""


@dataclass
class Clone:
    forge: Forge
    repository: Repository
    patch: pytest.MonkeyPatch
    runs: int = 0
    pages: list[str] = field(default_factory=list)

    def judge(self, candidate: bytes, verdict: str = "PROMOTE", *, data: str = "d1", **other: Any) -> None:
        """A run made this candidate and judged it against what main declares."""
        now = declaration.parse(DECLARATION.read_text())
        models = {
            "candidate": {"bundle": bundle.digest(candidate), "model": "sha256:1"},
            "production": {"version": now.version, "bundle": now.bundle, "model": "sha256:0"} if now.version else None,
        }
        found = reports.evaluation(verdict, first=not now.version, models=models) | other
        CANDIDATE.write_bytes(candidate)
        EVALUATION.write_text(json.dumps(found))
        Path("reports/run.json").write_text(json.dumps(reports.run(production=now.version, verdict=verdict)))
        Path("reports/drift.json").write_text(json.dumps(reports.drift()))
        Path("reports/validation.json").write_text(json.dumps(reports.validation()))
        Path("reports/plots").mkdir(exist_ok=True)
        Path("reports/plots/differences.png").write_bytes(b"a picture of " + candidate[:4])
        Path("data.dvc").write_text(DATA.format(data))
        Path("dvc.lock").write_text(
            LOCK.format(data=hashlib.md5(data.encode()).hexdigest(), candidate=objects.digest(candidate))
        )
        outcome.write("retrain", reports.run(new=True, verdict=verdict, code=0, total_seconds=38.2))

    def propose(self, *arguments: str, code: int | None = 0) -> dict[str, Any]:
        """One run of the command; what it left for the commands after it."""
        self.runs += 1
        self.patch.setenv("GITHUB_RUN_ID", str(self.runs))
        page, told = (self.repository.root.parent / name for name in (f"page-{self.runs}.md", f"told-{self.runs}"))
        self.patch.setenv("GITHUB_STEP_SUMMARY", str(page))
        self.patch.setenv("GITHUB_OUTPUT", str(told))
        self.patch.setattr(sys, "argv", ["propose", *arguments])
        ended = propose.main()
        assert code in (None, ended)
        self.pages.append(page.read_text("utf-8") if page.exists() else "")
        self.told = told.read_text() if told.exists() else ""
        return outcome.read("propose") or {}

    def patience(self, seconds: float) -> None:
        """How long an answer is waited for."""
        self.patch.setattr(actions, "Settings", functools.partial(github.Settings, pace=0, timeout=seconds))

    def nothing_new(self) -> None:
        """A run that handed over no more than that: main has its reports, the store its candidate."""
        outcome.write("retrain", reports.run(new=False, code=0))
        if CANDIDATE.exists():
            CANDIDATE.rename(self.repository.root.parent / objects.digest(CANDIDATE.read_bytes()))

    def fetch(self, oid: str) -> bytes:
        return (self.repository.root.parent / oid).read_bytes()

    def commit(self, *names: str) -> None:
        """What `record` does: main has these as they are here."""
        files = {name: Path(name).read_bytes() for name in names}
        self.forge.commit(files, message="Record")

    def follow(self) -> None:
        """What a checkout does: models/ as main has it."""
        for path in (DECLARATION, PRODUCTION_DVC):
            path.write_bytes(self.forge.read(path.as_posix()) or b"")

    @property
    def open(self) -> list[dict[str, Any]]:
        return [pull for pull in self.forge.pulls if pull["state"] == "open"]

    def declared(self, revision: str = BRANCH) -> Declaration:
        content = self.forge.read("models/production.json", revision)
        assert content is not None
        return declaration.parse(content.decode())


def cloned(forge: Forge, root: Path, patch: pytest.MonkeyPatch, permissions: Any = "write-all") -> Clone:
    """As a job of GitHub Actions has it; nobody waits, the forge's clock is put on instead."""
    repository = Repository.begun(root)
    repository.commit(
        "A new copy",
        {
            PARAMS: bundles.PARAMS,
            DECLARATION: declaration.render(declaration.none()),
            PRODUCTION_DVC: dvc.NO_FILE,
            "data.dvc": dvc.NOTHING,
            "scripts/core/features.py": "# features\n",
            ".gitignore": "outcome/\nmodels/*.zip\n",
            "reports/.gitignore": "",
        },
    )
    forge.seed(root)
    repository.git("remote", "add", "origin", forge.git_url)
    patch.chdir(root)
    for name, value in forge.environment(forge.token(permissions)).items():
        patch.setenv(name, value)
    for name in ("EVERGREEN_TOKEN", "MLFLOW_TRACKING_URI"):
        patch.delenv(name, raising=False)
    patch.setattr(world, "GitHub", functools.partial(github.GitHub, sleep=forge.pass_time))
    patch.setattr(files.os, "fsync", lambda handle: None)
    made = Clone(forge, repository, patch)
    patch.setattr(stores, "opened", lambda *known: made)
    made.patience(20.0)
    return made
