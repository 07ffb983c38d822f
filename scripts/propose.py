"""Keep the one standing pull request as the last verdict says: open it, renew it, close it, or leave it."""

import argparse
import os
from collections.abc import Sequence

from scripts.core import environment, errors, standing, text
from scripts.core.report import pull_request, run_page
from scripts.core.standing import Commit, Open, Refresh
from scripts.edges import actions, judged, outcome, project
from scripts.edges.actions import Job
from scripts.edges.hub import proposing
from scripts.edges.hub.task import Done, Task, promoted, situation
from scripts.edges.hub.world import World
from scripts.edges.judged import Judged
from scripts.edges.stores import stores


def dry(found: Judged, job: Job) -> Sequence[str]:
    """What would be decided and said, with no more than a look."""
    world = World.seen(job, os.environ) if job.repository else World.alone(job)
    task = Task(found, world, os.environ)
    action = standing.decide(situation(found, world))
    lines = [f"propose: {type(action).__name__.lower()}: {action.reason}"]
    if isinstance(action, Open | Refresh | Commit):
        declared, _ = promoted(task)
        assert found.evaluation is not None
        body = pull_request.body(proposing.described(task, declared, world.tip, None))
        lines += ["", f"# {pull_request.title(declared, found.evaluation)}", "", body]
    return lines


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.propose", description=__doc__)
    parser.add_argument("--dry-run", action="store_true", help="print what would be proposed, and write nothing")
    return parser.parse_args()


def told(found: Judged, done: Done, production: int, job: Job) -> None:
    """For the commands after this one, and for the run's page."""
    missing = environment.missing([name for name in environment.NAMES if os.environ.get(name)])
    ran = run_page.Ran(
        name=found.params.data.name,
        production=production,
        retrain=found.retrain,
        record=found.record,
        proposed=vars(done),
        evaluation=found.evaluation,
        drift=found.drift,
        missing=missing,
    )
    job.say(run_page.page(ran))


def read(job: Job) -> Judged:
    project.settled()
    params = project.read_params()
    return judged.read(lambda oid: stores.opened(os.environ, job, params.store).fetch(oid))


def acted(job: Job) -> Done:
    ran = outcome.read("retrain") or {}
    if ran.get("code"):  # perhaps for params that nobody can read
        job.say(run_page.failure("The run failed", ran.get("lines") or ()))
        return Done("nothing", "the run failed")
    found, production = read(job), project.read_declaration().version
    if found.dropped:
        done = Done("nothing", found.dropped)
    else:
        done = proposing.propose(Task(found, World.seen(job, os.environ), os.environ))
    told(found, done, production, job)
    return done


@errors.reported
def main() -> int:
    asked, job = arguments(), actions.job()
    if asked.dry_run:
        print(*dry(read(job), job), sep="\n")
        return 0
    with outcome.kept("propose") as kept:
        done = acted(job)
        kept |= vars(done)
    print(text.shown(f"propose: {done.action}{f' #{done.number}' if done.number else ''}: {done.reason}"))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
