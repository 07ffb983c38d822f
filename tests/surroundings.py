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

from scripts.edges import actions, github
from tests.github_server import Forge
from tests.proposing import FIRST, Clone, cloned

Arguments = tuple[str, ...]
COMMANDS: dict[str, Arguments] = {
    "propose": ("propose",),
    "release": ("release",),
    "rollback": ("rollback", "--to", "1", "--reason", "worse in use"),
    "ledger": ("ledger", "add"),
    "store": ("store", "push"),
    "compare": ("compare", "--base", "HEAD"),
}


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    lines: list[str]  # of stderr


@dataclass
class Place:
    forge: Forge
    clone: Clone
    patch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    pages: list[Path] = field(default_factory=list)

    @property
    def root(self) -> Path:
        return self.clone.repository.root

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
        tracked = self.clone.repository.git("ls-files").splitlines()
        here = {name: (self.root / name).read_bytes() for name in tracked if (self.root / name).is_file()}
        return {**there, "here": here}


def place(
    forge: Forge, root: Path, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], rights: Any = "write-all"
) -> Place:
    """A clone with a candidate that won, as a job of GitHub Actions has it."""
    made = cloned(forge, root, patch, rights)
    for name in ("DVC_REMOTE_URL", "DVC_ENDPOINT_URL", "APPRISE_URLS", "DEPLOY_REPOSITORY", "GITHUB_OUTPUT"):
        patch.delenv(name, raising=False)
    patch.setattr(actions, "Settings", functools.partial(github.Settings, pace=0, timeout=5))
    hurried = functools.partial(github.GitHub, sleep=forge.pass_time)
    for module in ("world", "mainline", "deployment", "publisher"):
        patch.setattr(f"scripts.edges.{module}.GitHub", hurried, raising=False)
    for module in ("rollback", "compare", "release", "propose"):
        patch.setattr(f"scripts.{module}.GitHub", hurried, raising=False)
    (root / ".dvc").mkdir()
    (root / "dvc.yaml").write_text("stages: {}\n")
    made.judge(FIRST)
    return Place(forge, made, patch, capsys)


def shallow(root: Path, url: str, branch: str = "main") -> None:
    """What `actions/checkout` makes without fetch-depth, in place of the clone's own history."""
    passing = root.parent / "shallow"
    subprocess.run(
        ["git", "clone", "-q", "--depth=1", "-b", branch, url, str(passing)], check=True, capture_output=True
    )
    shutil.rmtree(root / ".git")
    (passing / ".git").rename(root / ".git")
    shutil.rmtree(passing)
