from pathlib import Path

import pytest

from scripts.core import objects
from scripts.edges.versions.cache import Cache

CONTENT = b"rows of a month"
OID = objects.digest(CONTENT)


@pytest.mark.parametrize("bad", [b"", CONTENT[:-1], CONTENT[:-1] + b"H", CONTENT + b"\n", b"another object"])
def test_a_read_only_file_with_other_bytes_is_not_believed_and_goes(tmp_path: Path, bad: bytes) -> None:
    cache = Cache(tmp_path)
    cache.write(OID, CONTENT)
    assert cache.read(OID) == CONTENT
    path = tmp_path / objects.laid(OID)
    assert path.stat().st_mode & 0o777 == 0o444
    path.chmod(0o644)
    path.write_bytes(bad)
    path.chmod(0o444)
    assert cache.read(OID) is None
    assert not path.exists(), "DVC, which believes it, must not find it either"
    cache.write(OID, CONTENT)
    assert cache.read(OID) == CONTENT


def test_what_is_not_there_is_not_there(tmp_path: Path) -> None:
    assert Cache(tmp_path / "none").read(OID) is None


def test_what_is_kept_already_is_not_written_again_and_a_spoiled_file_is(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.keep(OID, CONTENT)
    path = tmp_path / objects.laid(OID)
    first = path.stat().st_ino
    cache.keep(OID, CONTENT)
    assert path.stat().st_ino == first
    path.chmod(0o644)
    path.write_bytes(b"")
    cache.keep(OID, CONTENT)
    assert cache.read(OID) == CONTENT
