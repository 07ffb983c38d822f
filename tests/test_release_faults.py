"""A publish that is hit at any of its requests: by a fault, by a kill, by other publishers."""

import functools
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from scripts.edges import evidence
from scripts.edges.hub import publisher
from scripts.edges.hub.assets import Wanted
from scripts.edges.hub.github import GitHub, Unsure
from scripts.edges.hub.publisher import Done, Publisher
from scripts.edges.hub.releases import Page
from tests.crashing import Killed, killed
from tests.github_server import KINDS, Fault, Forge
from tests.releasing import ONE, TWO, Project, begun, unhurried

WORK = ("publish", "finish", "make_latest")


@dataclass
class Flow:
    """One release, over and over, each time from the same state."""

    project: Project
    work: str
    torn: list[str] = field(default_factory=list)  # moments in which something public was not whole

    def begin(self) -> None:
        forge = self.project.forge
        forge.faults = []
        for release in list(forge.state.releases.values()):
            forge.state.forget(release)
        if self.work != "make_latest" and forge.tags():
            forge.state.bare.delete("refs/tags/v1")
        for release in self.start:
            forge.state.keep(release)
        forge.state.latest = self.latest
        forge.begin_count()
        self.torn.clear()

    def run(self, code: int | None = None) -> dict[str, Any]:
        return self.project.release(code=code)

    def right(self) -> bool:
        """What must be in the end, whatever happened on the way."""
        tags = {"publish": ("v1",), "finish": ("v1",), "make_latest": ("v1", "v2")}[self.work]
        try:
            self.project.settled(*tags)
        except (AssertionError, KeyError):
            return False
        return self.project.forge.latest == "v1" and not self.torn

    start: tuple[Any, ...] = ()
    latest: int | None = None


def watched(flow: Flow) -> None:
    """At every change: a public release must have all of its files, and each of them whole."""
    state = flow.project.forge.state
    keep = type(state).keep

    def looked(release: Any) -> Any:
        if not release.draft:
            states = {asset.state for asset in release.assets}
            sums = next((asset.content.decode() for asset in release.assets if asset.name == "SHA256SUMS"), "")
            if states != {"uploaded"} or len(sums.splitlines()) != len(release.assets) - 1:
                flow.torn.append(f"{release.tag} with {[asset.name for asset in release.assets]}")
        return keep(state, release)

    state.keep = looked  # type: ignore[method-assign]


def flow_of(project: Project, work: str) -> Flow:
    flow = Flow(project, work)
    project.declare(1, ONE)
    if work == "finish":
        with killed(16, "after"), pytest.raises(Killed):
            flow.run()
        flow.start = tuple(project.forge.state.releases.values())
        assert len(flow.start) == 1 and flow.start[0].draft and flow.start[0].assets
    if work == "make_latest":
        project.release()
        project.declare(2, TWO)
        project.release()
        project.revert()
        flow.start = tuple(project.forge.state.releases.values())
        flow.latest = project.forge.state.latest
    gather, known = evidence.gather, {}

    def gathered(declared: Any, *rest: Any) -> Any:
        """What is read from git and the store is the same each time."""
        if declared.commit not in known:
            known[declared.commit] = gather(declared, *rest)
        return known[declared.commit]

    project.patch.setattr(evidence, "gather", gathered)
    watched(flow)
    return flow


