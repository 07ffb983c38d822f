"""The store against a folder, and against places that fail."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scripts.core import objects
from scripts.core.errors import OUTSIDE, Mistake
from scripts.edges.stores.store import Store
from scripts.edges.stores.store_folder import Folder
from scripts.edges.versions.cache import Cache
from tests import stored


@dataclass(frozen=True)
class Forgetful(Folder):
    """Takes an object as often as it is told to, and has it only afterwards; counts what it is asked."""

    loses: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def reach(self) -> None:
        self.asked.append("reach")
        super().reach()

    def write(self, oid: str, content: bytes) -> None:
        self.asked.append(f"write {oid}")
        if self.loses.get(oid, 0) > 0:
            self.loses[oid] -= 1
            return
        super().write(oid, content)


class Unreachable(Folder):
    def reach(self) -> None:
        raise AssertionError("nobody needs it")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    stored.lay_out(tmp_path / "project")
    return tmp_path / "project"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    stored.named(tmp_path / "clone")
    return tmp_path / "clone"


def test_a_push_and_a_pull_bring_everything_that_git_names(project: Path, clone: Path, tmp_path: Path) -> None:
    place = Forgetful(tmp_path / "store")
    pushed = Store(place, project).push()
    assert (pushed.named, pushed.sent, pushed.warnings) == (6, 6, ())
    assert next(each for each in reversed(place.asked)).endswith(".dir"), "the list of a folder goes after its files"
    pulled = Store(place, clone).pull()
    assert (pulled.fetched, pulled.placed, pulled.warnings) == (6, 5, ())
    assert stored.found(clone) == stored.contents()
    assert all(Cache(clone / ".dvc/cache").read(each.oid) for each in Store(place, clone).named())
    place.asked.clear()
    assert Store(place, project).push().sent == 0 and place.asked == ["reach"], "a second push writes nothing"
    again = Store(Unreachable(tmp_path / "store"), clone).pull()
    assert (again.fetched, again.placed) == (0, 0), "what is here is not asked for"


def test_members_that_the_store_lacks_are_found_though_their_list_is_there(project: Path, tmp_path: Path) -> None:
    place = Folder(tmp_path / "store")
    store = Store(place, project)
    store.push()
    lost = stored.one(store, "data/2024-02.parquet")
    short = stored.one(store, "models/candidate.zip")
    (place.root / objects.laid(lost.oid)).unlink()
    (place.root / objects.laid(short.oid)).write_bytes(b"cand")
    assert store.missing(store.named()) == sorted([lost, short])
    assert [line.split(":")[0] for line in store.check()] == [lost.path, short.path]
    assert store.push().sent == 2
    assert store.missing(store.named()) == [] and store.check(read=True) == []


def test_what_a_store_takes_and_has_not_got_is_sent_again_and_then_told(project: Path, tmp_path: Path) -> None:
    oid = objects.digest(stored.BATCHES["2024-01.parquet"])
    once = Forgetful(tmp_path / "once", {oid: 1})
    Store(once, project).push()
    assert once.size(oid) == 700
    with pytest.raises(Mistake) as raised:
        Store(Forgetful(tmp_path / "never", {oid: 9}), project).push()
    (line,) = raised.value.lines
    assert "took data/2024-01.parquet" in line and raised.value.code == OUTSIDE


def flipped(content: bytes, at: random.Random) -> bytes:
    place = at.randrange(len(content))
    return content[:place] + bytes([content[place] ^ (1 << at.randrange(8))]) + content[place + 1 :]


def cut(content: bytes, at: random.Random) -> bytes:
    return content[: at.randrange(len(content))]


def swapped(content: bytes, at: random.Random) -> bytes:
    return at.choice([other for other in stored.contents().values() if other != content])


FAULTS: dict[str, Callable[[bytes, random.Random], bytes]] = {"flip": flipped, "cut": cut, "swap": swapped}


def spoiled(root: Path, oid: str, fault: str, at: random.Random) -> None:
    path = root / objects.laid(oid)
    content = FAULTS[fault](path.read_bytes(), at)
    path.chmod(0o644)
    path.write_bytes(content)
    path.chmod(0o444)


def every_spoiling_is_found(tmp_path: Path, count: int) -> None:
    """In the store: told before anything is put in place. In the cache: fetched anew."""
    at = random.Random(0)
    stored.lay_out(tmp_path / "project")
    place = Folder(tmp_path / "store")
    store = Store(place, tmp_path / "project")
    store.push()
    named = store.named()
    clone = tmp_path / "clone"
    stored.named(clone)
    Store(place, clone).pull()
    for number in range(count):
        each, fault = at.choice(named), at.choice(list(FAULTS))
        if number % 2:
            spoiled(clone / ".dvc/cache", each.oid, fault, at)
            if not each.folder:
                (clone / each.path).unlink()
            Store(place, clone).pull()
            assert stored.found(clone) == stored.contents(), (fault, each)
            assert Cache(clone / ".dvc/cache").read(each.oid) is not None
            continue
        whole = (place.root / objects.laid(each.oid)).read_bytes()
        spoiled(place.root, each.oid, fault, at)
        (clone / ".dvc/cache" / objects.laid(each.oid)).unlink()
        if not each.folder:
            (clone / each.path).unlink()
        with pytest.raises(Mistake, match=f"object {each.oid} is altered"):
            Store(place, clone).pull()
        assert not (clone / each.path).is_file()
        assert any(each.path in line for line in store.check(read=True))
        (place.root / objects.laid(each.oid)).chmod(0o644)
        (place.root / objects.laid(each.oid)).write_bytes(whole)
        Store(place, clone).pull()
        assert stored.found(clone) == stored.contents()


def test_a_flipped_bit_a_cut_and_a_swap_are_found_before_use(tmp_path: Path) -> None:
    every_spoiling_is_found(tmp_path, 30)


@pytest.mark.faults
def test_a_thousand_of_them_are_found(tmp_path: Path) -> None:
    every_spoiling_is_found(tmp_path, 1000)


def test_a_new_copy_needs_no_store(tmp_path: Path) -> None:
    root = tmp_path / "copy"
    stored.named(root, {})
    empty = stored.pointer("production.zip", b"")
    (root / "models/production.zip.dvc").write_text(empty)
    (root / "dvc.lock").unlink()
    pulled = Store(Unreachable(tmp_path / "store"), root).pull()
    assert (pulled.fetched, pulled.placed) == (0, 1)
    assert (root / "data").is_dir() and (root / "models/production.zip").read_bytes() == b""
    assert Store(Folder(tmp_path / "store"), root).check() == []


def test_what_is_lost_is_made_anew_or_told_with_its_cure(project: Path, clone: Path, tmp_path: Path) -> None:
    place = Folder(tmp_path / "store")
    store = Store(place, project)
    store.push()
    (place.root / objects.laid(stored.one(store, "models/candidate.zip").oid)).unlink()
    pulled = Store(place, clone).pull()
    assert len(pulled.warnings) == 1 and "models/candidate.zip" in pulled.warnings[0]
    assert "made anew" in pulled.warnings[0] and not (clone / "models/candidate.zip").exists()
    (place.root / objects.laid(stored.one(store, "data/2024-01.parquet").oid)).unlink()
    stored.named(tmp_path / "other")
    with pytest.raises(Mistake) as raised:
        Store(place, tmp_path / "other").pull()
    (line,) = raised.value.lines
    assert line.startswith("data.dvc: the folder ") and "data/2024-01.parquet" in line and "store push" in line
    assert raised.value.code == OUTSIDE
    assert not (tmp_path / "other/data").exists(), "all or nothing of it is put in place"


def test_batches_with_the_same_content_are_one_object(tmp_path: Path) -> None:
    batches = {f"{number:02}.csv": b"x\n1\n" for number in range(40)}
    stored.lay_out(tmp_path / "project", batches)
    place = Folder(tmp_path / "store")
    assert Store(place, tmp_path / "project").push().sent == 5
    stored.named(tmp_path / "clone", batches)
    assert Store(place, tmp_path / "clone").pull().placed == 43
    assert stored.found(tmp_path / "clone", batches) == stored.contents(batches)


def test_targets_are_brought_alone(project: Path, clone: Path, tmp_path: Path) -> None:
    place = Folder(tmp_path / "store")
    Store(place, project).push()
    Store(place, clone).pull(["models", "reports/predictions.parquet"])
    kept = {"models/production.zip", *stored.OUTPUTS}
    assert set(stored.found(clone)) == kept


def test_a_persons_batches_are_never_overwritten_and_outputs_are(project: Path, clone: Path, tmp_path: Path) -> None:
    place = Folder(tmp_path / "store")
    Store(place, project).push()
    (clone / "data").mkdir()
    (clone / "data/2024-02.parquet").write_bytes(b"mended by hand")
    (clone / "data/2024-03.parquet").write_bytes(b"not added yet")
    (clone / "models/candidate.zip").write_bytes(b"cut off")
    with pytest.raises(Mistake, match=r"data/2024-02\.parquet: not what data\.dvc names.*dvc add data"):
        Store(place, clone).pull()
    assert (clone / "data/2024-02.parquet").read_bytes() == b"mended by hand"
    (clone / "data/2024-02.parquet").unlink()
    Store(place, clone).pull()
    assert stored.found(clone) == stored.contents()
    assert (clone / "data/2024-03.parquet").read_bytes() == b"not added yet"


def test_an_object_is_fetched_by_its_name_and_checked(project: Path, tmp_path: Path) -> None:
    place = Folder(tmp_path / "store")
    Store(place, project).push()
    oid = objects.digest(stored.PRODUCTION)
    assert Store(place, tmp_path).fetch(oid) == stored.PRODUCTION
    spoiled(place.root, oid, "flip", random.Random(1))
    with pytest.raises(Mistake, match="is altered"):
        Store(place, tmp_path).fetch(oid)
    with pytest.raises(Mistake, match="has no object 0123"):
        Store(place, tmp_path).fetch("0123456789abcdef0123456789abcdef")


def test_a_push_takes_nothing_altered_from_the_cache(project: Path, tmp_path: Path) -> None:
    place = Folder(tmp_path / "store")
    store = Store(place, project)
    oid = stored.one(store, "data/2024-01.parquet").oid
    spoiled(project / ".dvc/cache", oid, "flip", random.Random(2))
    store.push()
    assert place.read(oid) == stored.BATCHES["2024-01.parquet"], "the work tree had it whole"
    (place.root / objects.laid(oid)).unlink()
    spoiled(project / ".dvc/cache", oid, "flip", random.Random(3))
    (project / "data/2024-01.parquet").unlink()
    with pytest.raises(Mistake, match=r"has not got data/2024-01\.parquet"):
        store.push()


def test_a_folder_that_can_not_be_made_is_told(tmp_path: Path, project: Path) -> None:
    with pytest.raises(Mistake, match="can't be used"):
        Store(Folder(tmp_path / "not/mounted"), project).push()


ANCHORS = {"anchors.json": b"{}", "v1.zip": b"an earlier release"}


def with_anchors(root: Path) -> None:
    (root / "models/anchors.dvc").write_text(stored.pointer("anchors", stored.listing(ANCHORS), ANCHORS))


@pytest.mark.parametrize("lost", ["models/anchors/v1.zip", "models/anchors"])
def test_an_earlier_release_that_is_lost_ends_nothing(project: Path, clone: Path, tmp_path: Path, lost: str) -> None:
    """The next run lists it as missing, with the reason."""
    (project / "models/anchors").mkdir()
    for name, content in ANCHORS.items():
        (project / "models/anchors" / name).write_bytes(content)
    for root in (project, clone):
        with_anchors(root)
    store, place = Store(Folder(tmp_path / "store"), project), Folder(tmp_path / "store")
    listing = stored.listing(ANCHORS)
    store.cache.write(f"{objects.digest(listing)}.dir", listing)
    assert store.push().named == 9
    gone = stored.one(store, lost)
    (place.root / objects.laid(gone.oid)).unlink()
    pulled = Store(place, clone).pull()
    assert lost in pulled.warnings[0]
    assert not (clone / "models/anchors/v1.zip").exists()
    assert (clone / "models/anchors/anchors.json").exists() == (lost != "models/anchors")
    if lost == "models/anchors":
        again = Store(place, clone).push()
        assert again.named == 7 and lost in again.warnings[0]
