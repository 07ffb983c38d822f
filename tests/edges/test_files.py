import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.core.errors import OUTSIDE, Mistake
from scripts.edges import files


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def killed(code: str, *arguments: Path) -> None:
    """Run code in a process that kills itself."""
    prelude = "import os, signal, sys; from pathlib import Path; from scripts.edges import files\n"
    prelude += "def die(*_): os.kill(os.getpid(), signal.SIGKILL)\n"
    done = subprocess.run([sys.executable, "-c", prelude + code, *map(str, arguments)], check=False)
    assert done.returncode == -signal.SIGKILL


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_writes_and_replaces(tmp_path: Path) -> None:
    files.write(tmp_path / "a.json", b"old")
    files.write(tmp_path / "a.json", b"new")
    assert (tmp_path / "a.json").read_bytes() == b"new"
    assert left(tmp_path) == ["a.json"]


def test_a_written_file_is_readable_as_any_other(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    files.write(tmp_path / "a.json", b"1")
    assert (tmp_path / "a.json").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_link_into_a_cache_is_replaced_and_the_cache_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "cache").write_bytes(b"old")
    (tmp_path / "hard").hardlink_to(tmp_path / "cache")
    (tmp_path / "soft").symlink_to(tmp_path / "cache")
    for name in ("hard", "soft"):
        files.write(tmp_path / name, b"new")
        assert (tmp_path / name).read_bytes() == b"new"
    assert (tmp_path / "cache").read_bytes() == b"old"


def test_a_full_disk_leaves_the_old_state_and_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files.write(tmp_path / "a.json", b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Mistake, match=r"a\.json: can't be written \(No space left on device\)") as mistake:
        files.write(tmp_path / "a.json", b"new")
    assert mistake.value.code == OUTSIDE
    assert (tmp_path / "a.json").read_bytes() == b"old"
    assert left(tmp_path) == ["a.json"]


def test_a_kill_while_writing_leaves_the_old_state_and_the_next_write_tidies_up(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    killed("os.fsync = die; files.write(Path(sys.argv[1]), b'new')", path)
    assert path.read_bytes() == b"old" and len(left(tmp_path)) == 2
    files.write(path, b"newer")
    assert path.read_bytes() == b"newer" and left(tmp_path) == ["a.json"]


def test_what_a_living_process_is_writing_stays(tmp_path: Path) -> None:
    other = tmp_path / f".a.json.{os.getppid()}.tmp"
    other.write_bytes(b"half")
    files.write(tmp_path / "a.json", b"1")
    assert other.exists()


def test_a_stage_changes_nothing_until_it_is_placed(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with files.staging(folder) as stage:
        stage.write("a.csv", b"1")
        stage.write("b.csv", b"2")
        assert not folder.exists()
        stage.place()
    assert left(folder) == ["a.csv", "b.csv"] and left(tmp_path) == ["data"]


def test_a_stage_that_fails_leaves_no_trace(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), files.staging(tmp_path / "data") as stage:
        stage.write("a.csv", b"1")
        raise RuntimeError
    assert left(tmp_path) == []


def test_a_full_disk_while_staging_leaves_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Mistake, match=r"data/a\.csv: can't be written"), files.staging(tmp_path / "data") as stage:
        stage.write("a.csv", b"1")
    assert left(tmp_path) == []


def test_a_kill_between_two_files_leaves_whole_files_and_the_next_stage_tidies_up(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    killed(
        "folder = Path(sys.argv[1])\n"
        "with files.staging(folder) as stage:\n"
        "    stage.write('a.csv', b'1'); stage.write('b.csv', b'2')\n"
        "    real = Path.replace\n"
        "    Path.replace = lambda old, new: die() if new.name == 'b.csv' else real(old, new)\n"
        "    stage.place()\n",
        folder,
    )
    assert left(folder) == ["a.csv"] and len(left(tmp_path)) == 2
    with files.staging(folder):
        pass
    assert left(tmp_path) == ["data"] and left(folder) == ["a.csv"]
