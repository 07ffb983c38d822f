"""What commits hold, by path: compared and listed without a checkout."""

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from scripts.core.errors import OUTSIDE, Mistake

TIMEOUT = 60.0


def same(first: str, second: str, paths: Iterable[object], root: Path = Path()) -> bool:
    """Whether two commits agree on these files and folders; a commit that is not here agrees with none."""
    return _run(root, "diff", "--quiet", "--no-ext-diff", first, second, "--", *map(str, paths)).returncode == 0


def names(commit: str, under: object, root: Path = Path()) -> list[str]:
    """Files of a commit in a folder and below."""
    done = _run(root, "ls-tree", "-r", "-z", "--name-only", commit, "--", f"{under}/")
    if done.returncode:
        said = " ".join(done.stderr.split())[-200:]
        raise Mistake(f"git ls-tree: {said}. Run commands from the project's root.", code=OUTSIDE)
    return [name for name in done.stdout.split("\0") if name]


def _run(root: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            ["git", "-C", str(root), *arguments],
            env=os.environ | {"GIT_TERMINAL_PROMPT": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Mistake(f"git {arguments[0]}: no answer in {TIMEOUT:.0f} s. Try again later.", code=OUTSIDE) from None
