"""A store that is a folder, laid out as DVC's remotes are."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.core import objects
from scripts.core.errors import OUTSIDE, Mistake
from scripts.edges import files


@dataclass(frozen=True)
class Folder:
    root: Path

    @property
    def name(self) -> str:
        return f"the folder {self.root}"

    @property
    def settings(self) -> Mapping[str, str]:
        """For DVC, so that `dvc pull` by hand finds the same objects."""
        return {"url": str(self.root.absolute()), "verify": "true"}

    def reach(self) -> None:
        """Made when it is missing, but not the folder that it lies in: that may be a disk that is not mounted."""
        try:
            self.root.mkdir(exist_ok=True)
        except OSError as error:
            said = f"{self.name}: can't be used ({error.strerror})"
            raise Mistake(f"{said}. Make {self.root.parent}, or mend DVC_REMOTE_URL.", code=OUTSIDE) from None

    def size(self, oid: str) -> int | None:
        try:
            return self._file(oid).stat().st_size
        except OSError:
            return None

    def read(self, oid: str) -> bytes | None:
        try:
            return self._file(oid).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Mistake(f"{self._file(oid)}: can't be read ({error.strerror}). Mend that.", code=OUTSIDE) from None

    def write(self, oid: str, content: bytes) -> None:
        path = self._file(oid)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Mistake(f"{path.parent}: can't be made ({error.strerror}). Mend that.", code=OUTSIDE) from None
        files.write(path, content)

    def settle(self) -> list[str]:
        """Make what was written last; warnings."""
        return []

    def all(self) -> dict[str, int]:
        """Every object with its size."""
        found: dict[str, int] = {}
        for folder, _, names in os.walk(self.root / "files"):
            for path in (Path(folder) / name for name in names):
                oid = objects.oid_of(path.relative_to(self.root).as_posix())
                if oid is not None:
                    found[oid] = path.stat().st_size
        return found

    def _file(self, oid: str) -> Path:
        return self.root / objects.laid(oid)
