from typing import Any

from scripts.core.site.cards import Card, cards
from tests import lived
from tests.lived import NOW, life, release, retrain


def found(*lines: dict[str, Any]) -> dict[str, Card]:
    return {card.name: card for card in cards(lived.ledger_of(list(lines)).lines, NOW)}


def test_the_state_of_a_life() -> None:
    now = found(*life())
    assert list(now) == ["Production", "Production's log loss", "Last run", "Data up to", "Waits for you"]
    assert (now["Production"].value, now["Production"].mood) == ("v1", "good")
    assert now["Production"].about == ("Made the latest again 137 days ago (2026-03-09 05:23). Before it was v2.",)
    assert now["Production's log loss"].value == "0.4700", "production's on the newest hold-out, not the candidate's"
    assert now["Production's log loss"].about[-1] == ("At release 0.4800, −0.01 against v2 (interval −0.02 to −0.001).")
    assert now["Last run"].value == "PROMOTE" and now["Last run"].about[0] == "Retrain, 50 days ago (2026-06-04 05:23)."
    assert now["Data up to"].value == "2013-05-28"
    assert now["Data up to"].about[0] == "5,000 rows."
    assert now["Waits for you"].value == "Pull request #3" and now["Waits for you"].about[0] == "It promotes v3."
    assert now["Waits for you"].links[0].url == f"{lived.WEB}/pull/3"


def test_after_a_way_back_the_version_before_is_the_one_that_was_left() -> None:
    lines = [release(1, 0, 0), release(2, 1, 1), release(3, 2, 2), release(2, 3, 1, "made_latest")]
    assert found(*lines)["Production"].about[0].endswith(" Before it was v3.")


def test_an_empty_ledger() -> None:
    now = found()
    assert [card.value for card in now.values()] == ["none yet", "not measured", "none yet", "none yet", "nothing"]


def test_a_first_line_that_failed() -> None:
    now = found({"time": lived.moment(0), "id": "a", "command": "retrain", "ended": 3, "errors": ["s3: is down"]})
    assert (now["Last run"].value, now["Last run"].mood) == ("failed", "bad")
    assert now["Last run"].about[-1] == "s3: is down" and now["Production"].value == "none yet"


def test_what_is_over_its_limit_needs_a_look() -> None:
    drop = {"name": "performance_drop", "state": "fired", "says": "log_loss 0.57 on new rows, 0.47 at release"}
    now = found(*life())
    assert now["Data up to"].mood == "care" and now["Data up to"].about[-1] == "Drifted columns weigh 0.40 of 0.25."
    assert now["Production's log loss"].mood == "plain"
    now = found(*life(), retrain(1, 160, id="late", production=1, triggers=[drop]))
    assert now["Data up to"].mood == "plain", "of the newest run that looked"
    score = now["Production's log loss"]
    assert (score.mood, score.about[-1]) == ("care", "log_loss 0.57 on new rows, 0.47 at release.")


def test_a_missed_schedule_needs_a_look() -> None:
    card = found(*(retrain(n, n, id=f"r{n}") for n in range(4)))["Last run"]
    assert card.mood == "care" and "a run was missed" in card.about[-1]


def test_production_that_no_release_is_known_of() -> None:
    assert found(retrain(1, 0, production=4))["Production"].about[0] == "The ledger knows of no release of it."
