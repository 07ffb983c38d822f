"""The verdict's reasons: plain sentences with numbers."""

from collections.abc import Iterable, Sequence
from math import isfinite

from scripts.core.gate.anchors import Ratchet
from scripts.core.gate.evidence import Comparison, Evidence, SelfTest, Slice
from scripts.core.gate.judgement import Guarded, Judgement, Limited, Needed
from scripts.core.params import Gate
from scripts.core.settings.param_types import span_text
from scripts.core.text import number

SAME = {
    "bundle": "the same bundle",
    "model": "the same model file",
    "predictions": "the same predictions on every row",
}
MOST_SLICES = 5  # that are told one by one
LONGEST = 60  # characters of a level's name


def deciding(one: Comparison, evidence: Evidence, gate: Gate) -> str:
    name = one.metric.name
    if one.paired is None:
        value = number(one.alone.value)
        return f"first model: there is no production to compare with; {name} {value} on {evidence.rows:,} rows"
    improvement, low, high = one.gains
    side = "better" if improvement >= 0 else "worse"
    low, high = (low, high) if improvement >= 0 else (-high, -low)
    level = f"{100 * gate.confidence:g}%"
    return f"{name} {side} by {number(abs(improvement))} ({level} interval {number(low)} to {number(high)})"


def hold(need: Needed, evidence: Evidence, gate: Gate) -> list[str]:
    smallest = number(need.smallest_difference)
    shown = f"not proven better: on {_rows(evidence, gate)} a difference of {smallest} could have been shown"
    if need.more_rows is None:
        return [shown, "the difference is so small that no sensible number of rows would settle it"]
    if need.more_rows == 0:
        asked = number(gate.min_improvement)
        return [f"more rows won't help: the whole interval is below the asked improvement of {asked}"]
    more = f"about {need.more_rows:,} more rows"
    if need.more_blocks is not None and gate.block is not None:
        more += f" ({_blocks(need.more_blocks, span_text(gate.block))})"
    return [shown, f"{more} would settle a difference of this size"]


def _rows(evidence: Evidence, gate: Gate) -> str:
    blocks = f" in {_blocks(evidence.blocks, span_text(gate.block))}" if gate.block else ""
    return f"these {evidence.rows:,} rows{blocks}"


def _blocks(count: int, span: str) -> str:
    return f"{count:,} block{'s' * (count != 1)} of {span}"


def broken(judgement: Judgement, gate: Gate) -> list[str]:
    """What is broken of guardrails, limits and slices, and whether an earlier release is better by too much."""
    slices = zip(judgement.evidence.slices, judgement.states, strict=True)
    return [
        *(_guardrail(one) for one in judgement.guardrails if one.broken),
        *(_limit(one) for one in judgement.limits if one.broken),
        *_slices([one for one, state in slices if state == "broken"], gate),
        *([_ratchet(judgement.ratchet, gate)] if judgement.ratchet.broken else []),
    ]


def _guardrail(one: Guarded) -> str:
    worse = "an unknown amount" if one.worse_by is None else _amount(one.worse_by, one.worse_by_relative)
    return f"guardrail broken: {one.metric} worse by {worse}, tolerated {_tolerated(one.limit, one.relative)}"


def _amount(worse: float, relative: float | None) -> str:
    share = "" if relative is None or not isfinite(relative) else f" ({100 * relative:.3g}%)"
    return number(worse) + share


def _tolerated(limit: float | None, relative: float | None) -> str:
    limits = [] if limit is None else [number(limit)]
    limits += [] if relative is None else [f"{100 * relative:.4g}%"]
    return " and ".join(limits)


def _ratchet(one: Ratchet, gate: Gate) -> str:
    best, rule = one.best, one.tolerated
    assert best is not None and best.against is not None and rule is not None and one.worse_by is not None
    candidate, version = number(best.against.alone.value), best.anchor.version
    by = _amount(one.worse_by, one.worse_by_relative)
    said = f"{gate.metric} {candidate} is worse than released v{version}'s {number(best.value)} by {by} on these rows"
    return f"ratchet: {said}, tolerated {_tolerated(rule.max_worse, rule.max_worse_relative)}"


def _limit(one: Limited) -> str:
    value = "not known" if one.value is None else number(one.value)
    return f"limit broken: {one.metric} is {value}, the limit is {number(one.limit)}"


def _slices(found: Sequence[Slice], gate: Gate) -> list[str]:
    worst = sorted(found, key=lambda one: one.comparison.gains[0] if one.comparison else 0.0)
    rest = len(found) - MOST_SLICES
    return [_slice(one, gate) for one in worst[:MOST_SLICES]] + (
        [f"{rest:,} more slices are broken"] if rest > 0 else []
    )


def _slice(one: Slice, gate: Gate) -> str:
    assert one.comparison is not None
    worse, tolerated = number(-one.comparison.gains[0]), number(gate.slice_max_worse)
    return f"slice broken: {named(one)}: {gate.metric} worse by {worse} on {one.rows:,} rows, tolerated {tolerated}"


def named(one: Slice) -> str:
    """A level is a text of the data: without what could break a line, and not too long."""
    text = f"{one.column}={one.value}"
    clean = "".join(letter if letter.isprintable() else " " for letter in text)
    return clean if len(clean) <= LONGEST else clean[: LONGEST - 1] + "…"


def same(parts: Iterable[str]) -> list[str]:
    found = [SAME[part] for part in parts]
    return [f"candidate and production are one model: {', '.join(found)}"] if found else []


def few_rows(evidence: Evidence, gate: Gate) -> str:
    return (
        f"the hold-out has {evidence.rows:,} rows to compare, gate.min_rows asks for {gate.min_rows:,}: "
        "lengthen data.holdout, or lower gate.min_rows"
    )


def few_blocks(evidence: Evidence, gate: Gate) -> str:
    span = span_text(gate.block) if gate.block else "rows"
    return (
        f"the hold-out has {_blocks(evidence.blocks, span)}, an interval needs 3 or more: "
        "lengthen data.holdout, or shorten gate.block"
    )


def leaked(evidence: Evidence, gate: Gate) -> str:
    whole = evidence.rows + evidence.leaked
    return (
        f"{evidence.leaked:,} of {whole:,} hold-out rows ({100 * evidence.leaked / whole:.3g}%) are among the training "
        f"rows of a model, gate.max_leaked allows {100 * gate.max_leaked:.3g}%: judge on newer rows"
    )


def unmeasured(metric: str, one: Slice | None = None) -> str:
    where = f"slice {named(one)}: " if one else ""
    return f"{where}{metric} has no finite value or interval of both models on these rows"


def uncovered(column: str, inside: int, rows: int) -> str:
    return f"slices of {column}: they hold {inside:,} of {rows:,} rows, so one of them is missing"


def unbelievable(one: Comparison, share: float, gate: Gate) -> str:
    return (
        f"{one.metric.name} improved by {100 * share:.3g}% of production's distance from perfect, past "
        f"gate.max_believable ({100 * gate.max_believable:.3g}%): look for a column that knows the target"
    )


def self_tests(tests: Sequence[SelfTest]) -> list[str]:
    if not tests:
        return ["the self-tests were not run"]
    return [
        f"self-test failed: {one.name} came out {one.verdict} instead of {one.expected}"
        for one in tests
        if not one.passed
    ]
