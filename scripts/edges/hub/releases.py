"""Releases on GitHub: found by listing, because a draft has no tag yet; nothing of one is public before it is whole."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from scripts.core import publication
from scripts.core.publication import Seen
from scripts.edges.hub.github import GitHub, Refused

RELEASES = "{repo}/releases"


@dataclass(frozen=True)
class Page:
    """What a release says; `bundle` is what it publishes."""

    tag: str
    commit: str
    title: str
    notes: str
    bundle: str

    def fields(self, claim: str | None) -> dict[str, Any]:
        """The tag is always among them: without it GitHub would give a draft another one."""
        notes = f"{self.notes.rstrip()}\n\n{publication.mark(self.bundle, claim)}\n"
        return {"tag_name": self.tag, "target_commitish": self.commit, "name": self.title, "body": notes}


@dataclass(frozen=True)
class Releases:
    github: GitHub
    lag: float = 0.0  # seconds that the list may lie behind

    def seen(self) -> tuple[Seen, ...]:
        return tuple(seen_of(found) for found in self.github.pages(RELEASES))

    def one(self, release: int) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = self.github.get(f"{RELEASES}/{release}")
        return found

    def latest(self) -> int | None:
        found = self.github.get(f"{RELEASES}/latest")
        return None if found is None else int(found["id"])

    def tagged(self, tag: str) -> str | None:
        """The commit that a tag points at; None when there is no such tag."""
        found = self.github.get(f"{{repo}}/git/ref/tags/{tag}")
        if found is not None and found["object"]["type"] == "tag":  # an annotated one is an object of its own
            return str(self.github.get(f"{{repo}}/commits/tags/{tag}")["sha"])
        return None if found is None else str(found["object"]["sha"])

    def begin(self, page: Page, claim: str) -> Mapping[str, Any]:
        """A draft of this publisher's own; one that was made without an answer is found by its claim."""

        def look() -> Mapping[str, Any] | None:
            return next((found for found in self.github.pages(RELEASES) if claim_of(found) == claim), None)

        def act() -> Mapping[str, Any]:
            made: Mapping[str, Any] = self.github.write("POST", RELEASES, page.fields(claim) | {"draft": True})
            return made

        return self.github.ensure(look, act, self.lag)

    def claim(self, draft: int, page: Page, claim: str) -> Mapping[str, Any] | None:
        """Take over a draft, its page written anew; None when it is gone. It never makes a published one a draft."""
        return self._changed(draft, page.fields(claim), lambda found: claim_of(found) == claim)

    def publish(self, draft: int, page: Page) -> Mapping[str, Any] | None:
        fields = page.fields(None) | {"draft": False, "prerelease": False, "make_latest": "true"}
        return self._changed(draft, fields, lambda found: not found["draft"])

    def make_latest(self, seen: Seen) -> None:
        def act() -> bool:
            self.github.write("PATCH", f"{RELEASES}/{seen.id}", {"tag_name": seen.tag, "make_latest": "true"})
            return True

        self.github.ensure(lambda: True if self.latest() == seen.id else None, act, self.lag)

    def remember(self, seen: Seen, told: str) -> None:
        """Write into the notes who was told; what a person made of them stays. GitHub lets them change for ever."""
        notes = _notes(self.one(seen.id) or {})
        fields = {"tag_name": seen.tag, "body": publication.remarked(notes, told)}
        self._changed(seen.id, fields, lambda found: publication.marked(_notes(found))[2] == told)

    def remove(self, draft: int) -> None:
        """Delete a draft if it is one still; a published release is nobody's to delete."""

        def look() -> bool | None:
            found = self.one(draft)
            return True if found is None or not found["draft"] else None

        def act() -> bool:
            try:
                self.github.write("DELETE", f"{RELEASES}/{draft}")
            except Refused as refused:
                if refused.status != 404:  # somebody else has deleted it
                    raise
            return True

        self.github.ensure(look, act)

    def _changed(
        self, draft: int, fields: Mapping[str, Any], done: Callable[[Mapping[str, Any]], bool]
    ) -> Mapping[str, Any] | None:
        def look() -> Mapping[str, Any] | None:
            found = self.one(draft)
            return {} if found is None else found if done(found) else None

        def act() -> Mapping[str, Any]:
            try:
                changed: Mapping[str, Any] = self.github.write("PATCH", f"{RELEASES}/{draft}", dict(fields))
            except Refused as refused:
                if refused.status != 404:
                    raise
                return {}
            return changed

        return self.github.ensure(look, act) or None


def seen_of(found: Mapping[str, Any]) -> Seen:
    bundle, claim, told = publication.marked(_notes(found))
    url = str(found.get("html_url") or "")
    return Seen(int(found["id"]), str(found["tag_name"]), bool(found["draft"]), bundle, claim, url, told)


def claim_of(found: Mapping[str, Any]) -> str | None:
    return publication.marked(_notes(found))[1]


def _notes(found: Mapping[str, Any]) -> str:
    return str(found.get("body") or "")
