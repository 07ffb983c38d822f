"""The store's command, in a project of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.core import objects
from scripts.edges.repository import git
from scripts.edges.stores.store import Store
from scripts.edges.stores.store_folder import Folder
from tests import small, stored
from tests.layout import ROOT

NOBODY = ("DVC_REMOTE_URL", "DVC_ENDPOINT_URL", "GITHUB_RUN_ID", "GITHUB_TOKEN")


def store(root: Path, *arguments: str, code: int = 0, **environment: str) -> str:
    """What it says; on stderr if it failed."""
    given = {name: value for name, value in os.environ.items() if name not in NOBODY}
    command = [sys.executable, "-m", "scripts.store", *arguments]
    given |= {"PYTHONPATH": str(ROOT), "AWS_EC2_METADATA_DISABLED": "true", **environment}
    done = subprocess.run(command, cwd=root, env=given, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout if code == 0 else done.stderr


@pytest.fixture
def project(tmp_path: Path) -> Path:
    stored.lay_out(tmp_path / "one")
    (tmp_path / "one/params.yaml").write_text(small.params())
    return tmp_path / "one"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    stored.named(tmp_path / "two")
    (tmp_path / "two/params.yaml").write_text(small.params())
    return tmp_path / "two"


def test_the_folder_that_somebody_names_serves_every_clone(project: Path, clone: Path, tmp_path: Path) -> None:
    where = {"DVC_REMOTE_URL": str(tmp_path / "kept")}
    assert "6 objects sent" in store(project, "push", **where)
    assert "6 objects fetched, 5 files put in place" in store(clone, "pull", **where)
    assert stored.found(clone) == stored.contents()
    (tmp_path / "kept" / objects.laid(objects.digest(stored.PRODUCTION))).write_bytes(b"PRODUCTION")
    said = store(clone, "check", "--read", code=3, **where)
    assert said.startswith("models/production.zip: ") and len(said.splitlines()) == 2


def test_a_laptop_with_nothing_set_has_a_folder_that_git_does_not_see(project: Path) -> None:
    assert "6 objects sent" in store(project, "push")
    assert sum(path.is_file() for path in (project / ".dvc/local-store").rglob("*")) == 6
    ignored = (ROOT / ".dvc/.gitignore").read_text().split()
    assert {"/local-store", "/store", "/config.local", "/cache"} <= set(ignored)


def test_a_move_copies_all_and_prints_what_is_to_be_set(project: Path, tmp_path: Path) -> None:
    Store(Folder(project / ".dvc/local-store"), project).push()
    target = tmp_path / "there"
    said = store(project, "migrate", "--to", str(target))
    assert "6 objects (0.0 MB)" in said and "6 sent" in said
    assert f"gh variable set DVC_REMOTE_URL --body {target}" in said
    assert len(Folder(target).all()) == 6


def test_a_store_that_is_down_is_one_line_and_code_three(clone: Path) -> None:
    where = {"DVC_REMOTE_URL": "s3://bucket/x", "DVC_ENDPOINT_URL": "http://127.0.0.1:9"}
    where |= {"AWS_ACCESS_KEY_ID": "some-key-id", "AWS_SECRET_ACCESS_KEY": "some-secret"}
    said = store(clone, "pull", code=3, **where)
    assert "does not answer" in said and len(said.splitlines()) == 1 and "some-" not in said


def test_the_branch_is_the_store_of_a_workflow(project: Path, clone: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    subprocess.run(["git", "init", "-q", "--bare", str(bare)], check=True)
    for root in (project, clone):
        git.begin(root, "a project")
        subprocess.run(["git", "-C", str(root), "remote", "add", "origin", str(bare)], check=True)
    job = {"GITHUB_RUN_ID": "1"}
    assert "the branch dvc-store: 6 objects sent" in store(project, "push", **job)
    assert "the branch dvc-store: 6 objects fetched" in store(clone, "pull"), "a person's clone asks the branch too"
    assert stored.found(clone) == stored.contents()
    store(clone, "configure", **job)
    assert f"url = {clone}/.dvc/store" in (clone / ".dvc/config.local").read_text()
    assert "git push origin --delete dvc-store" in store(clone, "migrate", "--to", str(tmp_path / "s"), **job)
