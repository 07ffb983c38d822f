"""The values that are said to pass do pass the gate itself, and what is a little short of them does not."""

import re
from dataclasses import replace
from typing import Any

import pytest

from scripts.core.gate import gate as rules
from scripts.core.gate.evidence import Comparison, Evidence, Slice
from scripts.core.params import Gate
from scripts.core.report.explain import needed
from scripts.core.report.passing import passing
from scripts.core.scoring.metrics import find
from tests.core.known_evidence import compared, evidence, first, gate

SAID = re.compile(r"would have had to be (-?[\d.]+) or (more|less)")
METRICS = ("log_loss", "roc_auc", "mean_absolute_error")


def evaluated(found: Evidence, asked: Gate) -> dict[str, Any]:
    """As stages/evaluate.py writes it, of what is needed here."""
    method = {"min_improvement": asked.min_improvement, "block": "1D", "confidence": asked.confidence}
    return {
        **rules.judge(found, asked).to_dict(),
        "holdout": {"rows": found.rows, "blocks": found.blocks, "leaked": found.leaked},
        "method": method | {"gate": asked.model_dump(mode="json")},
    }


def verdict(asked: Gate, *metrics: Comparison, **other: Any) -> str:
    return rules.judge(evidence(*metrics, **other), asked).verdict


def said(sentence: str) -> tuple[float, str]:
    found = SAID.search(sentence)
    assert found is not None, sentence
    return float(found[1]), found[2]


def at(value: float, name: str, half: float = 0.01) -> Comparison:
    """A candidate with this value, production at 0.5."""
    return compared(find(name).gain(value - 0.5), half, name)


def short(value: float, side: str) -> float:
    return value - 2e-4 if side == "more" else value + 2e-4


@pytest.mark.parametrize("asked", [0.0, 0.0123])
@pytest.mark.parametrize("improvement", [0.0049, 0.0, -0.0051, -0.03])
@pytest.mark.parametrize("metric", METRICS)
def test_the_deciding_metric_at_the_value_is_promoted(metric: str, improvement: float, asked: float) -> None:
    given = gate(metric=metric, min_improvement=asked)
    found = evidence(compared(improvement, 0.01234, metric))
    value, side = said(needed(evaluated(found, given))[0])
    assert side == ("more" if find(metric).greater_is_better else "less")
    assert verdict(given, at(value, metric, 0.01234)) == "PROMOTE"
    assert verdict(given, at(short(value, side), metric, 0.01234)) == "HOLD"


@pytest.mark.parametrize(
    "rule", [{"max_worse": 0.02003}, {"max_worse_relative": 0.03007}, {"max_worse": 1, "max_worse_relative": 0.03007}]
)
@pytest.mark.parametrize("metric", METRICS)
def test_a_guarded_metric_at_the_value_breaks_no_guardrail(metric: str, rule: dict[str, float]) -> None:
    decides = compared(0.05, 0.01, "brier_score")
    given = gate(metric="brier_score", guardrails={metric: rule})
    told = needed(evaluated(evidence(decides, compared(-0.031, 0.01, metric)), given))
    assert len(told) == 1 and told[0].endswith("(its guardrail)")
    value, side = said(told[0])
    assert verdict(given, decides, at(value, metric)) == "PROMOTE"
    assert verdict(given, decides, at(short(value, side), metric)) == "REJECT"


@pytest.mark.parametrize("metric", METRICS)
def test_a_limited_metric_at_the_value_breaks_no_limit_for_the_first_model_too(metric: str) -> None:
    greater = find(metric).greater_is_better
    given = gate(metric="brier_score", limits={metric: 0.5 + (0.0123 if greater else -0.0123)})
    decides = first(compared(0.05, 0.01, "brier_score"))
    told = needed(evaluated(evidence(decides, first(compared(0.0, 0.01, metric)), first=True), given))
    assert len(told) == 1 and told[0].endswith("(its limit)")
    value, side = said(told[0])
    assert verdict(given, decides, first(at(value, metric)), first=True) == "PROMOTE"
    assert verdict(given, decides, first(at(short(value, side), metric)), first=True) == "REJECT"


@pytest.mark.parametrize("half", [0.01, 0.07])
@pytest.mark.parametrize("metric", METRICS)
def test_a_slice_at_the_value_is_not_broken(metric: str, half: float) -> None:
    """By what is tolerated, or by an interval that reaches zero."""
    given = gate(metric=metric, slices=("origin",), slice_max_worse=0.05003)
    decides = compared(0.05, 0.01, metric)

    def sliced(one: Comparison) -> dict[str, Any]:
        return {"slices": (Slice("origin", "JFK", 6500, 14, one),)}

    told = needed(evaluated(evidence(decides, **sliced(compared(-0.09, half, metric))), given))
    assert len(told) == 1 and told[0].startswith(f"{metric} in origin=JFK would have had to be")
    value, side = said(told[0])
    assert verdict(given, decides, **sliced(at(value, metric, half))) == "PROMOTE"
    assert verdict(given, decides, **sliced(at(short(value, side), metric, half))) == "REJECT"


