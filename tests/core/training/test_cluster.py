"""A real scheduler, and workers in processes of their own that know nothing of the project; and what goes wrong."""

import operator
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.settings.backtest_params import Compute
from scripts.core.training import cluster, engine, shipping
from tests import dasking
from tests.layout import ROOT

pytestmark = pytest.mark.flows
Refused = Callable[..., str]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dasking.Running]:
    with dasking.running(tmp_path_factory.mktemp("cluster")) as running:
        yield running


@pytest.fixture(autouse=True)
def functions_travel() -> Iterator[None]:
    with dasking.travelling():
        yield


def at(address: str) -> Compute:
    return Compute(engine="dask", address=address)


def refused(address: str, *work: Any, within: float = 20) -> str:
    """The one line that is said, in bounded time."""
    begun = time.monotonic()
    with pytest.raises(Mistake) as raised, engine.started(at(address), 1) as run:
        run.map(*(work or (operator.neg, [1])))
    assert time.monotonic() - begun < within
    assert raised.value.code == OUTSIDE
    (line,) = raised.value.lines
    assert line.startswith(f"params.yaml: compute: Dask at {address}: ") and "\n" not in line
    return line


def test_a_running_cluster_computes_what_this_process_would(shared: dasking.Running) -> None:
    with engine.started(at(shared.address), 1) as run:
        assert run.workers == 2
        assert run.map(dasking.product, range(30), 3) == [3 * item for item in range(30)]
        assert len({os.getpid(), *run.map(dasking.where_slowly, range(8))}) == 3
        assert run.map(dasking.threads, [1]) == [{1}]
        with pytest.raises(Mistake) as raised:
            run.map(dasking.raises, range(5))
        assert (raised.value.lines[0], raised.value.code) == ("data/: row 2 is wrong.", OUTSIDE)
        with pytest.warns(RuntimeWarning, match="said once"):
            run.map(dasking.warns, [1])
        assert run.map(dasking.product, [1], 2) == [2], "an error ends nothing"
    with engine.started(at(shared.address), 2) as run:
        assert run.map(dasking.threads, [1]) == [{2}]


def test_workers_run_the_code_of_this_run_and_of_no_earlier_one(
    shared: dasking.Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = shipping.code()
    texts = dict(sent.sources)
    with engine.started(at(shared.address), 1) as run:
        assert run.map(dasking.code_here, [1]) == ["sent"]
        texts["scripts.core.text"] += "\nMARK = ' and changed'\n"
        monkeypatch.setattr(shipping, "code", lambda: shipping.Code(texts, sent.packages, "another"))
        with engine.started(at(shared.address), 1) as other:
            assert other.map(dasking.code_here, [1]) == ["sent and changed"]
        with pytest.raises(Mistake, match="its workers serve a run of other code"):
            run.map(dasking.code_here, [1])


def test_a_module_of_the_users_own_that_is_not_there_is_named(shared: dasking.Running, tmp_path: Path) -> None:
    (tmp_path / "own_steps.py").write_text("def step(item):\n    return item\n")
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(tmp_path))
        import own_steps  # type: ignore[import-not-found]

        with engine.started(at(shared.address), 1) as run, pytest.raises(Mistake, match=r"No module named 'own_steps'"):
            run.map(own_steps.step, [1])


def test_a_worker_that_dies_is_started_anew_and_its_task_done_again(shared: dasking.Running, tmp_path: Path) -> None:
    with engine.started(at(shared.address), 1) as run:
        assert run.map(dasking.dies, range(6), str(tmp_path), 1) == list(range(6))


def test_a_task_that_kills_every_worker_is_given_up(shared: dasking.Running, tmp_path: Path) -> None:
    said = refused(shared.address, dasking.dies, range(6), str(tmp_path), 99, within=120)
    assert "workers died of a task again and again." in said or "every worker that held the data, was lost" in said
    shared.wait(2)


def test_a_cluster_whose_workers_are_all_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "ALONE", 5.0)
    (tmp_path / "begun").mkdir()
    with dasking.running(tmp_path / "cluster", 1, "--no-nanny") as running:
        ended = after_it_began(tmp_path / "begun", lambda _: dasking.end(running.workers[0]))
        said = refused(running.address, dasking.marked, range(2), str(tmp_path / "begun"), 60.0, within=40)
        ended.join()
        assert "no worker is left that works" in said or "lost amid the work" in said
        assert "has no worker. Start some: dask worker --nthreads 1" in refused(running.address)


def test_a_scheduler_that_dies_or_hangs_amid_the_work(tmp_path: Path) -> None:
    for signal_, what in ((signal.SIGSTOP, "gave no answer within 5 s"), (signal.SIGKILL, "was lost amid the work")):
        (tmp_path / what).mkdir()
        with dasking.running(tmp_path / f"cluster {what}", 1) as running:
            ended = after_it_began(tmp_path / what, lambda _: running.scheduler.send_signal(signal_))  # noqa: B023
            said = refused(running.address, dasking.marked, range(4), str(tmp_path / what), 30.0, within=30)
            ended.join()
            assert what in said


