"""What a hold-out could have shown, and how much more of it a difference would take."""

from math import ceil, floor, log10

from scripts.core.gate.evidence import Comparison, Evidence
from scripts.core.gate.judgement import Needed
from scripts.core.params import Gate

MOST = 10.0  # half widths per distance; past it, over a hundred times the rows would be asked for


def needed(deciding: Comparison, evidence: Evidence, gate: Gate) -> Needed:
    """An interval shrinks with the root of the rows: times (half / distance)^2, and it ends at the asked margin."""
    improvement, low, high = deciding.gains
    half, distance = (high - low) / 2, abs(improvement - gate.min_improvement)
    smallest = gate.min_improvement + half
    if high < gate.min_improvement:
        return Needed(smallest, 0, 0 if gate.block else None)
    if half >= MOST * distance:
        return Needed(smallest, None, None)
    growth = max(0.0, (half / distance) ** 2 - 1)
    return Needed(smallest, _about(evidence.rows * growth), _about(evidence.blocks * growth) if gate.block else None)


def _about(count: float) -> int:
    """Rounded up to two digits: more would be a pretence."""
    unit = 10 ** max(0, floor(log10(count)) - 1) if count >= 1 else 1
    return max(1, ceil(count / unit) * unit)
