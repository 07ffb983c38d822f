"""DVC: data versions and the pipeline."""

import contextlib
import io
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from scripts.core.errors import FAILED, OUTSIDE, USAGE, Mistake
from scripts.core.paths import DATA_DVC

EMPTY = "d751713988987e9331980363e24189ce.dir"  # DVC's name for a directory with nothing in it
NOTHING = f"outs:\n- md5: {EMPTY}\n  size: 0\n  nfiles: 0\n  hash: md5\n  path: data\n"
NO_BYTES = "d41d8cd98f00b204e9800998ecf8427e"  # ... and for an empty file
NO_FILE = f"outs:\n- md5: {NO_BYTES}\n  size: 0\n  hash: md5\n  path: production.zip\n"
FRUGAL = {  # of the stages, two of which run at a time: memory that they have freed goes back to the machine at once
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_MMAP_THRESHOLD_": "1048576",
    "MALLOC_TRIM_THRESHOLD_": "1048576",
}
NOISE = ("ERROR: ", "WARNING: ", "INFO: ")  # DVC's own words; a stage's lines begin with none of these


@dataclass(frozen=True)
class Ended:
    code: int
    said: tuple[str, ...]  # what the stages wrote to stderr
    dvc: tuple[str, ...]  # what DVC itself complained of
    seconds: Mapping[str, float]  # of each stage that ran

    def check(self) -> None:
        """A stage that failed has said why, and its exit code counts; what DVC itself refuses is said in its words."""
        if not self.code:
            return
        stage = re.search(r"exited with (-?\d+)", " ".join(self.dvc))
        code = OUTSIDE if stage is None else int(stage[1])
        lines = self.said or self.dvc or (f"dvc repro: ended with {self.code}. Run it by hand.",)
        raise Mistake(*lines, code=code if code in (FAILED, USAGE, OUTSIDE) else FAILED)


def repro(*targets: str, starts: Callable[[str], None] = lambda stage: None, alone: bool = False) -> Ended:
    """`dvc repro TARGETS`; `starts` hears of each stage that begins.

    Returns whatever happened: DVC says 255 for every failure, so what a caller must know is in a report. `alone` leaves
    out what the targets depend on: else two at a time would each lock data/ while they look whether it has changed.
    """
    command = [sys.executable, "-m", "dvc", "--wait-for-lock", "repro", *(["--single-item"] if alone else []), *targets]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"  # stages say `python`
    environment = FRUGAL | os.environ | {"PATH": path, "PYTHONUNBUFFERED": "1"}
    began: dict[str, float] = {}
    with (
        TemporaryFile("w+", errors="replace") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            if found := re.match(r"Running stage '(\w+)'", line):
                began[found[1]] = time.monotonic()
                starts(found[1])
        process.wait()
        errors.seek(0)
        lines = [line.strip() for line in errors if line.strip()]
    ends = [*list(began.values())[1:], time.monotonic()]
    seconds = {stage: end - start for (stage, start), end in zip(began.items(), ends, strict=True)} if began else {}
    said = [line for line in lines if not line.startswith(NOISE)]
    complaints = [line for line in lines if line.startswith("ERROR: ")]
    return Ended(process.returncode, tuple(said), tuple(complaints), seconds)


def status(*targets: str) -> dict[str, Any]:
    """What `dvc repro` would find changed; empty when everything is up to date."""
    from dvc.exceptions import DvcException

    try:
        with _repo() as repo:
            return dict(repo.status(list(targets) or None))
    except DvcException as error:
        raise _refused("status", error) from None


def add(path: str | Path) -> None:
    """Track a file or folder: its .dvc file names what is there now."""
    from dvc.exceptions import DvcException

    try:
        with _repo() as repo, contextlib.redirect_stderr(io.StringIO()):
            repo.add([os.fspath(path)])
    except DvcException as error:
        raise _refused("add", error) from None


def checkout(path: str | Path) -> None:
    """Bring back what the .dvc file names, from the cache."""
    from dvc.exceptions import DvcException

    try:
        with _repo() as repo, contextlib.redirect_stderr(io.StringIO()):
            repo.checkout([os.fspath(path)], force=True)
    except DvcException as error:
        raise _refused("checkout", error) from None


def digest(pointer: Path = DATA_DVC) -> str:
    """The md5 that a .dvc file names."""
    import yaml

    try:
        return str(yaml.safe_load(pointer.read_text("utf-8"))["outs"][0]["md5"])
    except (OSError, ValueError, yaml.YAMLError, LookupError, TypeError):
        raise Mistake(f"{pointer}: can't be read. Restore it: git checkout -- {pointer}", code=OUTSIDE) from None


def _repo() -> Any:
    import logging

    from dvc.exceptions import NotDvcRepoError
    from dvc.repo import Repo

    logging.getLogger("dvc").setLevel(logging.ERROR)
    try:
        return Repo()
    except NotDvcRepoError:
        said = ".dvc: this folder is no DVC repository. Run commands from the project's root."
        raise Mistake(said, code=OUTSIDE) from None


def _refused(what: str, error: Exception) -> Mistake:
    why = " ".join(str(error).split())[:200]
    return Mistake(f"dvc {what}: {why}. Run it by hand to see more.", code=OUTSIDE)
