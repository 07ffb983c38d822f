"""The ledger's branch on a real git remote, and on a laptop's clone."""

import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.ledger import BRANCH, FILE, Line, parse, render, with_line
from scripts.edges.actions import job
from scripts.edges.repository import ledger
from scripts.edges.repository.branches import Moved, Protected, Remote
from scripts.edges.repository.ledger import Local

LAPTOP = job({})
GITHUB = job({"GITHUB_RUN_ID": "9001", "GITHUB_REPOSITORY": "octo/evergreen"})


def git(root: Path, *arguments: str) -> str:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    done = subprocess.run(["git", "-C", str(root), *who, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    bare = tmp_path / "remote.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(bare)], check=True)
    return bare


def clone(remote: Path, name: str) -> Path:
    root = remote.parent / name
    subprocess.run(["git", "init", "-q", "-b", "main", str(root)], check=True)
    git(root, "remote", "add", "origin", str(remote))
    git(root, "commit", "-q", "--allow-empty", "-m", "first")
    return root


def line(id: str) -> Line:
    return Line.model_validate({"time": "2026-11-24T03:19:00+00:00", "id": id, "command": "retrain"})


def write(book: Remote, id: str, **given: Any) -> bool:
    return ledger.append(book, FILE, lambda content: with_line(content, line(id)), f"Ledger: {id}", **given)


def ids(book: Remote) -> list[str]:
    return sorted(each.id for each in parse(ledger.content(book, FILE)).lines)


@pytest.fixture(params=["github", "laptop"])
def book(request: pytest.FixtureRequest, remote: Path) -> Remote:
    return ledger.book(GITHUB if request.param == "github" else LAPTOP, clone(remote, "here"))


def test_the_first_line_makes_the_branch_and_the_next_ones_are_added(book: Remote) -> None:
    assert ledger.content(book, FILE) is None
    assert write(book, "a") and write(book, "b")
    assert ledger.content(book, FILE) == render(line("a")) + render(line("b"))
    assert not write(book, "a"), "the same line again is no write"
    tip = book.tip(BRANCH)
    assert tip is not None and git(book.root, "rev-list", "--count", tip) == "2"
    assert git(book.root, "log", "-1", "--format=%s", tip) == "Ledger: b"


def test_a_laptop_sends_nothing_and_changes_no_file(remote: Path) -> None:
    root = clone(remote, "here")
    before = git(root, "status", "--porcelain", "--branch")
    write(ledger.book(LAPTOP, root), "a")
    assert git(root, "status", "--porcelain", "--branch") == before
    assert not git(remote, "for-each-ref") and git(root, "rev-parse", f"refs/heads/{BRANCH}")


@pytest.mark.parametrize("writers", [2, 5, pytest.param(10, marks=pytest.mark.faults)])
def test_no_line_is_lost_however_many_write_at_once(remote: Path, writers: int) -> None:
    books = [ledger.book(GITHUB, clone(remote, f"clone{number}")) for number in range(writers)]
    with ThreadPoolExecutor(writers) as pool:
        assert all(pool.map(lambda each: write(each[1], f"line{each[0]}"), enumerate(books)))
    assert ids(books[0]) == sorted(f"line{number}" for number in range(writers))
    tip = books[0].tip(BRANCH)
    assert tip is not None and git(books[0].root, "rev-list", "--count", tip) == str(writers), "one commit a line"


def test_no_line_is_lost_on_a_laptop(remote: Path) -> None:
    root = clone(remote, "here")
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(lambda number: write(Local(root), f"line{number}"), range(4)))
    assert len(ids(Local(root))) == 4


@dataclass(frozen=True)
class Faulty(Remote):
    """A remote whose pushes fail at first: before they act, or after."""

    faults: tuple[str, ...] = ()
    tried: list[str] = field(default_factory=list)

    def push(self, commit: str | None, branch: str, expected: str | None) -> None:
        fault = self.faults[len(self.tried)] if len(self.tried) < len(self.faults) else "none"
        self.tried.append(fault)
        if fault == "protected":
            raise Protected("git push: the branch is protected.", code=OUTSIDE)
        if fault == "moved":
            raise Moved("git push: it has moved.", code=OUTSIDE)
        if fault != "before":
            super().push(commit, branch, expected)
        if fault != "none":
            raise Mistake("git push: no answer.", code=OUTSIDE)


def faulty(remote: Path, *faults: str) -> Faulty:
    return Faulty(clone(remote, "here"), faults=faults)


def sleeping() -> tuple[list[float], Callable[[float], None]]:
    slept: list[float] = []
    return slept, slept.append


def test_a_push_that_acted_and_was_not_answered_is_no_second_line(remote: Path) -> None:
    book = faulty(remote, "after")
    assert write(book, "a", sleep=lambda seconds: None), "it was this run that wrote it"
    assert book.tried == ["after"] and ids(book) == ["a"]


def test_a_push_that_did_not_act_is_made_again(remote: Path) -> None:
    book = faulty(remote, "before", "moved", "before")
    slept, sleep = sleeping()
    assert write(book, "a", sleep=sleep)
    assert ids(book) == ["a"] and len(book.tried) == 4
    assert len(slept) == 3 and all(0 < seconds <= 3 for seconds in slept)


def test_a_remote_that_never_answers_is_given_up(remote: Path) -> None:
    book = faulty(remote, *["before"] * 9)
    with pytest.raises(Mistake, match="no answer"):
        write(book, "a", sleep=lambda seconds: None)
    assert len(book.tried) == 3


def test_others_are_waited_for_but_not_for_ever(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "PATIENCE", -1.0)
    with pytest.raises(Moved):
        write(faulty(remote, *["moved"] * 9), "a", sleep=lambda seconds: None)


def test_a_protected_branch_is_said_at_once(remote: Path) -> None:
    book = faulty(remote, "protected")
    with pytest.raises(Protected):
        write(book, "a", sleep=lambda seconds: None)
    assert len(book.tried) == 1


def test_a_tip_that_can_not_be_read_loses_nothing(remote: Path) -> None:
    """The file must never be taken for missing when its commit is."""

    @dataclass(frozen=True)
    class Blind(Remote):
        def tip(self, branch: str, depth: int | None = None) -> str | None:
            return "1" * 40

    book = ledger.book(GITHUB, clone(remote, "here"))
    write(book, "a")
    with pytest.raises(Mistake):
        write(Blind(book.root), "b", sleep=lambda seconds: None)
    assert ids(book) == ["a"]


def test_a_laptop_reads_the_remote_and_its_own(remote: Path) -> None:
    root = clone(remote, "here")
    assert ledger.read(LAPTOP, root).ledger.lines == ()
    write(ledger.book(GITHUB, clone(remote, "runner")), "a")
    write(ledger.book(LAPTOP, root), "b")
    found = ledger.read(LAPTOP, root)
    assert [each.id for each in found.ledger.lines] == ["a", "b"] and found.warnings == ()


def test_a_laptop_without_the_net_shows_its_own_and_says_so(remote: Path) -> None:
    root = clone(remote, "here")
    write(ledger.book(LAPTOP, root), "b")
    git(root, "remote", "set-url", "origin", str(remote / "gone"))
    found = ledger.read(LAPTOP, root)
    assert [each.id for each in found.ledger.lines] == ["b"]
    (warning,) = found.warnings
    assert warning.startswith("evergreen-ledger: only what this clone knows is shown: git ls-remote: ")
    with pytest.raises(Mistake):
        ledger.read(GITHUB, root)


def test_a_clone_without_a_remote(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    assert ledger.read(LAPTOP, tmp_path).ledger.lines == ()


def test_broken_lines_are_told_and_kept(remote: Path) -> None:
    book = ledger.book(GITHUB, clone(remote, "here"))
    write(book, "a")
    ledger.append(book, FILE, lambda content: (content or b"") + b'<<<<<<< HEAD\n{"half', "by hand")
    write(book, "b")
    content = ledger.content(book, FILE)
    assert content == render(line("a")) + b'<<<<<<< HEAD\n{"half\n' + render(line("b"))
    found = ledger.read(GITHUB, book.root)
    assert [each.id for each in found.ledger.lines] == ["a", "b"]
    assert [warning[:15] for warning in found.warnings] == ["ledger.jsonl:2:", "ledger.jsonl:3:"]
