from pathlib import Path

import pytest

from scripts.core import objects
from scripts.core.errors import Mistake
from scripts.edges.stores import store_move
from scripts.edges.stores.store import Store
from scripts.edges.stores.store_folder import Folder
from tests import stored


class Killed(BaseException):
    pass


class Dying(Folder):
    """Dies at the n-th write."""

    left = 3

    def write(self, oid: str, content: bytes) -> None:
        type(self).left -= 1
        if type(self).left < 0:
            raise Killed
        super().write(oid, content)


class Spoiling(Folder):
    def write(self, oid: str, content: bytes) -> None:
        super().write(oid, content[:-1] + b"?")


@pytest.fixture
def source(tmp_path: Path) -> Folder:
    stored.lay_out(tmp_path / "project")
    place = Folder(tmp_path / "source")
    Store(place, tmp_path / "project").push()
    return place


def test_a_move_that_was_cut_off_is_ended_by_the_next_and_a_third_sends_nothing(source: Folder, tmp_path: Path) -> None:
    with pytest.raises(Killed):
        store_move.copied(source, Dying(tmp_path / "target"))
    target = Folder(tmp_path / "target")
    assert 0 < len(target.all()) < 6
    assert not any(oid.endswith(".dir") for oid in target.all()), "the list of a folder goes after its files"
    second = store_move.copied(source, target)
    assert (second.objects, second.sent, second.altered) == (6, 6 - 3, ())
    assert target.all() == source.all() and second.size == sum(source.all().values())
    assert store_move.copied(source, target).sent == 0
    stored.named(tmp_path / "clone")
    Store(target, tmp_path / "clone").pull()
    assert stored.found(tmp_path / "clone") == stored.contents()


def test_what_is_altered_stays_where_it_is_and_is_named(source: Folder, tmp_path: Path) -> None:
    oid = objects.digest(stored.PRODUCTION)
    (source.root / objects.laid(oid)).write_bytes(b"PRODUCTION")
    copied = store_move.copied(source, Folder(tmp_path / "target"))
    assert (copied.altered, copied.objects) == ((oid,), 5)
    assert oid not in Folder(tmp_path / "target").all()


def test_what_comes_back_altered_is_told(source: Folder, tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="6 of 6 objects came back altered"):
        store_move.copied(source, Spoiling(tmp_path / "target"))
