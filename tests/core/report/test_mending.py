"""What is said to mend an INVALID comparison fits the reasons that the gate gives for it."""

from dataclasses import replace
from typing import Any

import pytest

from scripts.core.gate.evidence import Evidence, Slice
from scripts.core.report.explain import needed
from scripts.core.scoring.metrics import find
from tests.core.known_evidence import FAILED, INF, NAN, compared, evidence, gate
from tests.core.report.test_passing import at, evaluated, said, verdict

FAULT = "the {} can't be scored: it needs the column 'temp'"


def mended(found: Evidence, **rules: Any) -> list[str]:
    evaluation = evaluated(found, gate(**rules)) | {"models": {"production": {"version": 4}, "candidate": {}}}
    assert evaluation["verdict"]["verdict"] == "INVALID"
    told = needed(evaluation)
    assert not set(told) & set(evaluation["verdict"]["reasons"]), "not word for word what is said already"
    return told


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"faults": (FAULT.format("candidate"),)}, "the candidate must answer for every row"),
        ({"faults": (FAULT.format("production"),)}, "production must be readable and answer"),
        ({"same": ("bundle",)}, "a candidate must come of something new"),
        ({"rows": 38}, "12 more labelled rows in the hold-out"),
        ({"blocks": 2}, "rows of 1 more block of 1D are needed"),
        ({"blocks": 1}, "rows of 2 more blocks of 1D are needed"),
        ({"leaked": 100, "rows": 900}, "at most 10 of 1,000 hold-out rows may be known to a model, 90 fewer than now"),
        ({"self_tests": FAILED}, "the gate must come out of its own tests"),
    ],
)
def test_each_trouble_has_its_own_cure(changed: dict[str, Any], words: str) -> None:
    told = mended(evidence(compared(0.02), **changed))
    assert len(told) == 1 and told[0].startswith(words)


def test_several_causes_are_all_named() -> None:
    faults = tuple(FAULT.format(name) for name in ("candidate", "production"))
    told = mended(evidence(compared(0.02), faults=faults, self_tests=FAILED))
    assert [each.split(" must")[0] for each in told] == ["the candidate", "production", "the gate"]


def test_a_metric_or_slice_that_can_not_be_measured_is_named() -> None:
    lost = compared(NAN, name="roc_auc")
    slices = (Slice("origin", "JFK", 6300, 14, compared(0.02)), Slice("origin", "LGA", 200, 14, compared(INF)))
    told = mended(evidence(compared(0.02), lost, slices=slices), metrics=("roc_auc",), slices=("origin",))
    assert told == [
        "roc_auc must be measurable on these rows: rows of both classes in 3 or more blocks",
        "origin=LGA must be measurable: more rows, or gate.slice_min_rows above its 200",
    ]


def test_a_lost_slice_is_told_by_its_column() -> None:
    part = (Slice("origin", "JFK", 6400, 14, compared(0.02)),)
    assert mended(evidence(compared(0.02), slices=part), slices=("origin",)) == [
        "every row must be in one of the slices of origin"
    ]


@pytest.mark.parametrize("metric", ["log_loss", "roc_auc"])
def test_a_believable_value_and_a_setting_that_believes_this_one(metric: str) -> None:
    found = evidence(compared(0.4, 0.01, metric))
    told = mended(found, metric=metric)
    value = float(told[0].split(" of ")[1].split(" or ")[0])
    believed = gate(metric=metric)
    assert verdict(believed, at(value, metric)) == "PROMOTE"
    assert verdict(believed, at(value + (2e-4 if find(metric).greater_is_better else -2e-4), metric)) == "INVALID"
    raised = float(told[0].rsplit("must be ", 1)[1].split(" or ")[0])
    assert verdict(gate(metric=metric, max_believable=raised), compared(0.4, 0.01, metric)) == "PROMOTE"


def test_what_is_not_known_still_gets_a_sentence() -> None:
    evaluation = evaluated(evidence(compared(0.02), self_tests=()), gate()) | {"models": {"production": {}}}
    assert needed(evaluation) == ["what the reasons name must be mended: then run it again"]


def test_an_evaluation_of_an_older_version_says_what_it_can() -> None:
    evaluation = evaluated(replace(evidence(compared(0.02)), rows=38), gate()) | {"models": {"production": {}}}
    del evaluation["method"]["gate"]
    assert needed(evaluation) == ["what the reasons name must be mended: then run it again"]
    held = evaluated(evidence(compared(0.005)), gate())
    del held["method"]["gate"]
    assert said(needed(held)[0]) == (0.49, "less")
