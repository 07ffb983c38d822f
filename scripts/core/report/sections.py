"""Parts of a report that say what a run found: the same words in the pull request, on the run's page, in a comment."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scripts.core.changes import Change, Changes
from scripts.core.report.markdown import bullets, code, escape, name, table
from scripts.core.report.numbers import READINGS, between, decimals, fixed, signed, spoken
from scripts.core.text import number

Report = Mapping[str, Any]
MOST_SLICES, MOST_COLUMNS, MOST_CHANGES, MOST_METRICS = 30, 25, 40, 20
NAMES = 5  # in a sentence


def metrics(evaluation: Report) -> str:
    """Production, candidate and the difference of every metric, on the same rows."""
    production = evaluation["models"]["production"]
    level = f"{100 * evaluation['method']['confidence']:g}% interval"
    found = sorted(evaluation["metrics"].items(), key=lambda item: not item[1]["decides"])[:MOST_METRICS]
    if production is None:
        rows = [[_metric(metric, entry), *_alone(entry)] for metric, entry in found]
        return table(["metric", "candidate", level], rows, "lrl")
    rows = [[_metric(metric, entry), *_both(entry)] for metric, entry in found]
    header = ["metric", f"production v{production['version']}", "candidate", "difference", level, ""]
    return table(header, rows, "lrrrll")


def _metric(metric: str, entry: Report) -> str:
    return f"**{escape(spoken(metric))}** (decides)" if entry["decides"] else escape(spoken(metric))


def _alone(entry: Report) -> list[str]:
    ends = entry.get("candidate_interval")
    shown = "–" if ends is None else " … ".join(fixed(end, decimals(entry, 4)) for end in ends)
    return [fixed(entry["candidate"], decimals(entry, 4)), shown]


def _both(entry: Report) -> list[str]:
    places = decimals(entry, 4)
    values = [fixed(entry["production"], places), fixed(entry["candidate"], places)]
    difference = signed(entry["difference"], places)
    return [*values, difference, between(entry["interval"], places), READINGS.get(entry.get("reading") or "", "–")]


def why_now(run: Report | None) -> str:
    """The triggers that fired in the run that made the candidate."""
    fired = [trigger for trigger in (run or {}).get("triggers", ()) if trigger["state"] == "fired"]
    if not run or not run.get("verdict") or not fired:
        return ""
    return "; ".join(f"{escape(trigger['says'])} ({code(trigger['name'])})" for trigger in fired)


def drifted(drift: Report | None) -> str:
    """Which columns, in a few words."""
    if not drift or not drift["production"] or not drift["columns"]:
        return ""
    names = ", ".join(name(column) for column in drift["drifted"][:NAMES])
    more = len(drift["drifted"]) - NAMES
    names += f" and {more:,} more" if more > 0 else ""
    share = f"{len(drift['drifted']):,} of {len(drift['columns']):,} columns"
    return f"{share}{f' ({names})' if names else ''}, {drift['weighted_share']:.0%} by importance"


def performance(drift: Report | None) -> str:
    """What production scores on the new rows, in a sentence."""
    score = drift and drift["performance"]
    if not score:
        return ""
    release = "" if score["at_release"] is None else f", {number(score['at_release'])} at release"
    return f"production scores {number(score['now'])} ({escape(spoken(score['metric']))}) on new rows{release}"


def slices(evaluation: Report) -> str:
    """The worst first; those that are broken always."""
    found = evaluation["slices"]
    rank = {"broken": 0, "ok": 1, "too_small": 2}
    better = next((entry["greater_is_better"] for entry in evaluation["metrics"].values() if entry["decides"]), False)

    def order(one: Report) -> tuple[int, float]:
        difference = one["difference"] or 0.0
        return rank[one["state"]], difference if better else -difference

    shown = sorted(found["rows"], key=order)
    if not shown:
        return ""
    rest = len(shown) - MOST_SLICES
    more = f"\n\n*{rest:,} more slices stand in `reports/evaluation.json`.*" if rest > 0 else ""
    if evaluation["models"]["production"] is None:
        return table(["slice", "rows", "candidate", ""], map(_slice_alone, shown[:MOST_SLICES]), "lrrl") + more
    header = ["slice", "rows", "production", "candidate", "difference", "interval", ""]
    said = (
        f"Broken: worse by more than {found['max_worse']:g}, and by the whole interval, widened for their number.\n\n"
    )
    return said + table(header, map(_slice, shown[:MOST_SLICES]), "lrrrrll") + more


def _slice(one: Report) -> list[str]:
    name_, rows, candidate, state = _slice_alone(one)
    if one["production"] is None:
        return [name_, rows, "", candidate, "", "", state]
    differs = [signed(one["difference"], 4), between(one["interval"], 4)]
    return [name_, rows, number(one["production"]), candidate, *differs, state]


def _slice_alone(one: Report) -> list[str]:
    state = {"broken": "▼ **broken**", "ok": "", "too_small": "too small to judge"}[one["state"]]
    candidate = "" if one["candidate"] is None else number(one["candidate"])
    return [name(f"{one['column']} = {one['value']}"), f"{one['rows']:,}", candidate, state]


def columns(drift: Report | None) -> str:
    """Drift by column: what drifted first, by importance."""
    if not drift or not drift["columns"]:
        return ""
    shown = sorted(drift["columns"], key=lambda one: (not one["drifted"], -one["importance"], -one["distance"]))
    rows = [_column(one) for one in shown[:MOST_COLUMNS]]
    rest = len(shown) - MOST_COLUMNS
    more = f"\n\n*{rest:,} more columns stand in `reports/drift.json`.*" if rest > 0 else ""
    return table(["column", "distance (PSI)", "limit", "importance", "missing", ""], rows, "lrrrrl") + more


def _column(one: Report) -> list[str]:
    then, now = f"{one['missing_then']:.1%}", f"{one['missing_now']:.1%}"
    missing = then if then == now else f"{then} → {now}"
    state = "**drifted**" if one["drifted"] else ""
    return [
        name(one["column"]),
        f"{one['distance']:.3f}",
        f"{one['threshold']:.3f}",
        f"{one['importance']:.1%}",
        missing,
        state,
    ]


def changes(found: Changes) -> str:
    return "\n\n".join(
        [_changed("Params", "setting", found.params), _changed("Data", "batch", found.data), _files(found.code)]
    )


def _changed(title: str, what: str, found: Sequence[Change] | None) -> str:
    if found is None:
        return f"**{title}:** not known."
    if not found:
        return f"**{title}:** nothing changed."
    rows = [[code(one.name, 80), code(one.before, 80), code(one.after, 80)] for one in found[:MOST_CHANGES]]
    rest = len(found) - MOST_CHANGES
    more = f"\n\n*and {rest:,} more*" if rest > 0 else ""
    return f"**{title}**\n\n{table([what, 'before', 'now'], rows, 'lll')}{more}"


def _files(files: Sequence[str] | None) -> str:
    if files is None:
        return "**Code:** not known."
    if not files:
        return "**Code:** nothing changed."
    rest = len(files) - MOST_CHANGES
    more = [f"and {rest:,} more"] if rest > 0 else []
    return f"**Code**\n\n{bullets([*(code(file, 120) for file in files[:MOST_CHANGES]), *more])}"


def judged(evaluation: Report) -> str:
    """How the verdict was reached: reasons, guardrails, limits, self-tests, method."""
    return bullets(_judged(evaluation))


def _judged(evaluation: Report) -> Iterator[str]:
    yield from (escape(reason) for reason in evaluation["verdict"]["reasons"])
    for one in evaluation["guardrails"]:
        allowed = [] if one["limit"] is None else [number(one["limit"])]
        allowed += [] if one["relative"] is None else [f"{100 * one['relative']:.3g}% of production's value"]
        state = "**broken**" if one["broken"] else "kept"
        yield f"guardrail {escape(spoken(one['metric']))}: worse by {' and '.join(allowed)} at most: {state}"
    for one in evaluation["limits"]:
        value = "not known" if one["value"] is None else number(one["value"])
        state = "**broken**" if one["broken"] else "kept"
        yield f"limit {escape(spoken(one['metric']))}: {value} against {number(one['limit'])}: {state}"
    for one in evaluation["self_tests"]:
        state = "passed" if one["passed"] else f"**failed**: came out {escape(one['verdict'])}"
        yield f"self-test, {escape(one['name'])}: must be {escape(one['expected'])}: {state}"
    holdout, method = evaluation["holdout"], evaluation["method"]
    yield f"hold-out rows that a model was trained on, and that were left out: {holdout['leaked']:,}"
    block = f"blocks of {method['block']}" if method["block"] else "single rows"
    yield (
        f"{100 * method['confidence']:g}% intervals: {method['resamples']:,} paired resamples of {block}, "
        f"asked improvement {number(method['min_improvement']) if method['min_improvement'] else 'more than nothing'}"
    )
