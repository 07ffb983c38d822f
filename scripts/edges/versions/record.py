"""What data.dvc says of data/, read without DVC, whose start alone costs a second."""

import hashlib
import json
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.paths import DATA, DATA_DVC


def complete(root: Path) -> None:
    """A Mistake if files that data.dvc names are not here: a batch added now would take their place in it."""
    here, named = len(_files(root)), _recorded(root).get("nfiles", 0)
    if here < named:
        raise Mistake(
            f"data/ has {here} of the {named} files that data.dvc names. Run `dvc pull data.dvc` to get them,"
            " or, if they were removed on purpose, `mkdir -p data && dvc add data`.",
            code=OUTSIDE,
        )


def current(root: Path) -> bool:
    """Whether data.dvc says exactly what is in data/; nothing there and nothing said is current too."""
    files, recorded = _files(root), _recorded(root)
    if len(files) != recorded.get("nfiles", 0) or sum(path.stat().st_size for path in files) != recorded.get("size", 0):
        return False
    # A file put in place after data.dvc was written may be another of equal size: only its content tells.
    written = (root / DATA_DVC).stat().st_ctime_ns if recorded else 0
    return all(path.stat().st_ctime_ns < written for path in files) or _digest(root, files) == recorded.get("md5")


def _files(root: Path) -> list[Path]:
    return sorted(path for path in (root / DATA).rglob("*") if path.is_file())


def _recorded(root: Path) -> dict[str, Any]:
    path = root / DATA_DVC
    if not path.exists():
        return {}
    try:
        recorded: dict[str, Any] = YAML(typ="safe").load(path.read_text(encoding="utf-8"))["outs"][0]
        return recorded | {"nfiles": int(recorded["nfiles"]), "size": int(recorded["size"])}
    except (YAMLError, ValueError, LookupError, TypeError):
        raise Mistake(
            "data.dvc: can't be read. Finish the merge, or restore it: git checkout -- data.dvc", code=OUTSIDE
        ) from None


def _digest(root: Path, files: list[Path]) -> str:
    """DVC's digest of a folder: the MD5 of the list of its files with theirs."""
    entries = [
        {
            "md5": hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest(),
            "relpath": path.relative_to(root / DATA).as_posix(),
        }
        for path in files
    ]
    listing = json.dumps(sorted(entries, key=lambda entry: entry["relpath"]), sort_keys=True)
    return hashlib.md5(listing.encode(), usedforsecurity=False).hexdigest() + ".dir"
