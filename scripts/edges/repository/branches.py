"""Branches of the remote, read and written without a checkout: commits are built from files and pushed at once.

A push names what it believes the branch to be, so that two writers never overwrite each other.
"""

import base64
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scripts.core.errors import OUTSIDE, Mistake

BOT = ("github-actions[bot]", "41898282+github-actions[bot]@users.noreply.github.com")
TIMEOUT = 120.0
PROTECTED = ("GH006", "GH013", "protected branch", "Changes must be made through a pull request", "hook declined")
MOVED = ("stale info", "fetch first", "non-fast-forward", "cannot lock ref", "failed to update ref", "already exists")


class Moved(Mistake):
    """The branch is not what the push believed: look at it again."""


class Protected(Mistake):
    """Rules of the repository forbid this push."""


@dataclass(frozen=True)
class Remote:
    """A repository here (`root`) and the one it is pushed to: a name such as origin, or a URL.

    `token` goes into git's environment, never into a command line, a URL or a file.
    """

    root: Path = Path()
    name: str = "origin"
    server: str | None = None  # the token is sent to this server alone
    token: str | None = field(default=None, repr=False)
    author: tuple[str, str] = BOT  # name and address

    def tip(self, branch: str, depth: int | None = None) -> str | None:
        """The commit that the remote's branch is at, its objects fetched; None when there is no such branch.

        `depth`: with so many commits only.
        """
        listed = self._git("ls-remote", "--refs", self.name, f"refs/heads/{branch}")
        if not listed.strip():
            return None
        # --no-write-fetch-head: two fetches at a time don't meet in one file.
        depths = () if depth is None else (f"--depth={depth}",)
        self._git("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", *depths, self.name, f"refs/heads/{branch}")
        return listed.split()[0]

    def read(self, commit: str, path: str) -> bytes | None:
        """A file as a commit has it; None when it has none. A Mistake when the commit itself can't be read."""
        if not self._git("ls-tree", "--full-tree", commit, "--", path).strip():
            return None
        done = self._run(("cat-file", "blob", f"{commit}:{path}"), None)
        if done.returncode:
            raise Mistake(f"git cat-file: {_reason(done.stderr.decode(errors='replace'), self.token)}", code=OUTSIDE)
        return done.stdout

    def built(self, base: str | None, files: Mapping[str, bytes | None], message: str, alone: bool = False) -> str:
        """A new commit on `base` (None: a first one) with these files put in, or taken out where None.

        `alone`: with these files and no others.
        """
        with _index(self.root) as index:
            if base is not None and not alone:
                self._git("read-tree", base, index=index)
            entries = []
            for path, content in sorted(files.items()):
                if content is None:
                    entries.append(f"0 {'0' * 40}\t{path}")
                else:
                    blob = self._git("hash-object", "-w", "--stdin", given=content).strip()
                    entries.append(f"100644 {blob}\t{path}")
            self._git("update-index", "-z", "--index-info", given="\0".join([*entries, ""]).encode(), index=index)
            tree = self._git("write-tree", index=index).strip()
        parents = () if base is None else ("-p", base)
        return self._git("commit-tree", tree, *parents, given=message.encode()).strip()

    def push(self, commit: str | None, branch: str, expected: str | None) -> None:
        """Set the remote's branch (None: delete it) if it is at `expected` (None: if it does not exist).

        Raises Moved when it is elsewhere, Protected when rules forbid it. The same push twice is no change.
        """
        spec = f"{commit or ''}:refs/heads/{branch}"
        lease = f"--force-with-lease=refs/heads/{branch}:{expected or ''}"
        done = self._run(("push", "--quiet", "--porcelain", lease, self.name, spec), None)
        if done.returncode == 0:
            return
        said = " ".join((done.stdout + b" " + done.stderr).decode(errors="replace").split())
        if any(word in said for word in PROTECTED):
            cure = "Allow it in the repository's rules, or let changes come by pull request"
            raise Protected(f"git push {branch}: the branch is protected. {cure}.", code=OUTSIDE)
        if any(word in said for word in MOVED):
            raise Moved(f"git push {branch}: the branch has moved meanwhile. Run it again.", code=OUTSIDE)
        raise Mistake(f"git push {branch}: {_reason(said, self.token)}", code=OUTSIDE)

    def _git(self, *arguments: str, given: bytes | None = None, index: str | None = None) -> str:
        done = self._run(arguments, given, index)
        if done.returncode:
            raise Mistake(
                f"git {arguments[0]}: {_reason(done.stderr.decode(errors='replace'), self.token)}", code=OUTSIDE
            )
        return done.stdout.decode()

    def _run(
        self, arguments: tuple[str, ...], given: bytes | None, index: str | None = None
    ) -> "subprocess.CompletedProcess[bytes]":
        environment = os.environ | self._identity() | self._credentials()
        if index is not None:
            environment["GIT_INDEX_FILE"] = index
        try:
            return subprocess.run(
                ["git", *arguments],
                cwd=self.root,
                env=environment,
                input=given if given is not None else b"",
                capture_output=True,
                timeout=TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Mistake(f"git {arguments[0]}: no answer in {TIMEOUT:.0f} s. Try again later.", code=OUTSIDE) from None

    def _identity(self) -> dict[str, str]:
        name, address = self.author
        roles = ("AUTHOR", "COMMITTER")
        who = {f"GIT_{role}_{what}": value for role in roles for what, value in (("NAME", name), ("EMAIL", address))}
        return who | {"GIT_TERMINAL_PROMPT": "0"}

    def _credentials(self) -> dict[str, str]:
        if not self.token or not self.server:
            return {}
        secret = base64.b64encode(f"x-access-token:{self.token}".encode()).decode()
        return {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{self.server}/.extraheader",
            "GIT_CONFIG_VALUE_0": f"AUTHORIZATION: basic {secret}",
        }


class _index:
    """A passing index file, so that the work tree's own is not touched."""

    def __init__(self, root: Path) -> None:
        from tempfile import TemporaryDirectory

        self.folder = TemporaryDirectory()

    def __enter__(self) -> str:
        return str(Path(self.folder.name) / "index")

    def __exit__(self, *_: object) -> None:
        self.folder.cleanup()


def _reason(said: str, token: str | None) -> str:
    """The last words of git's complaint, and the cure."""
    words = re.sub(r"(\w://)[^\s'\"/]*@", r"\1***@", " ".join(said.split()))  # git quotes the remote with its login
    if "Authentication failed" in words or "could not read Username" in words or "returned error: 403" in words:
        if not token:
            return "there is no token. Set GITHUB_TOKEN, or check the remote's credentials."
        return "the token may not do this. Give the job `contents: write`, or check the remote's credentials."
    return f"{words[-200:] or 'it failed'}. Check the remote and the network, then run it again."
