"""Which earlier declaration a rollback puts back, or why it can't."""

from collections.abc import Sequence

from scripts.core import publication
from scripts.core.declaration import Declaration
from scripts.core.errors import FAILED, USAGE, Mistake
from scripts.core.publication import Seen

BRANCH = "evergreen/rollback-v{version}"


def chosen(version: int, now: Declaration, history: Sequence[Declaration], releases: Sequence[Seen]) -> int:
    """The place in the history (newest first) of the declaration to put back: only a model that was released once."""
    if version == now.version:
        raise Mistake(f"--to: v{version} is production already. {_others(now, history, releases)}", code=USAGE)
    published = {seen.tag: seen for seen in releases if not seen.draft}
    release = published.get(publication.tag_of(version))
    places = [place for place, each in enumerate(history) if each.version == version]
    if version < 1 or not places:
        raise Mistake(f"--to: v{version} was never declared. {_others(now, history, releases)}", code=USAGE)
    if release is None:
        raise Mistake(f"--to: v{version} was never released. {_others(now, history, releases)}", code=USAGE)
    fitting = [place for place in places if release.bundle in (None, history[place].bundle)]
    if not fitting:
        said = f"--to: v{version} was released with {release.bundle}, and no declaration of v{version} names that"
        raise Mistake(f"{said}. Choose another version.", code=FAILED)
    return fitting[0]


def _others(now: Declaration, history: Sequence[Declaration], releases: Sequence[Seen]) -> str:
    """What can be chosen instead."""
    released = {seen.tag for seen in releases if not seen.draft}
    known = sorted({each.version for each in history if publication.tag_of(each.version) in released} - {now.version})
    shown = ", ".join(map(publication.tag_of, known[-20:]))
    return f"Choose one of {shown}." if known else "No other version was released yet."


def branch(version: int) -> str:
    return BRANCH.format(version=version)
