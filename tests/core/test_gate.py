import json
import math
from dataclasses import fields, replace
from datetime import timedelta
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.core import gate as gates
from scripts.core import measure
from scripts.core.evidence import Comparison, Evidence, Scored, SelfTest, Slice
from scripts.core.judgement import Judgement
from scripts.core.metrics import find
from scripts.core.params import Gate
from scripts.core.resampling import Estimate, Paired
from scripts.core.text import to_json

NAN, INF = float("nan"), float("inf")
PASSED = (SelfTest("production against itself", "HOLD", "HOLD"),)
FAILED = (SelfTest("production against a spoiled copy", "REJECT", "PROMOTE"),)


def gate(**changed: Any) -> Gate:
    return Gate.model_validate({"metric": "log_loss", "block": "1D", "resamples": 1000} | changed)


def compared(improvement: float, half: float = 0.01, name: str = "log_loss", production: float = 0.5) -> Comparison:
    metric = find(name)
    difference = metric.gain(improvement)
    candidate = production + difference
    alone = Estimate(candidate, candidate - 0.05, candidate + 0.05, 0.025, 14)
    return Comparison(
        metric,
        alone,
        Paired(
            candidate, production, difference, difference - half, difference + half, half / 2, 14, improvement, alone
        ),
    )


def first(one: Comparison) -> Comparison:
    return replace(one, paired=None)


def evidence(*metrics: Comparison, **changed: Any) -> Evidence:
    known: dict[str, Any] = {"first": False, "rows": 6500, "blocks": 14, "leaked": 0, "self_tests": PASSED}
    return Evidence(metrics={one.metric.name: one for one in metrics}, **(known | changed))


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
    "few rows": {"rows": 99},
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
    known = {"first", "rows", "blocks", "leaked", "metrics", "slices", "faults", "same", "self_tests"}
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


def test_each_kind_of_sameness_is_named() -> None:
    found = evidence(compared(0.02), same=("bundle", "model", "predictions"))
    assert gates.judge(found, gate()).reasons == (
        "candidate and production are one model: the same bundle, the same model file, "
        "the same predictions on every row",
    )


def test_a_first_model_is_promoted_and_says_so() -> None:
    judged = gates.judge(evidence(first(compared(0.0, production=0.5612)), first=True), gate())
    told = judged.to_dict()
    assert told["verdict"] == {
        "verdict": "PROMOTE",
        "first": True,
        "reasons": ["first model: there is no production to compare with; log_loss 0.5612 on 6,500 rows"],
    }
    assert told["metrics"]["log_loss"] | {"candidate_interval": None} == {
        "decides": True, "greater_is_better": False, "candidate": 0.5612, "production": None, "difference": None,
        "interval": None, "candidate_interval": None, "reading": None,
    }  # fmt: skip


def test_a_comparison_without_production_is_no_first_model() -> None:
    assert verdict(evidence(first(compared(0.02)), first=False), gate()) == "INVALID"
    assert verdict(evidence(compared(0.02), first=True), gate()) == "INVALID"


# Reasons and what would be needed.


def test_reasons_are_sentences_with_numbers() -> None:
    better = gates.judge(evidence(compared(0.0149, 0.0129)), gate())
    assert better.reasons == ("log_loss better by 0.0149 (95% interval 0.0020 to 0.0278)",)
    worse = gates.judge(evidence(compared(-0.0229, 0.012)), gate(confidence=0.9))
    assert worse.reasons == ("log_loss worse by 0.0229 (90% interval 0.0109 to 0.0349)",)


