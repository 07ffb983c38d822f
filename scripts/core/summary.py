"""What a run found, as lines for a terminal of 100 columns."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.core.report import anchored, explain
from scripts.core.scoring.metrics import find
from scripts.core.text import number
from scripts.core.triggers import Decision

WIDTH = 100
LABEL = 10
NAMES = 6  # of drifted columns


@dataclass(frozen=True)
class Found:
    """Everything that a summary speaks of; None for what a run did not come to."""

    name: str
    run: str
    data: str  # what arrived, in words
    production: int  # version; 0: none
    decision: Decision
    validation: Mapping[str, Any]
    drift: Mapping[str, Any] | None
    manifest: Mapping[str, Any] | None
    evaluation: Mapping[str, Any] | None
    seconds: Mapping[str, float]
    warnings: Sequence[str]
    explained: Sequence[str] = ()  # what was needed, or what waiting costs: see report/explain.py
    saved: str | None = None  # by not retraining


def lines(found: Found) -> list[str]:
    out = [f"Evergreen · {found.name} · run {found.run}", ""]
    out += _entry("Data", f"{found.data} · {_checks(found.validation)}")
    if found.drift is not None:
        out += _entry("Drift", *_drift(found.drift))
    out += _entry("Why", str(found.decision))
    if found.evaluation is None:
        out += _entry("Waiting", *found.explained, *([found.saved] if found.saved else []))
        return [*out, *_entry("Next", _nothing(found))]
    if found.manifest is not None:
        out += _entry("Train", _train(found.manifest, found.seconds))
    out += ["", *_table(found.evaluation), ""]
    out += _entry(found.evaluation["verdict"]["verdict"], *_verdict(found.evaluation))
    out += _entry("Needed", *found.explained)
    out += _entry("Anchors", *anchored.lines(found.evaluation))
    out += ["", *_entry("Reports", "reports/drift.html · reports/evaluation.json · reports/plots/")]
    out += _entry("Next", _next(found.evaluation, found.production))
    for warning in found.warnings:
        out += _entry("Warning", warning)
    return out


def nothing_new(name: str, production: int, decision: Decision, data: str, saved: str | None = None) -> list[str]:
    """Few lines: that there is nothing to do, how far every trigger is from firing, and what that saves."""
    kept = f"production v{production} stays" if production else "no production model yet"
    far = " · ".join(trigger.says for trigger in decision.triggers if trigger.state not in ("off", "unknown"))
    head = _wrapped(f"Evergreen · {name} · {data}: {kept}", "")
    return [*head, *_wrapped(far or "no trigger is measured yet", "  "), *([saved] if saved else [])]


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=indent, break_long_words=False) or [""]


def _entry(label: str, *texts: str) -> list[str]:
    out: list[str] = []
    for text in texts:
        for line in textwrap.wrap(text, WIDTH - LABEL, break_long_words=False):
            out.append(f"{label if not out else '':<{LABEL}}{line}")
    return out


def _checks(validation: Mapping[str, Any]) -> str:
    passed = validation["checks"] - len(validation["warnings"])
    text = f"{passed:,} checks passed"
    if not validation["warnings"]:
        return text
    first = validation["warnings"][0]
    count = len(validation["warnings"])
    about = first["column"] or first["batch"] or "table"
    return f"{text}, {count} warning{'s' * (count > 1)} ({about}: {first['rule']})"


def _drift(drift: Mapping[str, Any]) -> Iterator[str]:
    if not drift["production"]:
        yield "nothing to compare with yet: there is no production model"
        return
    if not drift["columns"]:
        yield f"no rows are newer than those production v{drift['production']} was judged on"
        return
    more = len(drift["drifted"]) - NAMES
    names = ", ".join(drift["drifted"][:NAMES]) + (f" and {more} more" if more > 0 else "")
    yield (
        f"{len(drift['drifted'])} of {len(drift['columns'])} columns (weighted {drift['weighted_share']:.2f})"
        + (f": {names}" if names else "")
    )
    score, moved = drift["performance"], drift["prediction"]
    if moved is not None:
        text = f"predictions moved {number(moved['distance'])} (limit {number(moved['threshold'])})"
        if score is not None:
            text += f" · production scores {number(score['now'])} on new rows, {number(score['at_release'])} at release"
        yield text


def _train(manifest: Mapping[str, Any], seconds: Mapping[str, float]) -> str:
    rows = manifest["trained_on"]
    text = f"{rows['rows']:,} rows"
    if rows["from"]:
        text += f", {rows['from'][:10]} to {rows['to'][:10]}"
    return text + (f", {seconds['train']:.1f} s" if seconds.get("train") else "")


def _table(evaluation: Mapping[str, Any]) -> list[str]:
    production = evaluation["models"]["production"]
    name = f"production v{production['version']}" if production else "production"
    blocks, rows = evaluation["holdout"]["blocks"], evaluation["holdout"]["rows"]
    what = f"{rows:,} rows" if blocks is None else f"{blocks} blocks"
    resampled = f"{100 * evaluation['method']['confidence']:g}% interval over {what}"
    head = ("", name, "candidate", f"difference ({resampled})")
    body = [_metric(metric, values) for metric, values in evaluation["metrics"].items()]
    widths = [max(len(row[column]) for row in [head, *body]) + 2 for column in range(3)]
    lines = ([cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)] for row in [head, *body])
    return ["".join(line).rstrip() for line in lines]


def _metric(name: str, values: Mapping[str, Any]) -> tuple[str, str, str, str]:
    shown = find(name).name.replace("_", " ") + (" *" if values["decides"] else "")
    if values["production"] is None:
        return shown, "-", _number(values["candidate"]), ""
    if values["difference"] is None or values["interval"] is None:
        return shown, _number(values["production"]), _number(values["candidate"]), "not comparable"
    low, high = values["interval"]
    difference = f"{_signed(values['difference'])}  {values['reading']:<8} [{_signed(low)}, {_signed(high)}]"
    return shown, _number(values["production"]), _number(values["candidate"]), difference


def _number(value: float | None) -> str:
    return "-" if value is None else number(value)


def _signed(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:+.4f}" if abs(value) < 10 else f"{value:+.4g}"


def _verdict(evaluation: Mapping[str, Any]) -> Iterator[str]:
    yield from evaluation["verdict"]["reasons"]
    slices = evaluation["slices"]
    if slices["compared"] or slices["too_small"]:
        yield (
            f"slices: {slices['compared']} compared, {len(slices['broken'])} broken{_named(slices['broken'])}, "
            f"{len(slices['too_small'])} too small to judge"
        )
    failed = [test["name"] for test in evaluation["self_tests"] if not test["passed"]]
    yield (f"self-test FAILED: {', '.join(failed)}" if failed else "self-test passed") + f" · {_leaked(evaluation)}"


def _named(broken: Sequence[Any]) -> str:
    names = [str(item) if isinstance(item, str) else f"{item['column']} {item['value']}" for item in broken[:3]]
    return f" ({', '.join(names)})" if names else ""


def _leaked(evaluation: Mapping[str, Any]) -> str:
    count = evaluation["holdout"]["leaked"]
    return f"{count:,} hold-out rows were trained on and left out" if count else "no hold-out row was trained on"


def _next(evaluation: Mapping[str, Any], production: int) -> str:
    kept = f"production v{production} stays" if production else "there is no production model yet"
    return {
        "PROMOTE": "make promote: makes this candidate production; then commit",
        "HOLD": f"nothing to do: {kept}{'. More labelled rows may settle it' if explain.settles(evaluation) else ''}",
        "REJECT": f"nothing to do: {kept}. See reports/plots/ for where the candidate is worse",
        "INVALID": f"{kept}. The comparison can't be trusted: mend the reason above, then run again",
    }[evaluation["verdict"]["verdict"]]


def _nothing(found: Found) -> str:
    kept = f"production v{found.production} stays" if found.production else "there is no production model yet"
    return f"nothing to do: no trigger fired, {kept}. To retrain all the same: --force --reason '...'"
