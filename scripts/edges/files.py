"""Files that are there in full or not at all: a kill at any moment leaves the old state."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.core.errors import OUTSIDE, Mistake


def write(path: Path, content: bytes) -> None:
    _sweep(path.parent, f".{path.name}.*.tmp")
    staged = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with _telling(path):
        try:
            _settle(staged, content)
            staged.replace(path)
        finally:
            staged.unlink(missing_ok=True)


class Stage:
    """New versions of files of one folder, kept beside it until all of them can be put in place."""

    def __init__(self, folder: Path, waiting: Path) -> None:
        self._folder, self._waiting = folder, waiting
        self._names: list[str] = []

    def write(self, name: str, content: bytes) -> None:
        with _telling(self._folder / name):
            self._waiting.mkdir(parents=True, exist_ok=True)
            _settle(self._waiting / name, content)
        self._names.append(name)

    def place(self) -> None:
        """Put the files in place one by one; after a kill some are new and some old, each of them whole."""
        for name in self._names:
            with _telling(self._folder / name):
                self._folder.mkdir(parents=True, exist_ok=True)
                (self._waiting / name).replace(self._folder / name)
        self._names.clear()


@contextmanager
def staging(folder: Path) -> Iterator[Stage]:
    """A stage outside of the folder, so that what a kill leaves is never taken for one of its files."""
    _sweep(folder.parent, f".{folder.name}.*.tmp")
    waiting = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    try:
        yield Stage(folder, waiting)
    finally:
        shutil.rmtree(waiting, ignore_errors=True)


@contextmanager
def _telling(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Mistake(
            f"{path}: can't be written ({error.strerror}). Mend that, then run again.", code=OUTSIDE
        ) from None


def _settle(path: Path, content: bytes) -> None:
    with path.open("wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())  # a name must never point to bytes that a power cut can lose


def _sweep(folder: Path, pattern: str) -> None:
    """Remove what killed processes left; the number in the name is the process."""
    for left in folder.glob(pattern):
        number = left.name.split(".")[-2]
        if number.isdigit() and not _alive(int(number)):
            shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it lives, and belongs to somebody else
        return True
    return True
