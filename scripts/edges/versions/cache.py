"""DVC's cache in this clone: no file of it is trusted before its bytes were hashed."""

from dataclasses import dataclass
from pathlib import Path

from scripts.core import objects
from scripts.edges import files

FOLDER = Path(".dvc/cache")


@dataclass(frozen=True)
class Cache:
    folder: Path = FOLDER

    def read(self, oid: str) -> bytes | None:
        """The bytes, if they are here and genuine; DVC would take an altered read-only file for the object itself."""
        path = self.folder / objects.laid(oid)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        if objects.genuine(oid, content):
            return content
        path.unlink()
        return None

    def write(self, oid: str, content: bytes) -> None:
        path = self.folder / objects.laid(oid)
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write(path, content)
        path.chmod(0o444)  # as DVC leaves it

    def keep(self, oid: str, content: bytes) -> None:
        """Write what is not here; a genuine file stays as it is."""
        if self.read(oid) is None:
            self.write(oid, content)
