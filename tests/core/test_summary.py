"""What a reader sees in a terminal."""

from typing import Any

import pytest

from scripts.core import summary
from scripts.core.summary import Found
from scripts.core.triggers import Decision, Trigger

FIRED = Trigger("new_rows", "fired", 28_796, 20_000, "28,796 new rows of 20,000")
QUIET = Trigger("data_drift", "quiet", 0.21, 0.25, "drifted columns weigh 0.21 of 0.25")
OFF = Trigger("max_age", "off", 1, 2, "max_age is switched off")
UNKNOWN = Trigger("performance_drop", "unknown", None, 0.1, "performance_drop not measured")
DRIFT: dict[str, Any] = {
    "production": 4,
    "columns": [{}] * 17,
    "drifted": [f"column_{number}" for number in range(8)],
    "weighted_share": 0.21,
    "prediction": {"distance": 0.08, "threshold": 0.2},
    "performance": {"now": 0.47, "at_release": 0.452, "metric": "log_loss"},
}
EVALUATION: dict[str, Any] = {
    "verdict": {
        "verdict": "HOLD",
        "first": False,
        "reasons": ["not proven better.", "A difference of 0.031 could have been."],
    },
    "models": {"candidate": {}, "production": {"version": 4}},
    "holdout": {"rows": 6512, "blocks": 7, "leaked": 0},
    "metrics": {
        "log_loss": {
            "decides": True,
            "greater_is_better": False,
            "candidate": 0.4746,
            "production": 0.4517,
            "difference": 0.0229,
            "interval": [-0.011, 0.06],
            "reading": "unclear",
        },
        "roc_auc": {
            "decides": False,
            "candidate": 0.759,
            "production": 0.7712,
            "difference": -0.0122,
            "interval": [-0.034, 0.01],
            "reading": "unclear",
        },
    },
    "slices": {"compared": 12, "broken": ["origin JFK"], "too_small": ["dest LEX", "dest BZN"]},
    "self_tests": [{"name": "itself", "passed": True}],
    "method": {"confidence": 0.95},
}
MANIFEST = {"trained_on": {"rows": 137_915, "from": "2013-01-01T05:15:00", "to": "2013-05-24T23:59:00"}}
VALIDATION = {"checks": 29, "warnings": [{"column": "wind_gust", "batch": "2013-05", "rule": "max_missing"}]}


def found(**others: Any) -> Found:
    given: dict[str, Any] = {
        "name": "flight-disruption",
        "run": "7f3c2a",
        "data": "2013-05 arrived: 28,796 rows",
        "production": 4,
        "decision": Decision((FIRED, QUIET, OFF, UNKNOWN)),
        "validation": VALIDATION,
        "drift": DRIFT,
        "manifest": MANIFEST,
        "evaluation": EVALUATION,
        "seconds": {"train": 6.13},
        "warnings": [],
    }
    return Found(**(given | others))


def test_the_whole_summary_to_the_letter() -> None:
    needed = (
        "to be promoted on these rows log_loss would have had to be 0.4162 or less: better than production by 0.0355, "
        "at an interval as wide as this one; it is 0.4746",
        "more rows alone would do no good",
    )
    warnings = ["MLflow can't be reached: connection refused."]
    assert "\n".join(summary.lines(found(warnings=warnings, explained=needed, saved="never said here"))) == (
        """\
Evergreen · flight-disruption · run 7f3c2a

Data      2013-05 arrived: 28,796 rows · 28 checks passed, 1 warning (wind_gust: max_missing)
Drift     8 of 17 columns (weighted 0.21): column_0, column_1, column_2, column_3, column_4,
          column_5 and 2 more
          predictions moved 0.0800 (limit 0.2000) · production scores 0.4700 on new rows, 0.4520 at
          release
Why       28,796 new rows of 20,000 (new_rows) · drifted columns weigh 0.21 of 0.25
Train     137,915 rows, 2013-01-01 to 2013-05-24, 6.1 s

            production v4  candidate  difference (95% interval over 7 blocks)
log loss *  0.4517         0.4746     +0.0229  unclear  [-0.0110, +0.0600]
roc auc     0.7712         0.7590     -0.0122  unclear  [-0.0340, +0.0100]

HOLD      not proven better.
          A difference of 0.031 could have been.
          slices: 12 compared, 1 broken (origin JFK), 2 too small to judge
          self-test passed · no hold-out row was trained on
Needed    to be promoted on these rows log_loss would have had to be 0.4162 or less: better than
          production by 0.0355, at an interval as wide as this one; it is 0.4746
          more rows alone would do no good

Reports   reports/drift.html · reports/evaluation.json · reports/plots/
Next      nothing to do: production v4 stays
Warning   MLflow can't be reached: connection refused."""
    )


