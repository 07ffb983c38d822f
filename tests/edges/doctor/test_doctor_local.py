from datetime import timedelta
from pathlib import Path

import pytest

from scripts.core.paths import DATA_DVC, DECLARATION, LOCK, PARAMS, PIPELINE, PRODUCTION_DVC
from scripts.edges.doctor import doctor_local
from scripts.edges.repository import git
from scripts.edges.versions.dvc import NO_FILE, NOTHING
from tests import promoting

LOCKED = "schema: '2.0'\nstages:\n  validate:\n    deps:\n    - path: data\n      md5: 00ff.dir\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    promoting.lay_out(b"a candidate")
    DATA_DVC.write_text(NOTHING)
    PRODUCTION_DVC.write_text(NO_FILE)
    PIPELINE.write_text("stages:\n  validate: {}\n  drift: {}\n")
    LOCK.write_text(LOCKED)
    Path("requirements.txt").write_text("pytest==0.0.1 \\\n    --hash=sha256:00\nnosuchpackage==1.0 \\\nruff==9 ; os\n")
    git.begin(tmp_path, "The beginning")
    return tmp_path


def test_a_sound_clone(here: Path) -> None:
    seen = doctor_local.look()
    assert seen.params is not None and seen.params.data.name == "small"
    assert seen.clone.branch == "main" and not seen.clone.shallow and seen.clone.changed == ()
    assert seen.clone.conflicts == () and not any(seen.clone.mistakes.values())
    assert seen.clone.version == 0
    assert seen.clone.lock is not None and seen.clone.stages == ("validate", "drift")
    assert seen.versions.locked == {"pytest": "0.0.1", "nosuchpackage": "1.0", "ruff": "9"}
    assert seen.versions.installed["pytest"] == pytest.__version__
    assert seen.versions.installed["nosuchpackage"] == ""
    assert seen.versions.git >= (2, 0)


@pytest.mark.parametrize("file", [PARAMS, DATA_DVC, DECLARATION, PRODUCTION_DVC, LOCK, PIPELINE])
def test_conflict_markers_are_found_where_they_begin(here: Path, file: Path) -> None:
    text = file.read_text()
    file.write_text(f"{text}<<<<<<< HEAD\n{text}=======\n{text}>>>>>>> other\n")
    assert doctor_local.look().clone.conflicts == (f"{file}:{text.count(chr(10)) + 1}",)
    assert file.as_posix() in doctor_local.look().clone.changed


@pytest.mark.parametrize("file", [PARAMS, DATA_DVC, DECLARATION, PRODUCTION_DVC, LOCK])
def test_what_cannot_be_read_is_a_mistake_of_its_file(here: Path, file: Path) -> None:
    file.write_text("{")
    seen = doctor_local.look()
    assert seen.clone.mistakes[file.as_posix()]
    assert (seen.params is None) == (file == PARAMS)
    assert (seen.clone.version is None) == (file == DECLARATION)


def test_a_folder_that_is_no_project_is_looked_at_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    seen = doctor_local.look()
    assert seen.params is None and seen.clone.commit is None and seen.versions.locked == {}
    assert seen.clone.lock is None and not seen.clone.mistakes.get("dvc.lock")


def test_the_cron_of_a_workflow(tmp_path: Path) -> None:
    file = tmp_path / "retrain.yml"
    file.write_text("on:\n  schedule:\n    - cron: \"23 5 * * *\" # a remark\n    - cron: '1 1 * * 1'\n")
    assert doctor_local.every(file) == timedelta(days=1)
    file.write_text("on: push\n")
    assert doctor_local.every(file) is None
    assert doctor_local.every(tmp_path / "missing.yml") is None