def test_what_is_broken_is_said_before_what_is_better() -> None:
    found = evidence(
        compared(0.02), compared(-0.03, name="roc_auc"), slices=(Slice("a", "x", 900, 14, compared(-0.2, 0.1)),)
    )
    judged = gates.judge(found, gate(guardrails={"roc_auc": {"max_worse": 0.02}}, limits={"roc_auc": 0.9}))
    assert judged.reasons == (
        "guardrail broken: roc_auc worse by 0.0300 (6%), tolerated 0.0200",
        "limit broken: roc_auc is 0.4700, the limit is 0.9000",
        "slice broken: a=x: log_loss worse by 0.2000 on 900 rows, tolerated 0.0500",
        "log_loss better by 0.0200 (95% interval 0.0100 to 0.0300)",
    )


def test_many_broken_slices_do_not_drown_the_rest() -> None:
    slices = tuple(Slice("a", str(n), 900, 14, compared(-0.2 - n / 1000, 0.1)) for n in range(30))
    judged = gates.judge(evidence(compared(0.02), slices=slices), gate())
    assert len(judged.reasons) == 7
    assert judged.reasons[0].startswith("slice broken: a=29: log_loss worse by 0.2290")
    assert judged.reasons[5] == "25 more slices are broken"


def test_a_hostile_level_stays_on_one_line() -> None:
    slices = (Slice("a", "x\n::set-env name=A::b\x1b[31m" + "y" * 99, 900, 14, compared(-0.2, 0.1)),)
    reason = gates.judge(evidence(compared(0.02), slices=slices), gate()).reasons[0]
    assert reason.isprintable()
    assert len(reason) < 160


def test_hold_says_what_could_be_shown_and_what_would_settle_it() -> None:
    judged = gates.judge(evidence(compared(0.01, 0.02)), gate(min_improvement=0.005))
    assert judged.needed is not None
    assert judged.needed.smallest_difference == pytest.approx(0.025)
    assert judged.needed.more_rows == 98_000  # 6500 (16 - 1), rounded up to two digits
    assert judged.needed.more_blocks == 210
    assert judged.reasons[1:] == (
        "not proven better: on these 6,500 rows in 14 blocks of 1D a difference of 0.0250 could have been shown",
        "about 98,000 more rows (210 blocks of 1D) would settle a difference of this size",
    )


def test_the_rows_asked_for_settle_it() -> None:
    judged = gates.judge(evidence(compared(0.01, 0.02)), gate())
    assert judged.needed is not None and judged.needed.more_rows is not None
    half = 0.02 * math.sqrt(6500 / (6500 + judged.needed.more_rows))
    assert 0 <= 0.01 - half < 0.001


def test_a_difference_of_next_to_nothing_is_not_worth_waiting_for() -> None:
    judged = gates.judge(evidence(compared(0.0001, 0.02)), gate())
    assert judged.needed is not None
    assert (judged.needed.more_rows, judged.needed.more_blocks) == (None, None)
    assert "no sensible number of rows" in judged.reasons[-1]


def test_better_by_less_than_asked_for_sure_needs_no_rows() -> None:
    judged = gates.judge(evidence(compared(0.01, 0.004)), gate(min_improvement=0.05))
    assert judged.verdict == "HOLD"
    assert judged.needed is not None
    assert (judged.needed.more_rows, judged.needed.more_blocks) == (0, 0)


def test_independent_rows_have_no_blocks_to_wait_for() -> None:
    judged = gates.judge(evidence(compared(0.01, 0.02), blocks=250), gate(block=None))
    assert judged.needed is not None
    assert judged.needed.more_blocks is None
    assert "blocks" not in " ".join(judged.reasons)


@pytest.mark.parametrize("name", ["PROMOTE", "HOLD", "REJECT", "INVALID"])
def test_every_judgement_is_json(name: str) -> None:
    improvement = {"PROMOTE": 0.02, "HOLD": 0.0, "REJECT": -0.1, "INVALID": NAN}[name]
    found = evidence(
        compared(improvement),
        compared(improvement, name="roc_auc"),
        slices=(Slice("a", "x", 900, 14, compared(improvement)), Slice("a", "y", 9, 2, None)),
    )
    judged = gates.judge(found, gate(guardrails={"roc_auc": {"max_worse": 0.2}}, limits={"roc_auc": 0.1}))
    told = json.loads(to_json(judged.to_dict()))
    assert told["verdict"]["verdict"] == name
    assert told["slices"]["too_small"] == ["a=y"]
    assert [row["state"] for row in told["slices"]["rows"]][1] == "too_small"