def entry(lines: list[str], label: str) -> str:
    """What stands under a label, its further lines joined."""
    start = next(number for number, line in enumerate(lines) if line.startswith(label.ljust(10)))
    more = lines[start + 1 :]
    end = next((number for number, line in enumerate(more) if not line.startswith(" " * 10)), len(more))
    return " ".join(line[10:] for line in [lines[start], *more[:end]])


def test_a_first_model_has_nothing_beside_it() -> None:
    first: dict[str, Any] = {"production": None, "difference": None, "interval": None, "reading": None}
    evaluation = EVALUATION | {
        "models": {"candidate": {}, "production": None},
        "verdict": {"verdict": "PROMOTE", "first": True, "reasons": ["the first model"]},
        "metrics": {"log_loss": EVALUATION["metrics"]["log_loss"] | first},
        "slices": {"compared": 0, "broken": [], "too_small": []},
    }
    lines = summary.lines(found(evaluation=evaluation, production=0, drift=DRIFT | {"production": 0}))
    assert "log loss *  -           0.4746" in lines
    assert entry(lines, "Drift") == "nothing to compare with yet: there is no production model"
    assert entry(lines, "Next") == "make promote: makes this candidate production; then commit"
    assert not any("slices" in line for line in lines)


def test_more_rows_are_waited_for_only_where_they_may_settle_it() -> None:
    better = EVALUATION["metrics"]["log_loss"] | {"difference": -0.0229, "interval": [-0.06, 0.011]}
    needed = {"smallest_difference": 0.0355, "more_rows": 9000, "more_blocks": 10}
    known = {"needed": needed, "method": {"confidence": 0.95, "min_improvement": 0.0}}
    hold = EVALUATION | known | {"metrics": {"log_loss": better}}
    assert entry(summary.lines(found(evaluation=hold)), "Next").endswith("v4 stays. More labelled rows may settle it")
    for other in ({"needed": needed | {"more_rows": None}}, {"metrics": EVALUATION["metrics"]}):
        assert entry(summary.lines(found(evaluation=hold | other)), "Next").endswith("production v4 stays")


@pytest.mark.parametrize("verdict", ["PROMOTE", "HOLD", "REJECT", "INVALID"])
@pytest.mark.parametrize("production", [0, 4])
def test_every_verdict_says_what_to_do_next(verdict: str, production: int) -> None:
    evaluation = EVALUATION | {"verdict": {"verdict": verdict, "first": False, "reasons": ["because"]}}
    lines = summary.lines(found(evaluation=evaluation, production=production))
    assert entry(lines, verdict).startswith("because")
    stays = "production v4 stays" if production else "there is no production model yet"
    assert (stays in entry(lines, "Next")) == (verdict != "PROMOTE")


def test_a_comparison_that_failed_is_shown_as_one() -> None:
    broken = {
        "decides": True,
        "candidate": None,
        "production": 0.4,
        "difference": None,
        "interval": None,
        "reading": None,
    }
    evaluation = EVALUATION | {
        "metrics": {"log_loss": broken},
        "self_tests": [{"name": "itself", "passed": False}, {"name": "a spoiled copy", "passed": True}],
        "holdout": {"rows": 6000, "blocks": None, "leaked": 1234},
    }
    lines = summary.lines(found(evaluation=evaluation))
    assert any("not comparable" in line for line in lines)
    assert any("interval over 6,000 rows" in line for line in lines)
    assert "self-test FAILED: itself · 1,234 hold-out rows were trained on and left out" in entry(lines, "HOLD")


