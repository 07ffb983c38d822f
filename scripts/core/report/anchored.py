"""What is said of the earlier releases that were scored on the same rows: a table, and sentences where they matter."""

from collections.abc import Iterator, Mapping
from typing import Any

from scripts.core.report import markdown
from scripts.core.report.markdown import bullets, details, escape
from scripts.core.report.numbers import between, decimals, fixed, signed, spoken
from scripts.core.text import number

Report = Mapping[str, Any]
LEAST_PLACES = 4  # of a loss or score


def anchors(evaluation: Report) -> Report:
    """Empty for evaluations from before there were any."""
    found: Report = evaluation.get("anchors") or {}
    return found


def lines(evaluation: Report) -> list[str]:
    """Plain sentences, for a terminal and the ledger. That the ratchet broke is among the verdict's reasons."""
    return list(_lines(evaluation))


def _lines(evaluation: Report) -> Iterator[str]:
    found = anchors(evaluation)
    scored = [one for one in found.get("rows") or () if one["value"] is not None]
    if scored and (metric := _metric(evaluation)) is not None:
        values = ", ".join(f"{_release(one)} {number(one['value'])}" for one in scored)
        yield f"earlier releases on the same rows: {values} ({spoken(metric[0])})"
    yield from lacking(evaluation)
    if advised := rollback(evaluation):
        yield f"{advised}; to go back to it:"
        yield command(evaluation)  # by itself, so that it can be copied


def lacking(evaluation: Report) -> list[str]:
    """Which releases could not be scored, and why."""
    found = anchors(evaluation)
    faults = [one["fault"] for one in found.get("rows") or () if one["fault"]]
    unknown = found.get("unknown")
    return [*faults, *([f"not all earlier releases were compared: {unknown}"] if unknown else [])]


def rollback(evaluation: Report) -> str:
    """That an older release is the best of all; empty where none is."""
    best, production = _best(evaluation), evaluation["models"]["production"]
    if not anchors(evaluation).get("rollback") or best is None or production is None:
        return ""
    pair = best["better_than_production"]
    low, high = sorted(abs(end) for end in pair["interval"])
    by = f"{number(abs(pair['difference']))} (interval {number(low)} to {number(high)})"
    return (
        f"released v{best['version']} is the best of all: better than production v{production['version']} by {by}, "
        f"and than the candidate by {number(abs(best['difference']))}"
    )


def command(evaluation: Report) -> str:
    """The rollback to the best, as one command."""
    best = _best(evaluation)
    assert best is not None
    by = number(abs(best["better_than_production"]["difference"]))
    why = f"better than v{int(evaluation['models']['production']['version'])} by {by}"
    return f"gh workflow run rollback.yml -f version={int(best['version'])} -f reason='{why}'"


def cells(evaluation: Report) -> tuple[list[str], list[list[str]]]:
    """Header and rows in plain text: candidate and production, then each release; no rows where none was compared."""
    metric, rows = _metric(evaluation), anchors(evaluation).get("rows") or ()
    if not rows or metric is None:
        return [], []
    name, entry = metric
    places = max(LEAST_PLACES, decimals(entry)) if abs(entry["candidate"] or 0) < 10 else decimals(entry)
    production = evaluation["models"]["production"]["version"]
    header = ["", spoken(name), "candidate − it", "interval", f"it − v{production}", "interval", ""]
    nothing, itself = ["", ""], _difference(entry, places)
    both = [
        ["candidate", fixed(entry["candidate"], places), *nothing, *itself, ""],
        [f"production v{production}", fixed(entry["production"], places), *itself, *nothing, ""],
    ]
    return header, both + [_row(one, evaluation, places) for one in rows]


def _row(one: Report, evaluation: Report, places: int) -> list[str]:
    if one["fault"]:
        return [f"v{one['version']}", *["–"] * 5, "not compared"]
    pairs = [*_difference(one, places), *_difference(one["better_than_production"] or {}, places)]
    found, notes = anchors(evaluation), []
    best = one["version"] == found["best"]
    notes += ["best of them"] if best else []
    notes += ["the candidate is worse by too much"] if best and found["broken"] else []
    notes += [f"pinned{', taken back' if one['taken_back'] else ''}"] if one["pinned"] else []
    notes += ["taken back: holds nothing up"] if one["taken_back"] and not one["pinned"] else []
    fewer = one["rows"] != evaluation["holdout"]["rows"]
    notes += [f"{one['rows']:,} rows, as it was trained on the others"] if fewer else []
    return [f"v{one['version']}", fixed(one["value"], places), *pairs, "; ".join(notes)]


def _difference(pair: Report, places: int) -> list[str]:
    return [signed(pair.get("difference"), places), between(pair.get("interval"), places)]


def rule(evaluation: Report) -> str:
    """The ratchet in a sentence."""
    allowed = anchors(evaluation).get("tolerated")
    if allowed is None:
        return "They are only reported: gate.anchor_max_worse is null."
    limits = [] if allowed["max_worse"] is None else [number(allowed["max_worse"])]
    limits += [] if allowed["max_worse_relative"] is None else [f"{100 * allowed['max_worse_relative']:.4g}%"]
    state = "broken" if anchors(evaluation)["broken"] else "kept"
    return f"A candidate may be worse than the best of them by {' and '.join(limits)} at most: {state}."


def table(evaluation: Report) -> str:
    header, rows = cells(evaluation)
    written = [[escape(first), *figures, escape(note)] for first, *figures, note in rows]
    return markdown.table([escape(each) for each in header], written, "lrrlrll") if rows else ""


def body(evaluation: Report) -> str:
    """The table with what is to be known of it, in Markdown; empty where there is nothing to say."""
    parts = []
    if advised := rollback(evaluation):
        parts.append(f"**{escape(advised)}.** To go back to it:\n\n```sh\n{command(evaluation)}\n```")
    if shown := table(evaluation):
        parts.append(shown)
        parts.append(f"{escape(rule(evaluation))} Intervals hold for all of these releases at once.")
    parts += [bullets(escape(each) for each in lacking(evaluation))]
    return "\n\n".join(part for part in parts if part)


def folded(evaluation: Report) -> str:
    """Open where a reader must not pass it by."""
    said, found = body(evaluation), anchors(evaluation)
    if not said:
        return ""
    rows = found.get("rows") or ()
    summary = f"Earlier releases on the same rows: {sum(not one['fault'] for one in rows):,} compared"
    summary += f", v{found['best']} is the best of all" if found.get("rollback") else ""
    summary += f", the candidate is worse than v{found['best']} by too much" if found.get("broken") else ""
    return details(summary, said, unfolded=bool(found.get("broken") or found.get("rollback")))


def _release(one: Report) -> str:
    marks = [mark for mark, is_so in (("pinned", one["pinned"]), ("taken back", one["taken_back"])) if is_so]
    return f"v{one['version']}{' (' + ', '.join(marks) + ')' if marks else ''}"


def _best(evaluation: Report) -> Report | None:
    found = anchors(evaluation)
    return next((one for one in found.get("rows") or () if one["version"] == found.get("best")), None)


def _metric(evaluation: Report) -> tuple[str, Report] | None:
    return next(((name, entry) for name, entry in evaluation["metrics"].items() if entry["decides"]), None)
