import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.core.errors import FAILED, OUTSIDE, USAGE
from scripts.edges import lock
from scripts.edges.batches import flights
from scripts.ingest import ingest
from tests.ingesting import FEBRUARY, FILES, JANUARY, PARAMS, ROOT, Record, params, project, state

# For the n-th project, a process that kills itself at the n-th of the points at which the state on disk changes.
KILLED = """
import os, signal, sys
from pathlib import Path
import fsspec, pyarrow.csv
from scripts.ingest import ingest
from tests.ingesting import Record, params
moment = 0
def tick(last):
    global moment
    moment += 1
    if moment == last:
        os.kill(os.getpid(), signal.SIGKILL)
def around(real, last):
    def call(*arguments):
        tick(last)
        result = real(*arguments)
        tick(last)
        return result
    return call
def run(root, last):
    os.fsync, Path.replace = around(os.fsync, last), around(Path.replace, last)
    ingest(root, params(), accept_changed=True, add=around(Record(root), last))
for last, root in enumerate(sys.argv[1:], start=1):
    child = os.fork()
    if not child:
        run(Path(root), last)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
MOMENTS = 2 * (2 + 2 + 1)  # before and after: two files written, two put in place, data.dvc moved


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    return project(tmp_path / "project")


@pytest.mark.parametrize("changed", [False, True])
def test_a_kill_at_any_moment_is_made_good_by_the_next_run(root: Path, tmp_path: Path, changed: bool) -> None:
    if changed:
        ingest(root, params(), add=Record(root))
        (root / "in/2013-02.csv").write_bytes(FEBRUARY.replace(b"1,0", b"2,1"))
        (root / "in/2013-03.csv").write_bytes(FEBRUARY)
    before = state(root)
    copies = [shutil.copytree(root, tmp_path / str(moment)) for moment in range(1, MOMENTS + 2)]
    run = [sys.executable, "-c", KILLED, *map(str, copies)]
    ended = subprocess.run(run, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    assert ended == [str(-signal.SIGKILL)] * MOMENTS + ["0"]

    after = state(copies[-1])
    for here in copies:
        for name, content in state(here).items():
            assert name.startswith(".data.") or content in (before.get(name), after[name]), f"{name} is half written"
        ingest(here, params(), accept_changed=True, add=Record(here))
        assert state(here) == after


def command(root: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"PYTHONPATH": str(ROOT), "DVC_NO_ANALYTICS": "1"}
    run = [sys.executable, "-m", "scripts.ingest", *arguments]
    return subprocess.run(run, cwd=root, env=environment, capture_output=True, text=True, check=False)


def data(root: Path) -> dict[str, bytes]:
    return {name: content for name, content in state(root).items() if name.startswith("data")}


def test_the_command_with_dvc_for_real(root: Path) -> None:
    from dvc.repo import Repo

    Repo.init(str(root), no_scm=True).close()
    (root / "params.yaml").write_text(PARAMS.format(source=FILES))
    done = command(root)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "2013-01.csv arrived: 2 rows, 1 kB\n2013-02.csv arrived: 1 row, 1 kB\n"
    assert "nfiles: 2" in (root / "data.dvc").read_text()
    assert (root / "models/production.zip").read_bytes() == b"" and (root / "models/anchors").is_dir()

    (root / "in/2013-02.csv").write_bytes(JANUARY)
    before = data(root)
    done = command(root)
    assert (done.returncode, done.stdout) == (FAILED, "")
    assert done.stderr.startswith("data/2013-02.csv: the source has") and len(done.stderr.splitlines()) == 1
    assert data(root) == before
    done = command(root, "--accept-changed", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    february = {"name": "2013-02.csv", "rows": 2, "bytes": len(JANUARY), "replaced": True}
    assert json.loads(done.stdout) == {"batches": [february], "unchanged": 1, "exhausted": False}
    assert data(root)["data.dvc"] != before["data.dvc"]


@pytest.mark.parametrize(
    ("source", "code", "says"),
    [
        ("{kind: files, path: nowhere}", OUTSIDE, "nowhere: is not there. Check data.source.path."),
        ("{kind: files, path: 'in/*.json'}", FAILED, "in/*.json: no .csv and no .parquet file matches"),
        ("{kind: ftp}", USAGE, "params.yaml:8: data.source needs a kind that is one of"),
        (None, USAGE, "params.yaml: can't be read"),
    ],
)
def test_mistakes_end_the_command_with_one_line(root: Path, source: str | None, code: int, says: str) -> None:
    (root / ".dvc").mkdir()
    if source:
        (root / "params.yaml").write_text(PARAMS.format(source=source))
    done = command(root)
    assert (done.returncode, done.stdout) == (code, "")
    assert len(done.stderr.splitlines()) == 1 and done.stderr.startswith(says)
    assert not (root / "data").exists()


def test_two_runs_at_once_are_one_too_many(root: Path) -> None:
    (root / ".dvc").mkdir()
    (root / "params.yaml").write_text(PARAMS.format(source=FILES))
    with lock.held(root / lock.FILE):
        done = command(root)
    assert (done.returncode, done.stdout) == (OUTSIDE, "") and "another run holds the lock" in done.stderr
    assert not (root / "data").exists()


def test_nothing_heavy_is_imported_until_it_is_needed(root: Path) -> None:
    (root / "data").mkdir()
    for name in flights.months():
        (root / "data" / name).write_bytes(JANUARY)
    Record(root)("data")
    heavy = {"pandas", "numpy", "pyarrow", "requests", "sqlalchemy", "fsspec", "dvc", "sklearn"}
    code = (
        "import sys; from pathlib import Path; from scripts.ingest import ingest; from tests.ingesting import params;"
        f"print(ingest(Path(sys.argv[1]), params('{{kind: replay}}'))); print({heavy!r} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(root)], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "Nothing new: no further batch.\nset()\n"
