"""What git names and a store keeps: objects, each called by the MD5 of its bytes, laid out as DVC does."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import yaml

from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.paths import ANCHORS_DVC, LOCK, PIPELINE

KNOWN = {
    "d751713988987e9331980363e24189ce.dir": b"[]",
    "d41d8cd98f00b204e9800998ecf8427e": b"",
}  # in no need of a store
NAME = re.compile(r"[0-9a-f]{32}(\.dir)?")
LAID = re.compile(r"files/md5/([0-9a-f]{2})/([0-9a-f]{30}(\.dir)?)")


@dataclass(frozen=True, order=True)
class Object:
    path: str  # where it belongs in the work tree
    oid: str  # MD5 of its bytes; with .dir at its end for the list of a folder's files
    size: int | None  # None: not known before the bytes are
    source: str  # the file in git that names it

    @property
    def folder(self) -> bool:
        return self.oid.endswith(".dir")

    @property
    def made_anew(self) -> bool:
        """Whether the next run makes it again when it is lost, or says that it can't be had."""
        return self.source in (LOCK.as_posix(), ANCHORS_DVC.as_posix())

    def __str__(self) -> str:
        return f"{self.path} ({self.oid[:8]})"


def laid(oid: str) -> str:
    """The file of an object, in DVC's cache as in a store."""
    return f"files/md5/{oid[:2]}/{oid[2:]}"


def oid_of(path: str) -> str | None:
    """The object that a file of a store is; None for what is none."""
    found = LAID.fullmatch(path)
    return found[1] + found[2] if found else None


def digest(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def genuine(oid: str, content: bytes) -> bool:
    return digest(content) == oid.removesuffix(".dir")


def of_pointer(text: str, name: str) -> list[Object]:
    """What a .dvc file names."""
    folder = PurePosixPath(name).parent
    outs = _list(_mapping(text, name), "outs", name)
    return [_object(out, (folder / str(_known(out, "path", name))).as_posix(), name) for out in outs]


def of_lock(lock: str, pipeline: str) -> list[Object]:
    """Outputs that DVC keeps: what dvc.yaml does not leave to git, and dvc.lock has a digest of."""
    kept = {path for path, cached in outputs(pipeline).items() if cached}
    return [named for named in locked(lock) if named.path in kept]


def locked(lock: str) -> list[Object]:
    """Every output that dvc.lock names."""
    name = LOCK.as_posix()
    outs = [out for stage in _stages(lock, name) for out in _list(stage, "outs", name)]
    return [_object(out, str(_known(out, "path", name)), name) for out in outs]


def depended(lock: str, stage: str) -> dict[str, str]:
    """The digest of each thing that a stage had read when it last ran, by path."""
    name = LOCK.as_posix()
    stages = _mapping(lock, name).get("stages") or {}
    deps = _list(stages.get(stage) or {}, "deps", name) if isinstance(stages, Mapping) else []
    return {str(_known(dep, "path", name)): str(_known(dep, "md5", name)) for dep in deps}


def outputs(pipeline: str) -> dict[str, bool]:
    """Every output of dvc.yaml, and whether DVC keeps it (False: git does)."""
    name = PIPELINE.as_posix()
    kinds = ("outs", "metrics", "plots")
    outs = [out for stage in _stages(pipeline, name) for kind in kinds for out in _list(stage, kind, name)]
    given = [item for out in outs for item in (out.items() if isinstance(out, Mapping) else [(out, None)])]
    return {str(path): not (isinstance(how, Mapping) and how.get("cache") is False) for path, how in given}


def members(listing: bytes, of: Object) -> list[Object]:
    """The files of a folder, from the bytes of its .dir object."""
    try:
        value = json.loads(listing)
        entries = [(str(entry["md5"]), str(entry["relpath"])) for entry in value]
        broken = not isinstance(value, list)
    except (ValueError, LookupError, TypeError):
        entries, broken = [], True
    if broken or any(NAME.fullmatch(oid) is None or not inside(relative) for oid, relative in entries):
        raise Mistake(f"{of}: is no list of files. Push {of.path} again from where it is whole.", code=OUTSIDE)
    return [Object(f"{of.path}/{relative}", oid, None, of.source) for oid, relative in entries]


def inside(path: str) -> bool:
    """Whether a relative path stays below where it is put."""
    return all(part not in ("", ".", "..") and "\\" not in part and part.isprintable() for part in path.split("/"))


def listed(objects: Iterable[Object], most: int = 5) -> str:
    """A few of them, for a line that people read."""
    shown = [str(each) for each in objects]
    return ", ".join(shown[:most]) + (f" and {len(shown) - most} more" if len(shown) > most else "")


def _object(out: Any, path: str, name: str) -> Object:
    oid, size = str(_known(out, "md5", name)), out.get("size")
    if NAME.fullmatch(oid) is None or not inside(path):
        raise _unreadable(name)
    return Object(path, oid, size if isinstance(size, int) and not oid.endswith(".dir") else None, name)


def _stages(text: str, name: str) -> list[Any]:
    stages = _mapping(text, name).get("stages") or {}
    if not isinstance(stages, Mapping):
        raise _unreadable(name)
    return list(stages.values())


def _known(out: Any, key: str, name: str) -> Any:
    if not isinstance(out, Mapping) or key not in out:
        raise _unreadable(name)
    return out[key]


def _list(value: Any, key: str, name: str) -> list[Any]:
    found = (value.get(key) or []) if isinstance(value, Mapping) else None
    if not isinstance(found, list):
        raise _unreadable(name)
    return found


def _mapping(text: str, name: str) -> Mapping[str, Any]:
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        raise _unreadable(name) from None
    if not isinstance(value, Mapping):
        raise _unreadable(name)
    return value


def _unreadable(name: str) -> Mistake:
    return Mistake(f"{name}: can't be read. Finish the merge, or restore it: git checkout -- {name}", code=OUTSIDE)
