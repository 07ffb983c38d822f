from dataclasses import replace
from typing import Any

import pytest

from scripts.core import publication
from scripts.core.declaration import Declaration, Replaced, Verdict
from scripts.core.publication import MakeLatest, Nothing, Publish, Refuse, Seen, Situation

OLD, NEW = Replaced(version=4, bundle="sha256:old"), "sha256:new"
DECLARED = Declaration(version=5, bundle=NEW, replaces=OLD)
NOW = Situation(DECLARED, ("c" * 40,), (OLD,), (), None, None)
PUBLISHED = Seen(7, "v5", draft=False, bundle=NEW)


def decided(**changed: Any) -> publication.Decision:
    return publication.decide(replace(NOW, **changed))


def test_what_is_declared_and_not_published_is_published() -> None:
    assert decided() == Publish("v5", "c" * 40, None, "v5 is declared and not published")


def test_no_model_is_nothing_to_do() -> None:
    assert isinstance(decided(declared=Declaration(version=0, bundle=None)), Nothing)


def test_a_draft_is_finished_and_of_several_the_oldest() -> None:
    drafts = (Seen(9, "v5", draft=True), Seen(8, "v5", draft=True), Seen(3, "v4", draft=True))
    found = decided(releases=drafts)
    assert isinstance(found, Publish) and found.draft == 8


def test_what_is_published_and_latest_is_left() -> None:
    assert decided(releases=(PUBLISHED,), latest=7) == Nothing("v5 is published, and the latest")


@pytest.mark.parametrize("latest", [None, 6])
def test_what_is_published_and_not_latest_is_made_latest_whatever_it_replaces(latest: int | None) -> None:
    found = decided(releases=(PUBLISHED,), latest=latest, before=(None,))
    assert isinstance(found, MakeLatest) and found.release == PUBLISHED


def test_drafts_of_what_is_published_and_drafts_left_behind_are_surplus() -> None:
    others = (
        Seen(8, "v5", draft=True),
        Seen(9, "v3", draft=True, bundle="sha256:x"),
        Seen(10, "v3", draft=True),  # a person's
        Seen(11, "v3", draft=False, bundle="sha256:x"),
    )
    found = decided(releases=(PUBLISHED, *others), latest=7)
    assert isinstance(found, Nothing) and found.surplus == (8, 9)


def test_a_number_is_used_once() -> None:
    found = decided(releases=(replace(PUBLISHED, bundle="sha256:other"),), latest=7)
    assert isinstance(found, Refuse) and "sha256:other" in found.reason


@pytest.mark.parametrize("before", [(), (None,), (Replaced(version=3, bundle="sha256:older"),)])
def test_what_was_judged_against_something_else_is_stale(before: Any) -> None:
    found = decided(before=before)
    assert isinstance(found, Refuse) and "git revert cccccccccccc" in found.reason


def test_stale_even_if_only_the_bundle_differs() -> None:
    assert isinstance(decided(before=(Replaced(version=4, bundle="sha256:swapped"),)), Refuse)


def test_what_took_the_right_place_once_may_be_put_back() -> None:
    assert isinstance(decided(before=(Replaced(version=9, bundle="sha256:later"), OLD)), Publish)


@pytest.mark.parametrize(("tagged", "free"), [("c" * 40, True), ("d" * 40, False)])
def test_a_tag_that_stands_elsewhere_is_never_moved(tagged: str, free: bool) -> None:
    assert isinstance(decided(tagged=tagged), Publish if free else Refuse)


def history(*models: int) -> list[Declaration]:
    """Newest first."""
    return [Declaration(version=model, bundle=f"sha256:{model}" if model else None) for model in models]


def test_beginnings_skip_no_declaration_and_see_through_mere_changes_of_words() -> None:
    found = publication.beginnings(history(3)[0], history(3, 3, 2, 3, 1, 0))
    assert [(place, before and before.version) for place, before in found] == [(1, 2), (3, 1)]


def test_the_first_model_replaces_none() -> None:
    assert publication.beginnings(history(1)[0], history(1, 0)) == ((0, None),)
    assert publication.beginnings(history(1)[0], history(1)) == ((0, None),)


@pytest.mark.parametrize("claim", [None, "abc"])
def test_marks_are_read_back_and_only_ours(claim: str | None) -> None:
    notes = f"Words\n\n{publication.mark(NEW, claim)}\n"
    assert publication.marked(notes) == (NEW, claim, None)


def test_notes_remember_who_was_told_and_keep_what_people_wrote() -> None:
    first, again = (publication.heard("octo/serving", commit * 40) for commit in "ab")
    notes = f"{publication.mark('sha256:fake')} quoted\n\n{publication.mark(NEW)}\nP.S. by hand\n"
    once = publication.remarked(notes, first)
    assert publication.marked(once) == (NEW, None, first) and once.endswith("-->\nP.S. by hand\n")
    assert once.startswith(publication.mark("sha256:fake"))
    assert publication.marked(publication.remarked(once, again)) == (NEW, None, again), "declared anew, told anew"
    assert publication.remarked("A person's own", first) == "A person's own"


@pytest.mark.parametrize(
    "notes", ["", "Words", "<!-- evergreen release {} -->", '<!-- evergreen release {"bundle": 1} -->']
)
def test_no_mark_says_nothing(notes: str) -> None:
    assert publication.marked(notes) == (None, None, None)


def test_of_several_marks_the_last_counts() -> None:
    """A text within the notes can't speak for the release."""
    assert publication.marked(publication.mark("sha256:fake") + publication.mark(NEW))[0] == NEW


@pytest.mark.parametrize(
    ("others", "standing"),
    [
        ((), "won"),
        ((Seen(6, "v5", draft=True),), "won"),
        ((Seen(4, "v5", draft=True),), "lost"),
        ((Seen(4, "v4", draft=True),), "won"),
        ((Seen(9, "v5", draft=False),), "published"),
    ],
)
def test_the_lowest_draft_goes_on(others: tuple[Seen, ...], standing: str) -> None:
    assert publication.standing(5, (Seen(5, "v5", draft=True), *others), "v5") == standing
    assert publication.standing(5, others, "v5") == standing, "a list that lies behind does not show one's own"


def evaluation(**changed: Any) -> dict[str, Any]:
    found = {
        "candidate": {"bundle": NEW},
        "production": {"version": 4, "bundle": "sha256:old"},
    } | changed
    return {"models": found, "verdict": {"verdict": "PROMOTE"}}


def test_an_evaluation_must_be_of_this_model_against_that_one_with_this_verdict() -> None:
    verdict = Verdict(verdict="PROMOTE", first=False, reasons=())
    declared = DECLARED.model_copy(update={"verdict": verdict})
    assert publication.judges(declared, evaluation())
    assert not publication.judges(declared, evaluation(candidate={"bundle": "sha256:other"}))
    assert not publication.judges(declared, evaluation(production={"version": 3, "bundle": "sha256:old"}))
    assert not publication.judges(declared, evaluation(production=None))
    overridden = verdict.model_copy(update={"verdict": "HOLD", "override": "because"})
    assert not publication.judges(declared.model_copy(update={"verdict": overridden}), evaluation())
    first = declared.model_copy(update={"replaces": None})
    assert publication.judges(first, evaluation(production=None))
