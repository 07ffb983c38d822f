"""What the tests of whole workflows have in common."""

from tests import small
from tests.workflows.act import Ran
from tests.workflows.world import World

PARAMS = small.params() + "release: {settle: 0.2}\n"  # the stand-in's lists don't lie behind


def green(ran: Ran, *jobs: str) -> Ran:
    """Exactly these jobs ran, and each succeeded: a job that act skips for want of a runner would be missed else."""
    assert ran.green and set(ran.jobs) == set(jobs), f"{ran.code} {dict(ran.jobs)}\n{ran.log[-6000:]}"
    return ran


def month(copy: World, number: int, strength: float = 2.0) -> None:
    """A month arrives; with the opposite strength of the one before, a model that knows it wins."""
    copy.arrives(f"month-{number}.parquet", small.month(number, strength=strength))


def in_production(copy: World) -> None:
    """A first model, merged and released."""
    month(copy, 0)
    green(copy.cron("retrain"), "retrain", "record")
    green(copy.merges(copy.forge.pulls[-1]["number"])["release"], "release")
    assert copy.forge.latest == "v1"
