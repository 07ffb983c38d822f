import json
from pathlib import Path
from typing import Any

import pytest

from scripts import ledger
from scripts.core.declaration import Score
from scripts.core.paths import EVALUATION, LOCK, PREDICTIONS, RUN
from scripts.edges.repository import ledger as edge
from tests.core.test_recheck import contest, gate, written
from tests.ledgering import RETRAIN, Place, Said, declare, place, report


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Place:
    return place(tmp_path, monkeypatch, capsys)


@pytest.fixture(scope="module")
def judged() -> tuple[dict[str, Any], bytes]:
    rules = gate("binary")
    return written(contest("binary", rules), rules)


def run(here: Place, *arguments: str, code: int = 0) -> Said:
    said = here.run(ledger.main, *arguments)
    assert said.code == code, said
    return said


def lines(here: Place) -> list[Any]:
    return [json.loads(line) for line in run(here, "list", "--json").out.splitlines()]


def test_an_empty_ledger_is_told_and_no_mistake(here: Place) -> None:
    said = run(here)
    assert said.out == "The ledger is empty: the first run writes its line on the branch evergreen-ledger.\n"
    assert said.errors == "" and lines(here) == []


def test_a_run_on_a_laptop_is_kept_in_the_clone(here: Place) -> None:
    here.left(retrain=RETRAIN)
    assert run(here, "add").out == "evergreen-ledger: a line for 7f3c2a11\n"
    assert run(here, "add").out == "evergreen-ledger: has already the line of 7f3c2a11\n"
    (line,) = lines(here)
    assert (line["id"], line["run"], line["command"], line["total_seconds"]) == ("7f3c2a11", "7f3c2a11", "retrain", 4.2)
    assert line["digests"]["params"].startswith("sha256:")
    assert not here.git("--git-dir", "remote.git", "for-each-ref"), "nothing was sent"
    assert json.loads(Path("outcome/ledger.json").read_text())["id"] == "7f3c2a11"


def test_runs_on_github_are_kept_on_the_remote(here: Place) -> None:
    here.on_github("9001")
    here.left(retrain={**RETRAIN, "code": 1, "lines": ["data/x.parquet: bad"]})
    run(here, "add")
    here.left()
    here.on_github("9002", "workflow_dispatch")
    run(here, "add")
    here.on_a_laptop()
    assert [(line["id"], line.get("ended")) for line in lines(here)] == [
        ("9001-1-retrain", 1),
        ("9002-1-retrain", None),
    ]
    table = run(here, "list").out.splitlines()
    assert len(table) == 3 and "failed" in table[1] and "broken off" in table[2]
    assert here.content("ledger.jsonl").count("\n") == 1


def test_a_workflow_may_say_whose_run_it_is(here: Place) -> None:
    here.on_github("9001")
    run(here, "add", "--command", "release")
    (line,) = lines(here)
    assert line["id"] == "9001-1-release" and line["errors"][0].startswith("release: left no word")


def test_a_dry_run_leaves_no_line(here: Place) -> None:
    here.left(retrain={**RETRAIN, "dry_run": True})
    assert run(here, "add").out == "evergreen-ledger: a dry run has no line\n"
    assert lines(here) == []


def keep(here: Place, *values: dict[str, Any]) -> None:
    """Lines as other runs wrote them."""
    content = "".join(json.dumps({"command": "retrain", "ended": 0} | value) + "\n" for value in values).encode()
    edge.append(edge.Local(), "ledger.jsonl", lambda before: (before or b"") + content, "Ledger")
    here.git("push", "-q", "origin", "evergreen-ledger")


