"""A run, handed over and recorded by another clone; and the clone after that, which must find nothing new."""

import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scripts import record
from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.settings.loop_params import Store as Settings
from scripts.edges import handover as folders
from scripts.edges.repository.branches import Remote
from scripts.edges.stores import branch_store, stores
from scripts.edges.stores.branch_store import Branch
from scripts.edges.stores.store import Store
from scripts.edges.stores.store_folder import Folder
from tests.github_server import Fault, Forge
from tests.github_server.bare import ALONE
from tests.once import copied, judged, once
from tests.scratch import Scratch

WRITE, PUSH = Folder.write, Remote.push


def git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def clone(world: Path, name: str) -> Scratch:
    subprocess.run(["git", "clone", "-q", str(world / "bare.git"), str(world / name)], check=True)
    return Scratch(world / name)


def in_workflow(copy: Scratch, name: str, *arguments: str, code: int = 0) -> str:
    import sys

    given = {"GITHUB_RUN_ID": "7", "DVC_REMOTE_URL": "", "GITHUB_TOKEN": "", "GITHUB_EVENT_PATH": ""}
    given["GITHUB_STEP_SUMMARY"] = ""
    done = copy.run(sys.executable, "-m", f"scripts.{name}", *arguments, code=code, **given)
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A newborn project on a bare repository, its first run done in one clone and handed over."""

    def build(world: Path) -> None:
        world.mkdir()
        training = copied(judged(tmp_path_factory), world / "training")
        subprocess.run(["git", "clone", "-q", "--bare", str(training.root), str(world / "bare.git")], check=True)
        in_workflow(training, "handover", "pack", str(world / "handover"))

    return once(tmp_path_factory, "handed-over", build)


@pytest.fixture
def world(first: Path, tmp_path: Path) -> Iterator[Path]:
    for name in ("bare.git", "handover"):
        shutil.copytree(first / name, tmp_path / name)
    yield tmp_path


def recorded(copy: Scratch, world: Path, code: int = 0) -> dict[str, Any]:
    in_workflow(copy, "record", "--from", str(world / "handover"), code=code)
    return dict(copy.json("outcome/record.json"))


def test_a_run_is_recorded_by_another_clone_and_a_third_finds_nothing_new(world: Path) -> None:
    writing = clone(world, "writing")
    said = in_workflow(writing, "store", "pull")
    assert "0 objects fetched" in said and not (writing.root / ".dvc/store").exists(), "a new copy asks no store"
    found = recorded(writing, world)
    assert found["commit"] == git(world / "bare.git", "rev-parse", "main")
    assert not found["moved"] and not found["protected"] and found["pushed"] >= 6
    said = git(world / "bare.git", "log", "-1", "--format=%s%n%b", "main").splitlines()
    assert said[0] == "Record 2024-01: 600 new rows, PROMOTE" and said[-1] == f"Evergreen-Run: {found['run']}"
    changed = git(world / "bare.git", "diff", "--name-only", "main~1", "main").splitlines()
    assert {"data.dvc", "dvc.lock", "reports/evaluation.json", "reports/run.json", "reports/plots/curves.png"} <= set(
        changed
    )
    assert all(name.startswith(("data.dvc", "dvc.lock", "reports/")) for name in changed)
    assert not any(name.endswith((".html", ".parquet", ".zip")) for name in changed), "that is the store's"
    assert (writing.root / "models/candidate.zip").is_file(), "what comes next in this job finds the candidate"

    again = recorded(clone(world, "again"), world)
    assert (again["commit"], again["pushed"]) == (found["commit"], 0), "a second time nothing is written"
    assert git(world / "bare.git", "rev-list", "--count", "main") == "2"

    third = clone(world, "third")
    in_workflow(third, "store", "pull")
    in_workflow(third, "store", "check", "--read")
    assert sorted(path.name for path in (third.root / "data").iterdir()) == ["2024-01.parquet"]
    assert (third.root / "models/candidate.zip").read_bytes() == (writing.root / "models/candidate.zip").read_bytes()
    result = json.loads(in_workflow(third, "retrain", "--json"))
    assert result["new"] is False, "nothing is trained for what was found before"
    assert git(third.root, "status", "--porcelain", "--untracked-files=no") == ""


def test_a_commit_that_changes_nothing_of_weight_is_built_upon(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = in_process(world, monkeypatch, meanwhile=lambda: commit_on_main(world, "README.md", b"words"))
    assert found["commit"] and git(world / "bare.git", "show", "main:README.md") == "words"
    assert git(world / "bare.git", "rev-list", "--count", "main") == "3"


@pytest.mark.parametrize("path", ["data.dvc", "scripts/new.py"])
def test_a_result_that_rests_on_what_has_changed_is_dropped(
    world: Path, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = in_process(world, monkeypatch, meanwhile=lambda: commit_on_main(world, path, b"changed"))
    assert found["moved"] is True and found["commit"] is None
    assert git(world / "bare.git", "log", "-1", "--format=%s", "main") == "meanwhile"
    assert not (world / "kept").exists(), "not even the store was written"
    assert not Path("models/candidate.zip").exists()


def commit_on_main(world: Path, path: str, content: bytes) -> str:
    """By somebody else, meanwhile."""
    there = Remote(world / "bare.git", str(world / "bare.git"))
    tip = git(world / "bare.git", "rev-parse", "main")
    commit = there.built(tip, {path: content}, "meanwhile")
    there.push(commit, "main", tip)
    return commit


class Racing(Remote):
    """Somebody else pushes right before this does, so many times; or the answer is lost."""

    before: Callable[[], object] = staticmethod(lambda: None)
    times = 0
    loses = False

    def push(self, commit: str | None, branch: str, expected: str | None) -> None:
        if type(self).times > 0:
            type(self).times -= 1
            type(self).before()
        super().push(commit, branch, expected)
        if type(self).loses:
            type(self).loses = False
            raise Mistake("git push main: the connection broke", code=OUTSIDE)


def in_process(
    world: Path,
    monkeypatch: pytest.MonkeyPatch,
    remote: type[Remote] = Remote,
    meanwhile: Callable[[], object] = lambda: None,
) -> dict[str, Any]:
    """With a folder for a store; `meanwhile` is what happens once the job has its checkout."""
    writing = clone(world, f"writing-{len(list(world.iterdir()))}")
    monkeypatch.chdir(writing.root)
    meanwhile()
    place = record.Place(remote(Path(), "origin"), "main", folders.read(world / "handover"), sleep=lambda _: None)
    found: dict[str, Any] = {}
    url = str(world / "kept")
    record.record(place, Store(stores.named(url, None, {}, Settings()), Path()), found)
    return found


def over_http(world: Path, forge: Forge) -> dict[str, Any]:
    """With the branch for a store, and a job's token."""
    token = forge.token({"contents": "write"})
    remote = Remote(Path(), forge.git_url, forge.url, token)
    place = record.Place(remote, "main", folders.read(world / "handover"), sleep=lambda _: None)
    branch = Branch(branch_store.remote(forge.git_url, forge.url, token), sleep=lambda _: None)
    found: dict[str, Any] = {}
    record.record(place, Store(branch, Path()), found)
    return found