def after_it_began(folder: Path, act: Callable[[int], Any]) -> Any:
    from threading import Thread

    def run() -> None:
        dasking.until(lambda: any(folder.iterdir()))
        act(int(next(folder.iterdir()).name))

    thread = Thread(target=run)
    thread.start()
    return thread


def test_an_address_where_nobody_answers(tmp_path: Path) -> None:
    with socket.socket() as closed, socket.socket() as silent:
        closed.bind(("127.0.0.1", 0))
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        for port in (closed.getsockname()[1], silent.getsockname()[1]):
            said = refused(f"tcp://127.0.0.1:{port}")
            assert "no Dask scheduler answers" in said and said.endswith("or correct compute.address.")
    for address in ("nonsense", "ftp://127.0.0.1:1", "tcp://no.such.host.invalid:8786", "tcp://127.0.0.1"):
        assert "no Dask scheduler answers" in refused(address)


def test_workers_that_would_compute_other_numbers(tmp_path: Path) -> None:
    older = tmp_path / "older.py"
    older.write_text(
        "from distributed import versions\n"
        "def known(name, real=versions._version_cached):\n"
        "    return '1.2.3' if name == 'scikit-learn' else real(name)\n"
        "versions._version_cached = known\n"
    )
    with dasking.running(tmp_path / "cluster", 0) as running:
        assert "has no worker" in refused(running.address)
        running.work("--preload", str(older))
        running.wait(1)
        said = refused(running.address)
        assert "has scikit-learn 1.2.3, and this run" in said
        assert said.endswith("Start it with the packages of requirements.txt.")
        dasking.end(running.workers[0])
        running.work("--nthreads", "2")
        running.wait(1)
        dasking.until(lambda: "takes 2 fits at a time, of 1 threads each" in refused(running.address))


def listening() -> set[tuple[int, str, int]]:
    """Process, address and port of all that this process and those it started wait at."""
    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    found = [(one.pid, each) for one in processes for each in one.net_connections() if each.status == "LISTEN"]
    return {(pid, each.laddr.ip, each.laddr.port) for pid, each in found}


def test_a_cluster_that_a_run_starts_listens_to_this_machine_alone_and_ends_with_it() -> None:
    begun, before = set(psutil.Process().children(recursive=True)), listening()
    with engine.started(Compute(engine="dask", workers=2), 1) as run:
        assert run.workers == 2
        assert run.map(dasking.product, range(30), 3) == [3 * item for item in range(30)]
        assert run.map(dasking.threads, [1]) == [{1}]
        ports = listening() - before  # other tests have a cluster here too
        assert ports and {ip for _, ip, _ in ports} == {"127.0.0.1"}
        children = set(psutil.Process().children(recursive=True)) - begun
    gone, alive = psutil.wait_procs(children, timeout=10)
    assert len(gone) >= 2
    assert not [each for each in alive if "resource_tracker" not in " ".join(each.cmdline())]


def test_the_local_cluster_starts_a_dead_worker_anew_and_gives_up_in_the_end(tmp_path: Path) -> None:
    with engine.started(Compute(engine="dask", workers=2), 1) as run:
        assert run.map(dasking.dies, range(6), str(tmp_path), 1) == list(range(6))
        with pytest.raises(Mistake, match=r"workers died of a task again and again|held the data, was lost") as raised:
            run.map(dasking.dies, range(6), str(tmp_path), 99)
        assert raised.value.code == OUTSIDE


LONG = """
import signal, sys
from scripts.core.settings.backtest_params import Compute
from scripts.core.training import engine
from tests import dasking

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job has it ignored
    with engine.started(Compute(engine=sys.argv[1], workers=2), 1) as run:
        run.map(dasking.marked, range(4), sys.argv[2], 100.0)
"""


# Processes of joblib whose run is killed (SIGKILL) end with the fit that they are at, which may take its time.
@pytest.mark.parametrize(
    ("name", "end"), [("joblib", signal.SIGINT), ("dask", signal.SIGINT), ("dask", signal.SIGKILL)]
)
def test_an_interrupted_run_leaves_no_process(tmp_path: Path, name: str, end: signal.Signals) -> None:
    (tmp_path / "long.py").write_text(LONG)
    (tmp_path / "begun").mkdir()
    run = subprocess.Popen(
        [sys.executable, str(tmp_path / "long.py"), name, str(tmp_path / "begun")],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    dasking.until(lambda: len(list((tmp_path / "begun").iterdir())) == 2)
    children = psutil.Process(run.pid).children(recursive=True)
    assert len(children) >= 2
    if end == signal.SIGINT:
        os.killpg(run.pid, end)  # as a terminal does
    else:
        run.send_signal(end)
    assert run.wait(timeout=30) != 0
    _, alive = psutil.wait_procs(children, timeout=30)
    for each in alive:
        each.kill()
    assert not alive
