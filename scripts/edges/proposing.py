"""Carry out what was decided about the standing pull request; whatever was done already is left as it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from scripts.core import declaration, promotion, standing
from scripts.core.declaration import Declaration
from scripts.core.errors import Mistake
from scripts.core.paths import DATA_DVC, DECLARATION, LOCK, PLOTS, PRODUCTION, PRODUCTION_DVC, REPORTS
from scripts.core.promotion import Case, Stale
from scripts.core.report import pull_request, waiting
from scripts.core.report.markdown import escape, plain
from scripts.core.standing import BRANCH, TRAILER, Close, Commit, Leave, Note, Nothing, Open, Pull, Refresh, Situation
from scripts.edges import aliases, differences, history, pointers, pulls, threads
from scripts.edges.branches import Moved, Protected
from scripts.edges.github import Refused
from scripts.edges.judged import Judged
from scripts.edges.pulls import Status
from scripts.edges.world import World

LAG = 10.0  # seconds that GitHub's lists may lie behind
TRIES = 3  # to commit to a branch that others commit to
COMMENT, ISSUE = "standing", "waiting"


@dataclass(frozen=True)
class Done:
    action: str  # opened, refreshed, closed, left, committed, nothing, issue
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
    )


def propose(task: Task) -> Done:
    duplicates(task)
    action = standing.decide(situation(task.found, task.world))
    match action:
        case Nothing(reason):
            return task.done("nothing", reason)
        case Leave(pull, reason):
            if pull is not None:
                threads.sticky(task.world.own, pull.number, COMMENT, escape(reason), LAG)
            return task.done("left", reason, pull)
        case Close(pull, reason):
            threads.sticky(task.world.own, pull.number, COMMENT, escape(reason), LAG)
            pulls.updated(task.world.hub, pull, pull.title, standing.closed(pull.body), closed=True)
            return task.done("closed", reason, pull)
        case Commit(reason):
            return committed(task, reason)
        case Open(reason):
            return proposed(task, None, reason)
        case Refresh(pull, reason):
            return proposed(task, pull, reason)


def duplicates(task: Task) -> None:
    newest = next((pull for pull in task.world.pulls if pull.open), None)
    for pull in standing.duplicates(task.world.pulls):
        assert newest is not None
        said = f"There is one standing pull request, the newest: #{newest.number}."
        threads.sticky(task.world.own, pull.number, COMMENT, said, LAG)
        pulls.updated(task.world.hub, pull, pull.title, standing.closed(pull.body), closed=True)


def proposed(task: Task, pull: Pull | None, reason: str) -> Done:
    found, world = task.found, task.world
    assert found.evaluation is not None
    declared, files = promoted(task, with_record=bool((found.record or {}).get("protected")))
    title = pull_request.title(declared, found.evaluation)
    commit = world.remote.built(world.tip, files, message(task, title))
    head = world.pushed(commit)
    body = pull_request.body(described(task, declared, head, pull))
    try:
        now = (
            pulls.created(world.hub, BRANCH, world.main, title, body, LAG)
            if pull is None
            else pulls.updated(world.hub, pull, title, body)
        )
    except Refused as refused:
        if not pulls.forbidden(refused):
            raise
        return asked_for(task, declared, title, body, head)
    if pull is None:
        now = pulls.updated(world.hub, now, title, body)  # it may be one that was there already
    adorned(task, now, head)
    told = {"version": declared.version, "headline": title}
    if pull is not None and (pull.head, pull.title, pull.body) == (head, now.title, now.body):
        return task.done("nothing", f"#{now.number} says so already", now, **told)
    staged(task)
    return task.done("refreshed" if pull else "opened", reason, now, **told)


def promoted(task: Task, *, with_record: bool) -> tuple[Declaration, dict[str, bytes | None]]:
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
    return declared, files | (recorded() if with_record else {})


def recorded() -> dict[str, bytes | None]:
    """What a run writes down whatever it finds; it rides along where nobody may push to main."""
    paths = [path for path in (DATA_DVC, LOCK) if path.exists()]
    paths += [*sorted(REPORTS.glob("*.json")), *sorted(PLOTS.glob("*.png"))]
    return {path.as_posix(): path.read_bytes() for path in paths}


def message(task: Task, title: str) -> str:
    run = (task.found.run or {}).get("run")
    return f"{title}\n\n{TRAILER}: {task.world.job.run or run or 'by hand'}\n"


def described(task: Task, declared: Declaration, head: str, pull: Pull | None) -> pull_request.Proposal:
    found, world = task.found, task.world
    assert found.evaluation is not None
    return pull_request.Proposal(
        declaration=declared,
        evaluation=found.evaluation,
        validation=found.validation,
        drift=found.drift,
        run=found.run,
        manifest=found.manifest(),
        data=found.data,
        base=world.tip,
        changes=differences.since_production(world.production, world.tip, world.remote.root),
        links=pull_request.Links(world.web, head, aliases.address(found.params, task.environment)),
        note=noted(task, pull),
        approve=world.job.in_actions and not world.app,
    )


def noted(task: Task, pull: Pull | None) -> Note:
    """Of a candidate that is shown already, the run that made it stays the one that is linked."""
    found = task.found
    assert found.candidate is not None
    before = pull.note if pull else None
    if before is not None and before.candidate == found.candidate and not found.made_now:
        return replace(before, key=found.key, closed=False)
    run = (found.run or {}).get("run")
    seconds = (found.retrain or {}).get("total_seconds") if found.made_now else None
    return Note(found.key, found.candidate, run, task.world.job.url, seconds)


def adorned(task: Task, pull: Pull, head: str) -> None:
    """Labels, statuses, auto-merge: each is worth a warning, not a failure."""
    world, promotion_ = task.world, task.found.params.promotion
    attempts: list[Callable[[], None]] = [
        lambda: pulls.label(world.own, pull, promotion_.labels),
        lambda: pulls.statuses(world.own, head, statuses(task, pull)),
        lambda: threads.settle(world.own, ISSUE),
        lambda: settled(task, pull),
    ]
    if promotion_.auto_merge:
        attempts.append(lambda: merging(task, pull))
    for attempt in attempts:
        try:
            attempt()
        except Mistake as mistake:
            task.warnings.append(str(mistake))


def settled(task: Task, pull: Pull) -> None:
    """A comment that something stands in the way is taken back."""
    if threads.has(task.world.own, pull.number, COMMENT):
        said = "Nothing stands in the way any more: the text above is about the newest candidate."
        threads.sticky(task.world.own, pull.number, COMMENT, said, LAG)


def merging(task: Task, pull: Pull) -> None:
    if (why := pulls.auto_merge(task.world.hub, pull)) is not None:
        task.warnings.append(f"promotion.auto_merge: GitHub won't merge #{pull.number} by itself: {why}.")


def statuses(task: Task, pull: Pull | None) -> list[Status]:
    """Of the run that made the candidate; all have succeeded, or there would be no proposal."""
    found = task.found
    assert found.evaluation is not None
    note = pull.note if pull else None
    url = note.url if note else task.world.job.url
    tests = len(found.evaluation["self_tests"])
    reason = plain(next(iter(found.evaluation["verdict"]["reasons"]), ""))
    checks = found.validation or {"checks": 0, "warnings": ()}
    said = f"{checks['checks'] - len(checks['warnings']):,} checks passed, {len(checks['warnings'])} warned"
    return [
        Status("evergreen/validation", "success", said, url),
        Status("evergreen/gate", "success", f"{found.evaluation['verdict']['verdict']}: {reason}", url),
        Status("evergreen/self-test", "success", f"{tests} self-tests passed", url),
    ]


def asked_for(task: Task, declared: Declaration, title: str, body: str, head: str) -> Done:
    """Where Actions may open no pull request, an issue asks a person."""
    world, evaluation = task.world, task.found.evaluation
    assert evaluation is not None
    said = pull_request.verdict(evaluation)
    text = waiting.body(world.web, world.main, BRANCH, title, said, body)
    number, url = threads.issue(world.own, ISSUE, waiting.TITLE, text, LAG)
    pulls.statuses(world.own, head, statuses(task, None))
    known: dict[str, Any] = {"number": number, "url": url, "version": declared.version, "headline": title}
    return task.done("issue", "this repository keeps Actions from opening pull requests", **known)


def committed(task: Task, reason: str) -> Done:
    """Straight to main; where that is protected, by pull request all the same."""
    world, found = task.world, task.found
    assert found.evaluation is not None
    for attempt in range(TRIES):
        declared, files = promoted(task, with_record=True)
        title = pull_request.title(declared, found.evaluation)
        try:
            world.main_remote.push(world.remote.built(world.tip, files, message(task, title)), world.main, world.tip)
        except Protected as protected:
            task.warnings.append(f"promotion.mode: release: {protected} A pull request was made instead.")
            return proposed(task, situation(found, world).standing, reason)
        except Moved:
            if attempt == TRIES - 1:
                raise
            task.world = world = world.looked_again()
            if isinstance(action := standing.decide(situation(found, world)), Leave | Nothing):
                return task.done("left", action.reason)
            continue
        break
    world.job.tell("released", "true")
    staged(task)
    return task.done("committed", reason, version=declared.version, headline=title)


def staged(task: Task) -> None:
    assert task.found.candidate is not None
    if (warning := aliases.staged(task.found.params, task.found.candidate, task.environment)) is not None:
        task.warnings.append(warning)
