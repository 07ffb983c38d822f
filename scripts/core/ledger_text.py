"""The ledger for people: a table, what was production at a moment, and a run told in sentences; 100 columns."""

import textwrap
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from scripts.core.declaration import Declaration
from scripts.core.ledger import Line, Score, Trigger
from scripts.core.report import explain
from scripts.core.report.markdown import plain
from scripts.core.text import number

WIDTH, LABEL = 100, 11
HEAD = ("date", "event", "data to", "triggers", "verdict", "", "version", "took")
TRIGGERS, NARROW = 3, 8  # the column that gives way, and how far
EVENTS = {"workflow_dispatch": "dispatch", "pull_request": "pr", "repository_dispatch": "dispatch"}
WHERE = {
    "opened": "was opened",
    "refreshed": "was rewritten with this candidate",
    "closed": "was closed",
    "left": "was left as it is",
    "issue": "could not be opened: an issue asks for it",
    "carried": "brings data and reports to main, which takes no push",
    "nothing": "said so already",
}
PROPOSED = ("opened", "refreshed", "issue", "committed", "nothing")


def table(lines: Sequence[Line]) -> list[str]:
    """Oldest first; the column of the metric is named after it."""
    metric = next((found[0] for line in reversed(lines) if (found := line.deciding)), "metric")
    rows = [[name or metric for name in HEAD], *(_row(line) for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    over = sum(widths) + 2 * (len(widths) - 1) - WIDTH
    widths[TRIGGERS] = max(NARROW, widths[TRIGGERS] - max(0, over))
    return ["  ".join(_fit(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _fit(cell: str, width: int) -> str:
    return (cell if len(cell) <= width else cell[: width - 1] + "…").ljust(width)


def _row(line: Line) -> list[str]:
    return [
        f"{line.moment.astimezone(UTC):%Y-%m-%d %H:%M}",
        plain(EVENTS.get(line.event or "", line.event or "laptop"), 9),
        _day(line.data.to if line.data else None),
        plain(", ".join(line.fired) or ("none" if line.triggers else "-"), 40),
        plain(verdict(line), 12),
        _scores(line),
        _version(line),
        took(line.total_seconds),
    ]


def _day(time: str | None) -> str:
    return plain(time)[: len("2013-05-31")] if time else "-"


def verdict(line: Line) -> str:
    """What came out, in a word or two."""
    if line.ended != 0 and not line.verdict:
        return "failed" if line.ended else "broken off"
    if line.action:
        return "rollback" if line.command == "rollback" else line.action.replace("_", " ")
    if not line.new:
        return "nothing new"
    return line.verdict or ("no reason" if line.triggers else "-")


def _scores(line: Line) -> str:
    found = line.deciding
    if found is None or found[1].candidate is None:
        return "-"
    before = "" if found[1].production is None else f"{number(found[1].production)} -> "
    return f"{before}{number(found[1].candidate)}"


def _version(line: Line) -> str:
    """What it made of the version: v5 is released, (v5) proposed, =v4 stays."""
    if line.command == "rollback":
        return f"(v{line.version})" if line.version else "-"
    if line.command == "retrain":
        proposed = line.version and line.pull_request is not None and line.pull_request.action in PROPOSED
        return f"(v{line.version})" if proposed else f"=v{line.production}" if line.production else "-"
    return f"v{line.version}" if line.version else "-"


def took(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def why(line: Line, lines: Sequence[Line]) -> list[str]:
    """A run told in sentences; `lines` says what became of it."""
    out = _entry("Run", *_run(line))
    out += _entry("Data", _data(line))
    if line.triggers:
        out += _entry("Fired", *_fired(line))
        out += _entry("Not fired", *(_far(each) for each in line.triggers if each.state != "fired"))
    if line.drift_share is not None:
        out += _entry("Drift", f"The drifted columns weighed {line.drift_share:.2f} of all that the model uses.")
    out += _entry("Verdict", *_verdict(line))
    out += _entry("Needed" if line.verdict else "Waiting", *(f"{each}." for each in _explained(line, lines)))
    out += _entry("Hold-out", _worn(line), _best(line))
    out += _entry("Metrics", *(_metric(name, score, line) for name, score in line.metrics.items()))
    out += _entry("Then", *_then(line, lines))
    out += _entry("Took", _times(line))
    for label, told in (("Error", line.errors), ("Warning", line.warnings)):
        out += _entry(label, *told)
    out += _entry("Links", *(f"{name.replace('_', ' ')}: {url}" for name, url in line.links.items()))
    if line.predictions is not None:
        out += _entry("Check it", f"python -m scripts.ledger recheck {line.run or line.id}")
    return out


def _entry(label: str, *sentences: str | None) -> list[str]:
    """Each sentence begins a line of its own; the label stands before the first."""
    told = [plain(sentence, 2000) for sentence in sentences if sentence]
    wrapped = [part for sentence in told for part in textwrap.wrap(sentence, WIDTH - LABEL, break_on_hyphens=False)]
    labels = [label, *[""] * (len(wrapped) - 1)]
    return [f"{name:<{LABEL}}{part}" for name, part in zip(labels, wrapped, strict=False)]


def _run(line: Line) -> Iterator[str]:
    named = f"{line.run} ({line.id})" if line.run and line.run != line.id else line.id
    yield f"{named}: {line.command} on {_time(line.moment)}."
    if line.event:
        who = f" by {line.actor}" if line.actor else ""
        of = f", at commit {line.commit[:10]}" if line.commit else ""
        yield f"Begun: {line.event.replace('_', ' ')}{who}{of}."


def _data(line: Line) -> str | None:
    if line.data is None:
        return None
    rows = f"{line.data.rows:,} rows" if line.data.rows is not None else "rows"
    times = f" of {_day(line.data.from_)} to {_day(line.data.to)}" if line.data.to else ""
    named = f" (data {line.data.digest[:10]})" if line.data.digest else ""
    return f"{rows}{times}{named}{'' if line.new else ': nothing new since the run before'}."


def _fired(line: Line) -> Iterator[str]:
    fired = [each for each in line.triggers if each.state == "fired"]
    if not fired:
        yield "No trigger fired: there was no reason to retrain."
    for each in fired:
        yield f"{each.name}: {each.says}."


def _far(trigger: Trigger) -> str:
    if trigger.state == "off":
        return f"{trigger.name}: switched off."
    if trigger.state == "unknown" or trigger.distance is None:
        said = trigger.says.removeprefix(trigger.name).strip()
        return f"{trigger.name}: {said or 'not measured'}."
    return f"{trigger.name}: at {100 * trigger.distance:.0f}% of its limit ({trigger.says})."


def _verdict(line: Line) -> Iterator[str]:
    if line.verdict:
        first = line.reasons[0] if line.reasons else "it gives no reason"
        yield f"{line.verdict}{' (the first model)' if line.first else ''}: {first}."
        yield from (f"{reason}." for reason in line.reasons[1:])
    elif line.command == "retrain" and line.ended == 0 and line.triggers:
        yield "None: nothing was trained."
    elif line.ended != 0:
        yield "None: the run did not come to one."


def _explained(line: Line, lines: Sequence[Line]) -> Iterator[str]:
    yield from line.explained
    if (spared := saved(line, lines)) is not None:
        yield spared


def saved(line: Line, lines: Sequence[Line]) -> str | None:
    """What a run spared that came to its end without a retrain, by those before it; None where none is known."""
    if line.command != "retrain" or line.ended != 0 or line.verdict or not line.triggers:
        return None
    took = [explain.trained(each.seconds) for each in lines if each.verdict and each.moment < line.moment]
    return explain.saved([seconds for seconds in took if seconds is not None])


def _worn(line: Line) -> str | None:
    """Nothing of a first model, which is compared with none."""
    if line.uses is None or line.first:
        return None
    rows = f" ({line.holdout.removeprefix('sha256:')[:10]})" if line.holdout else ""
    many = {0.0: "No verdict was", 1.0: "One verdict was"}.get(line.uses, f"{line.uses:g} verdicts were")
    return f"{many} taken on these rows{rows} before."


def _best(line: Line) -> str | None:
    if line.best is None:
        return None
    advised = ": better than production and the candidate, so that going back to it was advised"
    return f"Of the earlier releases v{line.best} is the best on them{advised if line.rollback else ''}."


def _metric(name: str, score: Score, line: Line) -> str:
    if score.candidate is None:
        return f"{name}: not measured."
    if score.production is None:
        return f"{name} {number(score.candidate)}{', decides' if score.decides else ''}."
    said = f"{name} {number(score.candidate)}, production v{line.production or '?'} {number(score.production)}"
    if score.difference is not None and score.interval is not None:
        low, high = score.interval
        said += f": difference {score.difference:+.4g}, interval {low:+.4g} to {high:+.4g}"
    return f"{said}{', decides' if score.decides else ''}."


def _then(line: Line, lines: Sequence[Line]) -> Iterator[str]:
    about = line.pull_request
    if about is not None and about.action == "committed":
        yield f"Committed to main as v{line.version}, without a pull request."
    elif about is None and line.verdict and line.verdict != "PROMOTE":
        kept = f"production v{line.production} stays" if line.production else "there is no production model yet"
        yield f"Nothing was proposed: {kept}."
    elif about is not None:
        what = f"Pull request #{about.number}" if about.number else "The pull request"
        done = WHERE.get(about.action, about.action)
        why = f": {about.reason.rstrip('.')}" if about.reason and about.action in ("closed", "left") else ""
        yield f"{what} {done}{why}."
    if line.command == "release" and line.version:
        before = f", after v{line.production}" if line.production else ""
        done = (line.action or "").replace("_", " ") or "not finished"
        yield f"v{line.version}: {done}{before}{': ' + line.reasons[0] if line.reasons else ''}."
    if line.command == "retrain" and line.candidate:
        released = [each for each in lines if each.command == "release" and each.candidate == line.candidate]
        for each in released[:1]:
            yield f"Released as v{each.version} on {_time(each.moment)}."


def _times(line: Line) -> str | None:
    if line.total_seconds is None:
        return None
    stages = ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in line.seconds.items())
    return f"{took(line.total_seconds)}{f' ({stages})' if stages else ''}."


def since(line: Line, moment: datetime) -> list[str]:
    """What a release made production, as seen at a moment."""
    out = _entry("Production", f"v{line.version} on {_time(moment)}.")
    out += _entry("Since", f"{_time(line.moment)}: {(line.action or '').replace('_', ' ')} by {line.id}.")
    out += _entry("Model", line.candidate)
    out += _entry("Metrics", *(_metric(name, score, line) for name, score in line.metrics.items()))
    return out + _entry("Links", *line.links.values())


def declared(now: Declaration, since: datetime, commit: str, moment: datetime) -> list[str]:
    """The same where no release is known of."""
    out = _entry("Production", f"v{now.version} on {_time(moment)}.")
    out += _entry("Since", f"{_time(since)}: declared by commit {commit[:10]}; the ledger knows of no release by then.")
    out += _entry("Model", now.bundle)
    return out + _entry("Metrics", *(f"{name} {number(score.candidate)}." for name, score in now.metrics.items()))


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