def test_all_causes_are_named_the_weightiest_first() -> None:
    given = gate(
        guardrails={"roc_auc": {"max_worse": 0.02}},
        limits={"roc_auc": 0.48},
        slices=("origin",),
        metrics=("brier_score",),
    )
    parts = tuple(
        Slice("origin", name, 800, 14, compared(-worse))
        for name, worse in (("JFK", 0.07), ("LGA", 0.09), ("EWR", 0.01))
    )
    parts += (replace(parts[0], value="rest", rows=4100, comparison=compared(0.0)),)
    broken = evidence(compared(-0.05), compared(-0.04, name="roc_auc"), compared(0.0, name="brier_score"), slices=parts)
    assert needed(evaluated(broken, given)) == [
        "to be promoted on these rows log_loss would have had to be 0.4900 or less: better than production by 0.0100, "
        "at an interval as wide as this one; it is 0.5500",
        "roc_auc would have had to be 0.4800 or more; it is 0.4600 (its guardrail)",
        "roc_auc would have had to be 0.4800 or more; it is 0.4600 (its limit)",
        "log_loss in origin=LGA would have had to be 0.5500 or less; it is 0.5900",
        "log_loss in origin=JFK would have had to be 0.5500 or less; it is 0.5700",
    ]
    unproven = replace(broken, metrics={**broken.metrics, "log_loss": compared(0.005)})
    told = needed(evaluated(unproven, given))
    assert told[0].endswith("(its guardrail)") and told[-1].startswith("to be promoted"), "broken rules weigh more"


@pytest.mark.parametrize(
    ("metric", "value", "words"),
    [("log_loss", 0.48, "0.4896 or less; it is 0.5000"), ("roc_auc", 0.53, "0.5194 or more; it is 0.5100")],
)
def test_a_broken_ratchet_is_told_by_the_best_release(metric: str, value: float, words: str) -> None:
    """On the rows of that release, which may be fewer: the candidate has another score there."""
    given = gate(metric=metric)
    evaluation = evaluated(evidence(compared(0.05, 0.01, metric)), given)
    row = {"version": 3, "value": value, "difference": 0.02 if metric == "log_loss" else -0.02}
    other = {"version": 2, "value": value, "difference": 0.0}
    tolerated = {"max_worse": None, "max_worse_relative": 0.02}
    broken = {"tolerated": tolerated, "best": 3, "broken": True, "rollback": False, "rows": [other, row]}
    evaluation["verdict"]["verdict"] = "REJECT"
    told = f"{metric} would have had to be {words} (released v3 has {value:.4f})"
    assert needed(evaluation | {"anchors": broken}) == [told]
    assert needed(evaluation | {"anchors": broken | {"broken": False}}) == []


def test_many_broken_slices_are_told_by_the_worst() -> None:
    given = gate(slices=("dest",))
    parts = tuple(Slice("dest", f"D{n}", 1000, 14, compared(-0.06 - n / 100)) for n in range(8))
    told = needed(evaluated(evidence(compared(0.05), slices=parts, rows=8000), given))
    assert [each.split(" would")[0] for each in told[:5]] == [f"log_loss in dest=D{n}" for n in (7, 6, 5, 4, 3)]
    assert told[5:] == ["and so on in 3 more slices: see reports/evaluation.json"]


def test_what_no_candidate_could_have_shown_is_said_as_such() -> None:
    found = evidence(compared(0.005, 0.03, production=0.05))
    assert needed(evaluated(found, gate()))[0] == (
        "no candidate could have been promoted on these rows: it would have had to be better by 0.0300 in log_loss, "
        "and past 0.0250 no improvement is believed"
    )


@pytest.mark.parametrize(
    ("value", "greater", "found", "said_"),
    [
        (0.71196, True, 0.69, ("0.7120 or more", "0.6900")),
        (0.71204, False, 0.73, ("0.7120 or less", "0.7300")),
        (0.711961, True, 0.71196, ("0.71197 or more", "0.71196")),
        (123.449, False, 130.02, ("123.4 or less", "130")),
        (0.000412345, False, 0.0005, ("0.0004123 or less", "0.0005")),
        (-0.25004, True, -0.3, ("-0.2500 or more", "-0.3000")),
        (0.0, True, -0.3, ("0 or more", "-0.3000")),
        (25461.7, True, None, ("2.547e+04", "")),
    ],
)
def test_a_value_is_rounded_to_the_side_that_passes(
    value: float, greater: bool, found: float | None, said_: tuple[str, str]
) -> None:
    assert passing(value, greater, found) == said_
