from typing import Any

import pytest

from scripts.core.site.state import Card, cards, headline, production, waiting
from tests import lived
from tests.lived import NOW, life, proposal, release, retrain


def found(*lines: dict[str, Any]) -> dict[str, Card]:
    return {card.name: card for card in cards(lived.ledger_of(list(lines)).lines, NOW)}


def test_the_state_of_a_life() -> None:
    now = found(*life())
    assert list(now) == ["Production", "Production's log loss", "Last run", "Data up to", "Waits for you"]
    assert (now["Production"].value, now["Production"].mood) == ("v1", "good")
    assert now["Production"].about == ("Made the latest again 137 days ago (2026-03-09 05:23). It replaced v2.",)
    assert now["Production's log loss"].value == "0.4700", "production's on the newest hold-out, not the candidate's"
    assert now["Production's log loss"].about[-1] == ("At release 0.4800, −0.01 against v2 (interval −0.02 to −0.001).")
    assert now["Last run"].value == "PROMOTE" and now["Last run"].about[0] == "Retrain, 50 days ago (2026-06-04 05:23)."
    assert now["Data up to"].value == "2013-05-28"
    assert now["Data up to"].about[0] == "5,000 rows."
    assert now["Waits for you"].value == "Pull request #3" and now["Waits for you"].about[0] == "It promotes v3."
    assert now["Waits for you"].links[0].url == f"{lived.WEB}/pull/3"
    lines = lived.ledger_of(life()).lines
    assert headline(lines, NOW) == (
        "v1 is production; the last run (retrain) was 50 days ago: PROMOTE. Pull request #3 waits for you."
    )


def test_an_empty_ledger() -> None:
    now = found()
    assert [card.value for card in now.values()] == ["none yet", "not measured", "none yet", "none yet", "nothing"]
    assert headline((), NOW) == "No run has left a line yet: the first one fills this page."


def test_a_first_line_that_failed() -> None:
    now = found({"time": lived.moment(0), "id": "a", "command": "retrain", "ended": 3, "errors": ["s3: is down"]})
    assert (now["Last run"].value, now["Last run"].mood) == ("failed", "bad")
    assert now["Last run"].about[-1] == "s3: is down" and now["Production"].value == "none yet"


def test_production_without_a_release_is_what_a_run_began_with() -> None:
    (seen,) = (production(lived.ledger_of([retrain(1, 0, production=4)]).lines),)
    assert seen is not None and seen.version == 4 and seen.released is None
    assert found(retrain(1, 0, production=4))["Production"].about[0] == "The ledger knows of no release of it."
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
    ],
)
def test_what_waits_for_a_person(lines: list[dict[str, Any]], open_: bool) -> None:
    assert (waiting(lived.ledger_of(lines).lines) is not None) is open_


def test_a_missed_schedule_needs_a_look() -> None:
    card = found(*(retrain(n, n, id=f"r{n}") for n in range(4)))["Last run"]
    assert card.mood == "care" and "a run was missed" in card.about[-1]
