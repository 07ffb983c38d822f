from scripts.core.changes import Change, Changes
from scripts.core.report import sections
from tests import reports


def test_broken_slices_come_first_and_then_the_worst() -> None:
    evaluation = reports.evaluation(slices=40)
    rows = evaluation["slices"]["rows"]
    rows[35] |= {"state": "broken", "difference": 0.08}
    rows[20] |= {"difference": 0.03}
    rows[10] |= dict.fromkeys(("candidate", "production", "difference", "interval")) | {
        "state": "too_small",
        "rows": 12,
    }
    lines = [line for line in sections.slices(evaluation).splitlines() if line.startswith("|")][2:]
    assert "value 35" in lines[0] and "**broken**" in lines[0]
    assert "value 20" in lines[1]
    assert len(lines) == sections.MOST_SLICES
    assert "10 more slices stand in" in sections.slices(evaluation)
    assert "too small to judge" in sections.slices(
        reports.evaluation(slices=1) | {"slices": evaluation["slices"] | {"rows": rows[10:11]}}
    )


def test_slices_of_a_first_model_have_nothing_beside_them() -> None:
    evaluation = reports.evaluation(first=True)
    for one in evaluation["slices"]["rows"]:
        one |= dict.fromkeys(("production", "difference", "interval"))
    lines = sections.slices(evaluation).splitlines()
    assert lines[0] == "| slice | rows | candidate |  |"
    assert lines[2] == "| origin = value 0 | 2,000 | 0.5600 |  |"


def test_for_a_score_the_worst_slice_is_the_lowest() -> None:
    auc = reports.entry(0.7641, 0.7533, (0.001, 0.020), greater=True, decides=True)
    evaluation = reports.evaluation(metrics={"roc_auc": auc})
    evaluation["slices"]["rows"][2]["difference"] = -0.3
    first = [line for line in sections.slices(evaluation).splitlines() if line.startswith("|")][2]
    assert "value 2" in first


def test_a_metric_that_could_not_be_measured_is_a_dash() -> None:
    evaluation = reports.evaluation()
    evaluation["metrics"]["f1"] = {
        "decides": False,
        "greater_is_better": True,
        **dict.fromkeys(("candidate", "production", "difference", "interval", "candidate_interval", "reading")),
    }
    assert "| f1 | – | – | – | – | – |" in sections.metrics(evaluation)


def test_drifted_columns_come_first_by_importance() -> None:
    drift = reports.drift(4)
    drift["columns"][3] |= {"drifted": True, "importance": 0.9}
    lines = [line for line in sections.columns(drift).splitlines() if line.startswith("| column_")]
    assert [line.split()[1] for line in lines] == ["column_3", "column_0", "column_1", "column_2"]
    assert "0.0% → 2.0%" in lines[0] and "**drifted**" in lines[0] and "**drifted**" not in lines[3]


def test_without_production_there_is_no_drift() -> None:
    nothing = {"production": 0, "columns": [], "drifted": [], "performance": None, "prediction": None}
    for drift in (None, nothing):
        assert (sections.drifted(drift), sections.performance(drift), sections.columns(drift)) == ("", "", "")


def test_production_against_its_own_release() -> None:
    assert sections.performance(reports.drift()) == "production scores 0.5759 (log loss) on new rows, 0.4520 at release"


def test_what_did_not_change_is_said_and_what_is_not_known_too() -> None:
    said = sections.changes(Changes(params=(), data=None, code=()))
    assert said == "**Params:** nothing changed.\n\n**Data:** not known.\n\n**Code:** nothing changed."


def test_a_long_list_of_changes_is_cut_off() -> None:
    changed = tuple(Change(f"a{number}", "1", "2") for number in range(100))
    said = sections.changes(Changes(params=changed, data=(), code=tuple(f"scripts/{n}.py" for n in range(100))))
    assert said.count("and 60 more") == 2


def test_every_rule_of_the_verdict_is_listed() -> None:
    said = sections.judged(reports.evaluation())
    for words in (
        "- guardrail ROC AUC: worse by 0.0200 at most: kept",
        "- limit ROC AUC: 0.7641 against 0.5500: kept",
        "- self-test, production against itself: must be INVALID: passed",
        "left out: 0",
        "- 95% intervals: 2,000 paired resamples of blocks of 1D, asked improvement more than nothing",
    ):
        assert words in said
