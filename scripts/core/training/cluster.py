"""A Dask cluster: one that is running at an address, or processes of this machine that a run starts and ends.

Tasks are sent one by one and not by joblib's Dask backend, which waits for ever when a worker dies of its task or the
scheduler is gone.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from importlib.metadata import packages_distributions
from threading import Thread
from typing import Any

from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.settings.backtest_params import Compute
from scripts.core.training import shipping, task

SECONDS = 5.0  # that a scheduler may take to answer
SENDING = 300.0  # ... and that the shared values may take to reach the workers
ALONE = 30.0  # that a scheduler may be without a worker that works: a worker that died is started anew
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
INSIDE = "127.0.0.1:0"  # where its pages are served: left out, Dask serves them to the whole network
NUMBERS = ("numpy", "pandas", "scipy", "scikit-learn", "threadpoolctl", "pyarrow", "joblib", "cloudpickle", "pydantic")
PROTOCOL = ("dask", "distributed")
AGAIN = "Run it again."
START = "dask worker --nthreads 1 --nworkers auto"


@contextmanager
def started(compute: Compute, workers: int, threads: int, needs: Iterable[str]) -> Iterator["Cluster"]:
    with _silent():
        if compute.address is None:
            with _local(workers, threads) as client:
                yield Cluster(client, "the cluster of this machine", workers, threads)
        else:
            with _at(compute.address) as client:
                yield _joined(client, compute.address, threads, _packages(needs))


@contextmanager
def _silent() -> Iterator[None]:
    """What Dask logs of lost connections is said in one line by a Mistake."""
    import distributed  # noqa: F401 - it makes its loggers

    names = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in ("distributed", "tornado")]
    levels = {logger: logger.level for logger in map(logging.getLogger, names)}
    try:
        for logger in levels:
            logger.setLevel(logging.CRITICAL + 1)
        yield
    finally:
        for logger, level in levels.items():
            logger.setLevel(level)


@contextmanager
def _local(workers: int, threads: int) -> Iterator[Any]:
    """Bound to this machine and without pages; without limits of memory too, at which workers would only pause."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            host="127.0.0.1",
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            memory_limit=0,
            dashboard_address=INSIDE,
            worker_dashboard_address=INSIDE,
            silence_logs=logging.CRITICAL,
            env={name: str(threads) for name in THREADS},
        ) as cluster,
        Client(cluster, timeout=SECONDS, set_as_default=False) as client,
    ):
        yield client


@contextmanager
def _at(address: str) -> Iterator[Any]:
    client = _connected(address)
    try:
        yield client
    finally:
        with suppress(OSError, TimeoutError):
            client.close(timeout=SECONDS)


def _connected(address: str) -> Any:
    """A client, made in a thread that can be left: Dask's own time-out does not end all that it waits for."""
    from distributed import Client

    found: list[Any] = []

    def connect() -> None:
        try:
            found.append(Client(address, timeout=SECONDS, set_as_default=False))
        except Exception as error:  # of the network, of the address, of the answer
            found.append(error)

    thread = Thread(target=connect, daemon=True)
    thread.start()
    thread.join(2 * SECONDS)
    if found and not isinstance(found[0], Exception):
        return found[0]
    why = _line(found[0]) if found else "it takes the call and says nothing"
    cure = "Start it there (dask scheduler), or correct compute.address."
    raise _wrong(address, f"no Dask scheduler answers ({why}). {cure}")


def _packages(needs: Iterable[str]) -> tuple[str, ...]:
    owners = packages_distributions()
    return (*NUMBERS, *PROTOCOL, *(name for dotted in needs for name in owners.get(dotted.partition(".")[0], [])))


def _joined(client: Any, address: str, threads: int, packages: tuple[str, ...]) -> "Cluster":
    """The cluster, once its workers are known to be fit and have this project's code."""
    try:
        client.wait_for_workers(1, timeout=SECONDS)
    except TimeoutError:
        raise _wrong(address, f"has no worker. Start some: {START} {address}") from None
    sent = shipping.code()
    cluster = Cluster(client, address, 0, threads, packages, sent.digest)
    cluster.ask(client.register_plugin, shipping.plugin(sent), name=shipping.NAME, within=SENDING)
    return replace(cluster, workers=cluster.check())


