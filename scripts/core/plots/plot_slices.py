"""The deciding metric by slice, with its intervals: broken ones first, then from the worst to the best."""

from collections.abc import Sequence
from dataclasses import replace

from scripts.core.plots import forest
from scripts.core.plots.figures import ALERT, CANDIDATE, QUIET, clean, column, fit, labels, plain, png, said, sheet
from scripts.core.plots.forest import Layout, Row
from scripts.core.plots.plot_verdict import Report, decides, finite, on_rows, oriented, production, spoken

MOST = 40  # rows that the picture shows
LAYOUT = Layout(2.4, 2.0, ((5.35, "rows"), (6.1, "candidate"), (6.95, "difference")))
ALONE = replace(LAYOUT, heads=(*LAYOUT.heads[:2], (6.95, "against all")))
STATES = {"broken": "broken", "ok": "", "too_small": "too small"}  # in the order in which they are shown


def slices(evaluation: Report) -> bytes:
    found, deciding = evaluation["slices"]["rows"], decides(evaluation)
    if not found:
        return plain("No slices", "The models are compared as a whole only: gate.slices names no column.")
    if deciding is None:
        return plain("No slices", "The deciding metric could not be measured.")
    compared = any(finite(one["difference"]) is not None for one in found)
    whole = finite(deciding[1]["candidate"])
    rows = _rows(found if compared else _against(whole, found), deciding[1]["greater_is_better"])
    title = _title(evaluation) if compared else _alone(whole)
    told = _told(evaluation, spoken(deciding[0]), compared)
    page = sheet(forest.ROW * len(rows) + forest.FOOT, title, told)
    limit = (finite(evaluation["slices"].get("max_worse")) or 0.0) if compared else 0.0
    axes = forest.draw(page, rows, max(_reach(rows), 1.1 * limit), LAYOUT if compared else ALONE)
    if limit:
        axes.axvline(-limit, color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
    return png(page.figure)


def _against(whole: float | None, found: Sequence[Report]) -> list[Report]:
    """With nothing to compare with: the candidate's score in a slice against its score on all rows."""
    scores = [finite(one["candidate"]) for one in found]
    apart = [None if score is None or whole is None else score - whole for score in scores]
    return [{**one, "difference": distance, "interval": None} for one, distance in zip(found, apart, strict=True)]


def _rows(found: Sequence[Report], greater: bool) -> list[Row]:
    ordered = sorted(found, key=lambda one: _order(one, greater))[:MOST]
    names = labels([_name(one) for one in ordered], LAYOUT.name - 0.15)
    scores = column([finite(one["candidate"]) for one in ordered])
    apart = column([finite(one["difference"]) for one in ordered], sign="+")
    return [
        _row(one, greater, name, (f"{one['rows']:,}", score, difference, STATES[one["state"]]))
        for one, name, score, difference in zip(ordered, names, scores, apart, strict=True)
    ]


def _name(one: Report) -> str:
    return f"{clean(one['column'])} = {clean(one['value'])}"


def _order(one: Report, greater: bool) -> tuple[int, bool, float]:
    centre, *_ = oriented(one, greater)
    return list(STATES).index(one["state"]), centre is None, centre or 0.0


def _row(one: Report, greater: bool, name: str, notes: tuple[str, ...]) -> Row:
    centre, low, high = oriented(one, greater)
    colour = ALERT if one["state"] == "broken" else QUIET
    if one["state"] == "ok" and low is not None and low > 0:
        colour = CANDIDATE
    return Row(name, centre, low, high, colour, notes, hollow=one["state"] == "too_small")


def _reach(rows: Sequence[Row]) -> float:
    """Wide enough for every centre that counts and for nine in ten of the intervals."""
    counted = [row for row in rows if not row.hollow] or rows
    ends = sorted(row.reach() for row in counted)
    centres = [abs(row.centre) for row in counted if row.centre is not None]
    return 1.1 * max([ends[(len(ends) - 1) * 9 // 10], *centres]) or 1.0


def _title(evaluation: Report) -> str:
    found = evaluation["slices"]
    broken = [fit(_name(one), 1.8) for one in found["rows"] if one["state"] == "broken"]
    if not broken:
        whole = {0: "No slice is large enough to judge", 1: "The only slice to judge is not broken"}
        return whole.get(found["compared"], f"None of {found['compared']:,} slices is broken")
    more = f" and {len(broken) - 3:,} more" if len(broken) > 3 else ""
    return f"{len(broken):,} of {found['compared']:,} slices broken: {', '.join(broken[:3])}{more}"


def _alone(whole: float | None) -> str:
    return f"The candidate by slice, against {said(whole)} on all rows"


def _told(evaluation: Report, metric: str, compared: bool) -> str:
    found = evaluation["slices"]["rows"]
    small = sum(one["state"] == "too_small" for one in found)
    told = f"{metric.capitalize()} on {on_rows(evaluation)}."
    if compared:
        told = f"{metric.capitalize()}, candidate against {production(evaluation)}. Bars:"
        confidence = evaluation["method"]["gate"]["confidence"]  # a worn hold-out makes no guard weaker
        told += f" {100 * confidence:g}% intervals, widened for the number of slices."
    if compared and finite(evaluation["slices"].get("max_worse")):
        told += " Dashed: the loss allowed."
    if small:
        told += f" {small:,} too small to judge."
    if len(found) > MOST:
        told += f" {MOST} of {len(found):,} shown, the worst first."
    return told
