"""What each command of a run did, kept in outcome/ for the commands after it."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scripts.core.errors import FAILED, Mistake
from scripts.core.paths import OUTCOME
from scripts.core.text import to_json
from scripts.edges import files


def write(command: str, values: Mapping[str, Any], folder: Path = OUTCOME) -> None:
    folder.mkdir(exist_ok=True)
    files.write(folder / f"{command}.json", to_json(values).encode())


def read(command: str, folder: Path = OUTCOME) -> dict[str, Any] | None:
    """What a command of this run left; None if it did not run."""
    try:
        return dict(json.loads((folder / f"{command}.json").read_text("utf-8")))
    except (FileNotFoundError, ValueError):
        return None


def begin(folder: Path = OUTCOME) -> None:
    """Forget the run before this one."""
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def kept(command: str, folder: Path = OUTCOME) -> Iterator[dict[str, Any]]:
    """What the block puts into the dict is written when it ends, with the error if it ended with one."""
    found: dict[str, Any] = {"code": 0, "lines": []}
    try:
        yield found
    except Mistake as mistake:
        found |= {"code": mistake.code, "lines": list(mistake.lines)}
        raise
    except SystemExit:  # --help
        raise
    except BaseException as error:
        found |= {"code": FAILED, "lines": [f"{command}: {type(error).__name__}: {' '.join(str(error).split())[:300]}"]}
        raise
    finally:
        write(command, found, folder)