@dataclass(frozen=True)
class Cluster:
    client: Any
    address: str
    workers: int
    threads: int
    packages: tuple[str, ...] = ()
    code: str | None = None  # digest of the project's modules that were sent to the workers

    def map(self, function: Callable[..., Any], items: Iterable[Any], *shared: Any) -> list[Any]:
        import cloudpickle  # type: ignore[import-untyped]

        if self.code is not None:
            self.check()  # workers may have come since
        work = task.packed(function, shared, self.threads, self.code)
        kept = self.ask(self.client.scatter, work, broadcast=True, hash=False, within=SENDING)
        carried, pickled = _carrier(), (cloudpickle.dumps(item) for item in items)
        futures = [self.client.submit(carried, kept, item, pure=False) for item in pickled]
        try:
            return [task.value(self._answer(future)) for future in futures]
        except BaseException:
            with suppress(Mistake):
                self.ask(self.client.cancel, futures)
            raise

    def ask(self, question: Callable[..., Any], *given: Any, within: float = SECONDS, **named: Any) -> Any:
        """An answer of the client's, which would wait without end for a scheduler or a worker that hangs."""
        try:
            return self.client.sync(question, *given, callback_timeout=within, **named)
        except (OSError, TimeoutError) as error:
            said = f"gave no answer within {within:.0f} s ({_line(error)})"
            raise _wrong(self.address, f"{said}. Look at its scheduler and workers.") from None

    def check(self) -> int:
        """The number of workers; Mistake when one would compute other numbers."""
        seen = self.ask(self.client.get_versions, packages=list(self.packages), within=ALONE)
        ours = seen["client"]["packages"]
        self._same("the scheduler", ours, seen["scheduler"]["packages"], ("python", *PROTOCOL))
        for name, theirs in seen["workers"].items():
            self._same(f"worker {name}", ours, theirs["packages"], ("python", *self.packages))
        for name, worker in self._present().items():
            if worker["nthreads"] != 1:
                said = f"worker {name} takes {worker['nthreads']} fits at a time, of {self.threads} threads each"
                raise _wrong(self.address, f"{said}. Start it with {START} {self.address}")
        return len(seen["workers"])

    def _same(self, who: str, ours: Mapping[str, Any], theirs: Mapping[str, Any], names: Iterable[str]) -> None:
        for name in names:
            if theirs.get(name) != ours[name]:
                has = f"has {name} {theirs.get(name) or '(none)'}, and this run {ours[name] or '(none)'}"
                raise _wrong(self.address, f"{who} {has}. Start it with the packages of requirements.txt.")

    def _answer(self, future: Any) -> task.Answer:
        """What a task came to, waited for as long as there is a worker that works."""
        from distributed import CancelledError, KilledWorker

        alone = 0.0
        while True:
            try:
                answer: task.Answer = future.result(timeout=SECONDS)
                return answer
            except TimeoutError:
                alone = 0.0 if any(map(_works, self._present().values())) else alone + SECONDS
                if alone >= ALONE:
                    raise _wrong(self.address, f"no worker is left that works. Start some: {START}") from None
            except KilledWorker:
                cure = "Give the workers more memory, or fewer of them to a machine."
                raise _wrong(self.address, f"workers died of a task again and again. {cure}") from None
            except CancelledError:
                said = "the scheduler, or every worker that held the data, was lost amid the work"
                raise _wrong(self.address, f"{said}. If memory was short, give the workers more. {AGAIN}") from None
            except Exception as error:  # Dask's own: what the task raises is in its answer
                raise _wrong(self.address, f"a task failed on the way ({_line(error)}). {AGAIN}") from None

    def _present(self) -> Mapping[str, Mapping[str, Any]]:
        workers: Mapping[str, Mapping[str, Any]] = self.ask(self.client.scheduler.identity)["workers"]
        return workers


def _carrier() -> Callable[[Any, bytes], Any]:
    """The function that Dask is given. It travels whole, and items as bytes: the scheduler opens both, without code."""
    import importlib
    import pickle

    name = task.__name__

    def carried(work: Any, item: bytes) -> Any:
        return importlib.import_module(name).answered(work, pickle.loads(item))

    return carried


def _works(worker: Mapping[str, Any]) -> bool:
    """A worker that is short of memory begins nothing new, and may still end what it has begun."""
    return worker["status"] == "running" or bool(worker["metrics"].get("executing"))


def _wrong(address: str, said: str) -> Mistake:
    return Mistake(f"params.yaml: compute: Dask at {address}: {said}", code=OUTSIDE)


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__
