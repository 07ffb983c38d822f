"""What the doctor finds: one line for each thing, and the cure where one is needed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warn", "fail", "unknown", "unset"]
STATES: tuple[State, ...] = ("fail", "warn", "unknown", "ok", "unset")


@dataclass(frozen=True)
class Finding:
    """`unset` is an optional setting that is not there, which is no fault."""

    part: str
    state: State
    what: str
    says: str
    cure: str = ""


@dataclass(frozen=True)
class Unseen:
    """Why something could not be looked at, and how it can be; `broken`: that is itself a fault."""

    why: str
    cure: str
    broken: bool = False


@dataclass(frozen=True)
class Part:
    """Findings of one part of the list."""

    name: str

    def ok(self, what: str, says: str) -> Finding:
        return Finding(self.name, "ok", what, says)

    def warn(self, what: str, says: str, cure: str) -> Finding:
        return Finding(self.name, "warn", what, says, cure)

    def fail(self, what: str, says: str, cure: str) -> Finding:
        return Finding(self.name, "fail", what, says, cure)

    def unknown(self, what: str, unseen: Unseen) -> Finding:
        return Finding(self.name, "fail" if unseen.broken else "unknown", what, unseen.why, unseen.cure)

    def unset(self, what: str, says: str, cure: str = "") -> Finding:
        return Finding(self.name, "unset", what, says, cure)


def counted(findings: Iterable[Finding]) -> dict[State, int]:
    found = [finding.state for finding in findings]
    return {state: found.count(state) for state in STATES}
