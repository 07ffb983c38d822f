"""The page: one HTML file that needs nothing else. All that it says is a text until it is escaped here."""

import json
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from scripts.core.ledger import Ledger
from scripts.core.report.markdown import plain
from scripts.core.site import chart, state
from scripts.core.site.cards import Card, cards
from scripts.core.site.rows import go, link, mark, table
from scripts.core.site.runs import runs
from scripts.core.site.style import CSS, SCRIPT
from scripts.core.site.timeline import Timeline, newest, said, timeline
from scripts.core.site.words import Link, named, safe, when
from scripts.core.text import number

DRAWN = 150  # newest runs in the picture: more can't be told apart


@dataclass(frozen=True)
class Told:
    """What the page is made of. `now`: the moment that ages are counted to; `reports`: links to files beside it."""

    name: str
    now: datetime
    ledger: Ledger
    reports: tuple[Link, ...] = ()


def page(told: Told, plotly: str) -> str:
    """`plotly`: the library's source, put in where there is a chart."""
    lines = told.ledger.lines
    found = timeline(lines)
    scripts = [_embedded(plotly), SCRIPT] if found else []
    body = "\n".join(
        [_header(told), _main(told, found), _footer(told), *(f"<script>{each}</script>" for each in scripts)]
    )
    title = f"{plain(told.name, 80)} · the model now"
    head = (
        f'<meta charset="utf-8">\n{policy(scripts)}\n<meta name="viewport" content="width=device-width">\n'
        f'<meta name="referrer" content="no-referrer">\n<title>{safe(title)}</title>\n'
        f'<link rel="icon" href="data:,">\n<style>{CSS}</style>'
    )
    return f'<!DOCTYPE html>\n<html lang="en">\n<head>\n{head}\n</head>\n<body>\n{body}\n</body>\n</html>\n'


def policy(scripts: Sequence[str]) -> str:
    """Nothing is loaded from anywhere, and only these scripts run. Plotly writes its style into the page."""
    hashes = [f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" for script in scripts] or ["'none'"]
    rules = f"default-src 'none'; script-src {' '.join(hashes)}; style-src 'unsafe-inline'; img-src data:"
    content = f"{rules}; base-uri 'none'; form-action 'none'"
    return f'<meta http-equiv="Content-Security-Policy" content="{content}">'


def _embedded(source: str) -> str:
    """As a browser reads it between tags, where a beginning comment would swallow the end; the hash is of this."""
    return source.replace("\r\n", "\n").replace("<!--", "\\x3C!--")


def _header(told: Told) -> str:
    lines = told.ledger.lines
    built = f"Built {when(told.now)} UTC from the ledger, {len(lines):,} lines. All times are UTC."
    return (
        '<a class="skip" href="#runs">To the runs</a>\n<header>\n'
        f"<h1>{safe(told.name)}</h1>\n"
        f'<p class="headline">{safe(state.headline(lines, told.now))}</p>\n'
        f'<p class="built">{safe(built)}</p>\n</header>'
    )


def _main(told: Told, found: Timeline) -> str:
    lines = told.ledger.lines
    parts = [_section("now", "Now", _cards(cards(lines, told.now)))]
    parts.append(_section("timeline", "Production over time", _chart(found)))
    parts.append(_section("runs", "Every run", table(runs(lines), len(lines))))
    if told.reports:
        listed = "".join(f"<li>{link(each)}</li>" for each in told.reports)
        parts.append(_section("reports", "Reports of the newest run", f"<ul>{listed}</ul>"))
    return "\n".join(["<main>", *parts, "</main>"])


def _section(name: str, title: str, content: str) -> str:
    head = f'<h2 id="{name}" tabindex="-1">{safe(title)}</h2>'
    return f'<section aria-labelledby="{name}">\n{head}\n{content}\n</section>'


def _cards(found: Iterable[Card]) -> str:
    return "\n".join(['<ul class="cards">', *map(_card, found), "</ul>"])


def _card(card: Card) -> str:
    about = "".join(f"<p>{safe(each)}</p>" for each in card.about)
    return (
        f'<li class="card {card.mood}"><h3>{safe(card.name)}</h3>'
        f'<p class="value">{mark(card.mood)}{safe(card.value)}</p>{about}{go(card.links)}</li>'
    )


def _chart(found: Timeline) -> str:
    if not found:
        return "<p>Nothing was measured yet: the first run that judges a candidate begins the picture.</p>"
    drawn = newest(found, DRAWN)
    data = json.dumps(chart.figure(drawn), allow_nan=False).replace("<", "\\u003c")
    older = len(found.points) - len(drawn.points)
    left_out = f" The picture begins with the newest {DRAWN}: {older:,} older runs are in the table." if older else ""
    left_out += f" {found.left_out:,} runs that another metric decided are left out." if found.left_out else ""
    note = (
        "The bar of a candidate is the interval of its difference to production, on the same rows: where it passes "
        f"production's line, nothing is proven. A triangle is a change of production.{left_out}"
    )
    return (
        f'<figure class="panel">\n<div id="chart" role="img" aria-label="{safe(said(found))}">'
        "<noscript><p>The picture needs JavaScript; its numbers are in the table below.</p></noscript></div>\n"
        f'{_legend(drawn)}\n<figcaption class="quiet">{safe(note)}</figcaption>\n{_numbers(found)}\n</figure>\n'
        f'<script type="application/json" id="figure">{data}</script>'
    )


def _legend(found: Timeline) -> str:
    """Beside the picture and not in it: on a phone it takes more lines."""
    kinds = (
        f'<li><span aria-hidden="true" style="color:{colour}">{sign}</span> {safe(name)}</li>'
        for sign, colour, name in chart.legend(found)
    )
    return f'<ul class="legend">{"".join(kinds)}</ul>'


def _numbers(found: Timeline) -> str:
    """The picture as a table."""
    head = ("Run (UTC)", "Verdict", "Production", "Candidate", "Interval", "Drift")
    rows = [
        (
            point.time,
            point.verdict,
            _value(point.production),
            _value(point.candidate),
            f"{_value(point.low)} to {_value(point.high)}" if point.low is not None else "",
            f"{point.drift.share:.0%}{' over the limit' * point.drift.over}" if point.drift else "",
        )
        for point in reversed(found.points)
    ]
    cells = "\n".join(map(_plain_row, rows))
    names = "".join(f'<th scope="col">{name}</th>' for name in head)
    whole = f"<table><thead><tr>{names}</tr></thead><tbody>{cells}</tbody></table>"
    about = safe(named(found.metric))
    scrolled = f'<div class="scroll" role="region" aria-label="{about} in numbers" tabindex="0">{whole}</div>'
    return f'<details class="more"><summary>{about} in numbers</summary>{scrolled}</details>'


def _plain_row(cells: Sequence[str]) -> str:
    first, *rest = cells
    return f'<tr><th scope="row">{safe(first)}</th>{"".join(f"<td>{safe(each)}</td>" for each in rest)}</tr>'


def _value(value: float | None) -> str:
    return "" if value is None else number(value)


def _footer(told: Told) -> str:
    broken = "".join(f"<p>{safe(each)}</p>" for each in told.ledger.broken)
    how = "<p>Any run in the terminal: <code>python -m scripts.ledger why RUN</code></p>"
    return f"<footer>\n{broken}{how}\n</footer>"
