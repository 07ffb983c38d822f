"""What killed runs leave in DVC's lock of paths."""

import json
import time
from pathlib import Path
from typing import Any

from scripts.core.errors import OUTSIDE, Mistake

RWLOCK = Path(".dvc/tmp/rwlock")  # which process reads or writes what


def settle(file: Path = RWLOCK, patience: float = 600) -> None:
    """Wait for what a killed run left running, and let go of the paths that dead processes hold.

    DVC takes a process for alive until its parent has fetched its exit code, which nobody does for an orphan in a
    container without an init.
    """
    until = time.monotonic() + patience
    while owners := _release_dead(file):
        if time.monotonic() > until:
            raise Mistake(
                f"{file}: process {owners[0]} holds data or models. Wait until it ends, or end it.", code=OUTSIDE
            )
        time.sleep(0.2)


def _release_dead(file: Path) -> list[int]:
    """Rewrite the lock without dead owners; the living ones."""
    try:
        held: dict[str, dict[str, Any]] = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return []
    except json.JSONDecodeError:  # half written when its writer was killed: DVC would refuse to start for ever
        file.unlink()
        return []
    living = {path: _living(owners) for path, owners in held.items()}
    kept = {path: owners for path, owners in living.items() if owners}
    if kept != held:
        file.write_text(json.dumps(kept), "utf-8")
    return [owner["pid"] for owners in kept.values() for owner in (*owners.get("read", ()), *_one(owners.get("write")))]


def _living(owners: dict[str, Any]) -> dict[str, Any]:
    readers = [owner for owner in owners.get("read", ()) if _lives(owner["pid"])]
    writer = [owner for owner in _one(owners.get("write")) if _lives(owner["pid"])]
    return ({"read": readers} if readers else {}) | ({"write": writer[0]} if writer else {})


def _one(owner: Any) -> list[Any]:
    return [owner] if owner else []


def _lives(pid: int) -> bool:
    import psutil

    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
