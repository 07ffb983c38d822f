"""A repository whose main declares models, a folder as its store, and `python -m scripts.release` run in its clone."""

import functools
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scripts import release
from scripts.core import bundle, declaration, objects, publication
from scripts.core.declaration import Declaration, Replaced, Rows, Score, Verdict
from scripts.core.paths import DECLARATION, DRIFT, EVALUATION, LOCK, METRICS, PARAMS, PRODUCTION_DVC, RUN, VALIDATION
from scripts.edges import actions, evidence, outcome
from scripts.edges.hub import github, mainline
from scripts.edges.versions import dvc, pointers
from tests import bundles, reports
from tests.github_server import Forge
from tests.github_server.state import Release
from tests.repository import Repository

PLAIN = bundles.PARAMS.replace("preprocess: scripts.core.features.derive", "preprocess: null")
ONE, TWO, THREE = (bundles.hollow(f"model {number}", PLAIN) for number in (1, 2, 3))
PICTURE, PAGE = b"\x89PNG of a difference", b"<html>drift</html>"
LOCKED = "# uv pip compile --generate-hashes --python-version 3.11\nmlflow==3.17.2 \\\n    --hash=sha256:00\n"
SETTLE = "release: {settle: 0}\n"


@dataclass
class Project:
    forge: Forge
    repository: Repository
    store: Path
    patch: pytest.MonkeyPatch

    @property
    def root(self) -> Path:
        return self.repository.root

    def keep(self, content: bytes) -> str:
        """Put an object into the store; its name."""
        oid = objects.digest(content)
        path = self.store / objects.laid(oid)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return oid

    def declared(self, revision: str = "main") -> Declaration:
        return declaration.parse((self.forge.read(DECLARATION.as_posix(), revision) or b"").decode())

    def judged(self, content: bytes, verdict: str, now: Declaration) -> dict[str, str | bytes]:
        """What a run leaves behind that judged this candidate against this production."""
        predictions = b"predictions of " + content[-40:]
        models = {
            "candidate": {"bundle": bundle.digest(content), "model": "sha256:1"},
            "production": {"version": now.version, "bundle": now.bundle, "model": "sha256:0"} if now.version else None,
        }
        evaluation = reports.evaluation(verdict, first=not now.version, models=models)
        evaluation["predictions"]["digest"] = bundle.digest(predictions)
        outs = {"reports/drift.html": self.keep(PAGE), "reports/predictions.parquet": self.keep(predictions)}
        lock = "".join(f"    - path: {path}\n      hash: md5\n      md5: {oid}\n" for path, oid in outs.items())
        return {
            EVALUATION.as_posix(): json.dumps(evaluation, indent=2),
            METRICS.as_posix(): '{"log_loss": 1}',
            DRIFT.as_posix(): json.dumps(reports.drift()),
            VALIDATION.as_posix(): json.dumps(reports.validation()),
            RUN.as_posix(): json.dumps(reports.run(production=now.version)),
            "reports/plots/differences.png": PICTURE,
            LOCK.as_posix(): f"schema: '2.0'\nstages:\n  evaluate:\n    cmd: x\n    outs:\n{lock}",
        }

    def declare(
        self,
        version: int,
        content: bytes,
        replaces: Declaration | None = None,
        pointer: bytes | None = None,
        judged: str = "PROMOTE",
    ) -> str:
        """Promote: the declaration and what it rests on, in one commit on main."""
        now = replaces or self.declared()
        files = self.judged(content, judged, now)
        self.keep(content)
        named = Declaration(
            version=version,
            bundle=bundle.digest(content),
            replaces=Replaced(version=now.version, bundle=now.bundle) if now.bundle else None,
            verdict=Verdict(verdict="PROMOTE", first=not now.version, reasons=("better",)),
            metrics={"log_loss": Score(candidate=version / 10)},
            trained_on=Rows(rows=200),
            why=("new_rows",),
        )
        files[DECLARATION.as_posix()] = declaration.render(named)
        files[PRODUCTION_DVC.as_posix()] = pointers.pointer(pointer or content, "production.zip")
        return self.commit(f"Promote v{version}", files)

    def public(self, version: int, content: bytes) -> None:
        """Declare a model, and have it released without its files: quicker, where nobody looks at them."""
        commit = self.declare(version, content)
        state = self.forge.state
        notes = publication.mark(bundle.digest(content))
        now = state.now()
        made = Release(state.id(), f"v{version}", commit, "x", notes, False, False, "octocat", now, now, now)
        state.keep(made)
        state.latest = made.id
        state.bare.set(f"refs/tags/v{version}", commit)

    def commit(self, message: str, files: Mapping[str, Any]) -> str:
        made = self.repository.commit(message, files)
        self.forge.seed(self.root)
        return made

    def revert(self, commit: str = "HEAD") -> str:
        self.repository.git("revert", "--no-edit", commit)
        self.forge.seed(self.root)
        return self.repository.head()

    def release(self, *arguments: str, code: int | None = 0) -> dict[str, Any]:
        """One run of the command; what it left for the commands after it."""
        outcome.begin()
        self.patch.setattr(sys, "argv", ["release", *arguments])
        ended = release.main()
        assert code in (None, ended), outcome.read("release")
        return outcome.read("release") or {}

    @property
    def published(self) -> list[str]:
        return [one["tag_name"] for one in self.forge.releases if not one["draft"]]

    @property
    def drafts(self) -> list[str]:
        return [one["tag_name"] for one in self.forge.releases if one["draft"]]

    def whole(self, tag: str) -> None:
        """The release of a tag is public and all of it is there and right, by its own list."""
        assets = self.forge.assets(tag)
        sums = assets.pop("SHA256SUMS").decode().splitlines()
        found = {f"{hashlib.sha256(content).hexdigest()}  {name}" for name, content in assets.items()}
        assert found == set(sums), "what is listed is there, and nothing else"
        assert not self.forge.starters

    def settled(self, *tags: str) -> None:
        """Each of these is published once, whole; nothing else is there."""
        assert sorted(self.published) == sorted(tags)
        assert self.drafts == []
        for tag in tags:
            self.whole(tag)


