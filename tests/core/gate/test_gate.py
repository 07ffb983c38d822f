from dataclasses import fields, replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.core.gate import gate as gates
from scripts.core.gate.evidence import Comparison, Evidence, Slice
from scripts.core.gate.judgement import Judgement
from scripts.core.params import Gate
from tests.core.known_evidence import FAILED, INF, NAN, PASSED, compared, evidence, first, gate


def verdict(found: Evidence, rules: Gate) -> str:
    judged = gates.judge(found, rules)
    assert judged.reasons
    return judged.verdict


# The truth table. Neither validation nor drift is evidence: a failed validation stops the pipeline before the
# gate, and drift is a reason to retrain, never one to promote. So every row of theirs has the verdict of the rest.

DECIDING = {
    "better": compared(0.02),
    "better by less than asked": compared(0.02, 0.018),
    "unclear": compared(0.005),
    "unclear, to the worse": compared(-0.005),
    "worse": compared(-0.02),
    "unbelievable": compared(0.4),
    "not finite": compared(NAN),
    "missing": None,
}
GUARDED = {
    "none": None,
    "kept": compared(-0.01, name="roc_auc"),
    "broken": compared(-0.03, name="roc_auc"),
    "not finite": compared(NAN, name="roc_auc"),
    "missing": None,
}
LIMITED = {
    "none": None,
    "kept": compared(0.0, name="brier_score", production=0.2),
    "broken": compared(0.0, name="brier_score", production=0.3),
    "not finite": compared(NAN, name="brier_score"),
}
SLICED = {
    "none": (),
    "ok": (Slice("a", "x", 900, 14, compared(-0.2, 0.3)), Slice("a", "y", 900, 14, compared(-0.02))),
    "broken": (Slice("a", "x", 900, 14, compared(-0.2, 0.1)),),
    "too small": (Slice("a", "x", 20, 9, None),),
    "not finite": (Slice("a", "x", 900, 14, compared(NAN)),),
}
TRUST = {
    "sound": {},
    "leaked within the limit": {"leaked": 60},
    "leaked": {"leaked": 70},
    "few rows": {"rows": 49},
    "few blocks": {"blocks": 2},
    "same bundle": {"same": ("bundle",)},
    "a fault": {"faults": ("production can't be scored",)},
    "self-test failed": {"self_tests": PASSED + FAILED},
    "self-tests not run": {"self_tests": ()},
}


def expected(deciding: str, guarded: str, limited: str, sliced: str, trust: str, is_first: bool) -> str:
    """The rules of the design, written once more and as plainly as can be."""
    if trust not in ("sound", "leaked within the limit"):
        return "INVALID"
    if {"not finite", "missing"} & {deciding, guarded, limited, sliced}:
        return "INVALID"
    if is_first:
        return "REJECT" if limited == "broken" else "PROMOTE"
    if deciding == "unbelievable":
        return "INVALID"
    if deciding == "worse" or "broken" in (guarded, limited, sliced):
        return "REJECT"
    return "PROMOTE" if deciding == "better" else "HOLD"


def test_the_truth_table_in_full() -> None:
    seen: dict[str, int] = {}
    for row in product(DECIDING, GUARDED, LIMITED, SLICED, TRUST, [False, True]):
        deciding, guarded, limited, sliced, trust, is_first = row
        metrics = [one for one in (DECIDING[deciding], GUARDED[guarded], LIMITED[limited]) if one is not None]
        slices = SLICED[sliced]
        if is_first:
            metrics = [first(one) for one in metrics]
            slices = tuple(replace(one, comparison=one.comparison and first(one.comparison)) for one in slices)
        rules = gate(
            min_improvement=0.005,
            guardrails={} if guarded == "none" else {"roc_auc": {"max_worse": 0.02}},
            limits={} if limited == "none" else {"brier_score": 0.25},
        )
        found = evidence(*metrics, slices=slices, first=is_first, **TRUST[trust])
        judged = verdict(found, rules)
        assert judged == expected(*row), row
        seen[judged] = seen.get(judged, 0) + 1
    assert set(seen) == {"PROMOTE", "HOLD", "REJECT", "INVALID"}
    assert sum(seen.values()) == len(DECIDING) * len(GUARDED) * len(LIMITED) * len(SLICED) * len(TRUST) * 2


def test_validation_and_drift_are_no_evidence() -> None:
    known = {"first", "rows", "blocks", "leaked", "metrics", "slices", "faults", "same", "self_tests", "anchors"}
    assert {field.name for field in fields(Evidence)} == known


# Single rules, at their edges.


