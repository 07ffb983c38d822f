"""Packages of npm that tests read, and never run: fetched once, their digest checked, kept in .cache/."""

import base64
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.layout import ROOT

CACHE = ROOT / ".cache"
TIMEOUT = 180
QUICK = ("--ignore-scripts", "--fetch-retries=1", "--fetch-timeout=60000")
FAILED: dict[str, str] = {}  # what could not be fetched by this process: not tried again by every test


class NotFetched(Exception):
    """One line: what could not be fetched, and why."""


@dataclass(frozen=True)
class Package:
    name: str
    version: str
    integrity: str  # sha512-, as npm writes it

    @property
    def archive(self) -> Path:
        return CACHE / f"{self.name.lstrip('@').replace('/', '-')}-{self.version}.tgz"

    def member(self, name: str) -> bytes:
        """One file of the package."""
        with tarfile.open(self.fetched()) as archive:
            file = archive.extractfile(f"package/{name}")
            assert file is not None, name
            return file.read()

    def names(self) -> list[str]:
        with tarfile.open(self.fetched()) as archive:
            return [name.removeprefix("package/") for name in archive.getnames()]

    def fetched(self) -> Path:
        """The archive, its digest checked; brought by npm when it is not here yet."""
        with locked("packages"):
            if not self.archive.is_file():
                self._fetch_once()
        found = integrity(self.archive)
        if found != self.integrity:
            self.archive.unlink()
            raise NotFetched(f"{self.name} {self.version}: its digest is {found}, not {self.integrity}.")
        return self.archive

    def _fetch_once(self) -> None:
        if self.name in FAILED:
            raise NotFetched(FAILED[self.name])
        try:
            self._fetch()
        except NotFetched as error:
            FAILED[self.name] = str(error)
            raise

    def _fetch(self) -> None:
        with TemporaryDirectory(dir=CACHE) as folder:
            asked = ["pack", f"{self.name}@{self.version}", "--pack-destination", folder, *QUICK]
            try:
                done = subprocess.run(
                    [npm(), *asked], cwd=folder, capture_output=True, text=True, timeout=TIMEOUT, check=False
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                raise NotFetched(self._why(type(error).__name__)) from None
            files = list(Path(folder).glob("*.tgz"))
            if done.returncode or len(files) != 1:
                raise NotFetched(self._why(" ".join(done.stderr.split())[:200] or f"npm ended with {done.returncode}"))
            files[0].replace(self.archive)

    def _why(self, reason: str) -> str:
        return f"{self.name} {self.version}: npm could not fetch it ({reason}). Check the network and npm's settings."


def npm() -> str:
    """The one of the locked packages, else the machine's."""
    found = shutil.which("npm", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        raise NotFetched("npm is missing: it comes with the locked packages for tests (make .venv/dev).")
    return found


def integrity(path: Path) -> str:
    return f"sha512-{base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()}"


@contextmanager
def locked(name: str) -> Iterator[None]:
    """One process at a time: tests run in several."""
    CACHE.mkdir(exist_ok=True)
    (CACHE / ".gitignore").write_text("*\n")
    with (CACHE / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def kept(name: str, content: bytes) -> None:
    """Put a file into the cache at once."""
    part = CACHE / f".{name}.{os.getpid()}"
    part.write_bytes(content)
    part.replace(CACHE / name)
