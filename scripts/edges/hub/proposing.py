"""Carry out what was decided about the standing pull request; whatever was done already is left as it is."""

from dataclasses import replace
from typing import Any

from scripts.core import standing
from scripts.core.declaration import Declaration
from scripts.core.report import pull_request, waiting
from scripts.core.report.markdown import escape
from scripts.core.standing import BRANCH, Carry, Close, Commit, Leave, Note, Nothing, Open, Pull, Refresh
from scripts.edges.hub import adornments, carrying, pulls, threads
from scripts.edges.hub.adornments import COMMENT, ISSUE
from scripts.edges.hub.github import Refused
from scripts.edges.hub.task import Done, Task, message, promoted, situation
from scripts.edges.hub.threads import LAG
from scripts.edges.registry import aliases
from scripts.edges.repository import differences
from scripts.edges.repository.branches import Moved, Protected

TRIES = 3  # to commit to a branch that others commit to


def propose(task: Task) -> Done:
    duplicates(task)
    now = situation(task.found, task.world)
    action = standing.decide(now)
    if now.rides and isinstance(action, Close | Leave | Nothing):
        task.warnings.append(carrying.LOST)
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
        case Carry(pull, reason):
            return carrying.carried(task, pull, reason)
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
    declared, files = promoted(task)
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
    adornments.adorned(task, now, head, adornments.statuses(task, now))
    told = {"version": declared.version, "headline": title}
    if pull is not None and (pull.head, pull.title, pull.body) == (head, now.title, now.body):
        return task.done("nothing", f"#{now.number} says so already", now, **told)
    staged(task)
    return task.done("refreshed" if pull else "opened", reason, now, **told)


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
    if before is not None and not before.record and before.candidate == found.candidate and not found.made_now:
        return replace(before, key=found.key, closed=False)
    run = (found.run or {}).get("run")
    seconds = (found.retrain or {}).get("total_seconds") if found.made_now else None
    return Note(found.key, found.candidate, run, task.world.job.url, seconds)


def asked_for(task: Task, declared: Declaration, title: str, body: str, head: str) -> Done:
    """Where Actions may open no pull request, an issue asks a person."""
    world, evaluation = task.world, task.found.evaluation
    assert evaluation is not None
    said = pull_request.verdict(evaluation)
    text = waiting.body(world.web, world.main, BRANCH, title, said, body)
    number, url = threads.issue(world.own, ISSUE, waiting.TITLE, text, LAG)
    pulls.statuses(world.own, head, adornments.statuses(task, None))
    known: dict[str, Any] = {"number": number, "url": url, "version": declared.version, "headline": title}
    return task.done("issue", "this repository keeps Actions from opening pull requests", **known)


def committed(task: Task, reason: str) -> Done:
    """Straight to main; where that is protected, by pull request all the same."""
    world, found = task.world, task.found
    assert found.evaluation is not None
    for attempt in range(TRIES):
        declared, files = promoted(task)
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
