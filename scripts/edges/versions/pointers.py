"""DVC's small files, written without DVC, whose start alone costs a second."""

import json
from collections.abc import Mapping

from scripts.core import objects


def pointer(content: bytes, name: str) -> str:
    """The text of NAME.dvc for a file with this content, as `dvc add` writes it."""
    return f"outs:\n- md5: {objects.digest(content)}\n  size: {len(content)}\n  hash: md5\n  path: {name}\n"


def folder(files: Mapping[str, bytes], name: str) -> str:
    """The same for a folder with these files."""
    oid, size = objects.digest(listing(files)), sum(map(len, files.values()))
    return f"outs:\n- md5: {oid}.dir\n  size: {size}\n  nfiles: {len(files)}\n  hash: md5\n  path: {name}\n"


def listing(files: Mapping[str, bytes]) -> bytes:
    """The object that stands for a folder: the list of its files."""
    entries = [{"md5": objects.digest(content), "relpath": path} for path, content in sorted(files.items())]
    return json.dumps(entries, sort_keys=True).encode()