@pytest.mark.parametrize(
    ("improvement", "half", "asked", "is_"),
    [
        (0.02, 0.01, 0.0, "PROMOTE"),
        (0.02, 0.01, 0.01, "PROMOTE"),  # the low end is the margin itself
        (0.02, 0.01, 0.0101, "HOLD"),
        (0.01, 0.01, 0.0, "HOLD"),  # the low end is zero
        (0.0, 0.0, 0.0, "HOLD"),
        (-0.01, 0.01, 0.0, "HOLD"),
        (-0.02, 0.01, 0.0, "REJECT"),
    ],
)
@pytest.mark.parametrize("name", ["log_loss", "roc_auc"])
def test_the_interval_decides(improvement: float, half: float, asked: float, is_: str, name: str) -> None:
    found = evidence(compared(improvement, half, name, production=0.0))
    found = evidence(compared(improvement, half, name, production=1.0)) if name == "log_loss" else found
    assert verdict(found, gate(metric=name, min_improvement=asked)) == is_


@pytest.mark.parametrize("name", ["roc_auc", "brier_score"])
@pytest.mark.parametrize(
    ("rule", "worse", "broken"),
    [
        ({"max_worse": 0.02}, 0.019, False),
        ({"max_worse": 0.02}, 0.021, True),
        ({"max_worse": 0.02}, -0.5, False),
        ({"max_worse_relative": 0.1}, 0.049, False),  # of production's 0.5
        ({"max_worse_relative": 0.1}, 0.051, True),
        ({"max_worse": 0.02, "max_worse_relative": 0.5}, 0.03, True),
        ({"max_worse": 0.4, "max_worse_relative": 0.01}, 0.03, True),
        ({"max_worse": 0.0}, 0.0, False),
    ],
)
def test_a_guardrail_knows_the_direction(name: str, rule: Any, worse: float, broken: bool) -> None:
    found = evidence(compared(0.02), compared(-worse, name=name))
    judged = gates.judge(found, gate(guardrails={name: rule}))
    assert judged.guardrails[0].broken is broken
    assert judged.guardrails[0].worse_by == pytest.approx(worse)
    assert judged.verdict == ("REJECT" if broken else "PROMOTE")


def test_any_loss_is_infinitely_worse_than_nothing() -> None:
    found = evidence(compared(0.02), compared(-0.01, name="brier_score", production=0.0))
    judged = gates.judge(found, gate(guardrails={"brier_score": {"max_worse_relative": 99.0}}))
    assert judged.verdict == "REJECT"
    assert judged.guardrails[0].worse_by_relative is None


@pytest.mark.parametrize(("name", "value", "broken"), [("roc_auc", 0.54, True), ("roc_auc", 0.55, False)])
def test_a_limit_is_a_floor_for_a_score(name: str, value: float, broken: bool) -> None:
    found = evidence(compared(0.02), compared(0.0, name=name, production=value))
    assert gates.judge(found, gate(limits={name: 0.55})).limits[0].broken is broken


@pytest.mark.parametrize(("value", "broken"), [(0.26, True), (0.25, False)])
def test_a_limit_is_a_ceiling_for_a_loss(value: float, broken: bool) -> None:
    found = evidence(compared(0.02), compared(0.0, name="brier_score", production=value))
    assert gates.judge(found, gate(limits={"brier_score": 0.25})).limits[0].broken is broken


@pytest.mark.parametrize(
    ("improvement", "half", "state"),
    [(-0.06, 0.05, "broken"), (-0.06, 0.07, "ok"), (-0.04, 0.01, "ok"), (0.3, 0.1, "ok")],
)
def test_a_slice_is_broken_when_surely_worse_by_more_than_tolerated(
    improvement: float, half: float, state: str
) -> None:
    found = evidence(compared(0.02), slices=(Slice("a", "x", 900, 14, compared(improvement, half)),))
    assert gates.judge(found, gate(slice_max_worse=0.05)).states == (state,)


@pytest.mark.parametrize(
    ("name", "production", "improvement", "is_"),
    [
        ("log_loss", 0.5, 0.24, "PROMOTE"),
        ("log_loss", 0.5, 0.26, "INVALID"),
        ("roc_auc", 0.8, 0.09, "PROMOTE"),  # of the 0.2 to perfect
        ("roc_auc", 0.8, 0.11, "INVALID"),
        ("r2", -1.0, 0.9, "PROMOTE"),
        ("r2", -1.0, 1.1, "INVALID"),
    ],
)
def test_an_unbelievable_improvement_is_a_leak_alarm(
    name: str, production: float, improvement: float, is_: str
) -> None:
    assert verdict(evidence(compared(improvement, 0.01, name, production)), gate(metric=name)) == is_


