from pathlib import Path

import pytest

from scripts.core import bundle
from scripts.core.standing import note_of
from scripts.edges import outcome
from scripts.edges.hub.carrying import LOST
from tests.github_server import Forge
from tests.proposing import BRANCH, FIRST, SECOND, THIRD, Clone, cloned

RIDING = ("data.dvc", "dvc.lock", "reports/evaluation.json", "reports/run.json", "reports/plots/differences.png")


@pytest.fixture
def clone(forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clone:
    """Whose main takes no push."""
    made = cloned(forge, tmp_path / "work", monkeypatch)
    forge.settings_of_repo.protected_main = True
    return made


def judged(clone: Clone, candidate: bytes, verdict: str = "HOLD", data: str = "d1") -> None:
    clone.judge(candidate, verdict, data=data)
    outcome.write("record", {"commit": None, "protected": True, "moved": False})


def test_what_a_run_found_without_a_winner_comes_by_pull_request(clone: Clone) -> None:
    judged(clone, FIRST)
    said = clone.propose()
    (pull,) = clone.open
    assert (said["action"], said["number"], said["version"]) == ("carried", pull["number"], None)
    assert pull["title"].startswith("Record data") and "HOLD, nothing is promoted" in pull["title"]
    for name in RIDING:
        assert clone.forge.read(name, BRANCH) == Path(name).read_bytes(), name
    assert not clone.declared().version, "no model comes with it"
    assert {one["context"]: one["state"] for one in clone.forge.statuses} == {"evergreen/validation": "success"}
    assert f"merge [#{pull['number']}](" in clone.pages[-1] and "HOLD" in clone.pages[-1]


def test_the_same_run_again_writes_nothing(clone: Clone) -> None:
    judged(clone, FIRST)
    clone.propose()
    clone.forge.begin_count()
    pushes = len(clone.forge.pushes)
    assert clone.propose()["action"] == "carried"
    assert clone.forge.writes == [] and len(clone.forge.pushes) == pushes


def test_a_candidate_that_no_longer_wins_leaves_its_pull_request_to_the_data_and_back(clone: Clone) -> None:
    judged(clone, FIRST, "PROMOTE")
    clone.propose()
    judged(clone, SECOND, "HOLD")
    assert clone.propose()["action"] == "carried"
    (pull,) = clone.open
    assert pull["number"] == 1 and pull["title"].startswith("Record") and not clone.declared().version
    judged(clone, THIRD, "PROMOTE")
    assert clone.propose()["action"] == "refreshed"
    (pull,) = clone.open
    note = note_of(pull["body"])
    assert pull["title"].startswith("Promote v1") and note is not None and not note.record
    assert clone.declared().bundle == bundle.digest(THIRD)


def test_after_a_merge_main_has_them_and_nothing_is_left_to_do(clone: Clone) -> None:
    judged(clone, FIRST)
    clone.propose()
    clone.forge.merge(1)
    assert clone.forge.read("data.dvc") == Path("data.dvc").read_bytes()
    outcome.write("record", {"commit": None, "protected": False, "moved": False})
    clone.nothing_new()
    assert clone.propose()["action"] == "nothing" and clone.open == []


def test_where_nothing_can_carry_them_the_loss_is_told(clone: Clone) -> None:
    judged(clone, FIRST)
    clone.propose()
    clone.forge.close(1)
    said = clone.propose()
    assert said["action"] == "left" and "#1" in said["reason"] and clone.open == []
    assert said["warnings"] == [LOST] and LOST.split(":")[0] in clone.pages[-1]


def test_where_actions_may_open_none_the_setting_is_named(clone: Clone) -> None:
    clone.forge.settings_of_repo.allow_actions_prs = False
    judged(clone, FIRST)
    said = clone.propose()
    assert said["action"] == "left" and clone.forge.issues == []
    (warning,) = said["warnings"]
    assert warning.startswith(LOST) and "Allow GitHub Actions to create and approve pull requests" in warning
