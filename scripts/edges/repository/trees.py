"""What commits hold, by path: compared and listed without a checkout."""

import os
import subprocess
from collections.abc import Iterable, Mapping
from hashlib import sha1, sha256
from pathlib import Path

from scripts.core.errors import OUTSIDE, Mistake

TIMEOUT = 60.0


def same(first: str, second: str, paths: Iterable[object], root: Path = Path()) -> bool:
    """Whether two commits agree on these files and folders; a commit that is not here agrees with none."""
    return _run(root, "diff", "--quiet", "--no-ext-diff", first, second, "--", *map(str, paths)).returncode == 0


def names(commit: str, under: object, root: Path = Path()) -> list[str]:
    """Files of a commit in a folder and below."""
    return [path for path in _blobs(commit, root) if path.startswith(f"{under}/")]


def holds(commit: str, files: Mapping[str, bytes | None], root: Path = Path()) -> bool:
    """Whether a commit has all of these files with this content (None: has no such file)."""
    blobs = _blobs(commit, root)
    return all(blobs.get(path) == _blob(content, blobs.get(path)) for path, content in files.items())


def _blob(content: bytes | None, like: str | None) -> str | None:
    """git's name for a content, by SHA-1 or SHA-256 as the repository does."""
    if content is None:
        return None
    digest = sha256 if like is not None and len(like) == 64 else sha1
    return digest(b"blob %d\0" % len(content) + content).hexdigest()


def _blobs(commit: str, root: Path) -> dict[str, str]:
    done = _run(root, "ls-tree", "-r", "-z", commit)
    if done.returncode:
        said = " ".join(done.stderr.split())[-200:]
        raise Mistake(f"git ls-tree: {said}. Run commands from the project's root.", code=OUTSIDE)
    lines = (line.partition("\t") for line in done.stdout.split("\0") if line)
    return {path: about.split()[2] for about, _, path in lines}


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
