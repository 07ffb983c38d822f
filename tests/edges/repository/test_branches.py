"""Against real git: a bare repository in a folder, and the same over HTTP with a token."""

import os
import subprocess
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.core.errors import OUTSIDE, Mistake
from scripts.edges.repository.branches import BOT, Moved, Protected, Remote
from tests.github_server import Fault, Forge
from tests.github_server.bare import ALONE

BRANCH = "evergreen-ledger"


@pytest.fixture(params=["folder", "http"])
def remote(request: pytest.FixtureRequest, forge: Forge, here: Path) -> Remote:
    """A clone of the forge's repository, which writes to it through a folder or over HTTP."""
    if request.param == "folder":
        return Remote(here, str(forge.bare))
    return Remote(here, forge.git_url, forge.url, forge.token({"contents": "write"}))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in ALONE.items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "clone"
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", folder], check=True)
    return folder


@pytest.fixture
def http(forge: Forge, here: Path) -> Remote:
    return Remote(here, forge.git_url, forge.url, forge.token({"contents": "write"}))


def add(remote: Remote, branch: str, name: str, content: bytes = b"x") -> str:
    tip = remote.tip(branch)
    commit = remote.built(tip, {name: content}, f"Add {name}")
    remote.push(commit, branch, tip)
    return commit


def test_a_branch_begins_with_a_first_commit_and_grows(forge: Forge, remote: Remote) -> None:
    assert remote.tip(BRANCH) is None
    first = add(remote, BRANCH, "a.txt", b"\x00binary\n")
    second = add(remote, BRANCH, "folder/b.txt")
    assert remote.tip(BRANCH) == second == forge.tip(BRANCH)
    known = forge.state.bare.commit(second)
    assert (known["parents"], known["message"], known["author"]) == ([first], "Add folder/b.txt", BOT[0])
    assert remote.read(second, "a.txt") == forge.read("a.txt", BRANCH) == b"\x00binary\n"
    assert remote.read(second, "missing.txt") is None


def test_files_are_put_in_taken_out_and_left_alone(remote: Remote) -> None:
    first = remote.built(None, {"a": b"a", "b": b"b", "d/c": b"c"}, "Three")
    second = remote.built(first, {"a": b"A", "b": None}, "Two")
    assert [remote.read(second, name) for name in ("a", "b", "d/c")] == [b"A", None, b"c"]
    third = remote.built(second, {"only": b"1"}, "One", alone=True)
    assert [remote.read(third, name) for name in ("a", "d/c", "only")] == [None, None, b"1"]


def test_the_work_tree_and_its_index_are_not_touched(remote: Remote) -> None:
    (remote.root / "mine.txt").write_text("mine")
    subprocess.run(["git", "add", "mine.txt"], cwd=remote.root, check=True)
    add(remote, BRANCH, "a.txt")
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=remote.root, capture_output=True, text=True, check=True
    )
    assert status.stdout == "A  mine.txt\n"
    assert sorted(path.name for path in remote.root.iterdir()) == [".git", "mine.txt"]


def test_a_commit_that_cannot_be_read_is_not_an_empty_one(remote: Remote) -> None:
    with pytest.raises(Mistake) as caught:
        remote.read("1" * 40, "a.txt")
    assert caught.value.code == OUTSIDE


def test_who_comes_second_is_told(forge: Forge, remote: Remote) -> None:
    tip = remote.tip("main")
    mine = remote.built(tip, {"mine": b"1"}, "Mine")
    theirs = forge.commit({"theirs": "1"})
    with pytest.raises(Moved) as caught:
        remote.push(mine, "main", tip)
    assert (forge.tip(), caught.value.code) == (theirs, OUTSIDE)
    assert str(caught.value) == "git push main: the branch has moved meanwhile. Run it again."


def test_a_branch_that_should_be_new_and_is_there(forge: Forge, remote: Remote) -> None:
    theirs = forge.commit({"theirs": "1"}, branch=BRANCH)
    with pytest.raises(Moved):
        remote.push(remote.built(None, {"mine": b"1"}, "Mine"), BRANCH, None)
    assert forge.tip(BRANCH) == theirs


def test_a_branch_that_should_be_there_and_is_gone(forge: Forge, remote: Remote) -> None:
    first = add(remote, BRANCH, "a.txt")
    forge.state.bare.delete(f"refs/heads/{BRANCH}")
    with pytest.raises(Moved):
        remote.push(remote.built(first, {"b": b"1"}, "B"), BRANCH, first)
    assert forge.tip(BRANCH) is None


def test_the_same_push_twice_is_no_change(forge: Forge, remote: Remote) -> None:
    commit = remote.built(None, {"a": b"1"}, "A")
    remote.push(commit, BRANCH, None)
    remote.push(commit, BRANCH, commit)
    assert forge.tip(BRANCH) == commit


