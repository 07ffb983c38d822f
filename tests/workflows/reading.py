"""The workflow files as tests read them: every value a text, as it is written; and which of them an event wakes."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.layout import ROOT

FOLDER = ROOT / ".github/workflows"
SETUP = ROOT / ".github/actions/setup/action.yml"
NAMES = ("ci", "pages", "release", "retrain", "rollback")
FILES = (*(FOLDER / f"{name}.yml" for name in NAMES), SETUP)


@cache
def read(path: Path) -> Any:
    return yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)  # so that `on` is no boolean


def workflow(name: str) -> dict[str, Any]:
    return dict(read(FOLDER / f"{name}.yml"))


@dataclass(frozen=True)
class Job:
    workflow: str
    id: str
    body: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.workflow}.{self.id}"

    @property
    def steps(self) -> list[Mapping[str, Any]]:
        return list(self.body.get("steps", []))

    @property
    def calls(self) -> bool:
        """Whether it is another workflow, called."""
        return "uses" in self.body

    @property
    def writes(self) -> set[str]:
        """What it may change in the repository."""
        granted = {scope for scope, level in self.body["permissions"].items() if level == "write"}
        return granted - {"id-token", "attestations"}


def jobs() -> list[Job]:
    return [Job(name, job, body) for name in NAMES for job, body in workflow(name)["jobs"].items()]


def job(name: str) -> Job:
    return next(job for job in jobs() if str(job) == name)


def all_steps() -> Iterator[tuple[str, Mapping[str, Any]]]:
    for one in jobs():
        for step in one.steps:
            yield str(one), step
    for step in read(SETUP)["runs"]["steps"]:
        yield "setup", step


def texts(value: Any) -> Iterator[str]:
    """Every text in a piece of YAML, keys left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from texts(inner)
    else:
        for inner in value or ():
            yield from texts(inner)


def named(context: str, value: Any) -> set[str]:
    """The names that are read of a context: secrets, vars, inputs."""
    return {name for text in texts(value) for name in re.findall(rf"\b{context}\.(\w+)", text)}


def matches(pattern: str, path: str) -> bool:
    """As GitHub's filters do: * stays in a folder, ** does not."""
    parts = re.split(r"(\*\*|\*|\?)", pattern)
    meant = {"**": ".*", "*": "[^/]*", "?": "[^/]?"}
    return re.fullmatch("".join(meant.get(part, re.escape(part)) for part in parts), path) is not None


def woken(event: str, files: Iterable[str] = (), branch: str = "main") -> set[str]:
    """The workflows that GitHub would start; `files` are those that a push changed."""
    changed = list(files)
    return {name for name in NAMES if _wakes(workflow(name)["on"], event, changed, branch)}


def _wakes(on: Mapping[str, Any], event: str, files: list[str], branch: str) -> bool:
    if event not in on:
        return False
    filters = on[event] if event == "push" else {}
    branches, paths = filters.get("branches"), filters.get("paths")
    if branches is not None and branch not in branches:
        return False
    return paths is None or any(matches(pattern, file) for pattern in paths for file in files)
