"""What takes long to set up is built once for all processes of a run of the tests, and copied from there."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import small
from tests.scratch import Scratch, scratch


def once(factory: pytest.TempPathFactory, name: str, build: Callable[[Path], object]) -> Path:
    """The folder that `build` makes; who comes first builds it, the others wait."""
    shared = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder, built = shared / name, shared / f"{name}.built"
    with (shared / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if not built.exists():
            shutil.rmtree(folder, ignore_errors=True)
            build(folder)
            built.touch()
    return folder


def copied(made: Scratch, root: Path) -> Scratch:
    subprocess.run(["cp", "-a", str(made.root), str(root)], check=True)
    return Scratch(root)


def judged(factory: pytest.TempPathFactory) -> Scratch:
    """A small project that has made and judged its first candidate; not to be changed."""

    def build(root: Path) -> None:
        first = scratch(root, small.params(), {"2024-01.parquet": small.month(0)}).retrain()
        assert (first["verdict"], first["evaluation"]["verdict"]["first"]) == ("PROMOTE", True)

    return Scratch(once(factory, "judged", build))
