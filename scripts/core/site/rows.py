"""The table of every run: on a phone each run is a card, and anywhere its sentences can be unfolded."""

from collections.abc import Iterator, Sequence
from html import escape

from scripts.core.site.runs import Run
from scripts.core.site.state import Mood
from scripts.core.site.words import Link, safe

OPEN = 50  # newest runs that are not folded away
MARKS = {"good": "✓", "care": "!", "bad": "✗", "plain": ""}
MEANS = {"good": "well", "care": "needs a look", "bad": "failed"}
HEAD = ("Run (UTC)", "Outcome", "Score", "Version", "Data to", "Took")


def mark(mood: Mood) -> str:
    """A sign beside the colour, and a word for who hears the page."""
    return f'<span class="mark" role="img" aria-label="{MEANS[mood]}">{MARKS[mood]}</span> ' if MARKS[mood] else ""


def go(links: Sequence[Link]) -> str:
    return f'<p class="go">{" ".join(map(link, links))}</p>' if links else ""


def link(link: Link) -> str:
    return f'<a href="{escape(link.url)}">{safe(link.label)}</a>'


def table(found: Sequence[Run], lines: int) -> str:
    if not found:
        return "<p>None yet.</p>"
    parts = [_part(found[:OPEN])]
    if older := found[OPEN:]:
        summary = f"{len(older):,} older runs"
        parts.append(f'<details class="more"><summary>{summary}</summary>\n{_part(older)}\n</details>')
    if idle := lines - len(found):
        what = "release that had nothing to do is" if idle == 1 else "releases that had nothing to do are"
        parts.append(f'<p class="quiet">{idle:,} {what} left out.</p>')
    return "\n".join(parts)


def _part(found: Sequence[Run]) -> str:
    names = "".join(f'<th scope="col" role="columnheader">{name}</th>' for name in HEAD)
    bodies = "\n".join(map(_run, found))
    head = f'<thead role="rowgroup"><tr role="row">{names}</tr></thead>'
    return f'<div class="runs panel"><table role="table">\n{head}\n{bodies}\n</table></div>'


def _run(run: Run) -> str:
    """Roles are said again, as a phone shows rows as blocks, which are no table to a browser."""
    cells = "".join(_cell(name, value) for name, value in zip(HEAD[2:], _columns(run), strict=True))
    outcome = f'<td role="cell" class="outcome {run.mood}">{mark(run.mood)}{safe(run.outcome)}</td>'
    first = f'<th scope="row" role="rowheader">{safe(run.time)}<small>{safe(run.begun)}</small></th>'
    reason = f'<tr role="row" class="reason"><td role="cell" colspan="{len(HEAD)}">{_reason(run)}</td></tr>'
    return f'<tbody role="rowgroup"><tr role="row">{first}{outcome}{cells}</tr>{reason}</tbody>'


def _columns(run: Run) -> tuple[str, ...]:
    return (run.score, run.version, run.data, run.took)


def _cell(name: str, value: str) -> str:
    return f'<td role="cell" data-name="{name}">{safe(value)}</td>'


def _reason(run: Run) -> str:
    return f"<details><summary>{safe(run.why)}</summary>{''.join(_unfolded(run))}</details>"


def _unfolded(run: Run) -> Iterator[str]:
    if run.told:
        yield f"<dl>{''.join(f'<dt>{safe(label)}</dt><dd>{safe(text)}</dd>' for label, text in run.told)}</dl>"
    else:
        yield f"<p>Too old for this page: <code>python -m scripts.ledger why {safe(run.id)}</code></p>"
    yield go(run.links)