def test_without_a_reason_to_retrain_it_ends_there() -> None:
    lines = summary.lines(found(evaluation=None, manifest=None, decision=Decision((QUIET,))))
    assert not any(line.startswith(("Train", "Reports")) for line in lines)
    assert entry(lines, "Next").startswith(
        "nothing to do: no trigger fired, production v4 stays. To retrain all the same"
    )


def test_a_run_that_retrained_nothing_says_what_waiting_costs_and_what_it_saved() -> None:
    given = {"evaluation": None, "manifest": None, "decision": Decision((QUIET,))}
    told = found(**given, explained=["8 of 17 columns drifted", "it loses 0.0180"], saved="about 3 minutes saved")
    lines = summary.lines(told)
    assert entry(lines, "Waiting") == "8 of 17 columns drifted it loses 0.0180 about 3 minutes saved"
    assert lines.index("Waiting   8 of 17 columns drifted") < len(lines) - 1 and lines[-2].startswith("Next")
    assert not any(line.startswith("Waiting") for line in summary.lines(found(**given)))


def test_drift_that_could_not_be_measured_says_why() -> None:
    nothing = DRIFT | {"columns": [], "drifted": [], "weighted_share": None, "prediction": None, "performance": None}
    assert (
        entry(summary.lines(found(drift=nothing)), "Drift")
        == "no rows are newer than those production v4 was judged on"
    )
    quiet = DRIFT | {"drifted": [], "performance": None}
    assert entry(summary.lines(found(drift=quiet)), "Drift") == (
        "0 of 17 columns (weighted 0.21) predictions moved 0.0800 (limit 0.2000)"
    )
    assert not any(line.startswith("Drift") for line in summary.lines(found(drift=None)))


@pytest.mark.parametrize("warnings", [0, 1, 5])
def test_warnings_are_counted_and_the_first_is_named(warnings: int) -> None:
    first = {"column": None, "batch": "2013-05", "rule": "usual_rows"}
    text = entry(summary.lines(found(validation={"checks": 40, "warnings": [first] * warnings})), "Data")
    assert f"{40 - warnings} checks passed" in text
    assert ("(2013-05: usual_rows)" in text) == (warnings > 0)
    assert ("warnings" in text) == (warnings > 1)


def test_it_fits_a_terminal() -> None:
    metrics = {
        name: EVALUATION["metrics"]["log_loss"]
        | {"candidate": 123456.789, "production": 0.0001234, "interval": [-1e6, 1e6]}
        for name in ("mean_absolute_percentage_error", "root_mean_squared_error")
    }
    reasons = ["a reason of many words " * 20]
    evaluation = EVALUATION | {"metrics": metrics, "verdict": EVALUATION["verdict"] | {"reasons": reasons}}
    for line in summary.lines(found(evaluation=evaluation, data="2013-01 to 2013-12 arrived: 300,000 rows")):
        assert len(line) <= 100, line


def test_nothing_new_is_said_in_few_lines_with_every_distance() -> None:
    lines = summary.nothing_new("flight-disruption", 4, Decision((QUIET, OFF, UNKNOWN)), "nothing new")
    assert lines == [
        "Evergreen · flight-disruption · nothing new: production v4 stays",
        "drifted columns weigh 0.21 of 0.25",
    ]
    assert summary.nothing_new("x", 4, Decision(()), "nothing new", "about a second saved")[2:] == [
        "about a second saved"
    ]
    lines = summary.nothing_new("x", 0, Decision(()), "nothing new")
    assert lines == ["Evergreen · x · nothing new: no production model yet", "no trigger is measured yet"]
