import pytest

from scripts.core import rollback
from scripts.core.declaration import Declaration
from scripts.core.errors import USAGE, Mistake
from scripts.core.publication import Seen

HISTORY = [Declaration(version=version, bundle=f"sha256:{version}") for version in (4, 2, 3, 2, 1)]
RELEASED = [Seen(number, f"v{number}", draft=False, bundle=f"sha256:{number}") for number in (1, 2, 4)]


def chosen(version: int, releases: list[Seen] = RELEASED) -> int:
    return rollback.chosen(version, HISTORY[0], HISTORY, releases)


def test_the_newest_declaration_of_a_released_version_is_put_back() -> None:
    assert chosen(2) == 1
    assert chosen(1) == 4


@pytest.mark.parametrize(
    ("version", "why"),
    [(4, "v4 is production already"), (3, "v3 was never released"), (9, "v9 was never declared"), (0, "v0 was never")],
)
def test_others_are_refused_and_what_can_be_chosen_is_said(version: int, why: str) -> None:
    with pytest.raises(Mistake, match=why) as refused:
        chosen(version)
    assert refused.value.code == USAGE
    assert "Choose one of v1, v2." in str(refused.value)


def test_a_draft_is_no_release() -> None:
    with pytest.raises(Mistake, match="No other version was released yet"):
        chosen(2, [Seen(1, "v2", draft=True, bundle="sha256:2")])


def test_the_declaration_must_name_what_was_released() -> None:
    with pytest.raises(Mistake, match="no declaration of v2 names that"):
        chosen(2, [Seen(1, "v2", draft=False, bundle="sha256:other")])


def test_a_release_that_says_nothing_of_its_bundle_is_taken_by_its_number() -> None:
    assert chosen(2, [Seen(1, "v2", draft=False)]) == 1