@pytest.mark.parametrize(
    ("improvement", "half", "reading"),
    [(0.02, 0.01, "better"), (-0.02, 0.01, "worse"), (0.02, 0.03, "unclear"), (-0.02, 0.03, "unclear")],
)
@pytest.mark.parametrize("name", ["log_loss", "roc_auc"])
def test_a_metric_is_read_by_its_interval(name: str, improvement: float, half: float, reading: str) -> None:
    told = gates.judge(evidence(compared(0.02), compared(improvement, half, name)), gate()).to_dict()
    assert told["metrics"][name]["reading"] == reading


def test_the_order_of_the_report_is_the_order_in_which_it_is_read() -> None:
    told = gates.judge(evidence(compared(0.02)), gate()).to_dict()
    assert list(told) == ["verdict", "metrics", "needed", "guardrails", "limits", "slices", "self_tests"]


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


def scored(seed: int, worse: float = 0.0, rows: int = 600, shared: bool = False) -> Scored:
    """Two models of equal worth on days of their own kind; `worse` is taken from the candidate's knowledge."""
    rng = np.random.default_rng(seed)
    day = np.arange(rows) * 14 // rows
    y = (rng.random(rows) < 0.5).astype(int)
    both = []
    for knowledge in (1.0 - worse, 1.0):
        own = rng.normal(0, 0.4, 14)[day] + rng.normal(0, 0.6, rows)
        p = 1 / (1 + np.exp(-(knowledge * (2 * y - 1) + own)))
        both.append(np.column_stack([1 - p, p]))
    return Scored(y, both[1] if shared else both[0], both[1], day, [0, 1], 1, {})


def test_a_model_never_beats_itself() -> None:
    rules = gate(metrics=("roc_auc",))
    for seed in range(100):
        found = measure.gather(scored(seed, shared=True), rules)
        assert gates.judge(replace(found, self_tests=PASSED), rules).verdict == "INVALID"
        unknowing = gates.decide(replace(found, same=()), rules)
        assert unknowing.verdict == "HOLD"
        assert unknowing.evidence.metrics["log_loss"].gains == (0, 0, 0)


def test_equal_models_are_seldom_promoted_and_worse_ones_more_seldom() -> None:
    """400 seeded trials each; the figure for 1,000 is in benchmarks/resampling.py."""
    rules = gate()
    promoted = {
        worse: sum(
            gates.decide(measure.gather(scored(seed, worse), rules), rules).verdict == "PROMOTE" for seed in range(400)
        )
        for worse in (0.0, 0.05)
    }
    assert promoted[0.0] <= 0.05 * 400
    assert promoted[0.05] <= 0.015 * 400


def test_predictions_that_differ_by_rounding_are_the_same() -> None:
    found = scored(1, shared=True)
    nearly = replace(found, candidate=found.candidate + np.random.default_rng(0).choice([-1e-15, 1e-15], (600, 2)))
    assert measure.gather(nearly, gate()).same == ("predictions",)
    assert measure.gather(scored(1), gate()).same == ()


def test_metrics_have_their_own_names_whatever_they_were_called() -> None:
    rules = measure.canonical(
        gate(
            metric="neg_log_loss", metrics=("brier", "neg_brier_score"), guardrails={"auc": {"max_worse": 0.1}},
            limits={"brier_score_loss": 0.3},
        )
    )  # fmt: skip
    assert [metric.name for metric in measure.measured(rules)] == ["log_loss", "brier_score", "roc_auc"]
    assert rules.block == timedelta(days=1)
    assert set(rules.guardrails) == {"roc_auc"}
    assert rules.limits == {"brier_score": 0.3}
