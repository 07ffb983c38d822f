"""The pull request that puts an earlier model back."""

from dataclasses import dataclass

from scripts.core.declaration import Declaration, Score
from scripts.core.report.markdown import clip, code, escape, link, table
from scripts.core.report.numbers import spoken
from scripts.core.text import number

LIMIT = 65_000
MOST = 20  # metrics


@dataclass(frozen=True)
class Rollback:
    now: Declaration
    back: Declaration
    reason: str
    repository: str  # its address
    actor: str | None
    run: str | None  # address of the run


def title(asked: Rollback) -> str:
    return f"Roll back to v{asked.back.version} (from v{asked.now.version})"


def body(asked: Rollback) -> str:
    now, back = asked.now, asked.back
    release = link(f"v{back.version}", f"{asked.repository}/releases/tag/v{back.version}")
    by = f", asked for by {escape(asked.actor)}" if asked.actor else ""
    parts = [
        f"**Puts {release} back in the place of v{now.version}**{by}: {escape(asked.reason)}",
        _metrics(asked),
        "Nothing is trained. The two files are exactly those that declared this model before; "
        f"its bundle is {code(back.bundle)}.",
        f"**You:** merge to make v{back.version} the latest release again · close to keep v{now.version}"
        + (f" · {link('run', asked.run)}" if asked.run else ""),
    ]
    return clip(parts, LIMIT)


def _metrics(asked: Rollback) -> str:
    """As each was measured when it was promoted: on other rows, so that they say little of which is better today."""
    now, back = asked.now, asked.back
    names = [*back.metrics, *(name for name in now.metrics if name not in back.metrics)][:MOST]
    rows = [[escape(spoken(name)), _value(back.metrics.get(name)), _value(now.metrics.get(name))] for name in names]
    shown = table(["metric", f"v{back.version}", f"v{now.version}"], rows, "lrr")
    return f"{shown}\n\n*Each as measured when it was promoted, on the newest rows of that time.*" if rows else ""


def _value(score: Score | None) -> str:
    return "–" if score is None else number(score.candidate)
