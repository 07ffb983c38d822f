"""Commands run one by one in a clone of the forge's repository, and what each of them leaves changed."""

import functools
import importlib
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from scripts.core import environment
from scripts.edges import actions
from scripts.edges.hub import github
from tests.github_server import Forge
from tests.proposing import FIRST, cloned
from tests.repository import Repository
from tests.scratch import Scratch


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    lines: list[str]  # of stderr


@dataclass
class Place:
    forge: Forge
    repository: Repository
    patch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    pages: list[Path] = field(default_factory=list)

    @property
    def root(self) -> Path:
        return self.repository.root

    def run(self, command: str, *arguments: str) -> Ended:
        """In this process: an exception that is no Mistake fails the test by itself."""
        page = self.root.parent / f"summary-{len(self.pages)}.md"
        self.pages.append(page)
        self.patch.setenv("GITHUB_STEP_SUMMARY", str(page))
        self.patch.setattr(sys, "argv", [command, *arguments])
        self.capsys.readouterr()
        try:
            code = importlib.import_module(f"scripts.{command}").main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        said = self.capsys.readouterr()
        return Ended(code, said.out, said.err.splitlines())

    def state(self) -> dict[str, Any]:
        """All that a command could change and that counts: on the forge, and here what git tracks."""
        forge = self.forge
        there = {"refs": forge.state.bare.refs(), "pulls": forge.pulls, "issues": forge.issues}
        there |= {"comments": forge.comments, "releases": forge.releases, "statuses": forge.statuses}
        tracked = self.repository.git("ls-files").splitlines()
        here = {name: (self.root / name).read_bytes() for name in tracked if (self.root / name).is_file()}
        return {**there, "here": here}


def place(
    forge: Forge, root: Path, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], **judged: Any
) -> Place:
    """A clone with a candidate that won, as a job of GitHub Actions has it."""
    made = cloned(forge, root, patch)
    unhurried(forge, patch)
    (root / ".dvc").mkdir()
    (root / "dvc.yaml").write_text("stages: {}\n")
    made.judge(FIRST, **judged)
    return Place(forge, made.repository, patch, capsys)


def copied(
    ran: Scratch, forge: Forge, root: Path, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Place:
    """The same of a project in which the whole pipeline has run."""
    shutil.copytree(ran.root, root, symlinks=True)
    repository = Repository(root)
    forge.seed(root)
    repository.git("remote", "add", "origin", forge.git_url)
    patch.chdir(root)
    for name, value in forge.environment(forge.token("write-all")).items():
        patch.setenv(name, value)
    unhurried(forge, patch)
    return Place(forge, repository, patch, capsys)


def unhurried(forge: Forge, patch: pytest.MonkeyPatch) -> None:
    """Nobody waits: the forge's clock is put on instead; and nothing of the machine's environment is there."""
    for name in (*environment.NAMES, "EVERGREEN_TOKEN", "GITHUB_OUTPUT"):
        patch.delenv(name, raising=False)
    patch.setattr(actions, "Settings", functools.partial(github.Settings, pace=0, timeout=5))
    hurried = functools.partial(github.GitHub, sleep=forge.pass_time)
    for module in ("edges.hub.world", "edges.hub.mainline", "edges.hub.deployment", "rollback", "compare"):
        patch.setattr(f"scripts.{module}.GitHub", hurried)


def shallow(root: Path, url: str, branch: str = "main") -> None:
    """What `actions/checkout` makes without fetch-depth, in place of the clone's own history."""
    passing = root.parent / "shallow"
    subprocess.run(
        ["git", "clone", "-q", "--depth=1", "-b", branch, url, str(passing)], check=True, capture_output=True
    )
    shutil.rmtree(root / ".git")
    (passing / ".git").rename(root / ".git")
    shutil.rmtree(passing)
