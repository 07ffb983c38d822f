"""The loop through its command: first model, next batch, nothing new, bad batch, kills."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from scripts import retrain
from scripts.ingest import Arrived, Landed
from tests import small
from tests.once import copied, judged, once
from tests.scratch import Scratch

MONTHS = ["2013-01", "2013-02", "2013-03", "2013-04"]


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Scratch:
    """A project whose first model is production; tests work on copies of it."""

    def build(root: Path) -> None:
        copied(judged(tmp_path_factory), root).command("promote")

    return Scratch(once(tmp_path_factory, "begun", build))


@pytest.fixture(scope="session")
def settled(begun: Scratch, tmp_path_factory: pytest.TempPathFactory) -> Scratch:
    """The same after a run that has seen its production."""
    return Scratch(once(tmp_path_factory, "settled", lambda root: copied(begun, root).retrain()))


@pytest.fixture(scope="session")
def undisturbed(begun: Scratch, tmp_path_factory: pytest.TempPathFactory) -> Scratch:
    """The second month has come and was judged, and nobody killed that run."""

    def build(root: Path) -> None:
        copy = copied(begun, root)
        arrives(copy, 1)
        copy.retrain()

    return Scratch(once(tmp_path_factory, "undisturbed", build))


@pytest.fixture
def copy(begun: Scratch, tmp_path: Path) -> Scratch:
    return copied(begun, tmp_path / "copy")


@pytest.fixture
def quiet(settled: Scratch, tmp_path: Path) -> Scratch:
    return copied(settled, tmp_path / "copy")


def arrives(copy: Scratch, number: int, content: bytes | None = None) -> None:
    (copy.root / f"inbox/2024-0{number + 1}.parquet").write_bytes(content or small.month(number))


def test_new_rows_are_a_reason_and_both_models_are_judged_on_the_same_rows(undisturbed: Scratch) -> None:
    found = undisturbed.json("outcome/retrain.json")
    assert [t["name"] for t in found["triggers"] if t["state"] == "fired"] == ["new_rows"]
    production = undisturbed.json("models/production.json")
    evaluation = found["evaluation"]
    assert evaluation["models"]["production"]["bundle"] == production["bundle"]
    assert evaluation["holdout"]["from"] > production["judged_on"]["to"]
    assert evaluation["metrics"]["log_loss"]["production"] != production["metrics"]["log_loss"]["candidate"]
    assert found["verdict"] == "HOLD", "the rule behind the answers has not changed"
    assert evaluation["needed"]["smallest_difference"] > 0


def test_a_changed_world_is_learned_and_promoted(copy: Scratch) -> None:
    for number in (1, 2, 3):
        arrives(copy, number, small.month(number, strength=-2.0))
    found = copy.retrain()
    assert found["verdict"] == "PROMOTE"
    before = copy.json("models/production.json")
    said = copy.command("promote").stdout
    after = copy.json("models/production.json")
    assert (after["version"], after["replaces"]["bundle"]) == (2, before["bundle"])
    assert "git commit" in said
    assert "v2" in copy.command("promote").stdout, "a second time there is nothing to do"
    assert copy.json("models/production.json") == after


def test_nothing_new_is_said_in_few_lines_with_every_distance_and_changes_nothing(quiet: Scratch) -> None:
    before = quiet.state()
    said = quiet.command("retrain").stdout
    assert "nothing new" in said and "0 new rows of 300" in said
    assert len(said.splitlines()) <= 5
    assert quiet.state() == before


def test_a_person_may_ask_with_a_reason_and_only_with_one(copy: Scratch) -> None:
    refused = copy.command("retrain", "--force", code=2)
    assert "--reason" in refused.stderr and "Traceback" not in refused.stderr


@pytest.mark.flows
def test_the_same_data_give_the_same_model_which_is_no_contest(copy: Scratch) -> None:
    assert copy.retrain("--force", "--reason", "curious")["verdict"] == "INVALID"


def test_a_bad_batch_is_turned_away_with_one_line_and_nothing_changes(quiet: Scratch) -> None:
    before = quiet.state()
    arrives(quiet, 1, small.month(1, rows=20))
    refused = quiet.command("retrain", code=1)
    assert "data/2024-02.parquet" in refused.stderr and "turned away" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert quiet.state() == before
    arrives(quiet, 1)
    assert "2024-02.parquet arrived" in quiet.command("ingest").stdout, "mended at the source, it is taken"
    quiet.dvc("repro", "validate")
    assert quiet.json("reports/validation.json")["passed"]


def test_two_runs_at_once_are_one_run_and_a_refusal(quiet: Scratch) -> None:
    command = [sys.executable, "-m", "scripts.retrain", "--json"]
    with subprocess.Popen(command, cwd=quiet.root, env=quiet.environment, stdout=subprocess.PIPE) as running:
        lock = quiet.root / ".dvc/tmp/evergreen.lock"
        while not (lock.exists() and lock.read_text() == str(running.pid)):
            time.sleep(0.01)
        running.send_signal(signal.SIGSTOP)  # so that it is at work for as long as the other one asks
        refused = quiet.command("retrain", code=3)
        running.send_signal(signal.SIGCONT)
        assert str(running.pid) in refused.stderr
        running.communicate()
    assert running.returncode == 0


@pytest.mark.faults
@pytest.mark.parametrize("seconds", [0.6, 2.0, 4.5])
def test_a_run_that_was_killed_and_made_again_ends_the_same(
    copy: Scratch, undisturbed: Scratch, seconds: float
) -> None:
    arrives(copy, 1)
    command = [sys.executable, "-m", "scripts.retrain", "--json"]
    running = subprocess.Popen(command, cwd=copy.root, env=copy.environment, start_new_session=True)
    time.sleep(seconds)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    copy.command("retrain", "--json")
    assert copy.state() == undisturbed.state()
    assert copy.json("reports/run.json") == undisturbed.json("reports/run.json")
    assert copy.json("reports/evaluation.json") == undisturbed.json("reports/evaluation.json")


def test_production_that_is_not_the_declared_one_stops_everything(copy: Scratch) -> None:
    bundle = copy.root / "models/production.zip"
    content = bytearray(bundle.read_bytes())
    content[len(content) // 2] ^= 1
    bundle.chmod(0o644)
    bundle.write_bytes(bytes(content))
    arrives(copy, 1)
    refused = copy.command("retrain", code=3)
    assert "models/production.zip" in refused.stderr and "dvc checkout" in refused.stderr


def test_changed_params_and_a_person_are_reasons_and_a_dry_run_only_says_so(quiet: Scratch) -> None:
    page = quiet.root.parent / "page.md"
    form = {"EVERGREEN_DRY_RUN": "true", "EVERGREEN_FORCE": "true", "EVERGREEN_REASON": "curious"}
    params = quiet.root / "params.yaml"
    text = params.read_text().replace("tracking: {enabled: false}", "tracking: {uri: 'sqlite:///x.db'}")
    params.write_text(text.replace("C: 1.0", "C: 0.001"))
    quiet.run(sys.executable, "-m", "scripts.retrain", **form, GITHUB_STEP_SUMMARY=str(page))
    found = quiet.json("outcome/retrain.json")
    assert [t["says"] for t in found["triggers"] if t["state"] == "fired"] == ["asked for: curious", "train changed"]
    assert found["triggers"][0]["name"] == "manual" and found["verdict"] in ("HOLD", "REJECT")
    assert not (quiet.root / "x.db").exists(), "it records nothing"
    assert "## Dry run: " in page.read_text("utf-8") and "log loss" in page.read_text("utf-8")


def test_only_what_can_be_replayed_can_be_replayed_up_to_a_day(copy: Scratch) -> None:
    before = copy.state()
    done = copy.command("retrain", "--as-of", "2024-03-01", code=2)
    assert done.stderr == "--as-of: the source files can't be replayed. Leave it out.\n"
    assert copy.state() == before
    assert copy.json("outcome/retrain.json")["code"] == 2


@pytest.mark.parametrize(
    ("as_of", "wanted"),
    [("2013-01-31", ["2013-01"]), ("2013-03-01", ["2013-01", "2013-02", "2013-03"]), ("2014-06-30", MONTHS)],
)
def test_a_replay_up_to_a_day_brings_its_month_and_those_before(
    as_of: str, wanted: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)

    def one_more(root: Path, params: object) -> Arrived:
        there = len(list((root / "data").iterdir()))
        landed = [Landed(f"{name}.parquet", 1, 1, False) for name in MONTHS[there : there + 1]]
        for batch in landed:
            (root / "data" / batch.name).touch()
        return Arrived(tuple(landed), 0, exhausted=not landed)

    monkeypatch.setattr(retrain, "ingest", one_more)
    run = SimpleNamespace(params=None)
    arrived = retrain.replayed(run, as_of)  # type: ignore[arg-type]
    assert [batch.name for batch in arrived.batches] == [f"{name}.parquet" for name in wanted]
    assert retrain.replayed(run, as_of).batches == ()  # type: ignore[arg-type]
