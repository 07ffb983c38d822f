"""Commits that are here already, compared: whose they are, whether two say the same, which files differ."""

import subprocess
from pathlib import Path

from scripts.core.errors import OUTSIDE, Mistake
from scripts.edges.repository.branches import BOT

TIMEOUT = 120.0
GITHUB = "noreply@github.com"  # commits anew when a person presses "Update branch"


def foreign(base: str, head: str, trailer: str, root: Path = Path()) -> list[str]:
    """Commits of `head` that `base` lacks and that no run made, newest first.

    A run's commit has the bot as its author and this trailer. A merge counts when it holds something that none of its
    parents does: a conflict that a person has settled.
    """
    form = f"%H%x1f%ae%x1f%ce%x1f%P%x1f%(trailers:key={trailer},valueonly,separator=%x2C)"
    listed = _git(root, "log", f"--format={form}", f"{base}..{head}").splitlines()
    return [fields[0] for fields in (line.split("\x1f") for line in listed) if not _ours(fields, root)]


def _ours(fields: list[str], root: Path) -> bool:
    commit, author, committer, parents, run = fields
    if " " in parents:
        return not _git(root, "diff-tree", "-c", "--no-commit-id", "--name-only", "-r", commit).strip()
    return author == BOT[1] and committer in (BOT[1], GITHUB) and bool(run.strip())


def same(first: str, second: str, root: Path = Path()) -> bool:
    """Whether two commits hold the same files on the same parents."""
    one, other = (_git(root, "show", "--no-patch", "--format=%T %P", commit).strip() for commit in (first, second))
    return one == other


def changed(before: str, after: str, *paths: str, root: Path = Path()) -> tuple[str, ...]:
    """Files under these paths that differ between two commits."""
    names = _git(root, "diff", "--name-only", "-z", "--no-renames", before, after, "--", *paths).split("\0")
    return tuple(name for name in names if name)


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(root), *arguments],
        capture_output=True,
        check=False,
        timeout=TIMEOUT,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        said = " ".join(done.stderr.decode(errors="replace").split())[-200:]
        raise Mistake(
            f"git {arguments[0]}: {said or 'it failed'}. Fetch all of the history, then run it again.", code=OUTSIDE
        )
    return done.stdout.decode(errors="replace")
