import os
import shutil
from pathlib import Path

import pytest

from scripts.core.errors import OUTSIDE, Mistake
from scripts.edges.versions import dvc, record


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with DVC for real, and two files added to it."""
    from dvc.repo import Repo

    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    monkeypatch.chdir(tmp_path)
    Repo.init(str(tmp_path), no_scm=True).close()
    (tmp_path / "data").mkdir()
    (tmp_path / "data/b.csv").write_text("a\n1\n")
    (tmp_path / "data/a-ä.csv").write_text("a\n2\n")
    dvc.add("data")
    return tmp_path


def test_agrees_with_dvc(project: Path) -> None:
    assert record.current(project)
    record.complete(project)
    os.utime(project / "data/b.csv")  # touched, and so read again: the digest must be DVC's own
    assert record.current(project)

    (project / "data/b.csv").write_text("a\n3\n")  # of equal size
    assert not record.current(project)
    record.complete(project)
    (project / "data/b.csv").write_text("a\n1\n")
    assert record.current(project)

    (project / "data/c.csv").write_text("a\n3\n")
    assert not record.current(project)
    dvc.add("data")
    assert record.current(project)

    (project / "data/c.csv").unlink()
    assert not record.current(project)
    with pytest.raises(Mistake, match=r"data/ has 2 of the 3 files that data\.dvc names\. Run `dvc pull") as mistake:
        record.complete(project)
    assert mistake.value.code == OUTSIDE
    shutil.rmtree(project / "data")
    with pytest.raises(Mistake, match="data/ has 0 of the 3 files"):
        record.complete(project)


def test_an_empty_folder_may_be_recorded(project: Path) -> None:
    for path in (project / "data").iterdir():
        path.unlink()
    dvc.add("data")
    assert record.current(project)
    record.complete(project)


def test_nothing_there_and_nothing_said_is_current(tmp_path: Path) -> None:
    assert record.current(tmp_path)
    record.complete(tmp_path)
    (tmp_path / "data").mkdir()
    assert record.current(tmp_path)
    (tmp_path / "data/a.csv").write_text("")
    assert not record.current(tmp_path)


@pytest.mark.parametrize(
    "text", ["", "outs: []", "<<<<<<< HEAD\nouts:\n", "outs:\n- md5: x\n", "[", "outs:\n- {size: x, nfiles: 1}", "\xff"]
)
def test_a_broken_record_is_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "data.dvc").write_bytes(text.encode("latin-1"))
    with pytest.raises(Mistake, match=r"data\.dvc: can't be read\. .*git checkout -- data\.dvc"):
        record.complete(tmp_path)
