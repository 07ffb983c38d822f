"""What a person's pull request changes in the pipeline: the comment that says so."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scripts.core.changes import Changes
from scripts.core.report import anchored, explain, sections
from scripts.core.report.markdown import bullets, clip, code, details, escape, link, table
from scripts.core.report.numbers import decimals, fixed, signed, spoken
from scripts.core.report.pull_request import verdict

Report = Mapping[str, Any]
LIMIT = 60_000
ARROWS = {True: "▲", False: "▼"}


@dataclass(frozen=True)
class Compared:
    """`before` and `after` are evaluation.json on the base and here; None where nothing was judged."""

    before: Report | None
    after: Report | None
    changes: Changes
    failed: tuple[str, ...] = ()  # what the pipeline said when it broke off
    run: str | None = None  # address of the workflow's run


def comment(found: Compared) -> str:
    return clip(_parts(found), LIMIT, link("run", found.run) if found.run else "")


def _parts(found: Compared) -> Iterator[str]:
    if found.failed:
        yield "### With these changes the pipeline fails"
        yield bullets(code(line) for line in found.failed)
    elif found.after is None:
        yield "### With these changes no candidate is judged"
    else:
        yield f"### {_heading(found)}"
        yield verdict(found.after)
        yield bullets(escape(each) for each in explain.needed(found.after))
        yield from _numbers(found.before, found.after)
    if found.changes.any:
        yield details("What changed in params, data and code", sections.changes(found.changes))
    if found.after is not None and not found.failed:
        yield details("The candidate of this pull request against production", sections.metrics(found.after))
        yield anchored.folded(found.after)
    yield "*Nothing is promoted by this: after the merge the next retrain judges anew.*"


def _heading(found: Compared) -> str:
    assert found.after is not None
    now = escape(found.after["verdict"]["verdict"])
    before = escape(found.before["verdict"]["verdict"]) if found.before else "no verdict"
    if _same_candidate(found):
        return f"With these changes the candidate stays the same, the verdict is {now} (was {before})"
    return f"With these changes the verdict is {now} (was {before})"


def _same_candidate(found: Compared) -> bool:
    both = [side["models"]["candidate"]["bundle"] for side in (found.before, found.after) if side]
    return len(both) == 2 and both[0] == both[1]


def _numbers(before: Report | None, after: Report) -> Iterator[str]:
    """The candidate of the base beside this one's."""
    if before is None:
        return
    names = [name for name in after["metrics"] if name in before["metrics"]][: sections.MOST_METRICS]
    if names:
        rows = [_row(name, before["metrics"][name], after["metrics"][name]) for name in names]
        yield table(["metric", "candidate before", "candidate now", "difference", ""], rows, "lrrrl")
    if before["holdout"]["fingerprint"] != after["holdout"]["fingerprint"]:
        yield "The two were measured on different hold-out rows: the difference tells little."


def _row(metric: str, before: Report, after: Report) -> list[str]:
    then, now = before["candidate"], after["candidate"]
    if then is None or now is None:
        return [escape(spoken(metric)), fixed(then, 4), fixed(now, 4), "–", ""]
    difference = now - then
    places = decimals({"candidate": now, "difference": difference, "interval": None}, 4)
    better = (difference > 0) == after["greater_is_better"]
    arrow = ARROWS[better] if difference else "="
    return [escape(spoken(metric)), fixed(then, places), fixed(now, places), signed(difference, places), arrow]
