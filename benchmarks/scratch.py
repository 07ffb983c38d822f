"""A copy of this project that a benchmark may do anything with, and that it can put back to an earlier state."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from scripts.core import declaration
from scripts.core.paths import DECLARATION

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
HISTORY = (
    "data.dvc",
    "dvc.lock",
    "models/production.zip.dvc",
    "models/production.json",
    "models/anchors.dvc",
)  # of runs made here
RULED_OUT = ("OMP_NUM_THREADS", "OMP_WAIT_POLICY", "MLFLOW_TRACKING_URI", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE")


@dataclass(frozen=True)
class Scratch:
    """`home` holds the project and DVC's notes on its files, so that both go back together."""

    home: Path

    @property
    def project(self) -> Path:
        return self.home / "project"

    @property
    def env(self) -> dict[str, str]:
        """The caller's environment without what would change the runs, and this Python's programs first."""
        kept = {name: value for name, value in os.environ.items() if name not in RULED_OUT}
        who = {f"GIT_{role}_{key}": "benchmark" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
        own = {"PATH": f"{BIN}{os.pathsep}{kept['PATH']}", "DVC_SITE_CACHE_DIR": str(self.home / "dvc")}
        return kept | who | own

    def run(self, *command: str) -> str:
        done = subprocess.run(command, cwd=self.project, env=self.env, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def python(self, module: str, *arguments: str) -> str:
        return self.run(sys.executable, "-m", module, *arguments)

    def commit(self, message: str) -> None:
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--allow-empty", "--message", message)

    def save(self, name: str) -> None:
        mirror(self.home, self.home.with_name(f"{self.home.name}-{name}"))

    def restore(self, name: str) -> None:
        mirror(self.home.with_name(f"{self.home.name}-{name}"), self.home)


def fresh(home: Path) -> Scratch:
    """The project as it stands, uncommitted files included, before its first run."""
    scratch = Scratch(home)
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file() and name not in HISTORY and not name.startswith(("data/", "reports/")):
            (scratch.project / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, scratch.project / name)
    (scratch.project / DECLARATION).write_text(declaration.render(declaration.none()), encoding="utf-8")
    scratch.run("git", "init", "--quiet")
    scratch.commit("the project")
    return scratch


def mirror(source: Path, target: Path) -> None:
    """Make `target` equal to `source`. Files of equal size and time stay, so that DVC need not hash them again."""
    target.mkdir(parents=True, exist_ok=True)
    wanted = {entry.name: entry for entry in os.scandir(source)}
    for entry in os.scandir(target):
        if entry.name not in wanted or _is_folder(entry) != _is_folder(wanted[entry.name]):
            shutil.rmtree(entry.path) if _is_folder(entry) else Path(entry.path).unlink()
    for name, entry in wanted.items():
        if _is_folder(entry):
            mirror(Path(entry.path), target / name)
        elif not _same(Path(entry.path), target / name):
            (target / name).unlink(missing_ok=True)
            shutil.copy2(entry.path, target / name, follow_symlinks=False)


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    return entry.is_dir(follow_symlinks=False)


def _same(one: Path, other: Path) -> bool:
    if not os.path.lexists(other):
        return False
    first, second = one.lstat(), other.lstat()
    return (first.st_size, first.st_mtime_ns, first.st_mode) == (second.st_size, second.st_mtime_ns, second.st_mode)
