"""What would have been needed: for each rule that a candidate did not pass, the value that would have passed.

A value is rounded to the side that passes, with as many digits as tell it from what was found.
"""

from collections.abc import Iterator, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from math import floor, log10
from typing import Any

from scripts.core.report.markdown import plain
from scripts.core.report.numbers import deciding, gain
from scripts.core.text import number

Report = Mapping[str, Any]
DIGITS, FINEST = 4, 10
MOST_SLICES, LONGEST = 5, 60


def causes(evaluation: Report) -> list[str]:
    """Of a HOLD or REJECT, in the order of weight: proven worse, a broken rule, not proven better."""
    proof = list(proven(evaluation))
    broken = [*_guardrails(evaluation), *_limits(evaluation), *_slices(evaluation), *_ratchet(evaluation)]
    found = deciding(evaluation)
    worse = found is not None and found[1].get("reading") == "worse"
    return [*proof, *broken] if worse else [*broken, *proof]


def proven(evaluation: Report) -> Iterator[str]:
    """What the deciding metric would have had to be, if its interval had been as wide; nothing where it passed."""
    found = deciding(evaluation)
    turned = gain(found[1]) if found else None
    if found is None or turned is None:
        return
    metric, entry = found
    improvement, low, _ = turned
    wanted = margin(evaluation) + improvement - low
    if low > 0 and improvement >= wanted:
        return
    production, greater = entry["production"], entry["greater_is_better"]
    if (most := believable(evaluation)) is not None and wanted > most:
        yield (
            f"no candidate could have been promoted on these rows: it would have had to be better by "
            f"{number(wanted)} in {metric}, and past {number(most)} no improvement is believed"
        )
        return
    value, is_ = passing(production + (wanted if greater else -wanted), greater, entry["candidate"])
    yield (
        f"to be promoted on these rows {metric} would have had to be {value}: better than production by "
        f"{number(wanted)}, at an interval as wide as this one; it is {is_}"
    )


def margin(evaluation: Report) -> float:
    return float(evaluation["method"].get("min_improvement") or 0.0)


def believable(evaluation: Report) -> float | None:
    """The greatest improvement of the deciding metric that is not taken for a leak; None where it is not known."""
    found, share = deciding(evaluation), evaluation["method"].get("gate", {}).get("max_believable")
    if found is None or share is None or found[1]["production"] is None:
        return None
    perfect = 1.0 if found[1]["greater_is_better"] else 0.0
    return float(share) * abs(perfect - float(found[1]["production"]))


def _guardrails(evaluation: Report) -> Iterator[str]:
    for one in evaluation.get("guardrails", ()):
        entry = evaluation["metrics"].get(one["metric"])
        if one["broken"] and entry and entry["production"] is not None and entry["candidate"] is not None:
            tolerated = tolerance(one["limit"], one["relative"], entry["production"])
            yield f"{_worse_by(one['metric'], entry, tolerated)} (its guardrail)"


def tolerance(absolute: float | None, relative: float | None, production: float) -> float:
    """How much worse may be, in the metric's units: the stricter of what is given."""
    given = [absolute, None if relative is None else relative * abs(production)]
    return min(each for each in given if each is not None)


def _worse_by(metric: str, entry: Report, tolerated: float) -> str:
    greater = entry["greater_is_better"]
    least = entry["production"] + (-tolerated if greater else tolerated)
    value, is_ = passing(least, greater, entry["candidate"])
    return f"{metric} would have had to be {value}; it is {is_}"


def _limits(evaluation: Report) -> Iterator[str]:
    for one in evaluation.get("limits", ()):
        entry = evaluation["metrics"].get(one["metric"])
        if one["broken"] and entry and one["value"] is not None:
            value, is_ = passing(one["limit"], entry["greater_is_better"], one["value"])
            yield f"{one['metric']} would have had to be {value}; it is {is_} (its limit)"


def _slices(evaluation: Report) -> Iterator[str]:
    """The worst first. A slice passes when it is worse by what is tolerated, or when its interval reaches zero."""
    found, slices = deciding(evaluation), evaluation["slices"]
    broken = [one for one in slices.get("rows", ()) if one["state"] == "broken" and one["interval"] is not None]
    if found is None:
        return
    metric, greater = found[0], found[1]["greater_is_better"]
    turned = [(gain({**one, "greater_is_better": greater}), one) for one in broken]
    ordered = sorted(((all_, one) for all_, one in turned if all_ is not None), key=lambda each: each[0][0])
    for (improvement, _, high), one in ordered[:MOST_SLICES]:
        named = plain(f"{one['column']}={one['value']}", LONGEST)
        tolerated = max(float(slices["max_worse"]), high - improvement)
        yield _worse_by(f"{metric} in {named}", {**one, "greater_is_better": greater}, tolerated)
    if (rest := len(ordered) - MOST_SLICES) > 0:
        yield f"and so on in {rest:,} more slices: see reports/evaluation.json"


def _ratchet(evaluation: Report) -> Iterator[str]:
    """Against the best of the earlier releases, on the rows that it was not trained on."""
    anchors, found = evaluation.get("anchors") or {}, deciding(evaluation)
    best = next((one for one in anchors.get("rows", ()) if one["version"] == anchors.get("best")), None)
    if not anchors.get("broken") or found is None or best is None or best["difference"] is None:
        return
    value, allowed = best["value"], anchors["tolerated"]
    both = {**found[1], "production": value, "candidate": value + best["difference"]}
    said = _worse_by(found[0], both, tolerance(allowed["max_worse"], allowed["max_worse_relative"], value))
    yield f"{said} (released v{best['version']} has {number(value)})"


def passing(value: float, greater: bool, found: float | None = None) -> tuple[str, str]:
    """The least that passes (0.7120 or more; without `found` the figure alone), and what was found."""
    for digits in range(DIGITS, FINEST + 1):
        least = _shown(value, digits, ROUND_CEILING if greater else ROUND_FLOOR)
        if found is None:
            return least, ""
        is_ = _shown(found, digits, ROUND_HALF_EVEN)
        if least != is_:
            break
    return f"{least} or {'more' if greater else 'less'}", is_


def _shown(value: float, digits: int, rounding: str) -> str:
    """As text.number shows it, with so many digits for its four, rounded to a side."""
    exact = Decimal(repr(value))
    size = abs(value)
    places = digits if 0.001 <= size < 10 else digits - 1 - floor(log10(size)) if size else 0
    return _figure(float(exact.quantize(Decimal(1).scaleb(-places), rounding=rounding)), digits)


def _figure(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if 0.001 <= abs(value) < 10 else f"{value:.{digits}g}"
