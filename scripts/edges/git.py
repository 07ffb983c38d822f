"""git: which code, and since when."""

import subprocess
from datetime import datetime
from pathlib import Path


def commit() -> str | None:
    """The current commit; None before the first one or outside a repository."""
    return _git("rev-parse", "--verify", "-q", "HEAD") or None


def dirty() -> bool:
    return bool(_git("status", "--porcelain", "--untracked-files=no"))


def committed(path: Path) -> datetime | None:
    """When a file was last changed on this branch; None when it was never committed."""
    stamp = _git("log", "-1", "--format=%cI", "--", str(path))
    return datetime.fromisoformat(stamp) if stamp else None


def files() -> list[str]:
    """What git tracks or would track."""
    return sorted(set(_git("ls-files", "-co", "--exclude-standard").splitlines()))


def begin(root: Path, message: str) -> None:
    """A repository of its own, with everything in it as its first commit."""
    identity = ("-c", "user.name=Evergreen", "-c", "user.email=evergreen@localhost")
    for arguments in (("init", "-q", "-b", "main"), ("add", "-A"), (*identity, "commit", "-q", "-m", message)):
        subprocess.run(["git", "-C", str(root), *arguments], check=True, capture_output=True)


def _git(*arguments: str) -> str:
    """What git says, or nothing: a folder without git is a folder without history."""
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False, timeout=60)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
