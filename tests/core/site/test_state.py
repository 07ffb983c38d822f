from typing import Any

import pytest

from scripts.core.site.state import headline, production, waiting
from tests import lived
from tests.lived import NOW, life, proposal, release, retrain


def test_production_without_a_release_is_what_a_run_began_with() -> None:
    (seen,) = (production(lived.ledger_of([retrain(1, 0, production=4)]).lines),)
    assert seen is not None and seen.version == 4 and seen.released is None
    newer = production(lived.ledger_of([release(4, 0, 3), retrain(1, 1, production=5)]).lines)
    assert newer is not None and newer.version == 5, "main declares it, and it is not released yet"
    older = production(lived.ledger_of([retrain(1, 0, production=3), release(4, 1, 3)]).lines)
    assert older is not None and older.version == 4


@pytest.mark.parametrize(
    ("lines", "open_"),
    [
        ([retrain(1, 0, **proposal(2))], True),
        ([retrain(1, 0, **proposal(2)), retrain(2, 1)], True),
        ([retrain(1, 0, **proposal(2)), release(2, 1, 1)], False),
        ([retrain(1, 0, **proposal(2)), retrain(2, 1, **proposal(2, "closed"))], False),
        ([retrain(1, 0, **proposal(2)), retrain(2, 1, **proposal(2, "committed"))], False),
        ([retrain(1, 0, **proposal(2)), retrain(2, 1, **proposal(2, "refreshed"))], True),
        ([retrain(1, 0, pull_request={"action": "left", "reason": "#2 was closed by a person"})], False),
        ([retrain(1, 0, pull_request={"action": "carried", "number": 3, "reason": "main takes no push"})], True),
    ],
)
def test_what_waits_for_a_person(lines: list[dict[str, Any]], open_: bool) -> None:
    assert (waiting(lived.ledger_of(lines).lines) is not None) is open_


def test_the_whole_page_in_a_sentence_or_two() -> None:
    assert headline(lived.ledger_of(life()).lines, NOW) == (
        "v1 is production; the last run (retrain) was 50 days ago: PROMOTE. Pull request #3 waits for you."
    )
    assert headline((), NOW) == "No run has left a line yet: the first one fills this page."
