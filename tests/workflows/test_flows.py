"""The loop on GitHub by the workflow files as they are: a copy is born, its first model merged, released and used."""

from pathlib import Path

from tests import small
from tests.workflows.act import Ran
from tests.workflows.world import World, world


def green(ran: Ran, *jobs: str) -> None:
    assert ran.green and set(ran.jobs) == set(jobs), f"{ran.code} {ran.jobs}\n{ran.log[-6000:]}"


def born(copy: World) -> None:
    """The first push, with no secret and no setting: all that it wakes is green."""
    copy.arrives("month-0.parquet", small.month(0))
    ran = copy.wakes(None, only=("retrain", "release"))
    green(ran["retrain"], "retrain", "record")
    green(ran["release"], "release")
    assert copy.forge.releases == []


def proposed(copy: World) -> None:
    (pull,) = copy.forge.pulls
    assert pull["state"] == "open" and pull["title"].startswith("Promote v1")


def released(copy: World) -> None:
    (pull,) = copy.forge.pulls
    ran = copy.merges(pull["number"])
    assert set(ran) == {"release"}
    green(ran["release"], "release")
    (release,) = copy.forge.releases
    assert release["tag_name"] == "v1" and not release["draft"]


def nothing_new(copy: World) -> None:
    before = copy.main()
    green(copy.cron("retrain"), "retrain", "record")
    green(copy.cron("release"), "release")
    assert copy.main() == before
    assert len(copy.forge.pulls) == len(copy.forge.releases) == 1


def test_from_birth_to_a_release(tmp_path: Path) -> None:
    with world(tmp_path, small.params()) as copy:
        born(copy)
        proposed(copy)
        released(copy)
        nothing_new(copy)
