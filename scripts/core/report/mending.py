"""What must be mended before a comparison can be trusted, where the verdict is INVALID."""

from collections.abc import Iterator, Mapping, Sequence
from math import floor
from typing import Any

from scripts.core.report.markdown import plain
from scripts.core.report.numbers import deciding, gain
from scripts.core.report.passing import LONGEST, believable, passing

Report = Mapping[str, Any]
BOTH_CLASSES = ("roc_auc", "average_precision")
NUMBERS = ("candidate", "production", "difference", "interval")


def mending(evaluation: Report) -> list[str]:
    """Like the gate's reasons: the first kind of trouble, and tests of the gate itself that failed."""
    first = (
        [*_models(evaluation)]
        or [*_too_little(evaluation)]
        or [*_unmeasured(evaluation)]
        or [*_unbelievable(evaluation)]
    )
    return [*first, *_self_tests(evaluation)] or ["what the reasons name must be mended: then run it again"]


def _says(evaluation: Report, beginning: str) -> bool:
    return any(reason.startswith(beginning) for reason in evaluation["verdict"]["reasons"])


def _models(evaluation: Report) -> Iterator[str]:
    if _says(evaluation, "the candidate can't be scored"):
        yield "the candidate must answer for every row of the hold-out: mend what keeps it from that, and retrain"
    if _says(evaluation, "the production can't be scored"):
        yield (
            "production must be readable and answer for every row: bring back its file and the columns that it was "
            "made for, or go back to a release that can be scored"
        )
    if _says(evaluation, "candidate and production are one model"):
        yield "a candidate must come of something new: of other data, params or code than production"


def _too_little(evaluation: Report) -> Iterator[str]:
    from scripts.core.scoring.truth import LEAST_BLOCKS  # brings numpy, which a run with nothing to tell does without

    holdout, rules = evaluation["holdout"], evaluation["method"].get("gate", {})
    rows, leaked, blocks = holdout["rows"], holdout["leaked"], holdout["blocks"]
    if (least := rules.get("min_rows", 0)) > rows:
        yield f"{least - rows:,} more labelled rows in the hold-out would be enough to compare on"
    if blocks is not None and blocks < LEAST_BLOCKS:
        more = LEAST_BLOCKS - blocks
        yield f"rows of {more} more {'block' if more == 1 else 'blocks'} of {evaluation['method']['block']} are needed"
    allowed = floor(rules.get("max_leaked", 1.0) * (rows + leaked))
    if leaked > allowed:
        fewer = f"{leaked - allowed:,} fewer than now"
        yield (
            f"at most {allowed:,} of {rows + leaked:,} hold-out rows may be known to a model, {fewer}: "
            "let the hold-out begin after the newest row that one was trained on"
        )


def _unmeasured(evaluation: Report) -> Iterator[str]:
    from scripts.core.scoring.truth import LEAST_BLOCKS

    wanted = NUMBERS if evaluation["models"]["production"] else NUMBERS[:1]
    for name, entry in evaluation["metrics"].items():
        if _lacks(entry, (*wanted, "candidate_interval")):
            both = f": rows of both classes in {LEAST_BLOCKS} or more blocks" if name in BOTH_CLASSES else ""
            yield f"{name} must be measurable on these rows{both or ', for both models'}"
    for one in evaluation["slices"].get("rows", ()):
        if one["state"] != "too_small" and _lacks(one, wanted):
            named = plain(f"{one['column']}={one['value']}", LONGEST)
            yield f"{named} must be measurable: more rows, or gate.slice_min_rows above its {one['rows']:,}"
    for reason in evaluation["verdict"]["reasons"]:
        if reason.startswith("slices of ") and "so one of them is missing" in reason:
            column = plain(reason.removeprefix("slices of ").split(":")[0], LONGEST)
            yield f"every row must be in one of the slices of {column}"


def _lacks(entry: Report, wanted: Sequence[str]) -> bool:
    return any(entry.get(each) is None for each in wanted)


def _unbelievable(evaluation: Report) -> Iterator[str]:
    found, most = deciding(evaluation), believable(evaluation)
    turned = gain(found[1]) if found else None
    if found is None or turned is None or most is None or turned[0] <= most:
        return
    metric, entry = found
    share = turned[0] / most * evaluation["method"]["gate"]["max_believable"]
    greater = not entry["greater_is_better"]  # what is believed ends where better begins
    value, is_ = passing(
        entry["production"] + (most if entry["greater_is_better"] else -most), greater, entry["candidate"]
    )
    yield (
        f"{metric} of {value} would have been believed; it is {is_}. If no column knows the target, "
        f"gate.max_believable must be {passing(share, True)[0]} or more"
    )


def _self_tests(evaluation: Report) -> Iterator[str]:
    if any(not test["passed"] for test in evaluation["self_tests"]):
        yield (
            "the gate must come out of its own tests as it should before it judges: give it more rows or blocks "
            "(data.holdout, gate.block), or take back what was changed in scripts/core/gate"
        )
