"""Keep what a run found: check what it handed over, send it to the store, and commit it on the main branch."""

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.core import errors, handover, objects, recording, text
from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.handover import LISTINGS, RETRAIN, Checked, Handover
from scripts.core.paths import CANDIDATE, LOCK, PIPELINE, REPORTS, RUN
from scripts.core.recording import INPUTS, Change
from scripts.edges import actions, files, lock, outcome, project
from scripts.edges import handover as folders
from scripts.edges.actions import Job
from scripts.edges.repository import history, trees
from scripts.edges.repository.branches import Moved, Protected, Remote
from scripts.edges.stores import stores
from scripts.edges.stores.store import Store

ATTEMPTS = 6


@dataclass(frozen=True)
class Recorded:
    """What became of a run: on the branch (at `commit`, `new` if by this very push), or why it is not."""

    commit: str | None = None
    new: bool = False
    moved: bool = False  # what it rests on has changed meanwhile: dropped, the next run does it again
    protected: bool = False  # the branch takes no push: it comes by pull request

    def __str__(self) -> str:
        if self.moved:
            said = ", ".join(map(str, INPUTS))
            return f"Dropped: {said}: one of them has changed since this run began. The next run starts from there."
        if self.protected:
            return "The branch is protected: data and reports come with the pull request."
        return f"{'Recorded as' if self.new else 'Recorded already, by'} {(self.commit or '')[:7]}."


@dataclass(frozen=True)
class Place:
    """The branch that is written, and the handover that wants to be on it."""

    remote: Remote
    branch: str
    handed: Handover
    sleep: Callable[[float], None] = time.sleep

    def tip(self) -> str:
        if (tip := self.remote.tip(self.branch)) is None:
            raise Mistake(f"git: the remote has no branch {self.branch}. Push it first.", code=OUTSIDE)
        return tip

    def change(self, tip: str) -> Change:
        kept = objects.outputs(PIPELINE.read_text("utf-8"))
        return recording.change(self.handed, kept, trees.names(tip, REPORTS, self.remote.root))

    def has(self, tip: str) -> bool:
        """Whether the branch says all of this already."""
        return trees.holds(tip, self.change(tip).files, self.remote.root)

    def stands(self, tip: str) -> bool:
        """Whether what the result rests on is still as it was when the run began."""
        return tip == self.handed.base or trees.same(self.handed.base, tip, INPUTS, self.remote.root)

    def committed(self) -> Recorded:
        for attempt in range(ATTEMPTS):
            tip = self.tip()
            if self.has(tip):
                return Recorded(tip)
            if not self.stands(tip):
                return Recorded(moved=True)
            change = self.change(tip)
            commit = self.remote.built(tip, change.files, change.message)
            try:
                self.remote.push(commit, self.branch, tip)
                return Recorded(commit, new=True)
            except Protected:
                return Recorded(protected=True)
            except Moved:
                self.sleep(0.5 * 2**attempt)
            except Mistake:
                if not self.has(self.tip()):  # else the push arrived, and only its answer got lost
                    raise
        raise Moved(f"git push {self.branch}: it moved {ATTEMPTS} times meanwhile. Run it again.", code=OUTSIDE)


def record(place: Place, store: Store, found: dict[str, Any]) -> list[str]:
    """Lines for people; what is for machines goes into `found`."""
    handed = place.handed
    found |= {"run": None, "commit": None, "protected": False, "pushed": 0, "moved": False, "warnings": []}
    put(handed, [RETRAIN])
    if not handed.whole:
        return ["Nothing to record: the run failed, or found nothing new."]
    candidate = before(handed, store)
    checked = verified(handed, store, candidate)
    tip = place.tip()
    if not place.has(tip) and not place.stands(tip):
        found["moved"] = True
        return [str(Recorded(moved=True))]
    keep(handed, checked, store)
    if candidate is not None:
        files.write(CANDIDATE, candidate)
    pushed = store.push()
    done = place.committed()
    found |= {"commit": done.commit, "protected": done.protected, "moved": done.moved, "pushed": pushed.sent}
    found |= {"run": handed.json(RUN)["run"], "warnings": list(pushed.warnings)}
    lines = [f"{store.place.name}: {pushed.sent} objects sent, {pushed.named} looked up there.", str(done)]
    return lines + [f"Warning: {warning}" for warning in pushed.warnings]


def before(handed: Handover, store: Store) -> bytes | None:
    """The candidate that was there before, where the run has judged it once more and made no other."""
    lock = history.at(handed.base, LOCK, store.root)
    if lock is None or CANDIDATE.as_posix() in handed.files or not (handed.json(RUN) or {}).get("verdict"):
        return None
    oids = [each.oid for each in objects.locked(lock.decode()) if each.path == CANDIDATE.as_posix()]
    return store.fetch(oids[0]) if oids else None


def verified(handed: Handover, store: Store, candidate: bytes | None) -> Checked:
    lock = history.at(handed.base, LOCK, store.root)
    text = lock.decode() if lock is not None else None
    return handover.checked(handed, PIPELINE.read_text("utf-8"), text, candidate)


def keep(handed: Handover, checked: Checked, store: Store) -> None:
    """Into DVC's cache what DVC keeps; into the work tree all but batches and anchors, which nobody here reads."""
    kept = objects.outputs(PIPELINE.read_text("utf-8"))
    for each in checked.all:
        content = handed.files.get(LISTINGS.get(each.path, each.path))
        if content is not None and kept.get(each.path, True):
            store.cache.write(each.oid, content)
    folders_ = tuple(f"{folder}/" for folder in LISTINGS)
    put(handed, [path for path in handed.files if path not in LISTINGS.values() and not path.startswith(folders_)])


def put(handed: Handover, paths: list[str]) -> None:
    for path in paths:
        if path in handed.files:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            files.write(Path(path), handed.files[path])


def main_branch(job: Job) -> str:
    """The default branch, as the event says."""
    repository = job.event_payload().get("repository") or {}
    return str(repository.get("default_branch") or "main")


@errors.reported
def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.record", description=__doc__)
    parser.add_argument("--from", dest="folder", type=Path, required=True, help="what scripts.handover packed")
    given = parser.parse_args()
    job = actions.job()
    with lock.held(), outcome.kept("record") as found:
        remote = Remote(Path(), "origin", job.server, job.token)
        place = Place(remote, main_branch(job), folders.read(given.folder))
        lines = record(place, stores.opened(os.environ, job, project.read_params().store), found)
        job.say("\n".join(f"- {line}" for line in lines))
    print(*map(text.shown, lines), sep="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