def test_a_comparison_without_production_is_no_first_model() -> None:
    assert verdict(evidence(first(compared(0.02)), first=False), gate()) == "INVALID"
    assert verdict(evidence(compared(0.02), first=True), gate()) == "INVALID"


# Properties.

FULL = gate(
    guardrails={"roc_auc": {"max_worse": 0.02}, "brier_score": {"max_worse_relative": 0.1}},
    limits={"average_precision": 0.1},
    metrics=("accuracy",),
)


def full(improvement: float = 0.02, half: float = 0.01) -> Evidence:
    others = (compared(0.0, name=name) for name in ("roc_auc", "brier_score", "average_precision", "accuracy"))
    slices = (Slice("a", "x", 900, 14, compared(0.0)), Slice("a", "y", 900, 14, compared(0.0)))
    return evidence(compared(improvement, half), *others, slices=slices)


def judged_full(found: Evidence) -> Judgement:
    return gates.judge(found, FULL)


def test_sound_evidence_promotes() -> None:
    assert judged_full(full()).verdict == "PROMOTE"


def spoiled(one: Comparison, part: str, field: str, bad: float) -> Comparison:
    return replace(one, **{part: replace(getattr(one, part), **{field: bad})})


NUMBERS = [("alone", name) for name in ("value", "low", "high", "standard_error")] + [
    ("paired", name)
    for name in ("candidate", "production", "difference", "low", "high", "standard_error", "improvement")
]


@pytest.mark.parametrize("bad", [NAN, INF, -INF])
@pytest.mark.parametrize(("part", "field"), NUMBERS)
def test_no_number_anywhere_may_be_other_than_finite(part: str, field: str, bad: float) -> None:
    found = full()
    for name, one in found.metrics.items():
        changed = replace(found, metrics=dict(found.metrics) | {name: spoiled(one, part, field, bad)})
        assert judged_full(changed).verdict == "INVALID", name
    for place, one in enumerate(found.slices):
        assert one.comparison is not None
        worse = replace(one, comparison=spoiled(one.comparison, part, field, bad))
        slices = (*found.slices[:place], worse, *found.slices[place + 1 :])
        assert judged_full(replace(found, slices=slices)).verdict == "INVALID"


@pytest.mark.parametrize("name", full().metrics)
def test_no_metric_may_be_missing(name: str) -> None:
    found = full()
    rest = {key: one for key, one in found.metrics.items() if key != name}
    assert judged_full(replace(found, metrics=rest)).verdict == "INVALID"


RANK = {"REJECT": 0, "HOLD": 1, "PROMOTE": 2}


@settings(max_examples=300, deadline=None)
@given(
    low=st.floats(-0.4, 0.24), more=st.floats(0, 0.2), half=st.floats(0, 0.2), asked=st.floats(0, 0.1),
    name=st.sampled_from(["log_loss", "roc_auc"]),
)  # fmt: skip
def test_a_greater_improvement_never_has_a_lesser_verdict(
    low: float, more: float, half: float, asked: float, name: str
) -> None:
    rules = gate(metric=name, min_improvement=asked, max_believable=9.0)
    less, greater = (verdict(evidence(compared(value, half, name)), rules) for value in (low, low + more))
    assert RANK[less] <= RANK[greater]


@settings(max_examples=200, deadline=None)
@given(improvement=st.floats(-0.2, 0.2), half=st.floats(0.001, 0.2), asked=st.floats(0, 0.1))
def test_promotion_means_an_interval_beyond_the_margin_and_above_zero(
    improvement: float, half: float, asked: float
) -> None:
    one = compared(improvement, half)
    if verdict(evidence(one), gate(min_improvement=asked)) == "PROMOTE":
        assert one.gains[1] >= asked
        assert one.gains[1] > 0


def test_slices_that_got_lost_are_missed() -> None:
    rules = gate(slices=("a",))
    both = (Slice("a", "x", 6000, 14, compared(0.0)), Slice("a", "y", 500, 9, None))
    assert verdict(evidence(compared(0.02), slices=both), rules) == "PROMOTE"
    for slices in (both[:1], both[1:], ()):
        judged = gates.judge(evidence(compared(0.02), slices=slices), rules)
        assert judged.verdict == "INVALID"
        assert judged.reasons == (
            f"slices of a: they hold {sum(one.rows for one in slices):,} of 6,500 rows, so one of them is missing",
        )
