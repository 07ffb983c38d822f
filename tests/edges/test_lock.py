import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.core.errors import OUTSIDE, Mistake
from scripts.edges import lock
from tests.layout import ROOT

HOLD = """
import sys, time
from pathlib import Path
from scripts.edges import lock
with lock.held(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / ".dvc").mkdir()
    return tmp_path / ".dvc/tmp/evergreen.lock"


def test_one_run_at_a_time_and_the_other_is_named(file: Path) -> None:
    with lock.held(file):
        with pytest.raises(Mistake) as raised, lock.held(file):
            pass
        assert raised.value.lines == (
            f"{file}: another run holds the lock (process {os.getpid()}). Wait until it ends, or end it.",
        )
        assert raised.value.code == OUTSIDE
    with lock.held(file):
        pass


def test_a_lock_is_let_go_when_its_block_raises(file: Path) -> None:
    with pytest.raises(KeyError), lock.held(file):
        raise KeyError
    with lock.held(file):
        assert file.read_text() == str(os.getpid())


def test_a_lock_ends_with_its_process_however_that_ends(file: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", HOLD, str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as other:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        with pytest.raises(Mistake, match=f"process {other.pid}"), lock.held(file):
            pass
        other.send_signal(signal.SIGKILL)
        other.wait()
    with lock.held(file):
        assert file.read_text() == str(os.getpid())


def test_outside_of_a_project_nothing_is_made(tmp_path: Path) -> None:
    with (
        pytest.raises(Mistake, match="Run commands from the project's root"),
        lock.held(tmp_path / ".dvc/tmp/evergreen.lock"),
    ):
        pass
    assert list(tmp_path.iterdir()) == []
