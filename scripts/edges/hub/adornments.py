"""What goes with a pull request: labels, statuses, auto-merge. Each is worth a warning, not a failure."""

from collections.abc import Callable, Sequence

from scripts.core.errors import Mistake
from scripts.core.report.markdown import plain
from scripts.core.standing import Pull
from scripts.edges.hub import pulls, threads
from scripts.edges.hub.pulls import Status
from scripts.edges.hub.task import Task
from scripts.edges.hub.threads import LAG

COMMENT, ISSUE = "standing", "waiting"


def adorned(task: Task, pull: Pull, head: str, found: Sequence[Status]) -> None:
    """`found`: the statuses of its head."""
    world, promotion_ = task.world, task.found.params.promotion
    attempts: list[Callable[[], None]] = [
        lambda: pulls.label(world.own, pull, promotion_.labels),
        lambda: pulls.statuses(world.own, head, found),
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
    return [
        validated(task, url),
        Status("evergreen/gate", "success", f"{found.evaluation['verdict']['verdict']}: {reason}", url),
        Status("evergreen/self-test", "success", f"{tests} self-tests passed", url),
    ]


def validated(task: Task, url: str | None) -> Status:
    """Data that fail never come this far."""
    checks = task.found.validation or {"checks": 0, "warnings": ()}
    said = f"{checks['checks'] - len(checks['warnings']):,} checks passed, {len(checks['warnings'])} warned"
    return Status("evergreen/validation", "success", said, url)
