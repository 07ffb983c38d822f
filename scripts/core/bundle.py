"""The one file that makes a model usable and judgeable: a canonical zip, so that equal models have equal bytes."""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np

from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.text import to_json

MODEL, MANIFEST, REFERENCE, ROWS = "model.skops", "manifest.json", "reference.parquet", "rows.npy"
MEMBERS = (MANIFEST, MODEL, REFERENCE, ROWS)
LONG_AGO = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Bundle:
    digest: str
    manifest: Mapping[str, Any]
    model: bytes
    reference: bytes
    rows: np.ndarray[Any, np.dtype[np.uint64]]


def digest(content: bytes) -> str:
    return "sha256:" + sha256(content).hexdigest()


def rows_bytes(hashes: np.ndarray[Any, np.dtype[np.uint64]]) -> bytes:
    out = io.BytesIO()
    np.save(out, np.sort(hashes).astype("<u8"), allow_pickle=False)
    return out.getvalue()


def pack(manifest: Mapping[str, Any], model: bytes, reference: bytes, rows: bytes) -> bytes:
    """The bundle's bytes; the manifest is completed by the digests of the other members."""
    others = {MODEL: model, REFERENCE: reference, ROWS: rows}
    digests = {name: digest(content) for name, content in others.items()}
    return archive({MANIFEST: to_json({**manifest, "digests": digests}).encode(), **others})


def archive(members: Mapping[str, bytes]) -> bytes:
    """A zip whose bytes depend on names, contents and order alone; contents are left uncompressed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, LONG_AGO)
            info.create_system = 3  # else the zip names the operating system
            file.writestr(info, content)
    return out.getvalue()


def unpack(content: bytes, expected: str | None, name: str = "models/production.zip") -> Bundle:
    """The bundle, its digest checked before anything in it is parsed.

    Without an expected digest (the candidate: DVC knows its bytes) the members must still be those that its manifest
    names, and every other byte the one that pack() writes.
    """
    found = digest(content)
    if expected is not None and found != expected:
        raise Mistake(
            f"{name}: is {found[:19]}, but models/production.json declares {expected[:19]}. "
            f"Bring the declared one back: dvc checkout {name} (or dvc pull). "
            "If a promotion was cut off: make promote.",
            code=OUTSIDE,
        )
    members = _members(content, name)
    manifest = _manifest(members[MANIFEST], name)
    for member in MEMBERS[1:]:
        if digest(members[member]) != manifest["digests"].get(member):
            raise Mistake(f"{name}: its member {member} was altered. Make it anew: dvc repro -f train.", code=OUTSIDE)
    if archive(members) != content:
        raise _damaged(name, "it has bytes that belong to none of its members")
    rows = np.load(io.BytesIO(members[ROWS]), allow_pickle=False)
    return Bundle(found, manifest, members[MODEL], members[REFERENCE], rows)


def _members(content: bytes, name: str) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            held = file.namelist()
            if sorted(held) == sorted(MEMBERS):
                return {member: file.read(member) for member in MEMBERS}
    except Exception as error:  # zipfile has a dozen kinds for an archive that is damaged
        raise _damaged(name, str(error)) from None
    raise Mistake(f"{name}: is no bundle: it holds {held[:5]}. Run dvc repro train.", code=OUTSIDE)


def _manifest(content: bytes, name: str) -> dict[str, Any]:
    try:
        manifest = json.loads(content)
    except ValueError as error:
        raise _damaged(name, f"its {MANIFEST} is no JSON: {error}") from None
    if not isinstance(manifest, dict) or not isinstance(manifest.get("digests"), dict):
        raise _damaged(name, f"its {MANIFEST} names no digests")
    return manifest


def _damaged(name: str, why: str) -> Mistake:
    return Mistake(f"{name}: is damaged ({why}). Run dvc checkout {name}, or dvc repro train.", code=OUTSIDE)
