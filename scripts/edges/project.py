"""The project's own files on disk, read with an error that says the cure."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.core import code, declaration, objects, params
from scripts.core.declaration import Declaration
from scripts.core.errors import OUTSIDE, USAGE, Mistake
from scripts.core.params import Params
from scripts.core.paths import (
    ANCHORS,
    ANCHORS_DVC,
    DATA,
    DATA_DVC,
    DECLARATION,
    LOCK,
    PARAMS,
    PIPELINE,
    PRODUCTION,
    PRODUCTION_DVC,
)
from scripts.core.settings import yaml_file
from scripts.edges import installed
from scripts.edges.versions import dvc
from scripts.edges.versions.cache import Cache

if TYPE_CHECKING:
    from scripts.core.bundle import Bundle


MERGED = (PARAMS, DATA_DVC, DECLARATION, PRODUCTION_DVC, ANCHORS_DVC, LOCK, PIPELINE)  # what all rests on
MARKERS = ("<<<<<<< ", ">>>>>>> ")


def settled() -> None:
    """Refuse to begin anything in the middle of a merge."""
    if found := list(conflicts()):
        lines = (f"{file}:{line}: has a conflict marker. Finish the merge first." for file, line in found)
        raise Mistake(*lines, code=USAGE if PARAMS in dict(found) else OUTSIDE)


def conflicts() -> Iterator[tuple[Path, int]]:
    """Files with conflict markers, and the line of the first one."""
    for file in MERGED:
        try:
            lines = file.read_text("utf-8", errors="replace").splitlines()
        except OSError:
            continue
        marked = [number for number, line in enumerate(lines, start=1) if line.startswith(MARKERS)]
        yield from ((file, number) for number in marked[:1])


def read_params(path: Path = PARAMS) -> Params:
    """Checked as far as can be told without an import of the model's package."""
    text = _text(path, USAGE)
    checked = params.parse(text, str(path))
    if problems := installed.problems(checked.train):
        lines = ((yaml_file.line_of(text, said.partition(": ")[0]), said) for said in problems)
        raise Mistake(*(f"{path}:{line}: {said}" for line, said in lines), code=USAGE)
    return checked


def read_declaration(path: Path = DECLARATION) -> Declaration:
    return declaration.parse(_text(path, OUTSIDE), str(path))


def read_json(path: Path) -> Any:
    """What a report says; None when there is none, or when a killed run left half of one."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None


def read_bundle(path: Path, expected: str | None) -> "Bundle":
    from scripts.core import bundle

    try:
        return bundle.unpack(path.read_bytes(), expected, str(path))
    except FileNotFoundError:
        cure = f"Bring it back: dvc checkout {path} (or dvc pull {path})."
        raise Mistake(f"{path}: is not here. {cure}", code=OUTSIDE) from None


def restore(declared: Declaration) -> None:
    """Put in place what git names and the folder lacks: what is empty, production's bundle, data/."""
    lay_empty(declared)
    if not PRODUCTION.exists():
        dvc.checkout(PRODUCTION)
    if not DATA.exists():
        dvc.checkout(DATA)


def lay_empty(declared: Declaration) -> None:
    """What git names and has nothing in it: an empty file for no production model, data/ and models/anchors/."""
    if not declared.version and not PRODUCTION.exists():
        PRODUCTION.parent.mkdir(exist_ok=True)
        PRODUCTION.touch()
        _keep(dvc.NO_BYTES)
    if dvc.digest() == dvc.EMPTY:
        _empty(DATA)
    if not ANCHORS_DVC.exists() or dvc.digest(ANCHORS_DVC) == dvc.EMPTY:
        _empty(ANCHORS)  # else a run brings them: empty it would stand for none


def _empty(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    _keep(dvc.EMPTY)


def _keep(oid: str) -> None:
    """In the cache as well: DVC misses even an empty file or list there, and would have nothing to push."""
    Cache().keep(oid, objects.KNOWN[oid])


def training_code() -> str:
    """The digest of the modules that the train stage of dvc.yaml names."""
    import yaml

    try:
        named = code.stage_sources(yaml.safe_load(_text(PIPELINE, OUTSIDE)), "train")
        return code.digest({path: Path(path).read_bytes() for path in named})
    except (yaml.YAMLError, LookupError, TypeError, OSError) as error:
        why = " ".join(str(error).split())[:160]
        cure = f"Restore it: git checkout -- {PIPELINE}"
        raise Mistake(f"{PIPELINE}: can't be read ({why}). {cure}", code=OUTSIDE) from None


def _text(path: Path, code: int) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "is not UTF-8"
        raise Mistake(f"{path}: can't be read ({why}). Restore it: git checkout -- {path}", code=code) from None
