"""A Dask cluster: one that is running at an address, or processes of this machine that a run starts and ends."""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.settings.backtest_params import Compute
from scripts.core.training import task

SECONDS = 5  # that a scheduler may take to answer


@contextmanager
def started(compute: Compute, workers: int, threads: int, packages: Iterable[str]) -> Iterator["Cluster"]:
    with _at(compute.address) if compute.address else _local(workers, threads) as client:
        yield Cluster(client, len(client.nthreads()), threads)


@contextmanager
def _at(address: str) -> Iterator[Any]:
    from distributed import Client

    try:
        client = Client(address, timeout=SECONDS, set_as_default=False)
        client.wait_for_workers(1, timeout=SECONDS)
    except (OSError, ValueError, TimeoutError) as error:
        why = " ".join(str(error).split())[:160]
        raise Mistake(
            f"compute.address: {address} can't be used ({why}). Start it, or correct it.", code=OUTSIDE
        ) from None
    with client:
        yield client


@contextmanager
def _local(workers: int, threads: int) -> Iterator[Any]:
    from distributed import Client, LocalCluster

    settings = {name: str(threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            silence_logs=logging.CRITICAL,
            env=settings,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


@dataclass(frozen=True)
class Cluster:
    client: Any
    workers: int
    threads: int

    def map(self, function: Callable[..., Any], items: Iterable[Any], *shared: Any) -> list[Any]:
        work = self.client.scatter(task.packed(function, shared, self.threads), broadcast=True, hash=False)
        futures = [self.client.submit(task.answered, work, item, pure=False) for item in items]
        return [task.value(future.result()) for future in futures]
