"""Keep one line of every run, and read them: a table, what was production when, why a run ended as it did."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from scripts.core import errors, ledger, ledger_line, ledger_text, text
from scripts.core.errors import FAILED, Mistake
from scripts.core.ledger import BRANCH, FILE, Line
from scripts.core.ledger_line import Known
from scripts.core.paths import EVALUATION, PREDICTIONS
from scripts.core.report.markdown import escape
from scripts.edges import actions, outcome, project, this_run
from scripts.edges.actions import Job
from scripts.edges.repository import git, history
from scripts.edges.repository import ledger as branch

SHOWN = 30  # lines of the table


def add(job: Job, known: Known) -> tuple[Line, bool, str | None]:
    """The line of this run, whether it is new, and what it spared.

    What is missing beside it is found out from the lines before.
    """
    written: list[Line] = []
    spared: list[str | None] = []

    def with_this(content: bytes | None) -> bytes | None:
        before = ledger.parse(content)
        warnings = [*ledger.missed(before.lines, known.now), *map(str, before.broken)]
        written[:] = [ledger_line.composed(known, warnings)]
        spared[:] = [ledger_text.saved(written[0], before.lines)]
        return ledger.with_line(content, written[0])

    new = branch.append(branch.book(job), FILE, with_this, f"Ledger: {known.name}")
    return written[0], new, spared[0]


def added(job: Job, given: argparse.Namespace) -> int:
    known = this_run.known(job, given.command)
    if known.dry:
        print(f"{BRANCH}: a dry run has no line")
        return 0
    with outcome.kept("ledger") as kept:
        line, new, spared = add(job, known)
        kept |= {"id": line.id, "new": new, "warnings": list(line.warnings)}
    if given.json:
        print(ledger.render(line).decode(), end="")
    else:
        print(f"{BRANCH}: {'a line for' if new else 'has already the line of'} {line.id}")
        for warning in line.warnings:
            print(f"  Warning: {text.shown(warning)}")
    if spared:
        job.say(escape(f"{spared.capitalize()}."))
    if line.warnings:
        job.say("\n".join(f"> ⚠️ {escape(warning)}" for warning in line.warnings))
    return 0


def listed(job: Job, given: argparse.Namespace) -> int:
    lines = lines_of(job)
    if given.json:
        print("".join(ledger.render(line).decode() for line in lines), end="")
        return 0
    if not lines:
        print(f"The ledger is empty: the first run writes its line on the branch {BRANCH}.")
        return 0
    told = [line for line in lines if given.all or line.command != "release" or line.action != "nothing" or line.ended]
    last = told[-given.last :]
    print(*map(text.shown, ledger_text.table(last)), sep="\n")
    hidden = len(lines) - len(last)
    if hidden:
        print(f"and {hidden:,} more: --last N for older ones, --all for releases that had nothing to do")
    return 0


def as_of(job: Job, given: argparse.Namespace) -> int:
    moment = ledger.moment(given.date)
    line = ledger.as_of(lines_of(job), moment)
    if line is not None:
        found = {"version": line.version, "bundle": line.candidate, "since": line.time, "by": line.id}
        said = ledger_text.since(line, moment)
    else:
        found, said = declared(moment)
    print(text.to_json({"as_of": moment.isoformat(), **found}).rstrip() if given.json else "\n".join(said))
    return 0


def declared(moment: datetime) -> tuple[dict[str, Any], list[str]]:
    """Where no release is known of: what git's history declares."""
    for each in history.declarations():
        now, since = each.declaration, git.when(each.commit)
        if since is not None and since <= moment and now.version:
            about = {"version": now.version, "bundle": now.bundle, "since": since.isoformat(), "by": each.commit}
            return about, ledger_text.declared(now, since, each.commit, moment)
        if since is not None and since <= moment:
            break
    said = f"There was no production model on {moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC."
    return {"version": 0, "bundle": None, "since": None, "by": None}, [said]


def why(job: Job, given: argparse.Namespace) -> int:
    lines = lines_of(job)
    line = ledger.find(lines, given.run)
    told = map(text.shown, ledger_text.why(line, lines))
    print(ledger.render(line).decode() if given.json else "\n".join([*told, ""]), end="")
    return 0


