"""What the doctor looks at in this clone: git's history, the files that the loop lives by, the installed packages."""

import importlib.metadata
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from scripts.core.doctor.clone import Clone, Versions
from scripts.core.doctor.cron import spacing
from scripts.core.errors import Mistake
from scripts.core.params import Params
from scripts.core.paths import DATA_DVC, DECLARATION, LOCK, PARAMS, PIPELINE, PRODUCTION_DVC
from scripts.edges import project
from scripts.edges.repository import git
from scripts.edges.versions import dvc

REQUIREMENTS = Path("requirements.txt")
RETRAIN = Path(".github/workflows/retrain.yml")
CRON = re.compile(r"""^\s*-\s*cron:\s*['"]([^'"]+)['"]""", re.MULTILINE)
PIN = re.compile(r"^([\w.-]+)==([^\s;\\]+)", re.MULTILINE)


@dataclass(frozen=True)
class Seen:
    """`params` is None where params.yaml can't be read; what its reader says is among the clone's mistakes."""

    clone: Clone
    versions: Versions
    params: Params | None


def look() -> Seen:
    mistakes: dict[str, tuple[str, ...]] = {}
    conflicts = tuple(f"{file.as_posix()}:{line}" for file, line in project.conflicts())
    params = _read(project.read_params, PARAMS, mistakes)
    declared = _read(project.read_declaration, DECLARATION, mistakes)
    data = _read(dvc.digest, DATA_DVC, mistakes)
    _read(lambda: dvc.digest(PRODUCTION_DVC), PRODUCTION_DVC, mistakes)
    lock = _read(lambda: _yaml(LOCK), LOCK, mistakes) if LOCK.exists() else None
    pipeline = _read(lambda: _yaml(PIPELINE), PIPELINE, mistakes) or {}
    clone = Clone(
        commit=git.commit(),
        branch=git.branch(),
        shallow=git.shallow(),
        changed=tuple(git.changed()),
        conflicts=conflicts,
        mistakes=mistakes,
        version=declared.version if declared else None,
        data=data,
        lock=lock,
        stages=tuple(pipeline.get("stages") or ()),
    )
    return Seen(clone, _versions(), params)


def _read(read: Callable[[], Any], file: Path, mistakes: dict[str, tuple[str, ...]]) -> Any:
    try:
        found = read()
    except Mistake as mistake:
        mistakes[file.as_posix()] = mistake.lines
        return None
    mistakes[file.as_posix()] = ()
    return found


def _yaml(file: Path) -> Mapping[str, Any]:
    import yaml

    try:
        found = yaml.safe_load(file.read_text("utf-8"))
        if isinstance(found, dict):
            return found
        why = "holds nothing"
    except (OSError, ValueError, yaml.YAMLError) as error:
        why = f"can't be read ({' '.join(str(error).split())[:80]})"
    raise Mistake(f"{file}: {why}. Restore it: git checkout -- {file}")


def _versions() -> Versions:
    try:
        locked = dict(PIN.findall(REQUIREMENTS.read_text("utf-8")))
    except (OSError, UnicodeDecodeError):
        locked = {}
    return Versions(sys.version_info[:3], git.version(), locked, {name: _installed(name) for name in locked})


def _installed(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def every(workflow: Path = RETRAIN) -> timedelta | None:
    """The time between two runs of a workflow's cron; None where it has none."""
    try:
        crons = CRON.findall(workflow.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        return None
    return min((spacing(cron) for cron in crons), default=None)
