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

    Without an expected digest (the candidate: DVC knows its bytes) the members must still be those that its manifest names.
    """
    found = digest(content)
    if expected is not None and found != expected:
        raise Mistake(
            f"{name}: is {found[:19]}, but models/production.json declares {expected[:19]}. "
            f"Bring the declared one back: dvc checkout {name} (or dvc pull {name}).",
            code=OUTSIDE,
        )
    members = _members(content, name)
    manifest = json.loads(members[MANIFEST])
    for member, declared in manifest["digests"].items():
        if digest(members[member]) != declared:
            raise Mistake(f"{name}: its member {member} was altered. Make it anew: dvc repro -f train.", code=OUTSIDE)
    rows = np.load(io.BytesIO(members[ROWS]), allow_pickle=False)
    return Bundle(found, manifest, members[MODEL], members[REFERENCE], rows)


def _members(content: bytes, name: str) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            if sorted(file.namelist()) != sorted(MEMBERS):
                raise Mistake(f"{name}: is no bundle: it holds {file.namelist()[:5]}. Run dvc repro train.", code=OUTSIDE)
            return {member: file.read(member) for member in MEMBERS}
    except (zipfile.BadZipFile, EOFError, ValueError) as error:
        raise Mistake(f"{name}: is damaged ({error}). Run dvc checkout {name}, or dvc repro train.", code=OUTSIDE) from None
