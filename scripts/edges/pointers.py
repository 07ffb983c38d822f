"""DVC's small files, read and written without DVC, whose start alone costs a second."""

import hashlib
from pathlib import Path
from typing import Any

from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.paths import LOCK


def pointer(content: bytes, name: str) -> str:
    """The text of NAME.dvc for a file with this content, as `dvc add` writes it."""
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return f"outs:\n- md5: {md5}\n  size: {len(content)}\n  hash: md5\n  path: {name}\n"


def data_of(stage: str, lock: Path = LOCK) -> str | None:
    """The digest of data/ that a stage last ran on; None when it never ran."""
    import yaml

    try:
        found: dict[str, Any] = yaml.safe_load(lock.read_text("utf-8"))
        deps = found["stages"][stage]["deps"]
        return next((str(dep["md5"]) for dep in deps if dep["path"] == "data"), None)
    except (FileNotFoundError, KeyError):
        return None
    except (OSError, ValueError, yaml.YAMLError, LookupError, TypeError):
        raise Mistake(f"{lock}: can't be read. Restore it: git checkout -- {lock}", code=OUTSIDE) from None
