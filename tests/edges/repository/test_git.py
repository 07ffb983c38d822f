import os
import subprocess
from datetime import datetime
from pathlib import Path

import pytest

from scripts.edges.repository import git


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    return tmp_path


def test_a_folder_without_history(here: Path) -> None:
    assert git.commit() is None
    assert not git.dirty()
    assert git.committed(Path("a.txt")) is None
    assert git.files() == []


def test_a_repository_before_its_first_commit(here: Path) -> None:
    subprocess.run(["git", "init", "-q"], check=True)
    (here / "a.txt").write_text("a")
    assert git.commit() is None
    assert git.committed(Path("a.txt")) is None
    assert git.files() == ["a.txt"]


def test_a_new_repository_holds_everything_in_one_commit(here: Path) -> None:
    (here / "a.txt").write_text("a")
    (here / ".gitignore").write_text("ignored\n")
    (here / "ignored").write_text("x")
    (here / "Łódź 1.txt").write_text("a name that git would quote")
    git.begin(here, "The beginning")
    assert git.files() == [".gitignore", "a.txt", "Łódź 1.txt"]
    commit = git.commit()
    assert commit is not None and len(commit) == 40
    assert not git.dirty()
    stamp = git.committed(Path("a.txt"))
    assert stamp is not None and abs((datetime.now().astimezone() - stamp).total_seconds()) < 600
    assert git.committed(Path("ignored")) is None


def test_a_persons_own_git_settings_do_not_matter(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hooks = here.parent / "hooks"
    hooks.mkdir(exist_ok=True)
    (hooks / "pre-commit").write_text("#!/bin/sh\nexit 1\n")
    (hooks / "pre-commit").chmod(0o755)
    config = here.parent / "config"
    config.write_text(f"[commit]\n gpgsign = true\n[core]\n hooksPath = {hooks}\n[user]\n useConfigOnly = true\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    (here / "a.txt").write_text("a")
    git.begin(here, "The beginning")
    assert git.commit() is not None


def test_only_what_git_tracks_makes_it_dirty(here: Path) -> None:
    (here / "a.txt").write_text("a")
    git.begin(here, "The beginning")
    (here / "new.txt").write_text("new")
    assert not git.dirty()
    (here / "a.txt").write_text("altered")
    assert git.dirty()


def test_a_machine_without_git_is_a_folder_without_history(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(here))
    assert git.commit() is None
    assert not git.dirty()
