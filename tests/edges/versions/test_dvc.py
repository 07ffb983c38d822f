"""Against a real DVC repository in a folder of its own."""

import itertools
import subprocess
import sys
from pathlib import Path

import pytest
from _ruamel_yaml import CParser  # type: ignore[import-not-found]
from ruamel.yaml import YAML

from scripts.core.errors import FAILED, OUTSIDE, USAGE, Mistake
from scripts.edges.versions import dvc

STAGES = """\
stages:
  first:
    cmd: python says.py first 0
    deps: [says.py]
    outs: [first.txt]
  second:
    cmd: python says.py second {code}
    deps: [says.py, first.txt]
    outs: [second.txt]
"""
SAYS = """\
import sys
name, code = sys.argv[1], int(sys.argv[2])
print(f"{name}: looks at things")
if code:
    print("data/2013-07.csv: column 'temp' has text in 3 rows. Fix the source.", file=sys.stderr)
    print("'data.dvc' is the word that a column begins with, and > another.", file=sys.stderr)
    raise SystemExit(code)
open(f"{name}.txt", "w").write(name)
"""


@pytest.fixture(scope="module")
def born(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("dvc")
    subprocess.run([sys.executable, "-m", "dvc", "init", "--no-scm", "-q"], cwd=root, check=True)
    subprocess.run([sys.executable, "-m", "dvc", "config", "core.analytics", "false"], cwd=root, check=True)
    return root


@pytest.fixture
def repository(born: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(born)
    return born


NUMBERS = itertools.count()


def test_dvc_reads_its_files_by_libyaml() -> None:
    """It takes more than twice as long in Python alone, at every start."""
    assert YAML(typ="safe").Parser is CParser


def pipeline(root: Path, code: int = 0) -> None:
    """Every time another one: DVC remembers what it has run."""
    (root / "says.py").write_text(f"{SAYS}# {next(NUMBERS)}\n")
    (root / "dvc.yaml").write_text(STAGES.format(code=code))
    for name in ("dvc.lock", "first.txt", "second.txt"):
        (root / name).unlink(missing_ok=True)


def test_a_run_that_goes_well_says_which_stages_ran_and_how_long(repository: Path) -> None:
    pipeline(repository)
    began: list[str] = []
    ended = dvc.repro("second", starts=began.append)
    assert (ended.code, began, list(ended.seconds)) == (0, ["first", "second"], ["first", "second"])
    assert all(0 < seconds < 60 for seconds in ended.seconds.values())
    assert (repository / "second.txt").read_text() == "second"
    ended.check()
    assert dvc.status() == {}
    (repository / "says.py").write_text(SAYS + "# altered")
    assert set(dvc.status("second")) == {"second"}
    alone = dvc.repro("second", alone=True)
    assert (alone.code, list(alone.seconds)) == (0, ["second"])


def test_stages_give_freed_memory_back_unless_a_person_wants_it_otherwise(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline(repository)
    (repository / "says.py").write_text(
        "import os, pyarrow\n"
        "said = pyarrow.default_memory_pool().backend_name, os.environ['MALLOC_TRIM_THRESHOLD_']\n"
        "open('first.txt', 'w').write(' '.join(said))\n"
    )
    monkeypatch.delenv("ARROW_DEFAULT_MEMORY_POOL", raising=False)
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "77777777")
    dvc.repro("first").check()
    assert (repository / "first.txt").read_text() == "system 77777777"


@pytest.mark.parametrize(("code", "told"), [(1, FAILED), (2, USAGE)])
def test_what_a_failing_stage_says_comes_back_without_dvcs_words(code: int, told: int, repository: Path) -> None:
    pipeline(repository, code)
    ended = dvc.repro("second")
    assert ended.code != 0
    with pytest.raises(Mistake) as raised:
        ended.check()
    assert raised.value.lines == (
        "data/2013-07.csv: column 'temp' has text in 3 rows. Fix the source.",
        "'data.dvc' is the word that a column begins with, and > another.",
    )
    assert raised.value.code == told
    assert set(ended.seconds) == {"first", "second"}


def test_what_dvc_itself_refuses_is_told_in_its_words(repository: Path) -> None:
    pipeline(repository)
    (repository / "dvc.yaml").write_text("stages:\n  first:\n    cmdd: x\n")
    with pytest.raises(Mistake) as raised:
        dvc.repro("first").check()
    assert raised.value.code == OUTSIDE
    assert "dvc.yaml" in " ".join(raised.value.lines)
    with pytest.raises(Mistake) as raised:
        dvc.status()
    (line,) = raised.value.lines
    assert line.startswith("dvc status: ") and raised.value.code == OUTSIDE
    (repository / "dvc.yaml").unlink()


@pytest.mark.parametrize(
    ("ended", "lines", "code"),
    [
        (dvc.Ended(255, ("why",), ("ERROR: failed to run: x, exited with 1",), {}), ("why",), FAILED),
        (dvc.Ended(255, ("why",), ("ERROR: failed to run: x, exited with -9",), {}), ("why",), FAILED),
        (
            dvc.Ended(255, (), ("ERROR: failed to run: x, exited with 137",), {}),
            ("ERROR: failed to run: x, exited with 137",),
            1,
        ),
        (dvc.Ended(255, (), ("ERROR: no lock",), {}), ("ERROR: no lock",), OUTSIDE),
        (dvc.Ended(3, (), (), {}), ("dvc repro: ended with 3. Run it by hand.",), OUTSIDE),
    ],
)
def test_the_exit_code_is_the_stages_if_there_is_one(ended: dvc.Ended, lines: tuple[str, ...], code: int) -> None:
    with pytest.raises(Mistake) as raised:
        ended.check()
    assert (raised.value.lines, raised.value.code) == (lines, code)


def test_data_are_added_looked_up_and_brought_back(repository: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data, pointer = repository / "data", repository / "data.dvc"
    data.mkdir(exist_ok=True)
    dvc.add("data")
    assert pointer.read_text() == dvc.NOTHING
    assert dvc.digest() == dvc.EMPTY
    (data / "a.csv").write_text("x\n1\n")
    dvc.add(Path("data"))
    first = dvc.digest()
    assert first.endswith(".dir") and first != dvc.EMPTY
    before = pointer.read_text()
    (data / "a.csv").write_text("x\n2\n")
    dvc.add("data")
    assert dvc.digest() != first
    pointer.write_text(before)
    dvc.checkout("data")
    assert (data / "a.csv").read_text() == "x\n1\n"
    dvc.add("data")
    assert dvc.digest() == first
    assert capfd.readouterr() == ("", "")


def test_the_name_of_no_file_is_the_one_that_dvc_gives_it(repository: Path) -> None:
    (repository / "production.zip").write_bytes(b"")
    dvc.add("production.zip")
    assert (repository / "production.zip.dvc").read_text() == dvc.NO_FILE


def test_what_can_not_be_added_or_brought_back_is_told(repository: Path) -> None:
    for act, name in ((dvc.add, "add"), (dvc.checkout, "checkout")):
        with pytest.raises(Mistake) as raised:
            act("no_such_file")
        (line,) = raised.value.lines
        assert line.startswith(f"dvc {name}: ") and "no_such_file" in line and raised.value.code == OUTSIDE
    gone = repository / "gone.txt.dvc"
    gone.write_text("outs:\n- md5: 0123456789abcdef0123456789abcdef\n  size: 1\n  hash: md5\n  path: gone.txt\n")
    with pytest.raises(Mistake, match="dvc checkout: "):
        dvc.checkout("gone.txt")
    gone.unlink()


@pytest.mark.parametrize("text", [None, "", "outs: []", "outs: 3", "<<<<<<< HEAD\nouts:", "a: [", "\udcff"])
def test_a_pointer_that_can_not_be_read_is_told(text: str | None, tmp_path: Path) -> None:
    pointer = tmp_path / "data.dvc"
    if text is not None:
        pointer.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(Mistake) as raised:
        dvc.digest(pointer)
    assert raised.value.lines == (f"{pointer}: can't be read. Restore it: git checkout -- {pointer}",)
    assert raised.value.code == OUTSIDE


def test_a_folder_that_is_no_repository_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Mistake, match="this folder is no DVC repository"):
        dvc.add("x")
