"""The bare repository behind the forge: refs are read from its files, the rest is asked of git."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ALONE = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
CONFIG = {
    "http.receivepack": "true",
    "uploadpack.allowAnySHA1InWant": "true",
    "gc.auto": "0",
    "receive.autogc": "false",
    "core.logAllRefUpdates": "false",
}
# FORGE_PROTECTED: refs, one space between two. An update hook refuses single refs, as GitHub does.
HOOK = """#!/bin/sh
for ref in $FORGE_PROTECTED; do
    if [ "$ref" = "$1" ]; then
        echo "error: GH006: Protected branch update failed for $1." >&2
        echo "error: Changes must be made through a pull request." >&2
        exit 1
    fi
done
for ref in $FORGE_BURNT; do
    if [ "$ref" = "$1" ]; then
        echo "error: GH013: Repository rule violations found for $1. Cannot change the tag of an immutable release." >&2
        exit 1
    fi
done
"""
ZERO = "0" * 40


@cache
def _newborn() -> "TemporaryDirectory[str]":
    folder = TemporaryDirectory()
    path = Path(folder.name)
    begin = ["git", "init", "--quiet", "--bare", "--initial-branch=main", "--template=", str(path)]
    subprocess.run(begin, env=os.environ | ALONE, check=True)
    lines = [f"[{name.split('.')[0]}]\n\t{name.split('.')[1]} = {value}\n" for name, value in CONFIG.items()]
    with (path / "config").open("a") as config:
        config.writelines(lines)
    (path / "hooks").mkdir()
    (path / "hooks/update").write_text(HOOK)
    (path / "hooks/update").chmod(0o755)
    bare = Bare(path)
    bare.set("refs/heads/main", bare.written(None, {"README.md": "# Evergreen\n"}, "The beginning", "octocat"))
    return folder


class GitError(Exception):
    """git said no."""


@dataclass(frozen=True)
class Bare:
    path: Path

    @classmethod
    def begin(cls, path: Path) -> "Bare":
        """A repository whose `main` holds a README: a copy of one that each process makes once."""
        shutil.copytree(Path(_newborn().name), path, dirs_exist_ok=True)
        return cls(path)

    def git(self, *arguments: str, given: bytes = b"", env: Mapping[str, str] | None = None) -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            env=os.environ | ALONE | dict(env or {}),
            input=given,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise GitError(done.stderr.decode(errors="replace") or done.stdout.decode(errors="replace"))
        return done.stdout.decode(errors="surrogateescape")

    def refs(self) -> dict[str, str]:
        """Every branch and tag by its full name. An annotated tag has the tag's own object."""
        found = {}
        packed = self.path / "packed-refs"
        if packed.is_file():
            for line in packed.read_text().splitlines():
                if line and line[0] not in "#^":
                    sha, name = line.split(" ", 1)
                    found[name] = sha
        for folder in ("refs/heads", "refs/tags"):
            for file in (self.path / folder).rglob("*"):
                if file.is_file() and file.suffix != ".lock":
                    found[file.relative_to(self.path).as_posix()] = file.read_text().strip()
        return dict(sorted(found.items()))

    def branch(self, name: str) -> str | None:
        return self.refs().get(f"refs/heads/{name}")

    def sha(self, name: str) -> str | None:
        """The commit that a branch, a tag or a hash stands for."""
        refs = self.refs()
        found = refs.get(f"refs/heads/{name}") or refs.get(f"refs/tags/{name}") or refs.get(name) or name
        try:
            return self.git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{found}^{{commit}}").strip()
        except GitError:
            return None

    def commit(self, sha: str) -> dict[str, Any]:
        form = "%H%n%T%n%P%n%an%n%ae%n%aI%n%cn%n%ce%n%cI%n%B"
        lines = self.git("show", "--no-patch", f"--format={form}", sha).split("\n", 9)
        people = ("author", "author_email", "authored", "committer", "committer_email", "committed")
        names = ("sha", "tree", "parents", *people, "message")
        return dict(zip(names, lines, strict=True)) | {"parents": lines[2].split(), "message": lines[9].strip("\n")}

    def commits(self, *revisions: str, limit: int = 250) -> list[str]:
        """Hashes, newest first."""
        return self.git("rev-list", f"--max-count={limit}", *revisions).split()

    def between(self, base: str, head: str) -> tuple[int, int]:
        """How many commits `head` is ahead of `base`, and behind."""
        behind, ahead = self.git("rev-list", "--left-right", "--count", f"{base}...{head}").split()
        return int(ahead), int(behind)

    def merge_base(self, one: str, other: str) -> str | None:
        try:
            return self.git("merge-base", one, other).strip()
        except GitError:
            return None

    def holds(self, base: str, commit: str) -> bool:
        """Whether a commit is among the ancestors of another."""
        return self.merge_base(base, commit) == commit

    def set(self, ref: str, new: str, old: str | None = None) -> None:
        self.git("update-ref", ref, new, *([old] if old else []))

    def delete(self, ref: str) -> None:
        self.git("update-ref", "-d", ref)

    def files(self, base: str, head: str) -> list[dict[str, Any]]:
        """What differs between two commits: name, status, lines added and removed."""
        words = {"A": "added", "M": "modified", "D": "removed", "T": "changed"}
        status = self.git("diff", "--no-renames", "--name-status", base, head).splitlines()
        counts = self.git("diff", "--no-renames", "--numstat", base, head).splitlines()
        found = []
        for one, other in zip(status, counts, strict=True):
            letter, name = one.split("\t", 1)
            added, removed, _ = other.split("\t", 2)
            plus, minus = (0 if number == "-" else int(number) for number in (added, removed))
            sha = self._blob_of(head if letter != "D" else base, name)
            found.append({"name": name, "status": words[letter], "plus": plus, "minus": minus, "sha": sha})
        return found

    def _blob_of(self, commit: str, name: str) -> str:
        return self.git("rev-parse", f"{commit}:{name}").strip()

    def read(self, commit: str, path: str) -> bytes | None:
        done = subprocess.run(
            ["git", "cat-file", "blob", f"{commit}:{path}"], cwd=self.path, capture_output=True, check=False
        )
        return None if done.returncode else done.stdout

    def tree_of_merge(self, base: str, head: str) -> str | None:
        """The tree of both put together; None when they conflict."""
        try:
            return self.git("merge-tree", "--write-tree", base, head).splitlines()[0]
        except GitError:
            return None

    def built(self, tree: str, parents: tuple[str, ...], message: str, who: str) -> str:
        address = f"{who}@users.noreply.github.com"
        names = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in _who(who, address)}
        flags = [flag for parent in parents for flag in ("-p", parent)]
        return self.git("commit-tree", tree, *flags, given=message.encode(), env=names).strip()

    def written(self, base: str | None, files: Mapping[str, str | bytes | None], message: str, who: str) -> str:
        """A commit on `base` with these files put in, or taken out where None."""
        with TemporaryDirectory() as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            if base is not None:
                self.git("read-tree", base, env=index)
            lines = []
            for name, content in files.items():
                if content is None:
                    lines.append(f"0 {ZERO}\t{name}\0")
                else:
                    given = content.encode() if isinstance(content, str) else content
                    lines.append(f"100644 {self.git('hash-object', '-w', '--stdin', given=given).strip()}\t{name}\0")
            self.git("update-index", "-z", "--index-info", given="".join(lines).encode(), env=index)
            tree = self.git("write-tree", env=index).strip()
        return self.built(tree, () if base is None else (base,), message, who)


def _who(name: str, address: str) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("NAME", name), ("EMAIL", address)
