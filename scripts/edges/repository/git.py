"""git: which code, and since when."""

import os
import re
import subprocess
from datetime import datetime
from pathlib import Path


def commit() -> str | None:
    """The current commit; None before the first one or outside a repository."""
    return _git("rev-parse", "--verify", "-q", "HEAD") or None


def dirty() -> bool:
    return bool(_git("status", "--porcelain", "--untracked-files=no"))


def changed() -> list[str]:
    """Files that git tracks and that are not as committed."""
    return [line[2:].strip() for line in _git("status", "--porcelain", "--untracked-files=no").splitlines()]


def branch() -> str | None:
    """None on no branch."""
    return _git("symbolic-ref", "--short", "-q", "HEAD") or None


def shallow() -> bool:
    """Whether history was cut short when it was cloned."""
    return _git("rev-parse", "--is-shallow-repository") == "true"


def origin() -> str | None:
    """The URL of the remote called origin."""
    return _git("remote", "get-url", "origin") or None


def version() -> tuple[int, ...]:
    """git's own; empty when there is no git."""
    numbers = re.search(r"\d+(\.\d+)+", _git("--version"))
    return tuple(int(number) for number in numbers[0].split(".")[:3]) if numbers else ()


def committed(path: Path) -> datetime | None:
    """When a file was last changed on this branch; None when it was never committed."""
    stamp = _git("log", "-1", "--format=%cI", "--", str(path))
    return datetime.fromisoformat(stamp) if stamp else None


def when(commit: str) -> datetime | None:
    """When a commit came to be; None when it is not known here."""
    stamp = _git("show", "-s", "--format=%cI", f"{commit}^{{commit}}")
    return datetime.fromisoformat(stamp) if stamp else None


def files() -> list[str]:
    """What git tracks or would track, and is there."""
    names = _git("ls-files", "-coz", "--exclude-standard").split("\0")
    return sorted({name for name in names if name and Path(name).is_file()})


def begin(root: Path, message: str) -> None:
    """A repository of its own, with everything in it as its first commit."""
    _act(root, "init", "-q", "-b", "main")
    keep(root, message)


def keep(root: Path, message: str) -> None:
    """Commit everything that is there, in a repository that `begin` made."""
    _act(root, "add", "-A")
    _act(root, "commit", "-q", "-m", message)


def _act(root: Path, *arguments: str) -> None:
    settings = {"user.name": "Evergreen", "user.email": "evergreen@localhost", "commit.gpgsign": "false"}
    settings["core.hooksPath"] = os.devnull  # a person's own hooks are not for this
    given = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    subprocess.run(["git", "-C", str(root), *given, *arguments], check=True, capture_output=True)


def _git(*arguments: str) -> str:
    """What git says, or nothing: a folder without git is a folder without history."""
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False, timeout=60)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
