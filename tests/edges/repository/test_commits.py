import subprocess
from pathlib import Path

import pytest

from scripts.core.errors import Mistake
from scripts.edges.repository import commits
from scripts.edges.repository.branches import BOT, Remote
from tests.repository import Repository

TRAILER = "Evergreen-Run"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository.begun(tmp_path)
    made.commit("The beginning", {"README.md": "hello"})
    return made


def built(
    repository: Repository, base: str, author: tuple[str, str] = BOT, message: str = "x\n\nEvergreen-Run: 7\n"
) -> str:
    return Remote(repository.root, author=author).built(base, {"models/production.json": message.encode()}, message)


def foreign(repository: Repository, base: str, head: str) -> list[str]:
    return commits.foreign(base, head, TRAILER, repository.root)


def test_a_runs_own_commits_are_nobodys(repository: Repository) -> None:
    base = repository.head()
    assert (
        foreign(repository, base, built(repository, built(repository, base), message="y\n\nEvergreen-Run: 8\n")) == []
    )
    assert foreign(repository, base, base) == []


@pytest.mark.parametrize("message", ["x", "Evergreen-Run: 7 said the bot", "x\n\nOther-Run: 7\n"])
def test_the_bots_commit_without_the_trailer_is_foreign(repository: Repository, message: str) -> None:
    base = repository.head()
    head = built(repository, base, message=message)
    assert foreign(repository, base, head) == [head]


def test_a_persons_commit_is_foreign_whatever_its_message(repository: Repository) -> None:
    base = repository.head()
    own = built(repository, base)
    mine = built(repository, own, ("Jo", "jo@example.com"))
    later = built(repository, mine, message="z\n\nEvergreen-Run: 9\n")
    assert foreign(repository, base, later) == [mine]


def test_an_amended_commit_is_foreign(repository: Repository) -> None:
    base = repository.head()
    repository.git("checkout", "-q", built(repository, base))
    repository.git("commit", "-q", "--amend", "--no-edit", "--allow-empty")
    assert foreign(repository, base, repository.head()) == [repository.head()]


def merged(repository: Repository, settle: str | None) -> tuple[str, str]:
    """A run's commit, and main merged into it by a person, who settles a conflict so."""
    base = repository.head()
    own = built(repository, base)
    files = {"README.md": "changed"} if settle is None else {"models/production.json": "main's"}
    main = repository.commit("On main", files)
    repository.git("checkout", "-q", own)
    if settle is None:
        repository.git("merge", "-q", "--no-edit", main)
        return main, repository.head()
    subprocess.run(["git", "merge", "-q", main], cwd=repository.root, check=False, capture_output=True)
    return main, repository.commit("Settled", {"models/production.json": settle})


def test_a_merge_of_main_is_nobodys_work(repository: Repository) -> None:
    main, head = merged(repository, None)
    assert foreign(repository, main, head) == []


def test_a_settled_conflict_is_a_persons_work(repository: Repository) -> None:
    main, head = merged(repository, "both")
    assert foreign(repository, main, head) == [head]


def test_equal_files_on_equal_parents_are_the_same(repository: Repository) -> None:
    base = repository.head()
    one, other = built(repository, base), Remote(repository.root).built(base, {"models/production.json": b"y"}, "y")
    again = Remote(repository.root).built(base, {"models/production.json": b"y"}, "another message")
    assert commits.same(other, again, repository.root)
    assert not commits.same(one, other, repository.root)
    moved = repository.commit("On main", {"b": "c"})
    assert not commits.same(
        other, Remote(repository.root).built(moved, {"models/production.json": b"y"}, "y"), repository.root
    )


def test_files_that_differ_below_some_paths(repository: Repository) -> None:
    before = repository.head()
    repository.commit("More", {"scripts/a b.py": "1", "scripts/é.py": "2", "tests/c.py": "3"})
    assert commits.changed(before, "HEAD", "scripts", root=repository.root) == ("scripts/a b.py", "scripts/é.py")
    assert commits.changed(before, before, "scripts", root=repository.root) == ()


def test_a_commit_that_is_not_here_is_told(repository: Repository) -> None:
    with pytest.raises(Mistake, match="Fetch all of the history"):
        commits.changed("0" * 40, "HEAD", "scripts", root=repository.root)
