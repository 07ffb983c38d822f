"""Tell those who want to hear what this run did: each thing once, however often it is run again."""

import argparse
import os
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from scripts.core import errors, ledger, ledger_line
from scripts.core.alerts import FILE, Alert, Case, State, alerts, due, remembered, trial
from scripts.core.errors import OUTSIDE, USAGE, Mistake
from scripts.core.params import Params
from scripts.core.report.markdown import escape, plain
from scripts.core.settings.loop_params import Alerts
from scripts.edges import actions, outcome, project, this_run
from scripts.edges import alerts as edge
from scripts.edges.actions import Job
from scripts.edges.alerts import VARIABLE, Channels, Sent
from scripts.edges.repository import ledger as branch
from scripts.edges.repository.branches import Remote

KINDS = tuple(name for name in Alerts.model_fields if name not in ("timeout", "most"))


def wanted(job: Job, params: Params, command: str | None, now: datetime) -> tuple[list[Alert], Mistake | None]:
    """The alerts of this run, and why the ledger can't be read, if so: that may be what is to be told."""
    known = this_run.known(job, command, now)
    if known.dry:
        return [], None
    before, problem = ledger.Ledger(), None
    try:
        before = ledger.parse(branch.content(branch.book(job), ledger.FILE))
    except Mistake as mistake:
        problem = mistake
    return alerts(Case(params.data.name, ledger_line.composed(known), before.lines), params.alerts), problem


def claimed(book: Remote, found: Sequence[Alert], now: datetime, by: str) -> list[Alert]:
    """Those that are this run's to send: no other run has sent them, or is about to."""
    mine: list[Alert] = []

    def claim(content: bytes | None) -> bytes | None:
        mine[:] = due(found, content, now, by)
        return remembered(content, mine, "claimed", now, by) if mine else None

    branch.append(book, FILE, claim, "Alerts: to be sent")
    return mine


def settle(book: Remote, sent: Sequence[Sent], now: datetime, by: str) -> None:
    """An alert that no channel took may be sent by the next run."""
    taken = {each.alert.key for each in sent if each.problem is None}
    known = list({each.alert.key: each.alert for each in sent}.values())
    states: dict[State, list[Alert]] = {
        "sent": [alert for alert in known if alert.key in taken],
        "failed": [alert for alert in known if alert.key not in taken],
    }

    def change(content: bytes | None) -> bytes:
        for state, those in states.items():
            content = remembered(content, those, state, now, by)
        return content or b""

    branch.append(book, FILE, change, "Alerts: sent")


def send(
    job: Job, params: Params, channels: Channels, found: Sequence[Alert], now: datetime, problem: Mistake | None
) -> tuple[list[Sent], list[str]]:
    """What was sent, and warnings. A ledger that can't be reached (`problem`) silences nobody: at worst an alert comes
    twice."""
    book, tags = branch.book(job), _tags(params)
    by = f"{job.run or 'laptop'}-{secrets.token_hex(4)}"  # so that a claim whose push was not answered is known as ours
    mine = [alert for alert in found if any(channel.hears(tags[alert.kind]) for channel in channels.known)]
    if mine and problem is None:
        try:
            mine = claimed(book, mine, now, by)
        except Mistake as mistake:
            problem = mistake
    sent = edge.send(channels.known, [(alert, tags[alert.kind]) for alert in mine], params.alerts.timeout)
    if sent and problem is None:
        try:
            settle(book, sent, now, by)
        except Mistake as mistake:
            problem = mistake
    return sent, [] if problem is None or not mine else [_forgotten(problem)]


def _forgotten(mistake: Mistake) -> str:
    return f"alerts can't be remembered, and may come again: {mistake}"


def tell(job: Job, params: Params, channels: Channels, command: str | None) -> int:
    """0 whatever becomes of the alerts: a channel never blocks a model."""
    now = datetime.now(UTC)
    found, problem = wanted(job, params, command, now)
    sent: list[Sent] = []
    warnings = list(channels.problems)
    if found and channels.known:
        warnings += edge.unheard(channels.known, _tags(params))
        sent, more = send(job, params, channels, found, now, problem)
        warnings += more
    warnings += [f"{each.channel} did not take {each.alert.title!r}: {each.problem}" for each in sent if each.problem]
    taken = list(dict.fromkeys(each.alert.kind for each in sent if each.problem is None))
    outcome.write("alert", {"found": [alert.kind for alert in found], "sent": taken, "warnings": warnings})
    print(_summary(found, taken, channels))
    for warning in warnings:
        print(f"  Warning: {plain(warning)}")
    if warnings:
        job.say("\n".join(f"> ⚠️ {escape(warning)}" for warning in warnings))
    return 0


def _tags(params: Params) -> dict[str, Sequence[str]]:
    return {kind: getattr(params.alerts, kind) for kind in KINDS}


def _summary(found: Sequence[Alert], taken: Sequence[str], channels: Channels) -> str:
    if not found:
        return "alerts: nothing that anybody wants to hear of"
    if not channels.known:
        return f"alerts: {', '.join(alert.kind for alert in found)}: not sent, as {VARIABLE} names no channel"
    return f"alerts: sent {', '.join(taken)}" if taken else "alerts: nothing new to be sent"


def test(params: Params, channels: Channels) -> int:
    """Every channel gets one; 3 when one of them did not take it."""
    if not channels.known and not channels.problems:
        raise Mistake(f"{VARIABLE}: names no channel. Set it, as in {VARIABLE}='slack://...'", code=USAGE)
    alert = trial(params.data.name, datetime.now(UTC))
    sent = edge.send(channels.known, [(alert, ("all",))], params.alerts.timeout)
    for each in sent:
        print(f"{each.channel}: {'took it' if each.problem is None else each.problem}")
    for problem in channels.problems:
        print(problem)
    return OUTSIDE if channels.problems or any(each.problem for each in sent) else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.alert", description=__doc__)
    parser.add_argument("--test", action="store_true", help="send a test to every channel, and say who took it")
    parser.add_argument(
        "--command", choices=ledger_line.COMMANDS, help="whose run it is, where its outcome may be missing"
    )
    return parser.parse_args()


@errors.reported
def main() -> int:
    given = arguments()
    params, channels = project.read_params(), edge.channels(os.environ.get(VARIABLE, ""))
    return test(params, channels) if given.test else tell(actions.job(), params, channels, given.command)


if __name__ == "__main__":
    raise SystemExit(main())
