import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from scripts import promote
from scripts.core import bundle, declaration
from scripts.core.paths import CANDIDATE, DECLARATION, EVALUATION, PARAMS, PRODUCTION, PRODUCTION_DVC, RUN
from scripts.edges.registry.mlflow_registry import Unrecorded
from scripts.edges.versions import pointers
from tests import bundles
from tests.promoting import NEW, OLD, STEPS, Killed, World, judge, lay_out, now, state

ROOT = Path(__file__).parents[1]
OVERRIDE = ("--override", "--reason", "whatever")


class Said(NamedTuple):
    code: int
    out: str
    errors: str


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A project whose first candidate has won."""
    outside = World()
    monkeypatch.chdir(tmp_path)
    Path(".dvc").mkdir()
    monkeypatch.setattr(promote.files, "write", outside.write)
    monkeypatch.setattr(promote.dvc, "add", outside.add)
    monkeypatch.setattr(promote.tracking, "started", outside.started)
    lay_out(NEW)
    return outside


@pytest.fixture
def run(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def typed(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["promote", *arguments])
        code = promote.main()
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return typed


def refused(run: Any, *arguments: str, code: int = 1) -> str:
    before = state()
    said = run(*arguments)
    assert said.code == code
    assert said.out == ""
    assert said.errors.count("\n") == 1, "one line"
    assert state() == before, "nothing changed"
    return str(said.errors)


def test_the_first_model_becomes_version_1(world: World, run: Any) -> None:
    said = run()
    assert said.code == 0
    assert PRODUCTION.read_bytes() == NEW
    assert PRODUCTION_DVC.read_text() == bundle.digest(NEW) == world.aliased == now().bundle
    assert json.loads(DECLARATION.read_text()) == {
        "version": 1,
        "bundle": bundle.digest(NEW),
        "verdict": {"verdict": "PROMOTE", "first": True, "reasons": ["the first reason", "another"]},
        "metrics": {"log_loss": {"candidate": 0.561}},
        "trained_on": {"rows": 200},
        "judged_on": {"rows": 40, "from": "2013-06-24", "to": "2013-06-30", "holdout": "sha256:77", "uses": 1},
        "why": [],
    }
    assert "v1 is production on this machine: log_loss 0.5610, the first model" in said.out
    assert "MLflow: the alias production points at version 7" in said.out


def test_the_next_one_replaces_it(run: Any) -> None:
    lay_out(NEW, OLD, version=4)
    said = run()
    assert now().version == 5
    assert now().replaces == declaration.Replaced(version=4, bundle=bundle.digest(OLD))
    assert now().metrics["log_loss"].interval == (-0.028, -0.002)
    assert (
        "v5 is production on this machine: log_loss 0.5610, was 0.5759 (-0.0149, interval -0.028 to -0.002)" in said.out
    )


def test_uses_of_one_hold_out_are_counted(run: Any) -> None:
    lay_out(NEW, OLD, version=4)
    run()
    judgement = now().judged_on
    assert judgement is not None and judgement.uses == 3


def test_a_fresh_hold_out_is_used_once(run: Any) -> None:
    lay_out(NEW, OLD, version=4)
    holdout = {"rows": 9, "from": None, "to": None, "fingerprint": "sha256:fresh"}
    judge(NEW, now(), holdout=holdout)
    run()
    judgement = now().judged_on
    assert judgement is not None and judgement.uses == 1


def test_verdicts_that_promoted_nothing_have_used_the_hold_out_too(run: Any) -> None:
    lay_out(NEW, OLD, version=4)
    holdout = {"rows": 9, "from": None, "to": None, "fingerprint": "sha256:fresh", "uses": 2.4}
    judge(NEW, now(), holdout=holdout)
    run()
    judgement = now().judged_on
    assert judgement is not None and judgement.uses == 3


@pytest.mark.parametrize("verdict", ["HOLD", "REJECT", "INVALID", "promote", ""])
def test_any_other_verdict_is_refused_by_name_and_first_reason(run: Any, verdict: str) -> None:
    judge(NEW, now(), verdict)
    said = refused(run)
    assert f"the verdict is {verdict}, not PROMOTE: the first reason." in said


@pytest.mark.parametrize("verdict", ["HOLD", "REJECT"])
def test_an_override_is_written_into_the_declaration(run: Any, verdict: str) -> None:
    judge(NEW, now(), verdict)
    said = run("--override", "--reason", "the rule changes in July")
    found = now().verdict
    assert said.code == 0
    assert found is not None
    assert (found.verdict, found.override) == (verdict, "the rule changes in July")
    assert f"Promote v1 against the verdict {verdict}" in said.out


def test_no_override_makes_up_for_an_invalid_comparison(run: Any) -> None:
    judge(NEW, now(), "INVALID")
    assert "no override" in refused(run, "--override", "--reason", "I know better")


def test_an_override_must_be_allowed(run: Any) -> None:
    PARAMS.write_text(bundles.PARAMS + "promotion: {allow_override: false}\n")
    judge(NEW, now(), "HOLD")
    assert "promotion.allow_override: false" in refused(run, "--override", "--reason", "why not", code=2)
    assert "--override" not in refused(run)


def test_an_override_that_was_not_needed_is_not_written(run: Any) -> None:
    assert run("--override", "--reason", "just in case").code == 0
    found = now().verdict
    assert found is not None and found.override is None


@pytest.mark.parametrize("typed", [["--override"], ["--reason", "x"], ["--override", "--reason", " \n\t "]])
def test_an_override_and_its_reason_go_together(run: Any, typed: list[str]) -> None:
    judge(NEW, now(), "HOLD")
    assert "say why" in refused(run, *typed, code=2)


@pytest.mark.parametrize("typed", [(), OVERRIDE])
def test_a_candidate_that_is_not_the_judged_one_is_stale(run: Any, typed: tuple[str, ...]) -> None:
    other = bundles.hollow("made later")
    CANDIDATE.write_bytes(other)
    said = refused(run, *typed)
    assert "stale" in said and bundle.digest(other) in said and bundle.digest(NEW) in said


@pytest.mark.parametrize("typed", [(), OVERRIDE])
@pytest.mark.parametrize("judged_against", [0, 3, 4])
def test_a_candidate_judged_against_another_production_is_stale(
    run: Any, typed: tuple[str, ...], judged_against: int
) -> None:
    lay_out(NEW, OLD, version=4)
    other = declaration.Declaration(version=judged_against, bundle="sha256:other" if judged_against else None)
    judge(NEW, other)
    said = refused(run, *typed)
    assert "stale" in said and bundle.digest(OLD) in said
    assert ("sha256:other" if judged_against else "no model") in said


@pytest.mark.parametrize("typed", [(), OVERRIDE])
def test_an_unreadable_bundle_is_refused(run: Any, typed: tuple[str, ...]) -> None:
    CANDIDATE.write_bytes(b"no zip")
    judge(b"no zip", now(), "HOLD" if typed else "PROMOTE")
    assert "models/candidate.zip" in refused(run, *typed, code=3)


@pytest.mark.parametrize("content", [None, "", "{", "[]", "{}", '{"verdict": "PROMOTE"}'])
def test_no_verdict_no_promotion(run: Any, content: str | None) -> None:
    EVALUATION.unlink() if content is None else EVALUATION.write_text(content)
    assert "reports/evaluation.json" in refused(run)


def test_no_candidate_no_promotion(run: Any) -> None:
    CANDIDATE.unlink()
    assert "make retrain" in refused(run)


def test_promoting_what_is_production_already_changes_nothing_and_says_so(run: Any) -> None:
    run()
    before = state()
    said = run()
    assert (said.code, state()) == (0, before)
    assert "v1 is production already" in said.out


def test_a_lost_file_of_what_is_production_already_is_put_back(run: Any) -> None:
    run()
    before = state()
    PRODUCTION.unlink()
    PRODUCTION_DVC.unlink()
    assert run().code == 0
    assert state() == before


@pytest.mark.parametrize("when", ["before", "behind"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("version", [0, 4])
def test_a_kill_at_any_step_and_a_second_run_end_the_same(
    world: World, run: Any, step: str, when: str, version: int
) -> None:
    lay_out(NEW, OLD if version else b"", version)
    start = state()
    run()
    wanted, alias = state(), world.aliased
    for path in set(wanted) - set(start):
        Path(path).unlink()
    for path, content in start.items():
        Path(path).write_bytes(content)
    world.aliased, world.dies = None, (step, when)
    with pytest.raises(Killed):
        run()
    declared = now().version
    assert declared == version or state() == wanted, "declared only when all else is in place"
    world.dies = None
    assert run().code == 0
    assert (state(), world.aliased) == (wanted, alias)


@pytest.mark.parametrize("version", [0, 4])
@pytest.mark.parametrize("step", ["dvc", "production.json"])
def test_what_fails_ends_where_it_began(world: World, run: Any, step: str, version: int) -> None:
    """Whether DVC wrote its file before it failed or not."""
    lay_out(NEW, OLD if version else b"", version)
    if version:
        PRODUCTION_DVC.write_text(bundle.digest(OLD))
    world.fails = step
    assert "No space left on device" in refused(run, code=3)
    world.fails = None
    assert run().code == 0
    assert PRODUCTION_DVC.read_text() == now().bundle == bundle.digest(NEW)


def test_a_registry_that_is_down_is_a_warning(world: World, run: Any) -> None:
    world.registry = Unrecorded("http://***@mlflow", "Connection refused")
    said = run()
    assert said.code == 0
    assert now().version == 1
    assert "Warning: MLflow (http://***@mlflow) was left out: Connection refused." in said.out


def test_the_reasons_to_retrain_are_those_of_the_run_that_made_the_candidate(run: Any) -> None:
    fired = {"name": "new_rows", "state": "fired"}
    quiet = {"name": "max_age", "state": "quiet"}
    RUN.write_text(json.dumps({"verdict": "PROMOTE", "production": 0, "triggers": [fired, quiet]}))
    run()
    assert now().why == ("new_rows",)


@pytest.mark.parametrize("last", [{"verdict": None, "production": 0}, {"verdict": "PROMOTE", "production": 3}])
def test_a_later_run_says_nothing_of_why(run: Any, last: dict[str, Any]) -> None:
    RUN.write_text(json.dumps(last | {"triggers": [{"name": "new_rows", "state": "fired"}]}))
    run()
    assert now().why == ()


def test_machines_get_json(run: Any) -> None:
    found = json.loads(run("--json").out)
    assert found["promoted"] is True
    assert found["declaration"]["version"] == 1
    assert found["warnings"] == []
    assert json.loads(run("--json").out)["promoted"] is False


def test_a_hostile_reason_stays_text(run: Any) -> None:
    judge(NEW, now(), "HOLD")
    said = run("--override", "--reason", "'; rm -rf / \x1b[31m\n::set-env name=X::1 $(boom)")
    found = now().verdict
    assert found is not None
    assert found.override == "'; rm -rf / [31m ::set-env name=X::1 $(boom)"
    assert "\x1b" not in said.out
    commit = next(line for line in said.out.splitlines() if "git commit" in line)
    assert len(shlex.split(commit)) == 4


def test_what_is_printed_commits_the_promotion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With real git, real DVC and a registry that refuses."""
    monkeypatch.chdir(tmp_path)
    lay_out(NEW)
    PARAMS.write_text(PARAMS.read_text() + "  uri: http://127.0.0.1:9\n  retries: 0\n")
    author = {f"GIT_{who}_{what}": "x@y" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = os.environ | author | {"PYTHONPATH": str(ROOT), "DVC_NO_ANALYTICS": "1", "DVC_SITE_CACHE_DIR": "x"}
    environment.pop("MLFLOW_TRACKING_URI", None)

    def shell(command: str) -> str:
        done = subprocess.run(shlex.split(command), env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    shell("git init -q -b main")
    shell(f"{sys.executable} -m dvc init -q")
    out = shell(f"{sys.executable} -m scripts.promote")
    assert "Warning: MLflow (http://127.0.0.1:9) was left out: Connection refused." in out
    for line in out.splitlines():
        if line.strip().startswith("git "):
            shell(line.strip())
    assert "Promote v1: log_loss 0.5610, the first model" in shell("git log -1 --format=%s")
    assert {"models/production.json", "models/production.zip.dvc"} <= set(shell("git ls-files").split())
    assert "production.zip" not in shell("git ls-files models").replace("production.zip.dvc", "").split()
    assert PRODUCTION_DVC.read_text() == pointers.pointer(NEW, PRODUCTION.name), "as it is written without DVC"
    PRODUCTION.unlink()
    shell(f"{sys.executable} -m dvc checkout -q models/production.zip")
    assert PRODUCTION.read_bytes() == NEW
