from pathlib import Path

import pytest

from scripts.core.errors import Mistake
from scripts.core.handover import Handover
from scripts.edges import handover

FILES = {"outcome/retrain.json": b"{}", "reports/run.json": b'{"run": 1}', "data/2024-01.parquet": b"rows"}
HANDED = Handover("b" * 40, True, FILES)


def test_what_is_written_is_read_back_without_what_lay_there_before(tmp_path: Path) -> None:
    folder = tmp_path / "handover"
    handover.write(Handover("a" * 40, True, {"reports/drift.json": b"{}"}), folder)
    handover.write(HANDED, folder)
    assert handover.read(folder) == HANDED
    hidden = [path for path in folder.rglob("*") if path.name.startswith(".")]
    assert not hidden, "artifacts leave hidden files out"


def test_a_run_that_handed_nothing_over_is_told(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="handed nothing over"):
        handover.read(tmp_path)


@pytest.mark.parametrize("what", ["file", "folder", "manifest"])
def test_a_link_is_refused_unread(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "handover"
    handover.write(HANDED, folder)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/run.json").write_bytes(b'{"run": 1}')
    if what == "manifest":
        (folder / "manifest.json").rename(tmp_path / "manifest.json")
        (folder / "manifest.json").symlink_to(tmp_path / "manifest.json")
    elif what == "file":
        (folder / "files/reports/run.json").unlink()
        (folder / "files/reports/run.json").symlink_to(tmp_path / "elsewhere/run.json")
    else:
        (folder / "files/reports/run.json").unlink()
        (folder / "files/reports").rmdir()
        (folder / "files/reports").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Mistake, match="is a link"):
        handover.read(folder)


def test_a_changed_byte_on_the_way_is_found(tmp_path: Path) -> None:
    handover.write(HANDED, tmp_path / "handover")
    (tmp_path / "handover/files/data/2024-01.parquet").write_bytes(b"rowz")
    with pytest.raises(Mistake, match="is not what the manifest lists"):
        handover.read(tmp_path / "handover")