def test_a_branch_is_rebuilt_and_deleted(forge: Forge, remote: Remote) -> None:
    old = add(remote, BRANCH, "a.txt")
    new = remote.built(remote.tip("main"), {"b.txt": b"b"}, "Anew")
    remote.push(new, BRANCH, old)
    assert forge.tip(BRANCH) == new
    remote.push(None, BRANCH, new)
    assert forge.tip(BRANCH) is None


def test_three_at_once_lose_nothing(forge: Forge, remote: Remote) -> None:
    remote.push(remote.built(None, {"0": b"0"}, "Begin"), BRANCH, None)

    def append(name: str) -> None:
        for _ in range(20):
            try:
                add(remote, BRANCH, name)
            except Moved:
                continue
            return

    threads = [threading.Thread(target=append, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [forge.read(name, BRANCH) for name in "0abc"] == [b"0", b"x", b"x", b"x"]


def test_a_protected_branch_is_told_apart(forge: Forge, http: Remote) -> None:
    forge.settings_of_repo.protected_main = True
    before = forge.tip()
    with pytest.raises(Protected, match="git push main: the branch is protected") as caught:
        add(http, "main", "a.txt")
    assert (forge.tip(), caught.value.code) == (before, OUTSIDE)
    add(http, "other", "a.txt")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"contents": "read"}, r"the token may not do this. Give the job `contents: write`"),
        (None, r"there is no token. Set GITHUB_TOKEN"),
    ],
    ids=["reader", "nobody"],
)
def test_a_token_that_may_not_push(forge: Forge, http: Remote, given: dict[str, str] | None, said: str) -> None:
    weak = replace(http, token=forge.token(given) if given else None)
    with pytest.raises(Mistake, match=said):
        add(weak, "main", "a.txt")
    assert forge.pushes == []


def test_the_token_is_in_no_command_line_file_or_message(
    forge: Forge, http: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "told"
    told.mkdir()
    real = subprocess.run(["which", "git"], capture_output=True, text=True, check=True).stdout.strip()
    spy = tmp_path / "bin/git"
    spy.parent.mkdir()
    spy.write_text(f'#!/bin/sh\necho "$@" >> {told}/arguments\nexec {real} "$@"\n')
    spy.chmod(0o755)
    monkeypatch.setenv("PATH", f"{spy.parent}{os.pathsep}{os.environ['PATH']}")
    add(http, "main", "a.txt")
    assert http.token is not None
    assert "push --quiet" in (told / "arguments").read_text()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path for path in files if http.token.encode() in path.read_bytes()] == []
    assert http.token not in repr(http)
    assert {one.actor for one in forge.requests if "receive-pack" in one.path} == {"github-actions[bot]"}


def test_the_token_goes_to_its_server_alone(forge: Forge, http: Remote) -> None:
    other = replace(http, server="http://127.0.0.1:9")
    assert other.tip("main") == forge.tip()
    assert {one.token for one in forge.requests} == {None}


def test_only_the_newest_commits_when_asked(forge: Forge, http: Remote) -> None:
    forge.commit({"a": "1"})
    tip = http.tip("main", depth=1)
    assert tip is not None and tip == forge.tip()
    seen = subprocess.run(["git", "rev-list", tip], cwd=http.root, capture_output=True, text=True, check=True)
    assert seen.stdout.split() == [tip]


@pytest.mark.parametrize("kind", ["cut_before", "502_after", "reset", "short_body", "html_200", "429"])
@pytest.mark.parametrize("at", [pytest.param(1, marks=pytest.mark.faults), 2])
def test_a_push_whose_answer_is_lost_ends_as_one_that_was_not(forge: Forge, http: Remote, kind: str, at: int) -> None:
    """Whoever looks at the branch again and pushes what is missing comes to the same end."""
    commit = http.built(http.tip("main"), {"a.txt": b"x"}, "Add a.txt")
    forge.begin_count()
    forge.faults = [Fault(at, kind, among=("git",))]
    try:
        http.push(commit, "main", forge.tip())
    except Mistake as lost:
        assert lost.code == OUTSIDE and "\n" not in str(lost)
    else:  # git's own client connects anew when a connection that it kept has died
        assert forge.tip() == commit
    assert forge.requests[at - 1].fault == kind
    forge.faults = []
    tip = http.tip("main")
    if tip != commit:
        http.push(commit, "main", tip)
    assert forge.tip() == commit
    assert len(forge.pushes) == 1


def test_a_remote_that_is_not_there(here: Path) -> None:
    with pytest.raises(
        Mistake, match=r"git ls-remote: .*Check the remote and the network, then run it again\."
    ) as caught:
        Remote(here, "http://127.0.0.1:9/octo/evergreen.git").tip("main")
    assert caught.value.code == OUTSIDE
