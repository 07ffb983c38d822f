import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts.core.errors import Mistake
from scripts.edges.versions import dvc_lock


def locked(path: Path, **owners: Any) -> Path:
    file = path / "rwlock"
    file.write_text(json.dumps({"/copy/data": owners}))
    return file


def owner(pid: int) -> dict[str, Any]:
    return {"pid": pid, "cmd": "dvc repro"}


@pytest.fixture
def dead() -> int:
    """A process that has ended, and whose parent knows it."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_what_dead_processes_hold_is_let_go(tmp_path: Path, dead: int) -> None:
    file = locked(tmp_path, read=[owner(dead)], write=owner(dead))
    dvc_lock.settle(file)
    assert json.loads(file.read_text()) == {}


def test_a_process_that_ended_and_that_nobody_fetched_is_dead(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.read()  # ended, or as good as: its output is closed
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    file = locked(tmp_path, read=[owner(process.pid)])
    dvc_lock.settle(file)
    assert json.loads(file.read_text()) == {}
    process.wait()


def test_the_living_are_waited_for_and_named(tmp_path: Path, dead: int) -> None:
    file = locked(tmp_path, read=[owner(os.getpid()), owner(dead)])
    with pytest.raises(Mistake, match=str(os.getpid())):
        dvc_lock.settle(file, patience=0)
    assert json.loads(file.read_text()) == {"/copy/data": {"read": [owner(os.getpid())]}}


def test_half_a_file_is_no_lock(tmp_path: Path) -> None:
    file = tmp_path / "rwlock"
    file.write_text('{"/copy/da')
    dvc_lock.settle(file)
    assert not file.exists()


def test_no_file_is_no_lock(tmp_path: Path) -> None:
    dvc_lock.settle(tmp_path / "rwlock")
