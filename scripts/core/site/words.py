"""Words and numbers of the page: metrics, differences, moments, ages, and links that lead to the web."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from urllib.parse import urlsplit

from scripts.core import ledger
from scripts.core.errors import Mistake
from scripts.core.ledger import Line
from scripts.core.report.markdown import plain
from scripts.core.scoring import metrics

MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Link:
    label: str
    url: str


def direction(metric: str) -> str:
    """Empty for a metric that this version does not know."""
    try:
        return "greater is better" if metrics.find(metric).greater_is_better else "lower is better"
    except Mistake:
        return ""


def safe(text: object) -> str:
    """For the page: one line, which means nothing to a browser and turns no text around."""
    return escape(plain(text, 2000))


def named(metric: str) -> str:
    return plain(metric.replace("_", " "), 40)


def begun(text: str) -> str:
    """As a sentence begins; a name, such as v3 or log_loss, stays as it is."""
    return text[:1].upper() + text[1:] if text.partition(" ")[0].isalpha() else text


def signed(value: float) -> str:
    return f"{value:+.4g}".replace("-", MINUS)


def links(line: Line, only: Sequence[str] = ()) -> tuple[Link, ...]:
    """Those of the line that lead to the web and nowhere else."""
    found = dict(line.links)
    if line.pull_request is not None and line.pull_request.url:
        found.setdefault("pull_request", line.pull_request.url)
    wanted = {name: url for name, url in found.items() if (not only or name in only) and to_the_web(url)}
    return tuple(Link(plain(name.replace("_", " "), 40), url) for name, url in wanted.items())


def to_the_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and url.isprintable() and " " not in url


def moment(text: str | None) -> datetime | None:
    """Without a zone, UTC; None for what is no time."""
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def when(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


def ago(moment: datetime, now: datetime) -> str:
    """How long before the page was built."""
    if moment > now:
        return f"after this page was built, by {ledger.span(moment - now)}"
    return f"{ledger.span(now - moment)} ago"
