"""What the history of a branch says: which models were declared, and where each was judged. Nothing is checked out."""

import io
import json
import os
import re
import subprocess
import tarfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.core import declaration
from scripts.core.declaration import Declaration
from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.paths import DECLARATION, EVALUATION

TIMEOUT = 120.0
NO_BLOB = re.compile(rb"does not exist in|exists on disk, but not in|bad file")


@dataclass(frozen=True)
class Declared:
    commit: str
    declaration: Declaration


def declarations(tip: str = "HEAD", root: Path = Path()) -> list[Declared]:
    """Every change of the declaration on the branch itself (first parents), newest first.

    A merge counts as the commit that brought the change. One that can't be read declared no model and is left out.
    """
    whole(root)
    listed = _git(root, "log", "--first-parent", "--format=%H", tip, "--", DECLARATION.as_posix())
    return list(_readable(root, listed.split()))


def at(commit: str, path: Path | str, root: Path = Path()) -> bytes | None:
    """A file as a commit has it; None when the commit has none."""
    name = f"{commit}:{path.as_posix() if isinstance(path, Path) else path}"
    done = _run(root, "cat-file", "blob", name)
    if done.returncode == 0:
        return done.stdout
    if NO_BLOB.search(done.stderr):
        return None
    raise _refused("cat-file", done.stderr)


def files(commit: str, paths: Sequence[str], root: Path = Path()) -> dict[str, bytes]:
    """Everything that a commit has at or below these paths, by path; links and such are left out."""
    done = _run(root, "archive", "--format=tar", commit, "--", *paths)
    if done.returncode:
        if b"did not match any files" in done.stderr:
            return {}
        raise _refused("archive", done.stderr)
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as held:
        members = [(member.name, held.extractfile(member)) for member in held if member.isfile()]
        return {name: content.read() for name, content in sorted(members) if content is not None}


def evaluation_of(
    bundle: str, tip: str = "HEAD", root: Path = Path(), fits: Callable[[Any], bool] = lambda evaluation: True
) -> str | None:
    """The newest commit whose evaluation judged the candidate with this digest; None when no commit holds one.

    `fits` looks at the evaluation too: a model that was trained twice may have been judged twice.
    """
    whole(root)
    listed = _git(root, "log", "--full-history", "--format=%H", tip, "--", EVALUATION.as_posix()).split()
    return next((commit for commit in listed if _judges(at(commit, EVALUATION, root), bundle, fits)), None)


def highest(tip: str = "HEAD", root: Path = Path()) -> int:
    """The greatest version that was ever declared or tagged: a number is never used for two models."""
    tags = _git(root, "tag", "--list", "v*").split()
    tagged = [int(tag[1:]) for tag in tags if re.fullmatch(r"v\d+", tag)]
    return max([0, *tagged, *(each.declaration.version for each in declarations(tip, root))])


def holds(tip: str, commit: str, root: Path = Path()) -> bool:
    """Whether a commit is the tip or one of its ancestors."""
    return _run(root, "merge-base", "--is-ancestor", commit, tip).returncode == 0


def whole(root: Path = Path()) -> None:
    """A Mistake when the clone is shallow: what it lacks would look as if it had never been."""
    if _git(root, "rev-parse", "--is-shallow-repository").strip() == "true":
        cure = "Fetch all of it: git fetch --unshallow (in a workflow: fetch-depth: 0)"
        raise Mistake(f"git: this clone is shallow, and the history of {DECLARATION} is needed. {cure}.", code=OUTSIDE)


def _readable(root: Path, commits: list[str]) -> Iterator[Declared]:
    for commit in commits:
        content = at(commit, DECLARATION, root)
        try:
            if content is not None:
                yield Declared(commit, declaration.parse(content.decode(), DECLARATION.as_posix()))
        except (Mistake, UnicodeDecodeError):
            continue


def _judges(content: bytes | None, bundle: str, fits: Callable[[Any], bool]) -> bool:
    try:
        evaluation = json.loads(content or b"")
        return bool(evaluation["models"]["candidate"]["bundle"] == bundle and fits(evaluation))
    except (ValueError, LookupError, TypeError):
        return False


def _git(root: Path, *arguments: str) -> str:
    done = _run(root, *arguments)
    if done.returncode:
        raise _refused(arguments[0], done.stderr)
    return done.stdout.decode(errors="replace")


def _run(root: Path, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    try:
        return subprocess.run(
            ["git", "-C", str(root), *arguments],
            env=os.environ | {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"},  # what git says is looked at
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
        )
    except FileNotFoundError:
        raise Mistake("git: is not installed. Install it.", code=OUTSIDE) from None
    except subprocess.TimeoutExpired:
        raise Mistake(f"git {arguments[0]}: no answer in {TIMEOUT:.0f} s. Try again later.", code=OUTSIDE) from None


def _refused(what: str, errors: bytes) -> Mistake:
    said = " ".join(errors.decode(errors="replace").split())[-200:]
    return Mistake(f"git {what}: {said or 'it failed'}. Run commands from the project's root.", code=OUTSIDE)