@pytest.mark.faults
@pytest.mark.parametrize("kind", ["cut_before", "cut_after", "502_after", "short_body", "reset"])
def test_a_fault_at_any_request_of_a_record_ends_with_one_commit_and_a_whole_store(
    world: Path, forge: Forge, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    for name, value in ALONE.items():
        monkeypatch.setenv(name, value)
    base = forge.seed(world / "bare.git", "main")
    monkeypatch.chdir(clone(world, "writing").root)
    forge.begin_count()
    over_http(world, forge)
    requests, found = len(forge.requests), Counter[str]()
    for at in range(1, requests + 1):
        forge.faults = []
        forge.state.bare.git("update-ref", "refs/heads/main", base)
        forge.state.bare.git("update-ref", "-d", "refs/heads/dvc-store")
        shutil.rmtree(branch_store.CLONE)
        forge.begin_count()
        forge.faults = [Fault(at, kind, among=("git",))]
        try:
            done = over_http(world, forge)
            found["converged at once"] += 1
        except Mistake as mistake:
            assert len(mistake.lines) == 1
            found["converged when run again"] += 1
            forge.faults = []
            done = over_http(world, forge)
        assert kind in {request.fault for request in forge.requests}
        forge.faults = []
        assert done["commit"] == forge.tip("main") and not done["moved"]
        assert forge.state.bare.git("rev-list", "--count", f"{base}..main").strip() == "1", f"{kind} at {at}"
        branch = Branch(branch_store.remote(forge.git_url, forge.url, forge.token({"contents": "read"})))
        assert Store(branch, Path()).check(read=True) == [], f"{kind} at {at}"
    print(f"record, {kind}: {found.total()} cases: {dict(found)}, 0 lost")


def test_a_branch_that_moves_while_it_is_pushed_is_looked_at_again(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = iter(range(9))
    monkeypatch.setattr(Racing, "before", staticmethod(lambda: commit_on_main(world, f"note-{next(numbers)}.md", b"x")))
    monkeypatch.setattr(Racing, "times", 2)
    found = in_process(world, monkeypatch, Racing)
    assert found["commit"] == git(world / "bare.git", "rev-parse", "main")
    assert git(world / "bare.git", "show", "main:note-1.md") == "x", "nobody's commit is lost"


def test_data_that_arrive_while_it_is_pushed_drop_the_result(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Racing, "before", staticmethod(lambda: commit_on_main(world, "data.dvc", b"other")))
    monkeypatch.setattr(Racing, "times", 1)
    found = in_process(world, monkeypatch, Racing)
    assert found["moved"] is True and found["commit"] is None


def test_a_push_whose_answer_was_lost_is_no_failure(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Racing, "loses", True)
    found = in_process(world, monkeypatch, Racing)
    assert found["commit"] == git(world / "bare.git", "rev-parse", "main")
    assert git(world / "bare.git", "rev-list", "--count", "main") == "2"


def test_a_candidate_that_is_judged_once_more_need_not_travel_again(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_process(world, monkeypatch)
    candidate = Path("models/candidate.zip").read_bytes()
    handed = folders.read(world / "handover")
    run = {**handed.json("reports/run.json"), "run": "0000abcd"}
    later = {**handed.files, "reports/run.json": json.dumps(run).encode()}
    del later["models/candidate.zip"], later["data/2024-01.parquet"]
    base = git(world / "bare.git", "rev-parse", "main")
    folders.write(replace(handed, base=base, files=later), world / "handover")
    found = in_process(world, monkeypatch)
    assert found["commit"] == git(world / "bare.git", "rev-parse", "main") != base
    assert git(world / "bare.git", "log", "-1", "--format=%s", "main") == "Record run 0000abcd: no new rows, PROMOTE"
    assert Path("models/candidate.zip").read_bytes() == candidate, "what comes next in this job finds it"


class Killed(BaseException):
    pass


@pytest.mark.parametrize("dies", ["third object", "before the push", "behind the push"])
def test_a_record_that_was_killed_and_made_again_ends_the_same(
    world: Path, monkeypatch: pytest.MonkeyPatch, dies: str
) -> None:
    left = 2 if dies == "third object" else 99

    def write(place: Folder, oid: str, content: bytes) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed
        WRITE(place, oid, content)

    def push(remote: Remote, commit: str | None, branch: str, expected: str | None) -> None:
        if dies == "behind the push":
            PUSH(remote, commit, branch, expected)
        if dies.endswith("the push"):
            raise Killed
        PUSH(remote, commit, branch, expected)

    with pytest.MonkeyPatch.context() as dying:
        dying.setattr(Folder, "write", write)
        dying.setattr(Remote, "push", push)
        with pytest.raises(Killed):
            in_process(world, monkeypatch)
    found = in_process(world, monkeypatch)
    assert found["commit"] == git(world / "bare.git", "rev-parse", "main")
    assert git(world / "bare.git", "rev-list", "--count", "main") == "2"
    assert Store(Folder(world / "kept"), Path()).check(read=True) == []


def test_a_protected_branch_loses_nothing(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = world / "bare.git/hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho 'GH006: Protected branch update failed' >&2\nexit 1\n")
    hook.chmod(0o755)
    found = in_process(world, monkeypatch)
    assert found["protected"] is True and found["commit"] is None and found["pushed"] >= 6
    assert Path("models/candidate.zip").is_file() and Path("reports/evaluation.json").is_file()
    assert git(world / "bare.git", "rev-list", "--count", "main") == "1"


def test_a_run_that_failed_hands_over_its_outcome_and_records_nothing(
    world: Path, first: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(first / "training", world / "training")
    monkeypatch.chdir(world / "training")
    for told in ({"code": 0, "new": False}, {"code": 0, "new": True, "dry_run": True}, {"code": 1, "lines": ["bad"]}):
        Path("outcome/retrain.json").write_text(json.dumps(told))
        handed = folders.gathered()
        assert not handed.whole and set(handed.files) == {"outcome/retrain.json"}
    folders.write(handed, world / "handover")
    writing = clone(world, "writing")
    found = recorded(writing, world)
    assert found["commit"] is None and found["code"] == 0
    assert writing.json("outcome/retrain.json")["lines"] == ["bad"]
    assert git(world / "bare.git", "rev-list", "--count", "main") == "1"


def test_a_handover_that_was_tampered_with_is_refused_and_changes_nothing(world: Path) -> None:
    (world / "handover/files/models/candidate.zip").write_bytes(b"planted")
    writing = clone(world, "writing")
    found = recorded(writing, world, code=3)
    assert found["code"] == 3 and "models/candidate.zip" in found["lines"][0] and len(found["lines"]) == 1
    assert git(world / "bare.git", "branch", "--format=%(refname:short)") == "main"
    assert git(writing.root, "status", "--porcelain", "--untracked-files=no") == ""
