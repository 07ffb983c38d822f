"""Earlier releases through the whole loop: one clone trains, another records, a third finds them in the store."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from scripts.core import bundle
from tests import small
from tests.scratch import Scratch, scratch
from tests.test_record import clone, git, in_workflow, recorded

STRENGTHS = (2.0, -1.0, 2.0)  # what is learned in one month is wrong in the next


class Loop:
    """A project on a bare repository, whose every run is on `main` and whose every candidate a person promotes."""

    def __init__(self, world: Path) -> None:
        self.world = world
        born = scratch(world / "born", small.params(), {})
        subprocess.run(["git", "clone", "-q", "--bare", str(born.root), str(world / "bare.git")], check=True)

    def month(self, number: int, *arguments: str) -> dict[str, Any]:
        """A run in a clone of its own, handed over and recorded by another."""
        training = clone(self.world, f"training-{number}")
        in_workflow(training, "store", "pull")
        (training.root / "inbox").mkdir(exist_ok=True)
        content = small.month(number, strength=STRENGTHS[number % len(STRENGTHS)])
        (training.root / f"inbox/2024-{number + 1:02d}.parquet").write_bytes(content)
        in_workflow(training, "retrain", *arguments)
        in_workflow(training, "handover", "pack", str(self.world / "handover"))
        writing = clone(self.world, f"writing-{number}")
        recorded(writing, self.world)
        self.promoted(writing)
        found: dict[str, Any] = writing.json("reports/evaluation.json")
        return found

    def promoted(self, copy: Scratch) -> None:
        git(copy.root, "fetch", "-q", "origin")
        git(copy.root, "reset", "-q", "origin/main")  # what was recorded is in this folder already
        won = copy.json("reports/run.json")["verdict"] == "PROMOTE"
        copy.command("promote", *(() if won else ("--override", "--reason", "for the test")))
        in_workflow(copy, "store", "push")
        git(copy.root, "add", "models")
        git(copy.root, "-c", "user.name=x", "-c", "user.email=x@y", "commit", "-q", "-m", "Promote")
        git(copy.root, "push", "-q", "origin", "HEAD:main")


@pytest.mark.flows
def test_earlier_releases_are_scored_by_every_run_and_found_by_every_clone(tmp_path: Path) -> None:
    loop = Loop(tmp_path)
    shown = [[row["version"] for row in loop.month(number)["anchors"]["rows"]] for number in range(3)]
    assert shown == [[], [], [1]], "production is never among them"

    third = clone(tmp_path, "third")
    in_workflow(third, "store", "pull")
    in_workflow(third, "store", "check", "--read")
    held = {path.name: path.read_bytes() for path in (third.root / "models/anchors").iterdir()}
    listed = json.loads(held["anchors.json"])
    assert set(held) == {"anchors.json", "v1.zip"} and listed["production"] == 2
    assert [each["bundle"] for each in listed["anchors"]] == [bundle.digest(held["v1.zip"])]
    assert "models/anchors" not in third.dvc("status", "--json", code=None).stdout
    before = (third.root / "models/anchors.dvc").read_bytes()
    third.dvc("repro", "--single-item", "--force", "evaluate")
    after = third.json("reports/evaluation.json")
    assert [row["version"] for row in after["anchors"]["rows"]] == [1]
    assert "production is v3" in str(after["anchors"]["unknown"]), "and v2 is to be brought"
    in_workflow(third, "retrain", "--no-ingest", "--force", "--reason", "to see")
    now = third.json("reports/evaluation.json")["anchors"]
    assert [row["version"] for row in now["rows"]] == [2, 1] and now["unknown"] is None
    assert not any(row["fault"] for row in now["rows"])
    assert (third.root / "models/anchors.dvc").read_bytes() != before
