"""What happens to the one standing pull request: decided here from what is known, done elsewhere.

A pull request carries a hidden note of what it is about, so that the next run knows whether anything changed since,
and whether a pull request that is closed was closed by a person or by the run itself.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from hashlib import sha256
from typing import Any

from scripts.core.declaration import Declaration

BRANCH = "evergreen/candidate"
NOTE = re.compile(r"<!-- evergreen: (\{.*?\}) -->")
TRAILER = "Evergreen-Run"


@dataclass(frozen=True)
class Note:
    """What the pull request is about. `key` stands for data, params and margin: see key()."""

    key: str
    candidate: str
    run: str | None = None  # of the loop, by what went into it
    url: str | None = None  # of the workflow's run that made the candidate
    seconds: float | None = None  # that it took
    closed: bool = False  # by a run, not by a person
    record: bool = False  # of data and reports alone: see Carry

    def __str__(self) -> str:
        text = json.dumps(asdict(self), sort_keys=True).replace(">", "\\u003e")
        return f"<!-- evergreen: {text} -->"


def note_of(body: str | None) -> Note | None:
    """The note in a body; None where there is none, or where a person has spoiled it."""
    found = _last(body or "")
    try:
        values: dict[str, Any] = json.loads(found[1]) if found else {}
        return Note(**{field.name: values[field.name] for field in fields(Note) if field.name in values})
    except (ValueError, TypeError):
        return None


def closed(body: str) -> str:
    """The same body, saying that a run closed its pull request."""
    note, found = note_of(body) or Note("", ""), _last(body)
    text = body if found is None else body[: found.start()] + body[found.end() :]
    return f"{text.rstrip()}\n\n{replace(note, closed=True)}"


def _last(body: str) -> "re.Match[str] | None":
    """The note is at the end: what looks like one before it may be a text of the data, quoted."""
    return next(iter([*NOTE.finditer(body)][-1:]), None)


def key(data: str, params: Any, gate: Any) -> str:
    """Whether a refusal still stands: of the data, of the settings that make a model, and of the gate's."""
    return sha256(json.dumps([data, params, gate], sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Pull:
    """A pull request of the standing branch."""

    number: int
    url: str
    node: str
    title: str
    body: str
    head: str  # commit
    open: bool
    merged: bool
    labels: tuple[str, ...] = ()
    auto_merge: bool = False

    @property
    def note(self) -> Note | None:
        return note_of(self.body)

    @property
    def refused(self) -> bool:
        """Closed by a person."""
        return not self.open and not self.merged and not (self.note and self.note.closed)


@dataclass(frozen=True)
class Situation:
    """What is known when the question is asked."""

    verdict: str | None  # None: no candidate was judged
    reason: str  # the verdict's first
    candidate: str | None
    production: Declaration  # as the remote's main branch declares it
    stale: str | None  # why the verdict says nothing about what is there now
    key: str
    release: bool  # a candidate that won is committed to main at once
    pulls: Sequence[Pull]  # all of the standing branch, newest first
    foreign: Sequence[str]  # commits on the branch that are not a run's
    run: str | None = None  # by what went into it
    rides: bool = False  # main takes no push: what the run found has not reached it

    @property
    def standing(self) -> Pull | None:
        return next((pull for pull in self.pulls if pull.open), None)


@dataclass(frozen=True)
class Open:
    reason: str


@dataclass(frozen=True)
class Refresh:
    pull: Pull
    reason: str


@dataclass(frozen=True)
class Close:
    pull: Pull
    reason: str


@dataclass(frozen=True)
class Leave:
    """Something stands in the way; `pull` (None: there is none) is told so."""

    pull: Pull | None
    reason: str


@dataclass(frozen=True)
class Commit:
    reason: str


@dataclass(frozen=True)
class Carry:
    """Nothing is promoted, but main takes data and reports by pull request alone; `pull` (None: a new one) has them."""

    pull: Pull | None
    reason: str


@dataclass(frozen=True)
class Nothing:
    reason: str


Action = Open | Refresh | Close | Leave | Commit | Carry | Nothing


def decide(now: Situation) -> Action:
    action = _of_candidate(now)
    if isinstance(action, Open | Refresh | Commit) or not now.rides:
        return action
    return _carried(now, action)


def _carried(now: Situation, action: Close | Leave | Nothing) -> Close | Leave | Carry | Nothing:
    """Data are a fact: a run whose data reached nothing would be done again by every run after it."""
    if now.foreign or now.stale is not None:
        return action
    if now.standing is None and (closed := _refused(now, record=True)) and closed.note and closed.note.run == now.run:
        return Leave(None, f"#{closed.number}, which would bring data and reports to main, was closed by a person")
    said = _of_candidate(replace(now, pulls=())) if isinstance(action, Close) else action  # it is not closed
    return Carry(now.standing, said.reason)


def _refused(now: Situation, record: bool) -> Pull | None:
    """The newest that a person closed, among those of candidates or those of data and reports."""
    return next((one for one in now.pulls if one.refused and bool(one.note and one.note.record) is record), None)


def _of_candidate(now: Situation) -> Open | Refresh | Close | Leave | Commit | Nothing:
    pull = now.standing
    if now.verdict is None or now.candidate is None:
        return Nothing("no candidate was judged yet")
    if now.candidate == now.production.bundle:
        said = f"v{now.production.version} is production already"
        return Close(pull, f"{said}: this pull request would change nothing.") if pull else Nothing(said)
    if now.stale is not None:
        return Leave(pull, now.stale)
    if now.verdict != "PROMOTE":
        said = f"{now.verdict}: {now.reason}"
        return Close(pull, f"The candidate no longer wins. {said}.") if pull else Nothing(said)
    if now.release:
        return Commit("the candidate won, and promotion.mode is release")
    return _proposed(now, pull)


def _proposed(now: Situation, pull: Pull | None) -> Open | Refresh | Leave:
    if now.foreign:
        named = ", ".join(commit[:7] for commit in now.foreign[:5])
        return Leave(
            pull,
            f"The branch {BRANCH} has commits of a person ({named}), which are never overwritten: a newer candidate "
            f"won, and is not shown here. Merge or close this, then delete the branch: the next run proposes anew.",
        )
    if pull is not None:
        return Refresh(pull, "the candidate wins")
    refused = _refused(now, record=False)
    if refused is not None and refused.note is not None and refused.note.key == now.key:
        said = f"#{refused.number} was closed by a person, and neither data nor params nor margin changed since"
        return Leave(None, said)
    return Open("the candidate wins")


def duplicates(pulls: Sequence[Pull]) -> list[Pull]:
    """Open ones but the newest."""
    return [pull for pull in pulls if pull.open][1:]
