from datetime import timedelta
from typing import Any

import pytest

from scripts.core.report import explain
from tests import reports
from tests.core.known_evidence import compared, evidence, gate
from tests.core.report.test_passing import evaluated, verdict

WANTED = (
    "to be promoted on these rows log_loss would have had to be 0.4900 or less: better than production by 0.0100, "
    "at an interval as wide as this one; it is 0.4950"
)


def held(improvement: float, half: float = 0.01, production: float = 0.5, **rules: Any) -> dict[str, Any]:
    found = evaluated(evidence(compared(improvement, half, production=production)), gate(**rules))
    assert found["verdict"]["verdict"] == "HOLD"
    return found


def test_what_a_candidate_on_hold_would_have_needed() -> None:
    found = held(0.005)
    assert explain.needed(found) == [
        WANTED,
        "a hold-out of about 26,000 rows (56 blocks of 1D) would do, too, if the difference stays what it is",
    ]
    assert not set(explain.needed(found)) & set(found["verdict"]["reasons"])


def test_so_many_rows_do() -> None:
    """An interval over them is as much shorter as the root of their number says."""
    rows, blocks = 26_000, 56
    shorter = compared(0.005, 0.01 * (14 / blocks) ** 0.5 * 0.999)
    assert verdict(gate(), shorter, rows=rows, blocks=blocks) == "PROMOTE"


@pytest.mark.parametrize(
    ("improvement", "rules", "words"),
    [
        (0.0001, {}, "more rows are no cure: it takes a candidate that differs more from production"),
        (0.005, {"min_improvement": 0.02}, "it takes a candidate that is better by more than 0.0200, or a lower"),
        (-0.005, {}, "more rows alone would do no good: what these show is a candidate that is not better than"),
        (0.013, {"min_improvement": 0.02}, "more rows alone would do no good: what these show is a candidate that is "),
    ],
)
def test_where_more_rows_would_not_help_it_says_so(improvement: float, rules: dict[str, Any], words: str) -> None:
    told = explain.needed(held(improvement, **rules))
    assert told[1].startswith(words)
    assert "hold-out of about" not in "".join(told)


def test_without_blocks_rows_alone_are_counted() -> None:
    found = held(0.005, block=None)
    found["holdout"]["blocks"] = found["method"]["block"] = None
    assert "a hold-out of about 26,000 rows would do, too" in explain.needed(found)[1]


@pytest.mark.parametrize(
    ("improvement", "words"),
    [(0.009, "this difference would have been enough"), (0.005, "log_loss of 0.4921 or less would have been enough")],
)
def test_a_worn_hold_out_says_what_a_fresh_one_would_ask(improvement: float, words: str) -> None:
    """t of 13 degrees of freedom: 2.160 at 95 %, 2.746 at 98.33 %."""
    found = held(improvement)
    found["method"] |= {"confidence": 1 - 0.05 / 3, "degrees_of_freedom": 13}
    assert explain.needed(found)[-1] == f"on rows that no verdict was taken on yet {words}"


def test_a_promotion_needs_nothing() -> None:
    assert explain.needed(reports.evaluation()) == []


def test_a_broken_guardrail_of_a_proven_candidate_is_all_that_is_named() -> None:
    evaluation = reports.evaluation("REJECT")
    evaluation["metrics"]["roc_auc"] = reports.entry(0.69, 0.732, (-0.06, -0.02), greater=True)
    evaluation["guardrails"][0]["broken"] = True
    assert explain.needed(evaluation) == ["roc_auc would have had to be 0.7120 or more; it is 0.6900 (its guardrail)"]


RECORD: dict[str, Any] = {
    "verdict": None,
    "triggers": [
        {"name": "data_drift", "state": "quiet", "value": 0.12, "limit": 0.25, "says": ""},
        {"name": "prediction_drift", "state": "off", "value": 0.3, "limit": 0.2, "says": ""},
        {"name": "performance_drop", "state": "quiet", "value": 0.016, "limit": 0.1, "says": ""},
    ],
}
SCORE = {
    "metric": "log_loss",
    "greater_is_better": False,
    "at_release": 0.562,
    "now": 0.571,
    "interval": [0.565, 0.577],
    "rows": 9310,
}
DRIFT: dict[str, Any] = {
    "production": 4,
    "new": {"rows": 9400, "labelled": 9310, "from": "2013-05-01T05:00:00", "to": "2013-05-31T23:00:00"},
    "columns": [{}] * 17,
    "drifted": ["temp", "dewp", "wind_dir", "visib"],
    "weighted_share": 0.12,
    "prediction": {"distance": 0.08, "threshold": 0.2, "drifted": False},
    "target": None,
    "performance": SCORE,
    "skipped": [],
}
FOUND = "4 of 17 columns drifted, weighted 0.12: data_drift fires at 0.25"


