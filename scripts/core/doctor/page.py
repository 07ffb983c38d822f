"""The doctor's findings as lines for a terminal of 100 columns, as Markdown, and for machines."""

import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

from scripts.core.doctor.findings import STATES, Finding, State, counted
from scripts.core.report.markdown import details, escape, table
from scripts.core.text import shown

WIDTH = 100
MARKS: Mapping[State, str] = {"ok": "✓", "warn": "!", "fail": "✗", "unknown": "?", "unset": "·"}
WORDS: Mapping[State, str] = {
    "fail": "failed",
    "warn": "to look at",
    "unknown": "not known",
    "ok": "fine",
    "unset": "optional settings not given",
}


def lines(title: str, findings: Sequence[Finding], policy: Mapping[str, Any] | None) -> list[str]:
    label = max((len(finding.what) for finding in findings), default=0) + 2
    out = _wrapped(f"{title} · {summed(findings)}", "")
    for part, group in groupby(findings, key=lambda finding: finding.part):
        out += ["", part]
        for finding in group:
            out += _entry(f"  {MARKS[finding.state]} {shown(finding.what):<{label}}", finding.says)
            out += _entry(" " * (label + 4), f"→ {finding.cure}") if finding.cure else []
    if policy is not None:
        out += ["", "Trust policy of the role in AWS_ROLE_ARN", *json.dumps(policy, indent=2).splitlines()]
    return out


def markdown(title: str, findings: Sequence[Finding], policy: Mapping[str, Any] | None) -> str:
    """For the page of a run."""
    rows = [
        (MARKS[each.state], each.part, escape(each.what), escape(each.says), escape(each.cure))
        for each in sorted(findings, key=lambda finding: STATES.index(finding.state))
    ]
    body = table(("", "part", "what", "found", "cure"), rows, "cllll")
    parts = [f"### {escape(title)}", escape(summed(findings)), body]
    if policy is not None:
        parts.append(
            details("Trust policy of the role in AWS_ROLE_ARN", f"```json\n{json.dumps(policy, indent=2)}\n```")
        )
    return "\n\n".join(parts)


def summed(findings: Iterable[Finding]) -> str:
    """1 failed, 2 to look at, 12 fine."""
    return ", ".join(f"{count} {WORDS[state]}" for state, count in counted(findings).items() if count)


def machines(findings: Sequence[Finding], policy: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        "healthy": not counted(findings)["fail"],
        "counts": counted(findings),
        "findings": [asdict(finding) for finding in findings],
        "trust_policy": policy,
    }


def _entry(head: str, text: str) -> list[str]:
    """Wrapped behind its head; what has no space to break at (a URL, a digest) is broken where the line ends."""
    found = textwrap.wrap(shown(text), WIDTH - len(head), break_on_hyphens=False) or [""]
    return [f"{head if not number else ' ' * len(head)}{line}".rstrip() for number, line in enumerate(found)]


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(shown(text), WIDTH, subsequent_indent=indent, break_on_hyphens=False)
