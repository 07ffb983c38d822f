"""Whole processes measured from outside: wall seconds, memory of one and of all, imports, timeline."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil

INTERVAL = 0.05
SELF_TIME = re.compile(r"^import time:\s+(\d+) \|", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """Wall and processor seconds of the tree, bytes of resident memory of its largest process, and what was printed."""

    seconds: float
    processor: float
    largest: int
    printed: str


@dataclass
class Process:
    """One process of a tree: what it is, when it was seen (seconds from the start), its greatest resident bytes."""

    label: str
    start: float
    end: float
    largest: int = 0


@dataclass
class Tree:
    """Greatest sum over all living processes: proportional bytes count a page shared by n processes 1/n in each."""

    proportional: int = 0
    resident: int = 0
    processes: dict[int, Process] = field(default_factory=dict)


def run(command: Sequence[str], folder: Path, env: Mapping[str, str]) -> Run:
    """Time one command to its end; the kernel keeps the largest process's peak, so nothing is sampled."""
    with tempfile.TemporaryFile() as log:
        start = time.perf_counter()
        process = _start(command, folder, env, log)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        printed = _printed(command, process.returncode, log)
    largest = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Run(seconds, usage.ru_utime + usage.ru_stime, largest, printed)


def watch(command: Sequence[str], folder: Path, env: Mapping[str, str]) -> Tree:
    """Sample the whole tree of one command: disturbs it a little, so it is never the run that is timed."""
    tree = Tree()
    with tempfile.TemporaryFile() as log:
        start = time.perf_counter()
        process = _start(command, folder, env, log)
        root = psutil.Process(process.pid)
        while process.poll() is None:
            _sample(root, tree, time.perf_counter() - start)
            time.sleep(INTERVAL)
        _printed(command, process.returncode, log)
    return tree


def imports(command: Sequence[str], folder: Path, env: Mapping[str, str]) -> float:
    """Seconds that one Python process spends in import statements, its own modules included."""
    profiled = {**env, "PYTHONPROFILEIMPORTTIME": "1"}
    done = subprocess.run(command, cwd=folder, env=profiled, capture_output=True, text=True, check=True)
    return sum(map(int, SELF_TIME.findall(done.stderr))) / 1e6


def _start(command: Sequence[str], folder: Path, env: Mapping[str, str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
    )


def _printed(command: Sequence[str], code: int, log: IO[bytes]) -> str:
    log.seek(0)
    text = log.read().decode(errors="replace")
    if code:
        raise RuntimeError(f"{' '.join(command)} ended with {code}:\n{text}")
    return text


def _sample(root: psutil.Process, tree: Tree, now: float) -> None:
    proportional = resident = 0
    for process in _living(root):
        try:
            memory, label = process.memory_full_info(), _label(process.cmdline())
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue  # it ended between being listed and being read
        if not label:
            continue  # it ended, and waits for its parent to ask how
        seen = tree.processes.setdefault(process.pid, Process(label, now, now))
        seen.label, seen.end, seen.largest = label, now, max(seen.largest, memory.rss)
        proportional, resident = proportional + memory.pss, resident + memory.rss
    tree.proportional, tree.resident = max(tree.proportional, proportional), max(tree.resident, resident)


def _living(root: psutil.Process) -> list[psutil.Process]:
    try:
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _label(command: Sequence[str]) -> str:
    """`python -m scripts.stages.train` is `scripts.stages.train`; `/x/bin/python /x/bin/dvc repro` is `dvc repro`."""
    words = list(command)
    if "-m" in words[:-1]:
        words = words[words.index("-m") + 1 :]
    elif len(words) > 1 and Path(words[0]).name.startswith("python"):
        words = words[1:]
    return " ".join([Path(words[0]).name, *words[1:]])[:60] if words else ""
