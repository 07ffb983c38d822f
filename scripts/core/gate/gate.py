"""The verdict: whether a candidate may replace production, by rules on measured evidence.

The first rule that applies:
- INVALID: the comparison itself can't be trusted. A model can't be scored, both are one model, rows or blocks are
  too few, rows leaked, a number or slice is missing or not finite, the improvement is unbelievable, a self-test failed.
- REJECT: the whole interval of the deciding metric is on the worse side, a guardrail, limit or slice is broken, or
  an earlier release is better by more than is tolerated (the ratchet: see anchors.py).
- PROMOTE: the whole interval is better than nothing, and at or beyond the asked margin. A first model has nothing
  to be compared with: it is promoted when no limit is broken.
- HOLD: not proven either way.

A guardrail looks at the measured difference. A slice is broken when it is worse by more than is tolerated and its
whole interval, widened for the number of slices, is on the worse side. An improvement is unbelievable when it takes
away more than `max_believable` of production's distance from perfect (0 for a loss, 1 for a score).
"""

from dataclasses import replace

from scripts.core.gate import anchors, reasons
from scripts.core.gate.evidence import Comparison, Evidence, Slice
from scripts.core.gate.judgement import Guarded, Judgement, Limited, State, finite
from scripts.core.gate.measure import measured
from scripts.core.gate.power import needed
from scripts.core.params import Gate, Guardrail
from scripts.core.scoring.truth import LEAST_BLOCKS


def judge(evidence: Evidence, gate: Gate) -> Judgement:
    """The verdict on evidence whose self-tests were run and passed; the gate's metrics have their own names."""
    judgement = decide(evidence, gate)
    failed = reasons.self_tests(evidence.self_tests)
    if judgement.verdict == "INVALID":
        return replace(judgement, reasons=(*judgement.reasons, *(failed if evidence.self_tests else ())))
    return replace(judgement, verdict="INVALID", reasons=tuple(failed), needed=None) if failed else judgement


def decide(evidence: Evidence, gate: Gate) -> Judgement:
    """The verdict on the evidence by itself: what the self-tests, too, go through."""
    judgement = Judgement(
        verdict="INVALID",
        reasons=tuple(untrusted(evidence, gate)),
        needed=None,
        evidence=evidence,
        decides=gate.metric,
        guardrails=tuple(_guarded(name, rule, evidence) for name, rule in gate.guardrails.items()),
        limits=tuple(_limited(name, limit, evidence) for name, limit in gate.limits.items()),
        states=tuple(_state(one, gate) for one in evidence.slices),
        slice_max_worse=gate.slice_max_worse,
        ratchet=anchors.ratchet(evidence, gate),
    )
    return judgement if judgement.reasons else _weighed(judgement, gate)


def _weighed(judgement: Judgement, gate: Gate) -> Judgement:
    evidence = judgement.evidence
    deciding = evidence.metrics[gate.metric]
    told = reasons.deciding(deciding, evidence, gate)
    worse = deciding.paired is not None and deciding.gains[2] < 0
    broken = reasons.broken(judgement, gate)
    if worse or broken:
        told_first = (told, *broken) if worse else (*broken, told)
        return replace(judgement, verdict="REJECT", reasons=told_first)
    if deciding.paired is None or _proven(deciding, gate):
        return replace(judgement, verdict="PROMOTE", reasons=(told,))
    need = needed(deciding, evidence, gate)
    return replace(judgement, verdict="HOLD", reasons=(told, *reasons.hold(need, evidence, gate)), needed=need)


def _proven(deciding: Comparison, gate: Gate) -> bool:
    _, low, _ = deciding.gains
    return low > 0 and low >= gate.min_improvement


def untrusted(evidence: Evidence, gate: Gate) -> list[str]:
    """Why the comparison can't be trusted: the reasons of the first kind of trouble that there is."""
    return (
        [*evidence.faults, *reasons.same(evidence.same)]
        or _too_little(evidence, gate)
        or _unmeasured(evidence, gate)
        or _unbelievable(evidence, gate)
    )


def _too_little(evidence: Evidence, gate: Gate) -> list[str]:
    whole = evidence.rows + evidence.leaked
    leaked = evidence.leaked > gate.max_leaked * whole
    return [
        *([reasons.few_rows(evidence, gate)] if evidence.rows < gate.min_rows else []),
        *([reasons.few_blocks(evidence, gate)] if evidence.blocks < LEAST_BLOCKS else []),
        *([reasons.leaked(evidence, gate)] if leaked else []),
    ]


def _unmeasured(evidence: Evidence, gate: Gate) -> list[str]:
    """Every metric that the rules need must be there with finite numbers, and so must every compared slice."""
    metrics = [
        reasons.unmeasured(metric.name)
        for metric in measured(gate)
        if not _whole(evidence.metrics.get(metric.name), evidence)
    ]
    slices = [
        reasons.unmeasured(gate.metric, one)
        for one in evidence.slices
        if one.comparison is not None and not _whole(one.comparison, evidence)
    ]
    return metrics + slices + _uncovered(evidence, gate)


def _uncovered(evidence: Evidence, gate: Gate) -> list[str]:
    """A row is in one slice of each column, so slices that got lost are missed by their rows."""
    inside = {name: sum(one.rows for one in evidence.slices if one.column == name) for name in gate.slices}
    return [reasons.uncovered(name, rows, evidence.rows) for name, rows in inside.items() if rows != evidence.rows]


def _whole(one: Comparison | None, evidence: Evidence) -> bool:
    return one is not None and one.complete and (one.paired is None) == evidence.first


def _unbelievable(evidence: Evidence, gate: Gate) -> list[str]:
    deciding = evidence.metrics[gate.metric]
    if deciding.paired is None:
        return []
    distance = abs(deciding.metric.perfect - deciding.paired.production)
    gain = deciding.paired.improvement
    return [reasons.unbelievable(deciding, gain / distance, gate)] if gain > gate.max_believable * distance else []


def _guarded(name: str, rule: Guardrail, evidence: Evidence) -> Guarded:
    """Broken also when it can't be measured; a first model has nothing to be worse than."""
    one = evidence.metrics.get(name)
    if one is None or one.paired is None:
        return Guarded(name, rule.max_worse, rule.max_worse_relative, None, None, not evidence.first)
    worse = -one.paired.improvement
    relative = anchors.share(worse, one.paired.production)
    broken = not anchors.within(rule, worse, relative)
    return Guarded(name, rule.max_worse, rule.max_worse_relative, finite(worse), finite(relative), broken)


def _limited(name: str, limit: float, evidence: Evidence) -> Limited:
    """A floor where greater is better, else a ceiling; broken also when it can't be measured."""
    one = evidence.metrics.get(name)
    if one is None:
        return Limited(name, limit, None, True)
    value = one.alone.value
    kept = value >= limit if one.metric.greater_is_better else value <= limit
    return Limited(name, limit, finite(value), not kept)


def _state(one: Slice, gate: Gate) -> State:
    if one.comparison is None:
        return "too_small"
    if one.comparison.paired is None:
        return "ok"
    improvement, _, high = one.comparison.gains
    return "ok" if high >= 0 or -improvement <= gate.slice_max_worse else "broken"
