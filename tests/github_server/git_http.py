"""git over HTTP: `git http-backend` on the bare repository, behind the same tokens as the API."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.github_server import merging
from tests.github_server.answers import Answer
from tests.github_server.bare import ALONE, ZERO
from tests.github_server.state import Push, State
from tests.github_server.tokens import Token

ASK = {"WWW-Authenticate": 'Basic realm="GitHub"', "Content-Type": "text/plain"}
SERVICES = {"git-upload-pack": "contents=read", "git-receive-pack": "contents=write"}


def asked(path: str, repository: str) -> str | None:
    """The part of a path behind the repository, when git asks; with or without `.git`."""
    for start in (f"/{repository}.git/", f"/{repository}/"):
        rest = path.removeprefix(start)
        if rest != path and rest in ("info/refs", *SERVICES):
            return rest
    return None


def answered(
    state: State, token: Token | None, verb: str, rest: str, query: str, headers: Mapping[str, str], body: bytes
) -> Answer:
    service = query.removeprefix("service=") if rest == "info/refs" else rest
    if service not in SERVICES:
        return Answer(403, raw=b"Please upgrade your git client.")
    needs = SERVICES[service]
    if token is None and (state.settings.private or service == "git-receive-pack"):
        return Answer(401, raw=b"No anonymous write access.", headers=ASK)
    if token is not None and not token.may(needs):
        who = f"Permission to {state.repository}.git denied to {token.actor}."
        return Answer(403, raw=who.encode(), headers={"Content-Type": "text/plain"})
    answer = _backend(state, verb, rest, query, headers, body)
    if rest == "git-receive-pack" and token is not None:
        _note(state, token.actor, body)
    return answer


def _backend(state: State, verb: str, rest: str, query: str, headers: Mapping[str, str], body: bytes) -> Answer:
    environment = {
        "PATH": os.environ["PATH"],
        "GIT_PROJECT_ROOT": str(state.bare.path),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{rest}",
        "QUERY_STRING": query,
        "REQUEST_METHOD": verb,
        "CONTENT_TYPE": headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_CONTENT_ENCODING": headers.get("content-encoding", ""),
        "GIT_PROTOCOL": headers.get("git-protocol", ""),
        "REMOTE_USER": "token",
        "FORGE_PROTECTED": "refs/heads/main" if state.settings.protected_main else "",
        "FORGE_BURNT": " ".join(f"refs/tags/{tag}" for tag in sorted(state.burnt)),
    }
    done = subprocess.run(
        ["git", "http-backend"], env=ALONE | environment, input=body, capture_output=True, check=False
    )
    head, _, content = done.stdout.partition(b"\r\n\r\n")
    found = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
    return Answer(int(found.pop("Status", "200").split()[0]), raw=content, headers=found)


def _note(state: State, actor: str, body: bytes) -> None:
    """Remember the refs that a push has moved, and what follows from it."""
    refs = state.bare.refs()
    for old, new, ref in commands(body):
        if refs.get(ref) == new:
            state.pushes.append(Push(ref, old, new, actor))
    merging.settle(state)


def commands(body: bytes) -> list[tuple[str | None, str | None, str]]:
    """What a push asks for: old, new and name of each ref, from the lines before the pack."""
    found = []
    while body[:4] not in (b"0000", b""):
        size = int(body[:4], 16)
        line = body[4:size].split(b"\0")[0].decode().strip()
        if not line.startswith("shallow "):  # from a clone without all of its history
            old, new, ref = line.split(" ", 2)
            found.append((None if old == ZERO else old, None if new == ZERO else new, ref))
        body = body[size:]
    return found


def folder_of(root: Path, repository: str) -> Path:
    return root / f"{repository.replace('/', '-')}.git"
