"""A project with a git remote of its own, the outcome of a run in its folder, and commands run in this process."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scripts.core import declaration, text
from scripts.core.paths import DECLARATION, OUTCOME, PARAMS, REPORTS
from tests import bundles

RETRAIN: dict[str, Any] = {
    "code": 0,
    "lines": [],
    "run": "7f3c2a11",
    "new": True,
    "data": "3f2a.dir",
    "rows": 400,
    "data_from": "2024-02-01T03:00:00",
    "data_to": "2024-02-10T03:00:00",
    "production": 0,
    "triggers": [{"name": "first", "state": "fired", "says": "there is no production model yet"}],
    "verdict": None,
    "seconds": {"validate": 1.0},
    "total_seconds": 4.2,
    "started": "2026-11-24T03:17:00+00:00",
}
GITHUB = (
    "GITHUB_RUN_ID",
    "GITHUB_REPOSITORY",
    "GITHUB_EVENT_NAME",
    "GITHUB_WORKFLOW",
    "GITHUB_STEP_SUMMARY",
    "GITHUB_SHA",
)


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    errors: str


@dataclass(frozen=True)
class Place:
    root: Path
    patch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]

    def run(self, main: Callable[[], int], *arguments: str) -> Said:
        self.patch.setattr(sys, "argv", ["command", *arguments])
        self.capture.readouterr()
        code = main()
        said = self.capture.readouterr()
        return Said(code, said.out, said.err)

    def git(self, *arguments: str) -> str:
        who = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
        return subprocess.run(["git", *who, *arguments], capture_output=True, text=True, check=True).stdout.strip()

    def commit(self, when: str = "2026-11-20T12:00:00+00:00") -> str:
        self.git("add", "-A", "--", "models", "reports", "params.yaml")
        self.patch.setenv("GIT_COMMITTER_DATE", when)
        self.git("commit", "-q", "--allow-empty", "-m", "a commit")
        self.patch.delenv("GIT_COMMITTER_DATE")
        return self.git("rev-parse", "HEAD")

    def left(self, **outcomes: Mapping[str, Any]) -> None:
        """What the commands of a run left; those before are forgotten."""
        OUTCOME.mkdir(exist_ok=True)
        for old in OUTCOME.glob("*.json"):
            old.unlink()
        for name, values in outcomes.items():
            (OUTCOME / f"{name}.json").write_text(json.dumps(values))

    def on_github(self, run: str, event: str = "schedule", workflow: str = "Retrain") -> None:
        values = (run, "octo/evergreen", event, workflow, str(self.root / "summary.md"), "a" * 40)
        for name, value in zip(GITHUB, values, strict=True):
            self.patch.setenv(name, value)

    def on_a_laptop(self) -> None:
        for name in GITHUB:
            self.patch.delenv(name, raising=False)

    @property
    def summary(self) -> str:
        page = self.root / "summary.md"
        return page.read_text() if page.exists() else ""

    def content(self, file: str) -> str:
        """A file of the ledger's branch, as the remote has it."""
        return self.git("--git-dir", str(self.root / "remote.git"), "show", f"evergreen-ledger:{file}")


def place(root: Path, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> Place:
    patch.chdir(root)
    found = Place(root, patch, capture)
    found.on_a_laptop()
    patch.delenv("APPRISE_URLS", raising=False)
    subprocess.run(["git", "init", "-q", "-b", "main"], check=True)
    subprocess.run(["git", "init", "-q", "--bare", "remote.git"], check=True)
    found.git("remote", "add", "origin", str(root / "remote.git"))
    for folder in (DECLARATION.parent, REPORTS):
        folder.mkdir()
    PARAMS.write_text(bundles.PARAMS)
    declare(0, None)
    found.commit("2026-11-01T12:00:00+00:00")
    return found


def declare(version: int, bundle: str | None, **other: Any) -> None:
    now = declaration.Declaration(version=version, bundle=bundle, **other)
    DECLARATION.write_text(declaration.render(now))


def report(path: Path, values: Any) -> None:
    path.write_text(text.to_json(values))
