"""The store on a branch, against a real bare repository."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.core import objects
from scripts.core.errors import Mistake
from scripts.edges.repository import git
from scripts.edges.stores import branch_store
from scripts.edges.stores.branch_store import BRANCH, Branch
from scripts.edges.stores.store import Store
from tests import stored


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(tmp_path / "bare.git")], check=True)
    return tmp_path / "bare.git"


def branch(bare: Path, root: Path, **settings: float) -> Branch:
    return Branch(branch_store.remote(bare.as_uri(), clone=root / branch_store.CLONE), sleep=lambda _: None, **settings)


def inside(bare: Path, *arguments: str) -> str:
    command = ["git", "-C", str(bare), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_all_that_git_names_goes_through_the_branch(bare: Path, tmp_path: Path) -> None:
    stored.lay_out(tmp_path / "one")
    pushed = Store(branch(bare, tmp_path / "one"), tmp_path / "one").push()
    assert (pushed.sent, pushed.warnings) == (6, ())
    files = inside(bare, "ls-tree", "-r", "--name-only", BRANCH).splitlines()
    assert len(files) == 6 and all(objects.oid_of(path) for path in files), "a folder laid out as DVC's remotes are"
    stored.named(tmp_path / "two")
    Store(branch(bare, tmp_path / "two"), tmp_path / "two").pull()
    assert stored.found(tmp_path / "two") == stored.contents()
    before = inside(bare, "rev-parse", BRANCH)
    assert Store(branch(bare, tmp_path / "two"), tmp_path / "two").push().sent == 0
    assert inside(bare, "rev-parse", BRANCH) == before, "nothing new is no commit"


def test_history_is_not_fetched(bare: Path, tmp_path: Path) -> None:
    for number in range(3):
        stored.lay_out(tmp_path / "one", {f"{number}.csv": b"x" * (number + 1)})
        Store(branch(bare, tmp_path / "one"), tmp_path / "one").push()
    assert inside(bare, "rev-list", "--count", BRANCH) == "3"
    stored.named(tmp_path / "two", {"2.csv": b"xxx"})
    Store(branch(bare, tmp_path / "two"), tmp_path / "two").pull()
    assert inside(tmp_path / "two" / branch_store.CLONE, "rev-list", "--count", "HEAD") == "1"
    assert (tmp_path / "two/data/2.csv").read_bytes() == b"xxx"


def test_two_writers_at_once_end_with_what_both_wrote(bare: Path, tmp_path: Path) -> None:
    places = []
    for name in ("one", "two"):
        stored.lay_out(tmp_path / name, {f"{name}.csv": name.encode()})
        place = branch(bare, tmp_path / name)
        place.reach()
        places.append(Store(place, tmp_path / name, reached=True))
    for store in places:
        store.push()
    assert {objects.digest(b"one"), objects.digest(b"two")} <= places[1].place.all().keys()
    assert inside(bare, "rev-list", "--count", BRANCH) == "2"
    last = branch(bare, tmp_path / "three")
    last.reach()
    assert last.all() == places[1].place.all()


def test_an_object_that_is_altered_on_the_branch_is_found_and_mended(bare: Path, tmp_path: Path) -> None:
    stored.lay_out(tmp_path / "one")
    place = branch(bare, tmp_path / "one")
    Store(place, tmp_path / "one").push()
    oid = objects.digest(stored.PRODUCTION)
    bad = place.remote.built(place.tip, {objects.laid(oid): b"prod"}, "vandalism")
    place.remote.push(bad, BRANCH, place.tip)
    stored.named(tmp_path / "two")
    with pytest.raises(Mistake, match="is altered"):
        Store(branch(bare, tmp_path / "two"), tmp_path / "two").pull()
    assert Store(branch(bare, tmp_path / "one"), tmp_path / "one").push().sent == 1
    Store(branch(bare, tmp_path / "two"), tmp_path / "two").pull()


def test_sizes_are_warned_of_long_before_github_refuses(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored.lay_out(tmp_path / "one")
    pushed = Store(branch(bare, tmp_path / "one", warn_mb=0.001), tmp_path / "one").push()
    (line,) = pushed.warnings
    assert "store.warn_mb (0.001)" in line and "scripts.store migrate --to" in line
    monkeypatch.setattr(branch_store, "WARN_OBJECT", 500)
    warned = Store(branch(bare, tmp_path / "one"), tmp_path / "one").push().warnings
    assert "one object" in warned[0] and "migrate" in warned[0]
    monkeypatch.setattr(branch_store, "MOST_OBJECT", 600)
    stored.lay_out(tmp_path / "one", {"big.csv": b"x" * 601})
    with pytest.raises(Mistake, match=r"more than GitHub takes.*migrate"):
        Store(branch(bare, tmp_path / "one"), tmp_path / "one").push()


def test_what_a_killed_process_left_is_no_trouble(bare: Path, tmp_path: Path) -> None:
    stored.lay_out(tmp_path / "one")
    Store(branch(bare, tmp_path / "one"), tmp_path / "one").push()
    clone = tmp_path / "one" / branch_store.CLONE
    for name in ("index.lock", "shallow.lock", "HEAD.lock"):
        (clone / ".git" / name).touch()
    laid = clone / objects.laid(objects.digest(stored.PRODUCTION))
    laid.write_bytes(b"half")
    (clone / "files/md5/00").mkdir(exist_ok=True)
    (clone / "files/md5/00/.x.77.tmp").touch()
    Store(branch(bare, tmp_path / "one"), tmp_path / "one").push()
    assert laid.read_bytes() == stored.PRODUCTION


def test_a_clone_that_is_broken_never_reaches_into_the_project(bare: Path, tmp_path: Path) -> None:
    stored.lay_out(tmp_path / "one")
    git.begin(tmp_path / "one", "the project")
    (tmp_path / "one/precious.txt").write_text("not committed")
    Store(branch(bare, tmp_path / "one"), tmp_path / "one").push()
    (tmp_path / "one" / branch_store.CLONE / ".git/HEAD").unlink()
    Store(branch(bare, tmp_path / "one"), tmp_path / "one").push()
    assert (tmp_path / "one/precious.txt").read_text() == "not committed"
    assert inside(tmp_path / "one", "log", "--format=%s") == "the project"


def test_line_ends_are_content_whatever_a_person_has_set(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "attributes").write_text("* text eol=crlf\n")
    (tmp_path / "config").write_text(f"[core]\n\tautocrlf = true\n\tattributesFile = {tmp_path}/attributes\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    batches = {"a.csv": b"x\n1\n2\n"}
    stored.lay_out(tmp_path / "one", batches)
    Store(branch(bare, tmp_path / "one"), tmp_path / "one").push()
    stored.named(tmp_path / "two", batches)
    Store(branch(bare, tmp_path / "two"), tmp_path / "two").pull()
    assert (tmp_path / "two/data/a.csv").read_bytes() == batches["a.csv"]


def test_origin_and_its_branch_are_found(bare: Path, tmp_path: Path) -> None:
    root = tmp_path / "one"
    stored.lay_out(root)
    assert branch_store.origin(root) is None and not branch_store.is_there(root)
    git.begin(root, "the project")
    inside(root, "remote", "add", "origin", os.path.relpath(bare, root))
    assert branch_store.origin(root) is not None and not branch_store.is_there(root)
    Store(branch(bare, root), root).push()
    assert branch_store.is_there(root)
    inside(root, "remote", "set-url", "origin", str(tmp_path / "gone"))
    assert not branch_store.is_there(root)


@pytest.mark.faults
def test_dvc_by_hand_reads_the_checked_out_branch(bare: Path, tmp_path: Path) -> None:
    from scripts.edges.stores import stores

    stored.lay_out(tmp_path / "one")
    Store(branch(bare, tmp_path / "one"), tmp_path / "one").push()
    two = tmp_path / "two"
    stored.named(two)
    place = branch(bare, two)
    place.reach()
    stores.configure(place, two)
    subprocess.run([sys.executable, "-m", "dvc", "pull", "-q", "data.dvc"], cwd=two, check=True)
    assert (two / "data/2024-01.parquet").read_bytes() == stored.BATCHES["2024-01.parquet"]
