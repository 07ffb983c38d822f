from typing import Any

import pytest

from scripts.core import environment
from scripts.core.report import run_page
from scripts.core.report.run_page import Ran
from tests import reports
from tests.rendered import read, rendered
from tests.reports import HOSTILE

PULL = {"action": "opened", "number": 14, "url": "https://x/pull/14", "version": 5, "reason": "it wins", "warnings": []}


def ran(**other: Any) -> Ran:
    known: dict[str, Any] = {
        "name": "flights",
        "production": 4,
        "retrain": reports.run(new=True, code=0),
        "proposed": PULL,
        "evaluation": reports.evaluation(),
        "drift": reports.drift(),
    }
    return Ran(**known | other)


def test_a_proposed_candidate() -> None:
    said = run_page.page(ran())
    assert said.startswith("## flights: v5 is proposed\n\n**PROMOTE.** log_loss better by 0.0149")
    assert "| **log loss** (decides) |" in said
    assert "| `new_rows` | **fired** | 28,243 new rows of 20,000 | 140% |" in said
    assert "| `max_age` | quiet | age 30 of 90D | 33% |" in said
    assert "**Drift:** 2 of 5 columns (column_0, column_1), 21% by importance · production scores" in said
    assert said.endswith("**Next:** look at [#14](https://x/pull/14) and merge it, or close it.")


@pytest.mark.parametrize("verdict", ["HOLD", "REJECT", "INVALID"])
def test_a_candidate_that_did_not_win(verdict: str) -> None:
    done = {"action": "nothing", "reason": f"{verdict}: log_loss worse", "warnings": []}
    found = ran(retrain=reports.run(new=True, verdict=verdict), evaluation=reports.evaluation(verdict), proposed=done)
    said = run_page.page(found)
    assert said.startswith(f"## flights: {verdict}, production v4 stays")
    assert said.endswith(f"**Next:** nothing to do. {verdict}: log_loss worse.")


def test_what_would_have_been_needed_stands_under_the_verdict() -> None:
    told = ["log_loss in origin=<b> would have had to be 0.5200 or less"]
    held = reports.run(new=True, verdict="HOLD", explained=told)
    said = run_page.page(ran(retrain=held, evaluation=reports.evaluation("HOLD")))
    heading, words = (
        "**What would have been needed**",
        "- log_loss in origin=&lt;b&gt; would have had to be 0.5200 or less",
    )
    assert said.index("**HOLD.**") < said.index(f"{heading}\n\n{words}") < said.index("| **log loss** (decides) |")
    assert "needed" not in run_page.page(ran(retrain=held | {"new": False}))


def test_what_waiting_costs_stands_under_the_drift() -> None:
    waits = reports.run(new=True, verdict=None, explained=["production scores 0.5710"])
    said = run_page.page(ran(retrain=waits, proposed={}))
    assert said.index("**Drift:**") < said.index("**While production waits**\n\n- production scores 0.5710")


def test_nothing_new_is_a_short_page_with_the_distance_of_every_trigger() -> None:
    done = {"action": "nothing", "reason": "v4 is production already"}
    said = run_page.page(ran(retrain=reports.run(new=False), proposed=done))
    assert said.startswith("## flights: nothing new, production v4 stays")
    assert "33%" in said
    assert "PROMOTE" not in said and "Slices" not in said, "the last verdict is not news"


def test_what_is_better_than_at_release_is_not_less_than_nothing() -> None:
    assert "| 0% |" in run_page.triggers([reports.trigger("performance_drop", "quiet", "better", -0.2)])


def test_no_trigger_fired() -> None:
    found = ran(retrain=reports.run(new=True, verdict=None), proposed={"action": "nothing", "reason": ""}, production=0)
    said = run_page.page(found)
    assert said.startswith("## flights: no reason to retrain, there is no production model yet")
    assert "log loss** (decides)" not in said, "the last verdict is not this run's"
    assert said.endswith("**Next:** nothing to do.")


def test_a_failure_is_a_list_of_its_lines() -> None:
    page = rendered(run_page.page(ran(retrain={"code": 1, "lines": list(HOSTILE)})))
    assert len(page.code) == page.opened["li"] == len(HOSTILE)
    assert set(page.opened) == {"h2", "ul", "li", "code", "p"}
    assert read(page).startswith("flights: the run failed")


def test_without_lines_a_failure_says_where_to_look() -> None:
    assert "see the log" in run_page.failure("The run failed", [])


@pytest.mark.parametrize(
    ("done", "next_"),
    [
        ({"action": "closed", "reason": "HOLD"}, "nothing to do: [#14](https://x/pull/14) was closed. HOLD."),
        ({"action": "committed", "reason": "it won"}, "nothing to do: v5 is released by the next job."),
        ({"action": "issue", "reason": "x"}, "see [#14](https://x/pull/14): a setting keeps pull requests"),
        ({"action": "nothing", "reason": "#14 says so already"}, "[#14](https://x/pull/14) still waits"),
        ({"action": "left", "reason": "the branch has commits."}, "the branch has commits."),
    ],
)
def test_what_to_do_next(done: dict[str, Any], next_: str) -> None:
    assert f"**Next:** {next_}" in run_page.page(ran(proposed=PULL | done))


def test_warnings_and_missing_settings_are_said() -> None:
    retrain = reports.run(new=True, warnings=["MLflow was left out"])
    record = {"warnings": ["the branch dvc-store is large"]}
    missing = environment.missing(())
    said = run_page.page(
        ran(retrain=retrain, record=record, proposed=PULL | {"warnings": ["auto-merge"]}, missing=missing)
    )
    for warning in ("MLflow was left out", "the branch dvc-store is large", "auto-merge"):
        assert f"- {warning}" in said
    assert f"Settings that are not set ({len(missing)})" in said
    assert "| `APPRISE_URLS` |" in said


def test_hostile_texts_do_nothing() -> None:
    triggers = [reports.trigger(text, "fired", text, 1.0) for text in HOSTILE]
    found = ran(retrain=reports.run(new=True, triggers=triggers, warnings=list(HOSTILE)))
    page = rendered(run_page.page(found))
    assert not set(page.opened) & {"script", "img"}
    assert page.opened["details"] == page.closed["details"] == 2
    assert page.comments == []
