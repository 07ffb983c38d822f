"""The pull request that brings data and reports alone, where the main branch takes no push."""

from collections.abc import Mapping
from typing import Any

from scripts.core.report.markdown import escape, link, plain
from scripts.core.standing import Note


def title(found: Mapping[str, Any]) -> str:
    """Record data to 2013-06-30: HOLD, nothing is promoted"""
    until = f"data to {plain(str(found['data_to'])[:10])}" if found.get("data_to") else "data and reports"
    return f"Record {until}: {found.get('verdict') or 'no reason to retrain'}, nothing is promoted"


def body(reason: str, production: int, note: Note) -> str:
    kept = f"Production v{production} stays" if production else "There is no production model yet"
    you = ["merge to keep what the run found", "close to leave it out: other data come by another pull request"]
    if note.url:
        you.append(link("run", note.url))
    return "\n\n".join(
        [
            f"{escape(reason).rstrip('.')}. {kept}.",
            "The main branch takes changes by pull request alone, so data and reports of this run ride in this one. "
            "Until it is merged, every run starts without them, brings the same data and does the same again.",
            f"**You:** {' · '.join(you)}",
            str(note),
        ]
    )
