"""One task of an engine: the same work in this process, in one beside it and on another machine."""

import pickle
import sys
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.training import shipping

Warned = tuple[str, type[Warning], str, int]


@dataclass(frozen=True)
class Work:
    """A function with the values that all its tasks share, pickled once for all of them."""

    content: Any  # (n,) uint8: joblib shares an array between processes, dask keeps one on each worker
    key: str
    threads: int
    code: str | None  # digest of the project's modules that were sent to the worker; None: it has the very same files


@dataclass(frozen=True)
class Answer:
    """What came of a task; an error travels as a value, so that what an engine raises is always its own trouble."""

    value: Any
    error: Exception | None
    warned: tuple[Warned, ...]


_kept: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {}


def packed(function: Callable[..., Any], shared: tuple[Any, ...], threads: int, code: str | None = None) -> Work:
    import cloudpickle  # type: ignore[import-untyped]
    import numpy as np

    content = cloudpickle.dumps((function, shared))
    return Work(np.frombuffer(content, dtype=np.uint8), sha256(content).hexdigest(), threads, code)


def computed(function: Callable[..., Any], shared: tuple[Any, ...], item: Any, threads: int) -> Any:
    """The function's answer with so many threads in BLAS and OpenMP, on which the last digits may depend."""
    import sklearn.linear_model  # noqa: F401 - only libraries that are loaded can be limited

    with threadpool_limits(threads):
        return function(item, *shared)


def answered(work: Work, item: Any) -> Answer:
    """The same on a worker."""
    with warnings.catch_warnings(record=True) as raised:
        value, error = None, None
        try:
            function, shared = _unpacked(work)
            value = computed(function, shared, item, work.threads)
        except Exception as failure:  # whatever the function raises is the caller's
            error = _portable(failure)
    said = tuple((str(each.message), each.category, each.filename, each.lineno) for each in raised)
    return Answer(value, error, said)


def _unpacked(work: Work) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """Done once on each worker; the values of an earlier map are let go."""
    if work.code is not None and shipping.present(sys.meta_path) != work.code:
        raise Mistake(
            "params.yaml: compute.address: its workers serve a run of other code. Wait for its end.", code=OUTSIDE
        )
    if work.key not in _kept:
        _kept.clear()
        try:
            _kept[work.key] = pickle.loads(memoryview(work.content))
        except ImportError as error:
            cure = "Install it there, or put it below scripts/, which is sent."
            raise Mistake(
                f"params.yaml: compute: a worker lacks what the work needs ({error}). {cure}", code=OUTSIDE
            ) from None
    return _kept[work.key]


def _portable(error: Exception) -> Exception:
    """The error itself, with its traceback as a note; in words if it would not survive the journey."""
    error.add_note("".join(traceback.format_exception(error)))
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # an exception of any make
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def value(answer: Answer) -> Any:
    """The value, or the task's error raised; warnings are given as if they had been raised here."""
    for text, category, file, line in answer.warned:
        warnings.warn_explicit(text, category, file, line)
    if answer.error is not None:
        raise answer.error
    return answer.value
