"""The ledger's branch: on GitHub pushed to, on a laptop a branch of the clone; read from both, without a checkout."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.ledger import BRANCH, FILE, Ledger, joined, parse
from scripts.edges.actions import Job
from scripts.edges.repository.branches import Moved, Protected, Remote

PATIENCE = 90.0  # seconds in which a line is written, whoever else writes
UNSURE = 3  # pushes without a proper answer
SHORTEST, FIRST, LONGEST = 0.05, 0.2, 3.0  # seconds before another try: least, most at first, most ever
NOBODY = "0" * 40  # as git names the commit of a branch that does not exist


@dataclass(frozen=True)
class Local(Remote):
    """The same branch in the clone itself: nothing leaves the machine."""

    def tip(self, branch: str, depth: int | None = None) -> str | None:
        done = self._run(("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}"), None)
        return done.stdout.decode().strip() or None

    def push(self, commit: str | None, branch: str, expected: str | None) -> None:
        ref, was = f"refs/heads/{branch}", expected or NOBODY
        done = self._run(("update-ref", ref, commit, was) if commit else ("update-ref", "-d", ref, was), None)
        if done.returncode:
            said = " ".join(done.stderr.decode(errors="replace").split())
            raise Moved(f"git update-ref {branch}: {said[-200:]}. Run it again.", code=OUTSIDE)

    @property
    def has_remote(self) -> bool:
        return self._run(("config", "--get", f"remote.{self.name}.url"), None).returncode == 0


def book(job: Job, root: Path = Path()) -> Remote:
    """Where a run writes."""
    return Remote(root, "origin", job.server, job.token) if job.in_actions else Local(root)


def append(
    book: Remote,
    file: str,
    change: Callable[[bytes | None], bytes | None],
    message: str,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Write what `change` makes of the file; False when it makes nothing of it (None), as what is wanted is there.

    Writers at the same time wait a random while and build on each other. A push that nobody answered may have gone
    through: `change` sees so, as it is asked again on what is there then.
    """
    until = time.monotonic() + PATIENCE
    attempt = unsure = 0
    pushed = False
    while True:
        try:
            tip = book.tip(BRANCH)
            wanted = change(None if tip is None else book.read(tip, file))
            if wanted is None:
                return pushed
            commit = book.built(tip, {file: wanted}, f"{message}\n")
            pushed = True
            book.push(commit, BRANCH, tip)
            return True
        except Protected:
            raise
        except Moved:
            pushed = False
            if time.monotonic() > until:
                raise
        except Mistake:
            unsure += 1
            if unsure >= UNSURE or time.monotonic() > until:
                raise
        sleep(random.uniform(SHORTEST, min(FIRST * 2 ** min(attempt, 10), LONGEST)))
        attempt += 1


@dataclass(frozen=True)
class Known:
    """All that is known here: of the remote, and of this clone."""

    ledger: Ledger
    warnings: tuple[str, ...]


def read(job: Job, root: Path = Path()) -> Known:
    """On a laptop a remote that can't be reached is a warning."""
    own = Local(root)
    places = [Remote(root, "origin", job.server, job.token)] if job.in_actions or own.has_remote else []
    found: list[Ledger] = []
    warnings: list[str] = []
    for place in [*places, own]:
        try:
            found.append(parse(content(place, FILE)))
        except Mistake as mistake:
            if job.in_actions:
                raise
            warnings.append(f"{BRANCH}: only what this clone knows is shown: {mistake}")
    whole = joined(found)
    return Known(whole, (*warnings, *map(str, whole.broken)))


def content(place: Remote, file: str) -> bytes | None:
    tip = place.tip(BRANCH)
    return None if tip is None else place.read(tip, file)