@pytest.fixture
def project(forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return begun(forge, tmp_path / "clone", monkeypatch)


@pytest.fixture(params=WORK)
def flow(request: pytest.FixtureRequest, project: Project) -> Flow:
    return flow_of(project, request.param)


def length(flow: Flow) -> int:
    flow.begin()
    flow.run(code=0)
    assert flow.right()
    return flow.project.forge.count()


def hit(flow: Flow, strike: Callable[[], int | None]) -> str:
    """How it ends: at once, after one clean run, or lost; or with a success that was none."""
    flow.begin()
    code = strike()
    flow.project.forge.faults = []
    if flow.right():
        return "at once"
    if code == 0:
        return "said it was done, and was not"
    flow.run(code=None)
    return "after one clean run" if flow.right() else "lost"


def faulty(flow: Flow, at: int, kind: str) -> int | None:
    flow.project.forge.faults = [Fault(at=at, kind=kind)]
    return flow.run(code=None).get("code")


def dying(flow: Flow, at: int, when: str) -> int | None:
    try:
        with killed(at, when):
            return flow.run(code=None).get("code")
    except Killed:
        return None


def told(name: str, found: Counter[str]) -> None:
    print(f"release, {name}: {found.total()} cases: " + ", ".join(f"{count} {how}" for how, count in found.items()))
    assert set(found) <= {"at once", "after one clean run"}


@pytest.mark.parametrize(("at", "when"), [(7, "after"), (12, "before"), (25, "after"), (-3, "after"), (-2, "before")])
def test_a_kill_is_mended_by_the_next_run(project: Project, at: int, when: str) -> None:
    flow = flow_of(project, "publish")
    number = at if at > 0 else length(flow) + at
    assert hit(flow, lambda: dying(flow, number, when)) in ("at once", "after one clean run")


@pytest.mark.parametrize(("kind", "at"), [("502_after", 6), ("502_after", 9), ("cut_after", 38), ("html_200", 20)])
def test_a_fault_is_overcome_or_mended_by_the_next_run(project: Project, kind: str, at: int) -> None:
    flow = flow_of(project, "publish")
    assert hit(flow, lambda: faulty(flow, at, kind)) in ("at once", "after one clean run")


@pytest.mark.faults
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_at_any_request_is_mended_by_the_next_run(flow: Flow, when: str) -> None:
    ends = Counter(hit(flow, lambda n=at: dying(flow, n, when)) for at in range(1, length(flow) + 1))  # type: ignore[misc]
    told(f"{flow.work}, killed {when} each request", ends)


FAULTS = [(work, kind) for work in ("publish", "make_latest") for kind in KINDS]
FAULTS += [("finish", kind) for kind in ("502_after", "cut_after")]


@pytest.mark.faults
@pytest.mark.parametrize(("work", "kind"), FAULTS)
def test_any_fault_at_any_request_is_overcome_or_mended(project: Project, work: str, kind: str) -> None:
    flow = flow_of(project, work)
    last = length(flow)
    unhurried(flow.project.forge, flow.project.patch, timeout=1.0)
    ends = Counter(hit(flow, lambda n=at: faulty(flow, n, kind)) for at in range(1, last + 1))  # type: ignore[misc]
    told(f"{flow.work}, {kind}", ends)


@pytest.mark.faults
def test_a_process_that_is_killed_for_real_is_followed_by_one_that_finishes(project: Project) -> None:
    flow = flow_of(project, "publish")
    last, ends = length(flow), Counter[str]()
    for at in range(2, last + 1, 6):
        flow.begin()
        project.forge.faults = [Fault(at=at, kind="stall")]  # it has acted, and nothing is heard of it
        command = [sys.executable, "-c", f"import tests.releasing as r; r.alone({str(project.root)!r})"]
        path = {"PYTHONPATH": str(Path(__file__).parents[1])}
        with subprocess.Popen(command, cwd=project.root, env=os.environ | path, stderr=subprocess.DEVNULL) as process:
            while project.forge.count() < at and process.poll() is None:
                time.sleep(0.02)
            time.sleep(0.1)
            process.send_signal(signal.SIGKILL)
        project.forge.faults = []
        flow.run(code=0)
        ends["after one clean run" if flow.right() else "lost"] += 1
    told("killed by the system", ends)


def wanted(*names: str) -> dict[str, Wanted]:
    return {name: Wanted(name, f"bytes of {name}".encode()) for name in names}


def publishers(forge: Forge, count: int, settle: float, apart: float) -> Iterator[Publisher]:
    page = Page("v1", str(forge.tip()), "One", "notes", "sha256:1")
    for _ in range(count):
        hub = GitHub(forge.settings(forge.token({"contents": "write"})))
        yield Publisher(hub, page, wanted("a.skops", "b.json", "SHA256SUMS"), lambda files: None, settle, patience=30)


def race(forge: Forge, count: int, settle: float, apart: float) -> list[Done | BaseException]:
    """Publishers in threads, each begun a moment after the one before it."""
    found: list[Done | BaseException] = []

    def one(each: Publisher, wait: float) -> None:
        time.sleep(wait)
        try:
            found.append(each.publish())
        except BaseException as error:
            found.append(error)

    each = publishers(forge, count, settle, apart)
    threads = [threading.Thread(target=one, args=(its, apart * place)) for place, its in enumerate(each)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def one_release(forge: Forge, found: list[Done | BaseException]) -> None:
    assert all(isinstance(each, Done) for each in found), found
    assert sum(each.ours for each in found if isinstance(each, Done)) <= 1
    assert [(one["tag_name"], one["draft"]) for one in forge.releases] == [("v1", False)]
    assert set(forge.assets("v1")) == {"a.skops", "b.json", "SHA256SUMS"}
    assert not forge.starters


def test_two_publishers_at_once_make_one_release(forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "LOOK", 0.1)
    forge.lag = 0.2
    one_release(forge, race(forge, 2, settle=0.5, apart=0.0))


@pytest.mark.faults
@pytest.mark.parametrize("count", [2, 5, 10])
@pytest.mark.parametrize("lag", [0.0, 1.0, 10.0])
@pytest.mark.parametrize("apart", [0.0, 0.3])
def test_any_number_of_publishers_make_one_release(
    forge: Forge, monkeypatch: pytest.MonkeyPatch, count: int, lag: float, apart: float
) -> None:
    monkeypatch.setattr(publisher, "LOOK", 0.25)
    forge.lag = lag
    one_release(forge, race(forge, count, settle=1.5 * lag + 1.5, apart=apart))
    print(f"release, {count} publishers {apart:g} s apart, lists {lag:g} s late: one release")


def test_a_file_that_is_taken_away_in_the_last_moment_is_put_back(forge: Forge) -> None:
    (each,) = publishers(forge, 1, 0.0, 0.0)
    state = forge.state
    keep = type(state).keep

    def torn(release: Any) -> Any:
        if not release.draft:
            state.keep = functools.partial(keep, state)  # type: ignore[method-assign]
            release = replace(release, assets=release.assets[1:])
        return keep(state, release)

    state.keep = torn  # type: ignore[method-assign]
    each.publish()
    assert set(forge.assets("v1")) == {"a.skops", "b.json", "SHA256SUMS"}


def test_a_server_that_stays_down_leaves_the_draft_for_the_next_run(forge: Forge) -> None:
    (each,) = publishers(forge, 1, 0.0, 0.0)
    hub = GitHub(each.github.settings, sleep=lambda seconds: None)
    forge.faults = [Fault(at=6, kind="502_after", times=40)]
    with pytest.raises(Unsure):
        Publisher(hub, each.page, each.files, each.prove, 0.0).publish()
    assert [one["draft"] for one in forge.releases] == [True]
    forge.faults = []
    Publisher(hub, each.page, each.files, each.prove, 0.0).publish()
    assert [one["draft"] for one in forge.releases] == [False]
