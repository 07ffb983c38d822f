"""What closes the difference between the model that main declares and the releases that are there: one decision."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from scripts.core.declaration import Declaration, Replaced

MARK = re.compile(r"<!-- evergreen release (\{[^<>]*\}) -->")
MARKED = ("bundle", "claim", "told")


@dataclass(frozen=True)
class Seen:
    """A release as GitHub lists it; `bundle`, `claim` and `told` are what its notes say, None where they don't."""

    id: int
    tag: str
    draft: bool
    bundle: str | None = None
    claim: str | None = None  # the publisher that works on a draft
    url: str = ""
    told: str | None = None  # who heard of it: see heard()

    @property
    def ours(self) -> bool:
        return self.bundle is not None


@dataclass(frozen=True)
class Situation:
    """`before` is what production was each time when this model was declared, `commits` are those that declared it."""

    declared: Declaration
    commits: tuple[str, ...]  # newest first
    before: tuple[Replaced | None, ...]
    releases: tuple[Seen, ...]
    latest: int | None  # id of the release that GitHub calls the latest
    tagged: str | None  # the commit that the version's tag points at


@dataclass(frozen=True)
class Nothing:
    reason: str
    surplus: tuple[int, ...] = ()  # drafts that nobody will publish


@dataclass(frozen=True)
class MakeLatest:
    release: Seen
    reason: str
    surplus: tuple[int, ...] = ()


@dataclass(frozen=True)
class Publish:
    """`draft` is the one to finish; None: begin one."""

    tag: str
    commit: str
    draft: int | None
    reason: str


@dataclass(frozen=True)
class Refuse:
    reason: str  # and the cure


Decision = Nothing | MakeLatest | Publish | Refuse


def decide(now: Situation) -> Decision:
    version, tag = now.declared.version, tag_of(now.declared.version)
    if not version:
        return Nothing("main declares no model yet")
    drafts = drafts_of(now.releases, tag)
    published = next((seen for seen in now.releases if seen.tag == tag and not seen.draft), None)
    if published is not None:
        return _published(now, published, (*drafts, *abandoned(now.releases, tag)))
    if (refusal := stale(now) or taken(now)) is not None:
        return refusal
    if drafts:
        return Publish(tag, now.commits[0], drafts[0], f"{tag} is declared, and a draft of it was left unfinished")
    return Publish(tag, now.commits[0], None, f"{tag} is declared and not published")


def _published(now: Situation, release: Seen, surplus: tuple[int, ...]) -> Decision:
    if release.bundle is not None and release.bundle != now.declared.bundle:
        return Refuse(
            f"models/production.json: declares {now.declared.bundle} as {release.tag}, but {release.tag} was "
            f"released with {release.bundle}. A number is used once: promote it anew under the next one."
        )
    if release.id == now.latest:
        return Nothing(f"{release.tag} is published, and the latest", surplus)
    return MakeLatest(release, f"{release.tag} is published already and production again", surplus)


def stale(now: Situation) -> Refuse | None:
    """A model may only take the place of the one it was judged against, at one time or another."""
    declared = now.declared
    if any(before == declared.replaces for before in now.before):
        return None
    return Refuse(
        f"models/production.json: {tag_of(declared.version)} was judged against {_called(declared.replaces)}, but "
        f"production was {_called(now.before[0] if now.before else None)}: it is stale and is not published. "
        f"Take it back (git revert {now.commits[0][:12]}), and let the next retrain judge again."
    )


def taken(now: Situation) -> Refuse | None:
    """A tag that stands elsewhere is somebody's own, and is never moved."""
    if now.tagged is None or now.tagged in now.commits:
        return None
    tag = tag_of(now.declared.version)
    return Refuse(
        f"tag {tag}: points at {now.tagged[:12]}, not at {now.commits[0][:12]}, which declares that version. "
        f"If the tag is a mistake, delete it (git push origin :refs/tags/{tag}); else promote under the next number."
    )


def burnt(tag: str) -> Refuse:
    """An immutable release keeps its tag for ever, even when it is deleted."""
    return Refuse(
        f"tag {tag}: belonged to an immutable release that was deleted, and can't be used again. "
        "Promote the model anew under the next number."
    )


def judges(declared: Declaration, evaluation: Any) -> bool:
    """Whether an evaluation is the one that a declaration rests on: this model, against that one, with this verdict."""
    models, verdict = evaluation["models"], declared.verdict
    against, before = models["production"], declared.replaces
    seen = (against["version"], against["bundle"]) if against else None
    asked = (before.version, before.bundle) if before else None
    said = verdict is None or evaluation["verdict"]["verdict"] == verdict.verdict
    return bool(models["candidate"]["bundle"] == declared.bundle and seen == asked and said)


def standing(mine: int, releases: Sequence[Seen], tag: str) -> Literal["won", "lost", "published"]:
    """How one of several publishers of a version stands: the lowest draft goes on, what is published ends it."""
    if any(seen.tag == tag and not seen.draft for seen in releases):
        return "published"
    return "lost" if min(drafts_of(releases, tag), default=mine) < mine else "won"


def drafts_of(releases: Iterable[Seen], tag: str) -> tuple[int, ...]:
    return tuple(sorted(seen.id for seen in releases if seen.draft and seen.tag == tag))


def abandoned(releases: Iterable[Seen], tag: str) -> tuple[int, ...]:
    """Drafts of other versions that a publisher began and main has left behind."""
    return tuple(sorted(seen.id for seen in releases if seen.draft and seen.ours and seen.tag != tag))


def tag_of(version: int) -> str:
    return f"v{version}"


def heard(repository: str, commit: str) -> str:
    """That a deployment was told of a model as this commit declared it: after a revert it is told anew."""
    return f"{repository}@{commit}"


def mark(bundle: str, claim: str | None = None, told: str | None = None) -> str:
    """A line of the notes that people don't see: what is published, who is at it, who heard of it."""
    said = {name: value for name, value in zip(MARKED, (bundle, claim, told), strict=True) if value}
    return f"<!-- evergreen release {json.dumps(said)} -->"


def marked(notes: str) -> tuple[str | None, str | None, str | None]:
    """The bundle, the claim and who was told, by the mark in a release's notes."""
    found = MARK.findall(notes)
    try:
        said = json.loads(found[-1]) if found else {}
    except ValueError:
        said = {}
    bundle, claim, told = (value if isinstance(value, str) else None for value in map(said.get, MARKED))
    return bundle, claim, told


def remarked(notes: str, told: str) -> str:
    """The same notes, saying who was told; without a mark they stay as they are."""
    places, (bundle, claim, _) = list(MARK.finditer(notes)), marked(notes)
    if bundle is None:
        return notes
    return notes[: places[-1].start()] + mark(bundle, claim, told) + notes[places[-1].end() :]


def same(one: Declaration, other: Declaration) -> bool:
    return (one.version, one.bundle) == (other.version, other.bundle)


def beginnings(declared: Declaration, history: Sequence[Declaration]) -> tuple[tuple[int, Replaced | None], ...]:
    """Where in the history (newest first) this model came to be declared, and what production was before that."""
    places = [place for place, each in enumerate(history) if same(each, declared)]
    found = []
    for place in places:
        before = history[place + 1] if place + 1 < len(history) else None
        if before is None or not same(before, declared):
            replaced = Replaced(version=before.version, bundle=before.bundle) if before and before.bundle else None
            found.append((place, replaced))
    return tuple(found)


def _called(replaced: Replaced | None) -> str:
    return f"v{replaced.version} ({replaced.bundle[:19]})" if replaced else "no model"