def kept(score: dict[str, Any] | None = None, delay: float = 0, **other: Any) -> list[str]:
    return explain.kept(
        RECORD, {**DRIFT, "performance": None if score is None else {**SCORE, **score}, **other}, timedelta(days=delay)
    )


def test_drift_without_a_retrain_says_what_waiting_costs() -> None:
    assert kept({}) == [
        FOUND,
        "production scores 0.5710 (log_loss) on 9,310 new rows, 0.5620 at release: it loses about 0.0090 (1.6%) while "
        "it waits; performance_drop fires at 10%",
    ]


def test_a_score_is_read_by_its_direction_and_by_chance() -> None:
    assert kept({"now": 0.55})[1:] == [
        "production scores 0.5500 (log_loss) on 9,310 new rows, 0.5620 at release: no loss was measured"
    ]
    assert "it loses about 0.0120" in kept({"now": 0.55, "greater_is_better": True})[1]
    assert kept({"interval": [0.555, 0.587]})[2] == (
        "chance alone may do as much: the interval of that score is 0.5550 to 0.5870"
    )
    assert "on 9,310 of 24,951 new rows" in kept({}, new={**DRIFT["new"], "labelled": 24_951})[1]
    assert kept({"at_release": None})[1].endswith("what it scored at release is not known, nor what waiting costs")
    assert "loses about 0.5710 while it waits" in kept({"at_release": 0.0})[1]


def test_without_labels_it_says_when_there_will_be_a_figure() -> None:
    new = {**DRIFT["new"], "labelled": 0}
    none = "what waiting costs can't be told yet: none of 9,400 new rows has a final label"
    assert kept(None, new=new)[1:] == [f"{none}; it can as soon as labels are in data/"]
    assert kept(None, 7, new=new)[1:] == [f"{none}, as labels take 7D; it can when data/ reaches 2013-05-08"]
    assert kept(None, new={**new, "from": None}, delay=7)[1:] == [f"{none}; it can as soon as labels are in data/"]
    why = [{"column": "performance", "why": "not measured: roc_auc can't be measured on these 40 rows"}]
    assert kept(None, skipped=why)[1:] == [
        "what waiting costs can't be told: production's score was not measured: "
        "roc_auc can't be measured on these 40 rows"
    ]


def test_drift_of_predictions_and_target_is_drift_too() -> None:
    moved = {"distance": 0.3, "threshold": 0.2, "drifted": True}
    assert kept({}, drifted=[], prediction=moved, target=moved)[:2] == [
        "predictions drifted by 0.3000, past 0.2000: prediction_drift is switched off",
        "the target drifted by 0.3000, past 0.2000: that by itself is no trigger",
    ]


def test_where_nothing_waits_nothing_is_said() -> None:
    assert kept({}, drifted=[]) == [], "no drift"
    assert explain.kept(RECORD, None) == explain.kept(RECORD, {**DRIFT, "columns": []}) == []
    assert explain.kept({**RECORD, "verdict": "HOLD"}, DRIFT) == [], "it was retrained"
    fired = [{**each, "state": "fired"} for each in RECORD["triggers"]]
    assert explain.kept({**RECORD, "triggers": fired}, DRIFT) == []
    assert explain.kept({"triggers": None}, DRIFT)[0] == "4 of 17 columns drifted, weighted 0.12"


def test_a_switched_off_trigger_is_why_nothing_was_retrained() -> None:
    off = [{**each, "state": "off"} for each in RECORD["triggers"]]
    told = explain.kept({**RECORD, "triggers": off}, DRIFT)
    assert told[0].endswith("weighted 0.12: data_drift is switched off")
    assert told[1].endswith("while it waits; performance_drop is switched off")


def test_what_a_run_explains_is_of_its_verdict_or_of_its_waiting() -> None:
    assert explain.explained(RECORD, held(0.005), DRIFT, timedelta(0))[0] == WANTED
    assert explain.explained(RECORD, None, DRIFT, timedelta(0))[0] == FOUND


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        ((), None),
        ((12.2,), "about 12 seconds saved (as the last retrain took)"),
        ((0.4, 1.2), "about a second saved (the median of the last 2 retrains)"),
        ((9000, 180, 150, 200, 190, 170), "about 3 minutes saved (the median of the last 5 retrains)"),
        ((7200, 9000, 8000), "about 2 hours saved (the median of the last 3 retrains)"),
    ],
)
def test_the_time_saved_is_that_of_the_last_retrains(seconds: tuple[float, ...], words: str | None) -> None:
    assert explain.saved(seconds) == (words and f"no retraining: {words}")


def test_only_a_run_that_trained_tells_how_long_that_takes() -> None:
    assert explain.trained({"validate": 2, "drift": 9, "train": 6, "evaluate": 3}) == 9
    assert explain.trained({"validate": 2, "evaluate": 3}) is None, "only the gate has changed"
