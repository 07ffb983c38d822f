"""A candidate and the world that it is proposed to: what the decision rests on, and the files that it is about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scripts.core import declaration, promotion
from scripts.core.declaration import Declaration
from scripts.core.paths import ANCHORS_DVC, DATA_DVC, DECLARATION, LOCK, PLOTS, PRODUCTION, PRODUCTION_DVC, REPORTS
from scripts.core.promotion import Case, Stale
from scripts.core.report.markdown import plain
from scripts.core.standing import TRAILER, Pull, Situation
from scripts.edges.hub.world import World
from scripts.edges.judged import Judged
from scripts.edges.repository import history
from scripts.edges.versions import pointers


@dataclass(frozen=True)
class Done:
    action: str  # opened, refreshed, closed, left, committed, carried, nothing, issue
    reason: str
    number: int | None = None
    url: str | None = None
    version: int | None = None
    headline: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass
class Task:
    """One candidate and the world that it is proposed to."""

    found: Judged
    world: World
    environment: Mapping[str, str]
    warnings: list[str] = field(default_factory=list)

    def done(self, action: str, reason: str, pull: Pull | None = None, **other: Any) -> Done:
        known: dict[str, Any] = {"number": pull.number, "url": pull.url} if pull else {}
        return Done(action, reason, **{**known, **other}, warnings=tuple(self.warnings))


def situation(found: Judged, world: World) -> Situation:
    evaluation, stale = found.evaluation if found.candidate else None, None
    if evaluation is not None and found.candidate is not None:
        case = Case(found.candidate, world.production, evaluation, found.run, allow_override=False)
        try:
            promotion.judged(case)
        except Stale as mistake:
            stale = str(mistake)
    verdict = evaluation["verdict"] if evaluation else {"verdict": None, "reasons": []}
    return Situation(
        verdict=verdict["verdict"],
        reason=plain(next(iter(verdict["reasons"]), "it gives no reason")).rstrip("."),
        candidate=found.candidate,
        production=world.production,
        stale=stale,
        key=found.key,
        release=found.params.promotion.mode == "release",
        pulls=world.pulls,
        foreign=world.foreign,
        run=(found.run or {}).get("run"),
        rides=bool((found.record or {}).get("protected")),
    )


def promoted(task: Task) -> tuple[Declaration, dict[str, bytes | None]]:
    """The declaration, and the files that make the candidate production."""
    found, world = task.found, task.world
    assert found.candidate is not None
    case = Case(found.candidate, world.production, found.evaluation, found.run, allow_override=False)
    highest = history.highest(world.tip, world.remote.root)
    declared = promotion.declared(case, promotion.judged(case), found.manifest(), highest)
    files: dict[str, bytes | None] = {
        DECLARATION.as_posix(): declaration.render(declared).encode(),
        PRODUCTION_DVC.as_posix(): pointers.pointer(found.content, PRODUCTION.name).encode(),
    }
    rides = (found.record or {}).get("protected")  # nobody may push to main: what the run found comes along
    return declared, files | (recorded() if rides else {})


def recorded() -> dict[str, bytes | None]:
    """What a run writes down whatever it finds."""
    paths = [path for path in (DATA_DVC, ANCHORS_DVC, LOCK) if path.exists()]
    paths += [*sorted(REPORTS.glob("*.json")), *sorted(PLOTS.glob("*.png"))]
    return {path.as_posix(): path.read_bytes() for path in paths}


def message(task: Task, title: str) -> str:
    run = (task.found.run or {}).get("run")
    return f"{title}\n\n{TRAILER}: {task.world.job.run or run or 'by hand'}\n"
