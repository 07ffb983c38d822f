"""A store that is a branch of the project's own repository: with no cloud and no secret, GitHub keeps the data.

The branch lies checked out in a clone of its own beside the work tree, where it is a folder laid out as DVC's remotes
are. Objects are only ever added and are called by their content, so two writers at once end with what both wrote.
"""

import os
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scripts.core import objects
from scripts.core.errors import OUTSIDE, Mistake
from scripts.edges.repository.branches import Moved, Remote
from scripts.edges.stores.store_folder import Folder

BRANCH = "dvc-store"
CLONE = Path(".dvc/store")
ATTEMPTS = 10
MB = 1_000_000
WARN_OBJECT, MOST_OBJECT = 50 * MB, 100 * MB  # GitHub warns of the first and refuses files past the second
MOVE = "Move to S3: python -m scripts.store migrate --to s3://BUCKET/FOLDER"
MESSAGE = "Keep what git names\n"


def remote(url: str, server: str | None = None, token: str | None = None, clone: Path = CLONE) -> Remote:
    """The branch's own clone, and the repository that it is pushed to."""
    return Remote(clone, url, server, token)


@dataclass
class Branch:
    remote: Remote
    warn_mb: float = 500
    sleep: Callable[[float], None] = time.sleep
    tip: str | None = None
    listing: dict[str, int] = field(default_factory=dict)  # what the branch has, with sizes
    waiting: dict[str, bytes] = field(default_factory=dict)  # written, not pushed yet

    @property
    def name(self) -> str:
        return f"the branch {BRANCH}"

    @property
    def settings(self) -> Mapping[str, str]:
        """For DVC, so that `dvc pull` by hand finds what the last look brought here."""
        return self._folder.settings

    def reach(self) -> None:
        """Bring the branch here as it is now; no branch yet is an empty store."""
        self._clone()
        self.tip = self.remote.tip(BRANCH, depth=1)
        self.listing = {}
        if self.tip is not None:
            self._git("checkout", "-q", "-f", "-B", BRANCH, self.tip)
            lines = self._git("ls-tree", "-r", "-l", "-z", self.tip).split("\0")
            entries = [(line.partition("\t")[2], line.split()[3]) for line in lines if line]
            self.listing = {oid: int(size) for path, size in entries if (oid := objects.oid_of(path)) is not None}

    def size(self, oid: str) -> int | None:
        return self.listing.get(oid)

    def read(self, oid: str) -> bytes | None:
        return self._folder.read(oid) if oid in self.listing else None

    def write(self, oid: str, content: bytes) -> None:
        if len(content) > MOST_OBJECT:
            raise Mistake(
                f"{self.name}: {_mb(len(content))} in one file are more than GitHub takes. {MOVE}", code=OUTSIDE
            )
        self.waiting[oid] = content

    def settle(self) -> list[str]:
        """Push what waits, on top of what others pushed meanwhile; warnings about sizes."""
        for attempt in range(ATTEMPTS):
            if not self.waiting:
                return self._warnings()
            files = {objects.laid(oid): content for oid, content in self.waiting.items()}
            commit = self.remote.built(self.tip, files, MESSAGE)
            try:
                self.remote.push(commit, BRANCH, self.tip)
                self.waiting.clear()
            except Moved:
                self.sleep(min(0.2 * 2**attempt, 5.0))
                self._looked_again()
            except Mistake:
                self._looked_again()
                if self.waiting:  # else the push arrived, and only its answer got lost
                    raise
            else:
                self.reach()
        raise Moved(f"{self.name}: others pushed {ATTEMPTS} times meanwhile. Run it again.", code=OUTSIDE)

    def all(self) -> dict[str, int]:
        """Every object with its size."""
        return dict(self.listing)

    @property
    def _folder(self) -> Folder:
        return Folder(self.remote.root)

    def _looked_again(self) -> None:
        """What is on the branch by now need not be pushed again, if it is whole."""
        self.reach()
        known = [oid for oid, content in self.waiting.items() if self._folder_has(oid, content)]
        for oid in known:
            del self.waiting[oid]

    def _folder_has(self, oid: str, content: bytes) -> bool:
        return self.listing.get(oid) == len(content) and self._folder.read(oid) == content

    def _warnings(self) -> list[str]:
        whole = sum(self.listing.values())
        out = [
            f"{self.name}: one object has {_mb(size)}, and GitHub refuses files of more than 100 MB. {MOVE}"
            for size in sorted(self.listing.values(), reverse=True)[:1]
            if size > WARN_OBJECT
        ]
        if whole > self.warn_mb * MB:
            out.append(f"{self.name}: has {_mb(whole)}, more than store.warn_mb ({self.warn_mb:g}). {MOVE}")
        return out

    def _clone(self) -> None:
        """An empty repository at first; locks that a killed process left are taken away: one run at a time is here."""
        root = self.remote.root
        root.mkdir(parents=True, exist_ok=True)
        for lock in (root / ".git").glob("**/*.lock"):
            lock.unlink(missing_ok=True)
        self._git("init", "-q", "-b", BRANCH)
        # Content is content: nobody's settings may change the ends of its lines.
        (root / ".git/info").mkdir(exist_ok=True)
        (root / ".git/info/attributes").write_text("* -text -filter -ident\n", "utf-8")

    def _git(self, *arguments: str) -> str:
        """In this clone and nowhere else, even if its .git is broken."""
        root = self.remote.root.absolute()
        environment = os.environ | {"GIT_DIR": str(root / ".git"), "GIT_WORK_TREE": str(root)}
        command = ["git", *arguments]
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            said = " ".join(done.stderr.split())[-200:]
            cure = f"Remove {self.remote.root} and run it again"
            raise Mistake(f"{self.name}: git {arguments[0]}: {said}. {cure}.", code=OUTSIDE)
        return done.stdout


def _mb(size: int) -> str:
    return f"{size / MB:.0f} MB"


def origin(root: Path = Path()) -> str | None:
    """Where origin lies; None when there is no such remote."""
    said = _asked(root, "remote", "get-url", "origin")
    return str((root / said).absolute()) if said and (root / said).exists() else said


def is_there(root: Path = Path()) -> bool:
    """Whether origin has the branch; False too when it can't be asked."""
    return _asked(root, "ls-remote", "--refs", "origin", f"refs/heads/{BRANCH}") is not None


def _asked(root: Path, *arguments: str) -> str | None:
    environment = os.environ | {"GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=root, env=environment, capture_output=True, text=True, check=False, timeout=20
        )
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return None
    return (done.stdout.strip() or None) if done.returncode == 0 else None