def recheck(job: Job, given: argparse.Namespace) -> int:
    """Exit code 1 when what is found anew is not what was written."""
    from scripts.core import recheck

    line = ledger.find(lines_of(job), given.run)
    evaluation = _evaluation(line)
    found = recheck.recheck(evaluation, _predictions(line, job))
    wrong = [*found.differences, *recheck.differing(*_told(line, evaluation), "ledger")]
    if given.json:
        values = {"run": line.id, "verdict": found.verdict, "reasons": found.reasons, "fields": found.fields}
        print(text.to_json({**values, "same": not wrong, "differences": wrong}), end="")
    elif wrong:
        print(f"{line.run or line.id}: {len(wrong)} fields are not as they were written:", *wrong, sep="\n  ")
    else:
        what = f"all {found.fields:,} fields of verdict, metrics, intervals, slices and self-tests"
        print(
            f"{line.run or line.id}: {found.verdict} again, computed from the stored predictions: {what} are the same."
        )
    return FAILED if wrong else 0


def _told(line: Line, evaluation: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the evaluation says and what the line says, of what both say."""
    scores = {name: each.model_dump(mode="json") for name, each in line.metrics.items()}
    written = {
        name: {part: values[part] for part in scores.get(name, {})} for name, values in evaluation["metrics"].items()
    }
    return (
        {"verdict": evaluation["verdict"]["verdict"], "metrics": written},
        {"verdict": line.verdict, "metrics": scores},
    )


def _evaluation(line: Line) -> Mapping[str, Any]:
    """The one that names the line's predictions: in the folder, else in the commit that recorded the run."""
    if line.predictions is None:
        raise Mistake(f"{line.run or line.id}: judged no candidate, so there is nothing to check.")
    here = project.read_json(EVALUATION)
    if here and here.get("predictions", {}).get("digest") == line.predictions.digest:
        return dict(here)
    content = history.at(line.recorded, EVALUATION) if line.recorded else None
    if content is None and line.candidate is not None:
        commit = history.evaluation_of(line.candidate)
        content = history.at(commit, EVALUATION) if commit else None
    found = json.loads(content) if content else {}
    if found.get("predictions", {}).get("digest") != line.predictions.digest:
        cure = "Fetch main's whole history: git fetch --unshallow"
        raise Mistake(f"{EVALUATION}: that of {line.run or line.id} is not here. {cure}.", code=errors.OUTSIDE)
    return dict(found)


def _predictions(line: Line, job: Job) -> bytes:
    from scripts.core import bundle
    from scripts.edges.stores import stores

    assert line.predictions is not None
    if PREDICTIONS.is_file() and bundle.digest(content := PREDICTIONS.read_bytes()) == line.predictions.digest:
        return content
    if line.predictions.md5 is None:
        raise Mistake(
            f"{PREDICTIONS}: those of {line.run or line.id} are not here, and no store is known to have them."
        )
    return stores.opened(os.environ, job, project.read_params().store).fetch(line.predictions.md5)


def lines_of(job: Job) -> tuple[Line, ...]:
    """Lines that can be read; the others are told on stderr."""
    found = branch.read(job)
    for warning in found.warnings:
        print(warning, file=sys.stderr)
    return found.ledger.lines


def arguments() -> tuple[Callable[[Job, argparse.Namespace], int], argparse.Namespace]:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--json", action="store_true", help="print the result for machines")
    parser = argparse.ArgumentParser(prog="python -m scripts.ledger", description=__doc__)
    parser.set_defaults(act=listed, json=False, last=SHOWN, all=False)
    verbs = parser.add_subparsers(metavar="list | add | as-of | why | recheck")

    def verb(name: str, act: Callable[[Job, argparse.Namespace], int], about: str) -> argparse.ArgumentParser:
        one = verbs.add_parser(name, help=about, description=about, parents=[shared])
        one.set_defaults(act=act)
        return one

    one = verb("list", listed, "the runs, newest last")
    one.add_argument("--last", type=int, default=SHOWN, metavar="N", help=f"so many lines ({SHOWN})")
    one.add_argument("--all", action="store_true", help="also releases that had nothing to do")
    one = verb("add", added, "write the line of this run")
    one.add_argument(
        "--command", choices=ledger_line.COMMANDS, help="whose run it is, where its outcome may be missing"
    )
    verb("as-of", as_of, "what was production then").add_argument("date", help="such as 2026-11-24")
    for name, act, about in (
        ("why", why, "a run told in sentences"),
        ("recheck", recheck, "compute a run's verdict anew from its predictions, and compare"),
    ):
        verb(name, act, about).add_argument("run", help="its name in the ledger, or how it begins")
    given = parser.parse_args()
    return given.act, given


@errors.reported
def main() -> int:
    act, given = arguments()
    return act(actions.job(), given)


if __name__ == "__main__":
    raise SystemExit(main())
