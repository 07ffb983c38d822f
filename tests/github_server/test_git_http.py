import os
import subprocess
from pathlib import Path

import pytest

from tests.github_server import Fault, Forge
from tests.github_server.bare import ALONE
from tests.github_server.client import client
from tests.github_server.state import Push


def git(folder: Path, *arguments: str, token: str | None = None, code: int = 0) -> str:
    """git as a job runs it; the token in a header."""
    settings = ["-c", f"http.extraheader=AUTHORIZATION: bearer {token}"] if token else []
    who = {f"GIT_{role}_{part}": "someone@localhost" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
    done = subprocess.run(
        ["git", *settings, *arguments], cwd=folder, env=os.environ | ALONE | who, capture_output=True, text=True
    )
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def clone(forge: Forge, tmp_path: Path) -> Path:
    git(tmp_path, "clone", "--quiet", forge.git_url, "clone")
    (tmp_path / "clone/new.txt").write_text("new")
    git(tmp_path / "clone", "add", "new.txt")
    git(tmp_path / "clone", "commit", "--quiet", "-m", "New")
    return tmp_path / "clone"


def test_a_push_is_noted_with_who_pushed(forge: Forge, clone: Path) -> None:
    before = forge.tip()
    git(clone, "push", "--quiet", "origin", "HEAD:main", token=forge.token({"contents": "write"}))
    assert forge.read("new.txt") == b"new"
    assert forge.pushes == [Push("refs/heads/main", before, forge.tip(), "github-actions[bot]")]


def test_a_push_takes_a_token_that_may_write(forge: Forge, clone: Path) -> None:
    said = git(clone, "push", "origin", "HEAD:main", token=forge.token({"contents": "read"}), code=128)
    assert "403" in said
    assert "could not read Username" in git(clone, "push", "origin", "HEAD:main", code=128)
    assert "could not read Username" in git(clone, "push", "origin", "HEAD:main", token="wrong", code=128)
    assert forge.read("new.txt") is None
    assert {one.status for one in forge.requests if "receive-pack" in one.query} == {401, 403}


def test_a_private_repository_is_fetched_with_a_token(forge: Forge, tmp_path: Path) -> None:
    forge.settings_of_repo.private = True
    git(tmp_path, "clone", "--quiet", forge.git_url, "none", code=128)
    git(tmp_path, "clone", "--quiet", forge.git_url, "some", token=forge.token("read-all"))
    git(tmp_path, "clone", "--quiet", forge.git_url.removesuffix(".git"), "more", token=forge.token("read-all"))
    assert (tmp_path / "more/README.md").is_file()


def test_a_protected_branch_takes_no_push(forge: Forge, clone: Path) -> None:
    forge.settings_of_repo.protected_main = True
    token = forge.token()
    said = git(clone, "push", "origin", "HEAD:main", "HEAD:other", token=token, code=1)
    assert "GH006: Protected branch update failed for refs/heads/main." in said
    assert "[remote rejected]" in said
    assert forge.read("new.txt") is None
    assert [push.ref for push in forge.pushes] == ["refs/heads/other"]
    assert client(forge).patch("git/refs/heads/main", {"sha": forge.tip("other")}).status == 422


def test_a_large_push_comes_in_pieces(forge: Forge, clone: Path) -> None:
    (clone / "large.bin").write_bytes(os.urandom(3_000_000))
    git(clone, "add", "large.bin")
    git(clone, "commit", "--quiet", "-m", "Large")
    git(clone, "push", "--quiet", "origin", "HEAD:main", token=forge.token())
    assert forge.read("large.bin") == (clone / "large.bin").read_bytes()


def test_the_tag_of_an_immutable_release_stays(forge: Forge, clone: Path) -> None:
    forge.settings_of_repo.immutable_releases = True
    client(forge).post("releases", {"tag_name": "v1"})
    assert "GH013" in git(clone, "push", "--force", "origin", "HEAD:refs/tags/v1", token=forge.token(), code=1)


def test_a_fault_can_befall_git(forge: Forge, clone: Path) -> None:
    forge.begin_count()
    forge.faults = [Fault(2, "502_after", among=("git",))]
    git(clone, "push", "--quiet", "origin", "HEAD:main", token=forge.token(), code=1)
    assert forge.read("new.txt") == b"new"
