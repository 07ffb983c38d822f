import pytest

from scripts.edges.hub.github import GitHub
from scripts.edges.hub.releases import Page, Releases
from tests.github_server import Fault, Forge

PAGE = Page("v1", "main", "One", "What is new", "sha256:1")
UNHEARD = ("cut_after", "502_after", "short_body", "cut_before", "reset", "html_200")


@pytest.fixture
def releases(forge: Forge) -> Releases:
    hub = GitHub(forge.settings(forge.token({"contents": "write"})), sleep=forge.pass_time)
    return Releases(hub, lag=3.0)


def published(releases: Releases, tag: str = "v1") -> int:
    page = Page(tag, "main", tag, "", "sha256:1")
    draft = int(releases.begin(page, f"claim of {tag}")["id"])
    releases.publish(draft, page)
    return draft


def test_a_draft_carries_its_publishers_claim_and_loses_it_when_it_is_public(forge: Forge, releases: Releases) -> None:
    draft = int(releases.begin(PAGE, "mine")["id"])
    (seen,) = releases.seen()
    assert (seen.id, seen.tag, seen.draft, seen.bundle, seen.claim) == (draft, "v1", True, "sha256:1", "mine")
    releases.publish(draft, PAGE)
    (seen,) = releases.seen()
    assert (seen.draft, seen.claim, seen.ours) == (False, None, True)
    assert forge.latest == "v1" and "mine" not in forge.releases[0]["body"]


@pytest.mark.parametrize("kind", UNHEARD)
def test_a_draft_that_was_made_unheard_is_not_made_twice(forge: Forge, releases: Releases, kind: str) -> None:
    forge.lag = 2.0
    forge.faults = [Fault(at=2, kind=kind)]
    releases.begin(PAGE, "mine")
    assert len(forge.releases) == 1


@pytest.mark.parametrize("kind", UNHEARD)
def test_publishing_unheard_is_looked_at_and_done_once(forge: Forge, releases: Releases, kind: str) -> None:
    draft = int(releases.begin(PAGE, "mine")["id"])
    forge.begin_count()
    forge.faults = [Fault(at=2, kind=kind)]
    done = releases.publish(draft, PAGE)
    assert done is not None and not done["draft"]
    assert forge.latest == "v1"


def test_taking_over_never_makes_a_public_release_a_draft(forge: Forge, releases: Releases) -> None:
    release = published(releases)
    found = releases.claim(release, PAGE, "late")
    assert found is not None and not found["draft"]
    assert not forge.releases[0]["draft"]


def test_a_draft_that_is_gone_can_neither_be_taken_nor_published(releases: Releases) -> None:
    draft = int(releases.begin(PAGE, "mine")["id"])
    releases.remove(draft)
    assert releases.claim(draft, PAGE, "late") is None
    assert releases.publish(draft, PAGE) is None
    releases.remove(draft)


def test_a_public_release_is_never_removed(forge: Forge, releases: Releases) -> None:
    releases.remove(published(releases))
    assert [one["tag_name"] for one in forge.releases] == ["v1"]


@pytest.mark.parametrize("kind", [None, *UNHEARD])
def test_an_earlier_one_is_made_latest(forge: Forge, releases: Releases, kind: str | None) -> None:
    published(releases, "v1")
    published(releases, "v2")
    first = next(seen for seen in releases.seen() if seen.tag == "v1")
    forge.begin_count()
    if kind:
        forge.faults = [Fault(at=2, kind=kind)]
    releases.make_latest(first)
    assert forge.latest == "v1" and releases.latest() == first.id


def test_tags_are_followed_to_their_commit(forge: Forge, releases: Releases) -> None:
    assert releases.tagged("v1") is None
    commit = str(forge.tip())
    forge.state.bare.set("refs/tags/v1", commit)
    made = forge.state.bare.git(
        "mktag", given=f"object {commit}\ntype commit\ntag v2\ntagger a <a@b> 0 +0000\n\nwords\n".encode()
    ).strip()
    forge.state.bare.set("refs/tags/v2", made)
    assert releases.tagged("v1") == releases.tagged("v2") == commit


def test_nothing_is_latest_where_nothing_is_released(releases: Releases) -> None:
    assert releases.latest() is None
    assert releases.seen() == ()