def test_a_missed_schedule_is_told_in_the_line_and_on_the_page(here: Place) -> None:
    days = ("01", "02", "03", "04")
    scheduled = {"event": "schedule", "workflow": "Retrain"}
    keep(here, *({"id": day, "time": f"2026-01-{day}T03:17:00+00:00", **scheduled} for day in days))
    here.on_github("9001", "push", "Release")
    here.left(release={"code": 0, "action": "nothing", "version": 1})
    out = run(here, "add").out
    assert "Warning: schedule of Retrain: its last run was" in out and "> ⚠️ schedule of Retrain" in here.summary
    assert lines(here)[-1]["warnings"][0].endswith("still enabled on the Actions page.")


def test_what_a_run_saved_is_said_on_its_page(here: Place) -> None:
    took = {"verdict": "HOLD", "seconds": {"train": 150.0, "evaluate": 30.0}, "time": "2026-01-01T03:17:00+00:00"}
    keep(here, {"id": "1-1-retrain", **took})
    here.on_github("9001")
    here.left(retrain=RETRAIN | {"triggers": [{"name": "max_age", "state": "quiet", "says": "age 30 of 90D"}]})
    run(here, "add")
    assert here.summary == "No retraining: about 3 minutes saved (as the last retrain took).\n\n"


def test_releases_that_had_nothing_to_do_are_not_shown(here: Place) -> None:
    keep(
        here,
        *(
            {"id": f"r{n}", "command": "release", "action": "nothing", "time": f"2026-01-0{n}T03:17:00Z"}
            for n in (1, 2)
        ),
    )
    assert (
        run(here).out.splitlines()[1]
        == "and 2 more: --last N for older ones, --all for releases that had nothing to do"
    )
    assert len(run(here, "list", "--all").out.splitlines()) == 3
    assert len(run(here, "list", "--all", "--last", "1").out.splitlines()) == 3


def test_a_broken_line_is_told_and_passed_over(here: Place) -> None:
    keep(here, {"id": "a", "time": "2026-01-01T03:17:00Z"})
    edge.append(edge.Local(), "ledger.jsonl", lambda before: (before or b"") + b"<<<<<<< HEAD\n", "by hand")
    said = run(here)
    assert said.errors.startswith("ledger.jsonl:2: can't be read (") and said.errors.count("\n") == 1
    assert len(said.out.splitlines()) == 2


def test_what_was_production_by_the_releases(here: Place) -> None:
    release = {"command": "release", "action": "published"}
    keep(
        here,
        {"id": "r1", "version": 1, "time": "2026-11-10T00:00:00Z", "bundles": {"candidate": "sha256:1"}, **release},
        {"id": "r2", "version": 2, "time": "2026-11-20T00:00:00Z", "bundles": {"candidate": "sha256:2"}, **release},
    )
    assert run(here, "as-of", "2026-11-15").out.startswith("Production v1 on 2026-11-15 23:59 UTC.\n")
    assert json.loads(run(here, "as-of", "2026-11-20", "--json").out) == {
        "as_of": "2026-11-20T23:59:59.999999+00:00",
        "version": 2,
        "bundle": "sha256:2",
        "since": "2026-11-20T00:00:00Z",
        "by": "r2",
    }


def test_what_was_production_by_what_was_declared(here: Place) -> None:
    declare(1, "sha256:1", metrics={"log_loss": Score(candidate=0.5)})
    first = here.commit("2026-11-10T12:00:00+00:00")
    declare(2, "sha256:2")
    here.commit("2026-11-20T12:00:00+00:00")
    assert run(here, "as-of", "2026-11-05").out == "There was no production model on 2026-11-05 23:59 UTC.\n"
    said = run(here, "as-of", "2026-11-15").out
    assert (
        said.startswith("Production v1 on ")
        and f"declared by commit {first[:10]}" in said
        and "log_loss 0.5000" in said
    )
    assert json.loads(run(here, "as-of", "2026-11-25", "--json").out)["version"] == 2


def test_mistakes_are_one_line(here: Place) -> None:
    for arguments, says in (
        (("as-of", "yesterday"), "'yesterday': is no date."),
        (("why", "abc"), "'abc': is no run of the ledger. The newest are: none yet."),
    ):
        said = run(here, *arguments, code=2)
        assert said.errors.startswith(says) and said.errors.count("\n") == 1 and said.out == ""


