"""A Dask scheduler and workers in processes of their own, and functions for an engine to compute."""

import json
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cloudpickle  # type: ignore[import-untyped]
import pytest

from scripts.core.errors import OUTSIDE, Mistake


def product(item: int, factor: int) -> int:
    return item * factor


def identity(item: Any, value: Any) -> int:
    return id(value)


def where(item: int) -> int:
    return os.getpid()


def where_slowly(item: int) -> int:
    time.sleep(0.2)
    return os.getpid()


def slowly(item: int, seconds: float) -> int:
    time.sleep(seconds)
    return item


def marked(item: int, folder: str, seconds: float) -> int:
    """Leaves a file named by its process when it begins."""
    (Path(folder) / str(os.getpid())).touch()
    return slowly(item, seconds)


def dies(item: int, folder: str, times: int) -> int:
    """Its process dies so many times of item 2."""
    died = len(list(Path(folder).iterdir()))
    if item == 2 and died < times:
        (Path(folder) / str(died)).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return item


def raises(item: int, *_: Any) -> int:
    if item >= 2:
        raise Mistake(f"data/: row {item} is wrong.", "Mend it.", code=OUTSIDE)
    return item


def warns(item: int) -> int:
    warnings.warn("said once", RuntimeWarning, stacklevel=1)
    return item


def odd(item: int) -> int:
    class Odd(Exception):
        """Known here alone, so that nothing can send it."""

    raise Odd(f"{item} and 2")


def code_here(item: int) -> str:
    from scripts.core import text

    return str(text.__file__ if hasattr(text, "__file__") else "sent") + getattr(text, "MARK", "")


def threads(item: int) -> set[int]:
    """Of every library that computes."""
    from threadpoolctl import threadpool_info  # type: ignore[import-untyped]

    return {each["num_threads"] for each in threadpool_info()}


@dataclass
class Running:
    folder: Path
    scheduler: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return str(json.loads((self.folder / "scheduler.json").read_text())["address"])

    def work(self, *options: str) -> None:
        """One more worker, started where the project is not."""
        given = ("--nthreads", "1", "--local-directory", str(self.folder), "--no-dashboard", *options)
        self.workers.append(started("worker", self.folder, "--scheduler-file", "scheduler.json", *given))

    def wait(self, count: int) -> None:
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(count, timeout=60)


def started(kind: str, folder: Path, *options: str) -> subprocess.Popen[bytes]:
    """In a session of its own, without the project on its path."""
    surroundings = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    with (folder / f"{kind}.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{kind}", *options],
            cwd=folder,
            env=surroundings,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


@contextmanager
def running(folder: Path, workers: int = 2, *options: str) -> Iterator[Running]:
    folder.mkdir(parents=True, exist_ok=True)
    scheduler = started(
        "scheduler",
        folder,
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--no-dashboard",
        "--scheduler-file",
        "scheduler.json",
    )
    cluster = Running(folder, scheduler)
    try:
        until(lambda: (folder / "scheduler.json").is_file() and bool(cluster.address))
        for _ in range(workers):
            cluster.work(*options)
        if workers:
            cluster.wait(workers)
        yield cluster
    finally:
        for process in (*cluster.workers, scheduler):
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """With all that it has started."""
    if process.poll() is None:
        process.send_signal(signal.SIGCONT)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def end_when_busy(cluster: Running) -> None:
    """Take the first worker away for good, in the middle of its work."""
    from distributed import Client

    with Client(cluster.address, set_as_default=False) as client:
        until(lambda: any(client.processing().values()))
    end(cluster.workers[0])


def until(true: Any, seconds: float = 60) -> None:
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        try:
            if true():
                return
        except (OSError, ValueError):
            pass
        time.sleep(0.1)
    pytest.fail(f"not true within {seconds} s")


@contextmanager
def travelling() -> Iterator[None]:
    """This module's functions go to workers that lack it, as a command's own do."""
    module = sys.modules[__name__]
    cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        cloudpickle.unregister_pickle_by_value(module)
