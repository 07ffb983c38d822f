"""Bring a run's data and reports to a main branch that takes no push: by the standing pull request, without a model."""

from scripts.core.report import riding, waiting
from scripts.core.standing import BRANCH, Note, Pull
from scripts.edges.hub import adornments, pulls
from scripts.edges.hub.github import Refused
from scripts.edges.hub.task import Done, Task, message, recorded
from scripts.edges.hub.threads import LAG

LOST = "main takes no push, and nothing brings it this run's data and reports: the next run does the same again."


def carried(task: Task, pull: Pull | None, reason: str) -> Done:
    found, world = task.found, task.world
    title = riding.title(found.retrain or {})
    head = world.pushed(world.remote.built(world.tip, recorded(), message(task, title)))
    note = noted(task, pull)
    body = riding.body(reason, world.production.version, note)
    try:
        now = pull or pulls.created(world.hub, BRANCH, world.main, title, body, LAG)
        now = pulls.updated(world.hub, now, title, body)
    except Refused as refused:
        if not pulls.forbidden(refused):
            raise
        task.warnings.append(f"{LOST} Allow the pull request that would: {waiting.SETTING}.")
        return task.done("left", reason)
    adornments.adorned(task, now, head, [adornments.validated(task, note.url)])
    return task.done("carried", reason, now)


def noted(task: Task, pull: Pull | None) -> Note:
    """Of a run that is shown already, the first that found this stays the one that is linked."""
    found, before = task.found, pull.note if pull else None
    run = (found.run or {}).get("run")
    if before is not None and before.record and before.run == run:
        return before
    return Note(found.key, found.candidate or "", run, task.world.job.url, record=True)
