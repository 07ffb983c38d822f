"""The branch over HTTP with a job's token, and its way to GitHub hit at any request: nothing is lost."""

import shutil
from collections import Counter
from pathlib import Path

import pytest

from scripts.core.errors import OUTSIDE, Mistake
from scripts.edges.repository import branches
from scripts.edges.stores import branch_store
from scripts.edges.stores.branch_store import BRANCH, CLONE, Branch
from scripts.edges.stores.store import Store
from tests import stored
from tests.github_server import KINDS, Fault, Forge
from tests.github_server.bare import ALONE

STALL = 3.0  # seconds after which a request that hangs is given up here


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without what the person who tests has set for git."""
    for name, value in ALONE.items():
        monkeypatch.setenv(name, value)


def store(forge: Forge, root: Path, permission: str = "write") -> Store:
    token = forge.token({"contents": permission})
    remote = branch_store.remote(forge.git_url, forge.url, token, root / CLONE)
    return Store(Branch(remote, sleep=lambda _: None), root)


def test_a_job_that_may_write_pushes_and_one_that_may_read_pulls(forge: Forge, tmp_path: Path) -> None:
    stored.lay_out(tmp_path / "one")
    with pytest.raises(Mistake, match="contents: write") as caught:
        store(forge, tmp_path / "one", "read").push()
    assert caught.value.code == OUTSIDE and forge.tip(BRANCH) is None
    assert store(forge, tmp_path / "one").push().sent == 6
    stored.named(tmp_path / "two")
    store(forge, tmp_path / "two", "read").pull()
    assert stored.found(tmp_path / "two") == stored.contents()
    assert "ghs_" not in "".join(path.read_text() for path in (tmp_path / "two" / CLONE / ".git").glob("config*"))


def reset(forge: Forge, root: Path) -> None:
    """A branch with one older object, and a clone that has not seen it."""
    shutil.rmtree(root / CLONE, ignore_errors=True)
    forge.faults = []
    if forge.tip(BRANCH) is not None:
        forge.state.bare.git("update-ref", "-d", f"refs/heads/{BRANCH}")
    stored.lay_out(root / "older", {"0.csv": b"older"})
    store(forge, root / "older").push()
    shutil.rmtree(root / "older" / CLONE)
    forge.begin_count()


@pytest.mark.faults
@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_at_any_request_of_a_push_ends_with_everything_in_place(
    forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    root = tmp_path / "one"
    stored.lay_out(root)
    reset(forge, root)
    store(forge, root).push()
    requests, found = len(forge.requests), Counter[str]()
    assert requests >= 6
    for at in range(1, requests + 1):
        reset(forge, root)
        forge.faults = [Fault(at, kind, among=("git",))]
        try:
            with monkeypatch.context() as impatient:
                if kind == "stall":  # else a machine that is busy would be taken for a server that hangs
                    impatient.setattr(branches, "TIMEOUT", STALL)
                store(forge, root).push()
            found["converged at once"] += 1
        except Mistake as mistake:
            assert len(mistake.lines) == 1 and "ghs_" not in mistake.lines[0]
            found["converged when run again"] += 1
            forge.faults = []
            store(forge, root).push()
        assert kind in {request.fault for request in forge.requests}
        forge.faults = []
        reader = store(forge, root)
        assert reader.check(read=True) == [], f"{kind} at {at}"
        assert len(reader.place.all()) == 8, f"{kind} at {at}: an object of somebody else is lost"
    print(f"branch store, {kind}: {found.total()} cases: {dict(found)}, 0 lost")
