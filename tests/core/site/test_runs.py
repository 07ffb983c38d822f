from scripts.core.site.runs import Run, runs
from tests import lived
from tests.lived import life, retrain


def found() -> dict[str, Run]:
    return {run.time: run for run in runs(lived.ledger_of(life()).lines)}


def test_every_run_but_idle_releases_newest_first() -> None:
    shown = runs(lived.ledger_of(life()).lines)
    assert len(shown) == len(life()) - 1
    assert [run.time for run in shown] == sorted((run.time for run in shown), reverse=True)


def test_a_run_says_what_came_of_it_and_why() -> None:
    run = found()["2026-03-06 05:23"]
    assert (run.id, run.begun, run.outcome, run.mood) == ("run2", "retrain, schedule", "PROMOTE", "good")
    assert run.score == "log loss 0.5200 → 0.5100" and run.version == "v2 proposed"
    assert (run.data, run.took) == ("2013-03-28", "33 s")
    assert run.why == "9 new rows of 5 (2). log_loss better by 0.01 (95% interval 0.001 to 0.02)."
    told = dict(run.told)
    assert told["Verdict"] == "PROMOTE: log_loss better by 0.01 (95% interval 0.001 to 0.02)."
    assert "Released as v2 on 2026-03-07 05:23 UTC." in told["Then"] and "Links" not in told
    assert [link.label for link in run.links] == ["run", "pull request"]


def test_the_other_kinds_of_runs() -> None:
    days = found()
    kinds = {day: (run.outcome, run.mood, run.version, run.why) for day, run in days.items()}
    assert kinds["2026-03-07 05:23"] == (
        "published", "good", "v2 released", "v2 was declared on main after v1: published."
    )  # fmt: skip
    assert kinds["2026-03-08 05:23"] == ("rollback", "plain", "v1 asked for", "Odd scores.")
    assert kinds["2026-03-09 05:23"][:3] == ("made latest", "good", "v1")
    assert kinds["2026-03-10 05:23"] == ("failed", "bad", "", "data/x.parquet: is bad. Mend it.")
    assert kinds["2026-03-11 05:23"] == ("nothing new", "plain", "v1 stays", "Nothing new since the run before.")


def test_sentences_of_very_old_runs_are_left_to_the_command() -> None:
    lines = lived.ledger_of([retrain(1, day, id=f"r{day}") for day in range(5)]).lines
    assert [bool(run.told) for run in runs(lines, detailed=2)] == [True, True, False, False, False]


def test_a_line_of_an_old_form_is_a_run_too() -> None:
    (run,) = runs(lived.ledger_of([{"time": lived.moment(0), "id": "x", "command": "retrain"}]).lines)
    assert (run.outcome, run.score, run.why) == ("broken off", "", "It left no word of why it ended.")
