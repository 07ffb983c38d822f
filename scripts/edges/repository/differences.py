"""What differs between a commit and what is in this folder now."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scripts.core import changes
from scripts.core.changes import Change, Changes
from scripts.core.declaration import Declaration
from scripts.core.paths import PARAMS, PIPELINE, VALIDATION
from scripts.edges import project
from scripts.edges.repository import commits, history

CODE = ("scripts", PIPELINE.as_posix(), "requirements.txt")


def since_production(production: Declaration, tip: str, root: Path = Path()) -> Changes:
    """Against the commit in which production was judged, or else declared; nothing is known without production."""
    if production.bundle is None:
        return Changes()
    declared = next((one.commit for one in history.declarations(tip, root)), None)
    commit = history.evaluation_of(production.bundle, tip, root) or declared
    return Changes() if commit is None else since(commit, tip, root)


def since(commit: str, tip: str, root: Path = Path()) -> Changes:
    """Params and data as they are here, code as the other commit has it."""
    return Changes(
        params=_settings(history.at(commit, PARAMS, root), (root / PARAMS).read_bytes()),
        data=_batches(history.at(commit, VALIDATION, root), project.read_json(root / VALIDATION)),
        code=commits.changed(commit, tip, *CODE, root=root),
    )


def _settings(before: bytes | None, after: bytes) -> tuple[Change, ...] | None:
    import yaml

    try:
        then, now = yaml.safe_load(before or b""), yaml.safe_load(after)
    except yaml.YAMLError:
        return None
    return changes.of_settings(then, now) if isinstance(then, Mapping) and isinstance(now, Mapping) else None


def _batches(before: bytes | None, after: Any) -> tuple[Change, ...] | None:
    try:
        return changes.of_batches(json.loads(before or b"")["batches"], after["batches"])
    except (ValueError, LookupError, TypeError):
        return None
