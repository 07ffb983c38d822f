"""A line of the ledger whose way to GitHub is hit at any request: it is written once, and no other line is lost."""

from collections import Counter
from pathlib import Path

import pytest

from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.ledger import BRANCH, FILE, parse, render, with_line
from scripts.edges.repository import branches, ledger
from scripts.edges.repository.branches import Remote
from tests.edges.repository.test_ledger import line
from tests.github_server import KINDS, Fault, Forge
from tests.github_server.bare import ALONE
from tests.repository import Repository

STALL = 3.0  # seconds after which a request that hangs is given up here


@pytest.fixture
def book(forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Remote:
    for name, value in ALONE.items():
        monkeypatch.setenv(name, value)
    root = Repository.begun(tmp_path / "clone").root
    return Remote(root, forge.git_url, forge.url, forge.token({"contents": "write"}))


def write(book: Remote, id: str) -> bool:
    added = line(id)
    return ledger.append(book, FILE, lambda content: with_line(content, added), "Ledger", sleep=lambda seconds: None)


def reset(forge: Forge) -> None:
    forge.faults = []
    forge.commit({FILE: render(line("earlier"))}, branch=BRANCH)
    forge.begin_count()


def ids(forge: Forge) -> list[str]:
    return [each.id for each in parse(forge.read(FILE, BRANCH)).lines]


def test_a_line_goes_over_http_with_the_jobs_token(forge: Forge, book: Remote) -> None:
    assert write(book, "a") and write(book, "b") and not write(book, "a")
    assert ids(forge) == ["a", "b"] and len(forge.pushes) == 2


def test_a_token_that_may_only_read_is_told_so(forge: Forge, book: Remote) -> None:
    reader = Remote(book.root, book.name, book.server, forge.token({"contents": "read"}))
    with pytest.raises(Mistake, match="contents: write") as caught:
        write(reader, "a")
    assert caught.value.code == OUTSIDE and forge.tip(BRANCH) is None


@pytest.mark.faults
def test_any_fault_at_any_request_ends_with_one_line(
    forge: Forge, book: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    reset(forge)
    write(book, "plain")
    requests, found = len(forge.requests), Counter[str]()
    assert requests >= 4
    for kind in KINDS:
        for at in range(1, requests + 1):
            reset(forge)
            forge.faults = [Fault(at, kind, among=("git",))]
            try:
                with monkeypatch.context() as impatient:
                    if kind == "stall":  # else a machine that is busy would be taken for a server that hangs
                        impatient.setattr(branches, "TIMEOUT", STALL)
                    write(book, "a")
                found["converged at once"] += 1
            except Mistake as mistake:
                assert "\n" not in str(mistake)
                found["converged when run again"] += 1
                forge.faults = []
                write(book, "a")
            assert kind in {request.fault for request in forge.requests}
            assert ids(forge) == ["earlier", "a"], f"{kind} at {at}"
    print(f"ledger: {found.total()} cases: " + ", ".join(f"{count} {how}" for how, count in found.items()) + ", 0 lost")
