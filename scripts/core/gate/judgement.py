"""A verdict and everything that it rests on, as it is written into evaluation.json."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any, Literal

from scripts.core.gate.anchors import Anchored, Ratchet
from scripts.core.gate.evidence import Comparison, Evidence, SelfTest, Slice

Verdict = Literal["PROMOTE", "HOLD", "REJECT", "INVALID"]
State = Literal["ok", "broken", "too_small"]


@dataclass(frozen=True)
class Needed:
    """What this hold-out could have shown, and what more would settle a difference of the found size.

    None: the difference is so near to what decides that no sensible number of rows settles it.
    """

    smallest_difference: float
    more_rows: int | None
    more_blocks: int | None  # None also when rows are independent


@dataclass(frozen=True)
class Guarded:
    metric: str
    limit: float | None  # tolerated, in the metric's units
    relative: float | None  # tolerated, as a share of production's value
    worse_by: float | None
    worse_by_relative: float | None
    broken: bool


@dataclass(frozen=True)
class Limited:
    metric: str
    limit: float
    value: float | None
    broken: bool


@dataclass(frozen=True)
class Judgement:
    verdict: Verdict
    reasons: tuple[str, ...]
    needed: Needed | None
    evidence: Evidence
    decides: str
    guardrails: tuple[Guarded, ...]
    limits: tuple[Limited, ...]
    states: tuple[State, ...]  # of the evidence's slices, in their order
    slice_max_worse: float
    ratchet: Ratchet

    def to_dict(self) -> dict[str, Any]:
        """What cannot be measured is None."""
        evidence = self.evidence
        return {
            "verdict": {"verdict": self.verdict, "first": evidence.first, "reasons": list(self.reasons)},
            "metrics": {name: _metric(one, name == self.decides) for name, one in evidence.metrics.items()},
            "needed": None if self.needed is None else asdict(self.needed),
            "guardrails": [asdict(one) for one in self.guardrails],
            "limits": [asdict(one) for one in self.limits],
            "slices": self._slices(),
            "anchors": self._anchors(),
            "self_tests": [_self_test(one) for one in evidence.self_tests],
        }

    def _anchors(self) -> dict[str, Any]:
        """A rollback is advised where the measuring can be trusted."""
        ratchet = self.ratchet
        return {
            "tolerated": None if ratchet.tolerated is None else ratchet.tolerated.model_dump(),
            "best": None if ratchet.best is None else ratchet.best.anchor.version,
            "broken": ratchet.broken,
            "rollback": ratchet.rollback and self.verdict != "INVALID",
            "rows": [_anchor(one) for one in self.evidence.anchors],
        }

    def _slices(self) -> dict[str, Any]:
        both = list(zip(self.evidence.slices, self.states, strict=True))
        named = {
            state: [f"{one.column}={one.value}" for one, its in both if its == state] for state in set(self.states)
        }
        return {
            "compared": sum(state != "too_small" for state in self.states),
            "max_worse": self.slice_max_worse,
            "broken": named.get("broken", []),
            "too_small": named.get("too_small", []),
            "rows": [_slice(one, state) for one, state in both],
        }


def finite(value: float) -> float | None:
    return value if isfinite(value) else None


def _interval(low: float, high: float) -> list[float] | None:
    return [low, high] if isfinite(low) and isfinite(high) else None


def _pair(one: Comparison | None) -> dict[str, Any]:
    if one is None:
        return dict.fromkeys(("candidate", "production", "difference", "interval"))
    paired = one.paired
    return {
        "candidate": finite(one.alone.value),
        "production": None if paired is None else finite(paired.production),
        "difference": None if paired is None else finite(paired.difference),
        "interval": None if paired is None else _interval(paired.low, paired.high),
    }


def _metric(one: Comparison, decides: bool) -> dict[str, Any]:
    return {
        "decides": decides,
        "greater_is_better": one.metric.greater_is_better,
        **_pair(one),
        "candidate_interval": _interval(one.alone.low, one.alone.high),
        "reading": reading(one),
    }


def reading(one: Comparison) -> str | None:
    """better, worse, or unclear when the interval holds zero; None without a production."""
    if one.paired is None:
        return None
    _, low, high = one.gains
    return "better" if low > 0 else "worse" if high < 0 else "unclear"


def _slice(one: Slice, state: State) -> dict[str, Any]:
    about: Mapping[str, Any] = {
        "column": one.column,
        "value": one.value,
        "rows": one.rows,
        "blocks": one.blocks,
    }
    return {**about, **_pair(one.comparison), "state": state}


def _anchor(one: Anchored) -> dict[str, Any]:
    """`difference` is candidate - anchor; that inside of `better_than_production` is anchor - production."""
    against, beside = _pair(one.against), _pair(one.beside)
    return {
        "version": one.anchor.version,
        "bundle": one.anchor.bundle,
        "pinned": one.anchor.pinned,
        "taken_back": one.anchor.taken_back,
        "rows": one.rows,
        "value": finite(one.value),
        "difference": against["difference"],
        "interval": against["interval"],
        "better_than_production": {name: beside[name] for name in ("difference", "interval")} if one.beside else None,
        "fault": one.fault,
    }


def _self_test(one: SelfTest) -> dict[str, Any]:
    return {"name": one.name, "expected": one.expected, "verdict": one.verdict, "passed": one.passed}
