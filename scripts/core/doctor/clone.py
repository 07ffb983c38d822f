"""What is wrong with this clone: its history, its files that git and DVC live by, the packages it runs with."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scripts.core.doctor.findings import Finding, Part

CLONE, VERSIONS = Part("Clone"), Part("Versions")
NAMED = 3  # files or packages that a line names
TOLD = ("dvc", "mlflow", "scikit-learn", "pandas", "evidently", "skops")  # versions worth reading
LEAST_GIT = (2, 30)


@dataclass(frozen=True)
class Clone:
    commit: str | None  # None: no commit, or no git
    branch: str | None
    shallow: bool
    changed: tuple[str, ...]  # files that git tracks and that are not as committed
    conflicts: tuple[str, ...]  # FILE:LINE of conflict markers
    mistakes: Mapping[str, tuple[str, ...]]  # by file, what its reader says
    version: int | None  # of production; None when models/production.json can't be read
    data: str | None  # md5 that data.dvc names
    lock: Mapping[str, Any] | None  # dvc.lock; None when there is none
    stages: tuple[str, ...]  # of dvc.yaml


@dataclass(frozen=True)
class Versions:
    python: tuple[int, ...]
    git: tuple[int, ...]  # empty: there is no git
    locked: Mapping[str, str]
    installed: Mapping[str, str]


def findings(clone: Clone) -> list[Finding]:
    return [*_history(clone), *_conflicts(clone), *_files(clone), *_model(clone), *_lock(clone)]


def _history(clone: Clone) -> Iterator[Finding]:
    if clone.commit is None:
        yield CLONE.warn(
            "git", "this folder has no history", "git init, or clone the repository instead of a download."
        )
        return
    where = f"{clone.branch or 'no branch'} at {clone.commit[:8]}"
    if clone.shallow:
        yield CLONE.warn("history", f"cut short: {where}", "git fetch --unshallow (in a workflow: fetch-depth: 0).")
    else:
        yield CLONE.ok("history", f"complete: {where}")
    if clone.changed:
        said = f"{_named(clone.changed)}: not committed"
        yield CLONE.warn("work tree", said, "Commit it, or put it back: git restore FILE.")
    else:
        yield CLONE.ok("work tree", "nothing uncommitted")


def _conflicts(clone: Clone) -> Iterator[Finding]:
    for place in clone.conflicts:
        yield CLONE.fail(
            "conflict", f"{place}: has a conflict marker", f"Finish the merge, then git add {_file(place)}."
        )


def _files(clone: Clone) -> Iterator[Finding]:
    unfinished = {_file(place) for place in clone.conflicts}
    for file, mistakes in clone.mistakes.items():
        for mistake in mistakes if file not in unfinished else ():
            says, _, cure = mistake.partition(". ")
            yield CLONE.fail(file, says.removeprefix(f"{file}: "), cure or f"git checkout -- {file}")
    good = [file for file, mistakes in clone.mistakes.items() if not mistakes and file not in unfinished]
    if good:
        yield CLONE.ok("files", f"{', '.join(good)}: no mistake found")


def _model(clone: Clone) -> Iterator[Finding]:
    if clone.version is not None:
        said = f"v{clone.version} is declared" if clone.version else "there is no model yet: the first run proposes one"
        yield CLONE.ok("production", said)


def _lock(clone: Clone) -> Iterator[Finding]:
    if clone.mistakes.get("dvc.lock") or "dvc.lock" in {_file(place) for place in clone.conflicts}:
        return
    if clone.lock is None:
        yield CLONE.ok("dvc.lock", "the pipeline has not run yet")
        return
    lost = [stage for stage in clone.stages if stage not in (clone.lock.get("stages") or {})]
    ran = _data_of(clone.lock)
    if ran is None:
        yield CLONE.fail("dvc.lock", "does not say which data it was made from", "git checkout -- dvc.lock")
    elif clone.data is not None and ran != clone.data:
        said = f"was made from data {ran[:8]}, and data.dvc names {clone.data[:8]}"
        yield CLONE.warn("dvc.lock", said, "Run the pipeline on what is there: make retrain.")
    elif "drift" in lost:
        yield CLONE.warn("dvc.lock", f"knows nothing of {_named(lost)}", "git checkout -- dvc.lock, or make retrain.")
    else:
        yield CLONE.ok("dvc.lock", f"made from the data that data.dvc names ({ran[:8]})")


def _data_of(lock: Mapping[str, Any]) -> str | None:
    """The md5 of the table that the first stage read."""
    try:
        return next(str(dep["md5"]) for dep in lock["stages"]["validate"]["deps"] if dep["path"] == "data")
    except (LookupError, TypeError, StopIteration):
        return None


def versions(found: Versions) -> list[Finding]:
    return [*_python(found), *_git(found), *_packages(found)]


def _python(found: Versions) -> Iterator[Finding]:
    if found.python[:2] == (3, 11):
        yield VERSIONS.ok("Python", _dotted(found.python))
    else:
        cure = "make setup PYTHON=/path/to/python3.11, after make clean."
        yield VERSIONS.fail("Python", f"{_dotted(found.python)}, and the packages are locked for 3.11", cure)


def _git(found: Versions) -> Iterator[Finding]:
    if not found.git:
        yield VERSIONS.fail("git", "is not there", "Install git.")
    elif found.git < LEAST_GIT:
        yield VERSIONS.warn("git", f"{_dotted(found.git)} is old", f"Install git {_dotted(LEAST_GIT)} or newer.")
    else:
        yield VERSIONS.ok("git", _dotted(found.git))


def _packages(found: Versions) -> Iterator[Finding]:
    if not found.locked:
        yield VERSIONS.warn("packages", "requirements.txt names none", "git checkout -- requirements.txt")
        return
    other = {name: found.installed.get(name) for name, version in found.locked.items()}
    differ = [name for name, version in found.locked.items() if other[name] != version]
    if not differ:
        told = ", ".join(f"{name} {found.locked[name]}" for name in TOLD if name in found.locked)
        yield VERSIONS.ok("packages", f"{len(found.locked)} as locked: {told}")
        return
    said = [f"{name} {other[name] or 'is missing'} (locked {found.locked[name]})" for name in differ]
    yield VERSIONS.fail("packages", f"{len(differ)} of {len(found.locked)} differ: {_named(said)}", "make setup")


def _named(names: list[str] | tuple[str, ...]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _file(place: str) -> str:
    return place.rpartition(":")[0]


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
