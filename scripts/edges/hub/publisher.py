"""Publishing a release: draft first, public last, and at every moment either not public or whole.

Any number of publishers may be at it, each may be ended at any request, and the list may lie behind: whoever comes
next takes an unfinished draft over, and of several publishers the one goes on that claimed the lowest draft last.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import uuid4

from scripts.core import publication
from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.publication import Seen
from scripts.edges.hub.assets import Assets, Wanted
from scripts.edges.hub.github import GitHub, Refused, Unsure
from scripts.edges.hub.releases import Page, Releases, claim_of, seen_of

ROUNDS = 3
LOOK = 2.0  # seconds between two looks at another publisher's work


class Lost(Exception):
    """The draft is another publisher's by now, or gone."""


@dataclass(frozen=True)
class Done:
    release: Seen
    ours: bool  # False: another publisher was faster


@dataclass(frozen=True)
class Publisher:
    """`prove` gets the files as they came back from GitHub, and raises a Mistake unless they may be published."""

    github: GitHub
    page: Page
    files: Mapping[str, Wanted]
    prove: Callable[[Mapping[str, bytes]], None]
    settle: float  # seconds that the list may lie behind
    patience: float = 180.0  # seconds that another publisher is waited for
    claim: str = field(default_factory=lambda: uuid4().hex)

    @property
    def releases(self) -> Releases:
        return Releases(self.github, self.settle)

    def publish(self) -> Done:
        why = f"another publisher is at it and has not come to an end in {self.patience:.0f} s. Run it again later"
        cause = Mistake(f"release {self.page.tag}: {why}.", code=OUTSIDE)
        for _ in range(ROUNDS):
            try:
                return self._once()
            except Lost:
                pass
            except Refused as refused:
                cause = self._understood(refused)
            except Unsure:
                raise  # the draft stays: the next run takes it over
            except Mistake:
                self._withdraw()
                raise
            if (release := self._waited_for()) is not None:
                return Done(release, ours=False)
        self._withdraw()
        raise cause

    def _once(self) -> Done:
        seen = self.releases.seen()
        if (published := self._published(seen)) is not None:
            return Done(published, ours=False)
        draft, upload_url = self._draft(seen)
        assets = Assets(self.github, draft, upload_url, guard=lambda: self._hold(draft))
        assets.put(self.files)
        assets.check(self.files)
        self.prove(assets.fetched(self.files))
        self.github.sleep(self.settle)
        self._settle(draft)
        changed = self.releases.publish(draft, self.page)
        if changed is None:
            raise Lost
        self._confirm(Assets(self.github, draft, upload_url))
        return Done(seen_of(changed), ours=True)

    def _draft(self, seen: tuple[Seen, ...]) -> tuple[int, str]:
        """One to work on, and where its files go: one that was left is taken over, and may be somebody's still."""
        left = publication.drafts_of(seen, self.page.tag)
        if not left:
            begun = self.releases.begin(self.page, self.claim)
            return int(begun["id"]), str(begun["upload_url"])
        found = self.releases.claim(left[0], self.page, self.claim)
        if found is None or not found["draft"]:
            raise Lost
        self.github.sleep(self.settle)
        self._hold(left[0])
        return left[0], str(found["upload_url"])

    def _settle(self, draft: int) -> None:
        """Raise Lost unless this publisher is the one that goes on."""
        seen = self.releases.seen()
        standing = publication.standing(draft, seen, self.page.tag)
        self._hold(draft)
        if standing != "won":
            self.releases.remove(draft)
            raise Lost

    def _hold(self, draft: int) -> None:
        """Raise Lost unless the draft is one still, and this publisher's."""
        found = self.releases.one(draft)
        if found is None or not found["draft"] or claim_of(found) != self.claim:
            raise Lost

    def _confirm(self, assets: Assets) -> None:
        """What is public is whole, whatever another publisher did in the last moment."""
        try:
            assets.check(self.files)
        except Mistake:
            assets.put(self.files)
            assets.check(self.files)

    def _waited_for(self) -> Seen | None:
        """The release that another publisher made; None when nobody is at it, or it takes too long."""
        waited = 0.0
        while True:
            seen = self.releases.seen()
            if (published := self._published(seen)) is not None:
                return published
            others = [each for each in seen if each.draft and each.tag == self.page.tag and each.claim != self.claim]
            if not others or waited >= self.patience:
                return None
            self.github.sleep(LOOK)
            waited += LOOK

    def _published(self, seen: tuple[Seen, ...]) -> Seen | None:
        return next((each for each in seen if each.tag == self.page.tag and not each.draft), None)

    def _understood(self, refused: Refused) -> Mistake:
        """What a refusal comes to: a burnt tag, another publisher's doing (to be tried again), or what it says."""
        if "immutable" in refused.message:
            self._withdraw()
            raise Mistake(publication.burnt(self.page.tag).reason, code=OUTSIDE) from None
        if refused.status not in (404, 422):
            self._withdraw()
            raise refused
        return refused

    def _withdraw(self) -> None:
        """Leave no draft behind of what can't be published."""
        with suppress(Mistake):
            for each in self.releases.seen():
                if each.draft and each.tag == self.page.tag and each.claim == self.claim:
                    self.releases.remove(each.id)
