"""Where many fits run: in this process, in processes beside it, or on a Dask cluster, with the same numbers.

Core though it starts processes and speaks to machines: an engine computes what a pure function would give anyway,
reads no data and keeps nothing, so that stages and commands can share it without knowing of each other.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.settings.backtest_params import Compute
from scripts.core.training import cluster, task


class Run(Protocol):
    @property
    def workers(self) -> int:
        """Processes that compute side by side."""

    def map(self, function: Callable[..., Any], items: Iterable[Any], *shared: Any) -> list[Any]:
        """function(item, *shared) of each item, in their order; what the first item to fail raises is raised.

        The function stands in a module and changes nothing that it is given: `shared` is sent to each worker once,
        and its tasks use the same values. Anything random takes its seed from the item.
        """


@contextmanager
def started(compute: Compute, threads: int, needs: Iterable[str] = ()) -> Iterator[Run]:
    """An engine whose every task has so many threads; ended with the block, however that ends.

    `needs` are dotted paths of what the work imports, such as train.estimator: their packages must be the same on the
    workers of a cluster, as must numpy, pandas and scikit-learn.
    """
    if compute.engine == "dask":
        with cluster.started(compute, _workers(compute), threads, needs) as run:
            yield run
    elif _workers(compute) == 1:
        yield Here(threads)
    else:
        with _processes(_workers(compute), threads) as run:
            yield run


def _workers(compute: Compute) -> int:
    from joblib import cpu_count

    return compute.workers or int(cpu_count())


@dataclass(frozen=True)
class Here:
    threads: int
    workers: int = 1

    def map(self, function: Callable[..., Any], items: Iterable[Any], *shared: Any) -> list[Any]:
        return [task.computed(function, shared, item, self.threads) for item in items]


@dataclass(frozen=True)
class Processes:
    workers: int
    threads: int

    def map(self, function: Callable[..., Any], items: Iterable[Any], *shared: Any) -> list[Any]:
        from joblib import Parallel, delayed, parallel_config
        from joblib.externals.loky import BrokenProcessPool

        work = task.packed(function, shared, self.threads)
        answers: list[task.Answer] = []

        def calls() -> Iterator[Any]:
            """They end with the first error: joblib asks for them as it goes, and does not bear to be broken off."""
            for item in items:
                if any(answer.error for answer in answers):
                    return
                yield delayed(task.answered)(work, item)

        try:
            with parallel_config("loky", n_jobs=self.workers, inner_max_num_threads=self.threads):
                for answer in Parallel(return_as="generator", batch_size=1)(calls()):
                    answers.append(answer)
        except BrokenProcessPool as broken:
            why = " ".join(str(broken).split())[:160]
            cure = "If memory was short, lower compute.workers."
            raise Mistake(
                f"params.yaml: compute.engine: a process of joblib ended amid its work ({why}). {cure}", code=OUTSIDE
            ) from None
        return [task.value(answer) for answer in answers]


@contextmanager
def _processes(workers: int, threads: int) -> Iterator[Processes]:
    from joblib.externals.loky import get_reusable_executor

    try:
        yield Processes(workers, threads)
    finally:
        get_reusable_executor(reuse=True).shutdown(wait=True, kill_workers=True)
