"""Alerts by Apprise: every channel by itself, all within a bounded time, and no secret in what is said of them."""

import re
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from queue import Empty, Queue
from typing import Any

from scripts.core import masking
from scripts.core.alerts import Alert

VARIABLE = "APPRISE_URLS"
ALL = "all"
ENTRY = re.compile(r"(?:(?P<tags>[\w.-]+(?:,[\w.-]+)*)=)?(?P<url>[\w+.-]+://\S+)")
REASON = 160  # characters of what a channel says


@dataclass(frozen=True)
class Channel:
    """`number` is its place in the secret, which is how it is called: its address is never shown."""

    number: int
    url: str = field(repr=False)
    tags: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"channel {self.number} ({self.url.partition('://')[0]})"

    def hears(self, tags: Sequence[str]) -> bool:
        return ALL in tags or bool({*tags} & {*self.tags})


@dataclass(frozen=True)
class Channels:
    known: tuple[Channel, ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sent:
    """What became of one alert on one channel; `problem` None: it was taken."""

    alert: Alert
    channel: Channel
    problem: str | None


def channels(text: str) -> Channels:
    """Of lines or words, each an address or `tag1,tag2=address`."""
    known, problems = [], []
    for number, word in enumerate(text.split(), 1):
        found = ENTRY.fullmatch(word)
        if found is None:
            problems.append(f"{VARIABLE}: entry {number} is no address. Write it as in ops,team=slack://...")
            continue
        known.append(Channel(number, found["url"], tuple((found["tags"] or "").split(",")) if found["tags"] else ()))
    return Channels(tuple(known), tuple(problems))


def unheard(known: Sequence[Channel], wanted: Mapping[str, Sequence[str]]) -> list[str]:
    """Tags of params that no channel bears: a slip of the pen would keep an alert from everybody."""
    borne = {ALL, *(tag for channel in known for tag in channel.tags)}
    return [
        f"params.yaml: alerts.{kind}: no channel in {VARIABLE} has the tag {tag!r}. Add it there, as in {tag}=slack://..."
        for kind, tags in wanted.items()
        for tag in tags
        if tag not in borne
    ]


def send(known: Sequence[Channel], wanted: Sequence[tuple[Alert, Sequence[str]]], timeout: float) -> list[Sent]:
    """Each alert to the channels that bear one of its tags. Channels run side by side; one that gives no answer in
    time is left behind."""
    asked = [(channel, [alert for alert, tags in wanted if channel.hears(tags)]) for channel in known]
    asked = [(channel, found) for channel, found in asked if found]
    answers: Queue[Sent] = Queue()
    # Services are made before the clock starts: Apprise takes seconds to load its list of them.
    for service, channel, found in [(_service(channel), channel, found) for channel, found in asked]:
        # A daemon: a service that hangs must not keep the process.
        threading.Thread(target=_deliver, args=(service, channel, found, known, answers), daemon=True).start()
    waiting = {(channel, alert.key): alert for channel, found in asked for alert in found}
    out: list[Sent] = []
    until = time.monotonic() + timeout
    while waiting:
        try:
            sent = answers.get(timeout=max(0.0, until - time.monotonic()))
        except Empty:
            break
        waiting.pop((sent.channel, sent.alert.key), None)
        out.append(sent)
    late = f"gave no answer in {timeout:g} s"
    out += [Sent(alert, channel, late) for (channel, _), alert in waiting.items()]
    return sorted(out, key=lambda each: each.channel.number)


def _service(channel: Channel) -> Any:
    """None where the address is none of a service."""
    from apprise import Apprise

    service = Apprise()
    try:
        return service if service.add(channel.url) else None
    except Exception:  # whatever a service makes of an address, the others go on
        return None


def _deliver(
    service: Any, channel: Channel, alerts: Sequence[Alert], known: Sequence[Channel], answers: "Queue[Sent]"
) -> None:
    for alert in alerts:
        try:
            problem = _notify(service, alert)
        except Exception as error:  # whatever a service's code does, the others go on
            problem = f"{type(error).__name__}: {error}"
        answers.put(Sent(alert, channel, problem and _told(problem, known)))


def _notify(service: Any, alert: Alert) -> str | None:
    """Why it failed; None when it was taken."""
    from apprise import NotifyFormat, NotifyType

    if service is None:
        return "has an address that Apprise can't read: see its documentation for the form"
    urgent = alert.kind in ("broken", "validation_failed")
    result = service.notify(
        body=alert.text,
        title=alert.title,
        body_format=NotifyFormat.TEXT,
        notify_type=NotifyType.WARNING if urgent else NotifyType.INFO,
    )
    if result:
        return None
    said = [entry.message for entry in result.logs() if entry.level in ("WARNING", "ERROR")]
    return "; ".join(dict.fromkeys(said)) or "did not take it, and does not say why"


def _told(problem: str, known: Sequence[Channel]) -> str:
    secrets = {part for channel in known for part in masking.of_url(channel.url)}
    said = masking.masked(" ".join(problem.split()), secrets)
    return said if len(said) <= REASON else said[: REASON - 1] + "…"
