"""The process that talks to MLflow: it imports it and opens the store while a model is still being trained.

On stdin a line of settings, then a line with one job; on stdout one line with the answer. It ends with its
parent. A job looks before it writes, so that after a fault or a kill it can be done again and ends the same.
"""

import json
import logging
import math
import os
import re
import shutil
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TextIO

from scripts.edges.registry import mlflow_jobs

if TYPE_CHECKING:
    from mlflow import MlflowClient

SQLITE = "sqlite:///"
CAUSES = (
    (r"too many (\d{3}) error", r"it answers \1"),
    (r"error code (\d{3})", r"it answers \1"),
    (r"[Tt]imed out|timeout exception", "no answer in time"),
    (r"\[Errno -?\d+\] ([\w ]+)", r"\1"),
    (r"(database is locked|attempt to write a readonly database)", r"\1"),
)


def main() -> int:
    answers = _own_stdout()
    settings = json.loads(sys.stdin.readline())
    _end_with(os.getppid())
    _configure(settings)
    try:
        client = opened(settings)
        job = sys.stdin.readline()
        if not job:
            return 0  # nothing came of what the parent did
        answer = _persistently(settings["retries"], lambda: done(client, settings, json.loads(job)))
    except Exception as error:
        answer = {"reason": reason(error)}
    print(json.dumps(answer), file=answers, flush=True)
    return 0


def _own_stdout() -> TextIO:
    """The answer's own channel: whatever else is printed goes to stderr."""
    own = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return own


def _end_with(parent: int) -> None:
    """A killed retrain leaves no writer behind that a second one would meet."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.2)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _configure(settings: Mapping[str, Any]) -> None:
    """Bounds for every request, and silence; set before MLflow is imported.

    MLflow repeats no request by itself, for it would repeat writes without a look: the whole job is repeated.
    """
    os.environ |= {
        "MLFLOW_HTTP_REQUEST_TIMEOUT": str(math.ceil(settings["timeout"])),
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "MLFLOW_LOGGING_LEVEL": "CRITICAL",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "MLFLOW_ENABLE_ASYNC_LOGGING": "false",
        "GIT_PYTHON_REFRESH": "quiet",
        "OMP_NUM_THREADS": "1",
    }
    logging.disable(logging.CRITICAL)


def opened(settings: Mapping[str, Any]) -> "MlflowClient":
    """A client, with the slow part of a local store done: its code imported, its tables made."""
    path = _sqlite_file(settings["uri"])
    if path is not None and not path.exists():
        _create_store(path)
    _check_writable(path, settings["timeout"])
    return _client(settings["uri"])


def _sqlite_file(uri: str) -> Path | None:
    return Path(uri.removeprefix(SQLITE).partition("?")[0]) if uri.startswith(SQLITE) else None


def _client(uri: str) -> "MlflowClient":
    import mlflow

    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    client = mlflow.MlflowClient()
    if uri.startswith(SQLITE):
        client.search_experiments(max_results=1)
        client.search_registered_models(max_results=1)
    return client


def _create_store(path: Path) -> None:
    """Made beside its place and then linked there: MLflow can't ever open half-made tables again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f"{path.name}.new-*"):  # by a kill
        shutil.rmtree(left)
    with TemporaryDirectory(prefix=f"{path.name}.new-", dir=path.parent) as folder:
        new = Path(folder) / path.name
        _client(f"{SQLITE}{new.resolve()}")
        with suppress(FileExistsError):  # another process was faster: its file holds records by now
            os.link(new, path)


def _check_writable(path: Path | None, timeout: float) -> None:
    """A locked file says so now; MLflow would try again for minutes."""
    if path is None:
        return
    connection = sqlite3.connect(path, timeout=timeout)
    try:
        connection.execute("BEGIN IMMEDIATE")
    finally:
        connection.close()


def done(client: "MlflowClient", settings: Mapping[str, Any], job: Mapping[str, Any]) -> dict[str, Any]:
    _check_writable(_sqlite_file(settings["uri"]), settings["timeout"])
    return mlflow_jobs.done(client, job)


def _persistently(retries: int, job: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    for _ in range(retries):
        try:
            return job()
        except Exception:  # whatever it was; the last attempt's is the one that is told
            time.sleep(0.5)
    return job()


def reason(error: BaseException) -> str:
    """One line: the cause where it is known, else the first line of what was raised."""
    text = " ".join(str(error).split()) or type(error).__name__
    for pattern, cause in CAUSES:
        if found := re.search(pattern, text):
            return found.expand(cause)
    return text[:200]


if __name__ == "__main__":
    os._exit(main())  # all is written; taking MLflow down in order takes most of a second