def begun(forge: Forge, root: Path, patch: pytest.MonkeyPatch, *, loaded: bool = False, params: str = PLAIN) -> Project:
    """As a job of GitHub Actions has it; nobody waits, the forge's clock is put on instead.

    Unless `loaded`, models are hollow: nothing is read out of their files.
    """
    repository = Repository.begun(root)
    repository.commit(
        "A new copy",
        {
            PARAMS: params + SETTLE,
            DECLARATION: declaration.render(declaration.none()),
            PRODUCTION_DVC: dvc.NO_FILE,
            "requirements.txt": LOCKED,
            ".gitignore": "outcome/\n",
        },
    )
    forge.seed(root)
    repository.git("remote", "add", "origin", forge.git_url)
    patch.chdir(root)
    store = root.parent / "store"
    for name, value in forge.environment(forge.token({"contents": "write"})).items():
        patch.setenv(name, value)
    patch.setenv("DVC_REMOTE_URL", str(store))
    for name in ("EVERGREEN_TOKEN", "MLFLOW_TRACKING_URI", "DEPLOY_REPOSITORY", "GITHUB_STEP_SUMMARY"):
        patch.delenv(name, raising=False)
    unhurried(forge, patch)
    if not loaded:
        patch.setattr(evidence, "types", lambda content, trusted: ())
        patch.setattr(release, "proven", lambda made_of, contents: None)
    store.mkdir()
    return Project(forge, repository, store, patch)


def unhurried(forge: Forge, patch: pytest.MonkeyPatch, timeout: float = 20.0) -> None:
    patch.setattr(actions, "Settings", functools.partial(github.Settings, pace=0, timeout=timeout))
    patch.setattr(mainline, "GitHub", functools.partial(github.GitHub, sleep=forge.pass_time))
    patch.setattr("scripts.edges.files.os.fsync", lambda handle: None)


def clean(command: list[str], folder: Path) -> "subprocess.CompletedProcess[str]":
    """A process that knows nothing of this project."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "HOME") if name in os.environ}
    return subprocess.run(command, cwd=folder, env=kept, capture_output=True, text=True, check=False, timeout=120)


def alone(root: str) -> None:
    """The command in a process of its own, with hollow models."""
    os.chdir(root)
    evidence.types = lambda content, trusted: ()
    release.proven = lambda made_of, contents: None
    sys.argv = ["release"]
    raise SystemExit(release.main())