def test_a_remote_that_refuses_is_said(here: Place) -> None:
    here.git("remote", "set-url", "origin", str(here.root / "gone"))
    here.on_github("9001")
    said = run(here, "add", code=3)
    assert said.errors.startswith("git ls-remote: ") and said.errors.count("\n") == 1


def finished(here: Place, judged: tuple[dict[str, Any], bytes]) -> None:
    """A run whose candidate was judged, its line kept."""
    evaluation, rows = judged
    report(EVALUATION, evaluation)
    report(RUN, {"run": "7f3c2a11"})
    PREDICTIONS.write_bytes(rows)
    LOCK.write_text(f"stages:\n  evaluate:\n    outs:\n    - path: {PREDICTIONS}\n      md5: abc\n")
    verdict = evaluation["verdict"]
    here.left(retrain={**RETRAIN, "verdict": verdict["verdict"], "reasons": verdict["reasons"]})
    run(here, "add")


def test_a_run_is_explained(here: Place, judged: tuple[dict[str, Any], bytes]) -> None:
    finished(here, judged)
    said = run(here, "why", "7f3").out
    assert "Fired      first: there is no production model yet." in said
    assert f"Verdict    {judged[0]['verdict']['verdict']}: log_loss" in said
    assert said.rstrip().endswith("python -m scripts.ledger recheck 7f3c2a11")
    assert json.loads(run(here, "why", "7f3", "--json").out)["predictions"]["md5"] == "abc"


def test_a_verdict_is_checked_from_what_lies_here(here: Place, judged: tuple[dict[str, Any], bytes]) -> None:
    finished(here, judged)
    said = run(here, "recheck", "7f3c2a11")
    assert said.out.startswith(
        f"7f3c2a11: {judged[0]['verdict']['verdict']} again, computed from the stored predictions"
    )
    found = json.loads(run(here, "recheck", "7f3c2a11", "--json").out)
    assert found["same"] and found["differences"] == [] and found["fields"] > 100


def test_a_verdict_is_checked_from_history_and_the_store(
    here: Place, judged: tuple[dict[str, Any], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    finished(here, judged)
    here.commit()
    EVALUATION.unlink()
    PREDICTIONS.write_bytes(b"those of another run")
    asked = []

    class Store:
        def fetch(self, oid: str) -> bytes:
            asked.append(oid)
            return judged[1]

    monkeypatch.setattr("scripts.edges.stores.stores.opened", lambda *_: Store())
    assert run(here, "recheck", "7f3c2a11").code == 0
    assert asked == ["abc"]


def test_a_changed_evaluation_and_a_changed_line_are_found(here: Place, judged: tuple[dict[str, Any], bytes]) -> None:
    finished(here, judged)
    evaluation = json.loads(json.dumps(judged[0]))
    evaluation["metrics"]["log_loss"]["candidate"] = 0.1
    report(EVALUATION, evaluation)
    out = run(here, "recheck", "7f3c2a11", code=1).out
    assert "2 fields are not as they were written:" in out
    assert "metrics.log_loss.candidate: computed 0." in out and "ledger.metrics.log_loss.candidate: computed 0.1" in out


def test_a_run_without_a_candidate_has_nothing_to_check(here: Place) -> None:
    here.left(retrain=RETRAIN)
    run(here, "add")
    assert run(here, "recheck", "7f3c2a11", code=1).errors == (
        "7f3c2a11: judged no candidate, so there is nothing to check.\n"
    )


def test_an_evaluation_that_is_nowhere_is_said(here: Place, judged: tuple[dict[str, Any], bytes]) -> None:
    finished(here, judged)
    EVALUATION.unlink()
    said = run(here, "recheck", "7f3c2a11", code=3).errors
    assert said.startswith("reports/evaluation.json: that of 7f3c2a11 is not here.") and said.count("\n") == 1
