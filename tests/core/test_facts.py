from datetime import timedelta
from typing import Any

import pytest

from scripts.core import code, declaration, facts
from scripts.core.declaration import Declaration, Judged
from tests import tables

PARAMS = tables.binary().params()
GATE = code.params_digest(code.gate_params(PARAMS))
MANIFEST = {"params": code.training_params(PARAMS), "code": "sha256:code"}


def declared(to: str | None = "2024-03-31T23:00:00") -> Declaration:
    return Declaration(version=3, bundle="sha256:x", judged_on=Judged(rows=9, from_=None, to=to, holdout="h", uses=1))


def batch(name: str, first: str | None, last: str | None, rows: int = 100, labelled: int = 90) -> dict[str, Any]:
    return {"name": name, "rows": rows, "labelled": labelled, "from": first, "to": last}


APRIL = batch("2024-04.csv", "2024-04-01T00:00:00", "2024-04-30T12:00:00")
MARCH = batch("2024-03.csv", "2024-03-01T00:00:00", "2024-03-31T23:00:00")
MAY = batch("2024-05.csv", "2024-05-01T00:00:00", "2024-05-20T23:00:00.250000", labelled=7)


def validation(*batches: dict[str, Any]) -> dict[str, Any]:
    return {"batches": list(batches), "rows": sum(b["rows"] for b in batches)}


def gathered(**others: Any) -> Any:
    given: dict[str, Any] = {
        "drift": None,
        "manifest": MANIFEST,
        "sources": "sha256:code",
        "gate": GATE,
        "reason": None,
    }
    given |= others
    drift = given.pop("drift")
    return facts.facts(PARAMS, given.pop("declared", declared()), validation(MARCH, APRIL, MAY), drift, **given)


def test_before_drift_is_measured_the_least_there_can_be_is_known() -> None:
    found = gathered()
    assert found.production and found.drift is None
    assert found.new_rows == 97
    assert found.age == timedelta(days=50, microseconds=250000)
    assert found.changed == ()


def test_drift_knows_the_new_rows_better() -> None:
    drift = {"new": {"labelled": 101}}
    assert (gathered(drift=drift).new_rows, gathered(drift=drift).drift) == (101, drift)


@pytest.mark.parametrize("given", [{"declared": declaration.none()}, {"manifest": None}])
def test_without_production_there_is_nothing_to_know(given: dict[str, Any]) -> None:
    found = gathered(**given, reason="first one")
    assert not found.production
    assert (found.reason, found.new_rows, found.age) == ("first one", None, None)


def test_what_has_changed_and_why_one_asked_is_handed_on() -> None:
    found = gathered(sources="sha256:other", reason="because")
    assert (found.changed, found.reason) == (("code",), "because")


def test_a_batch_that_begins_before_the_hold_out_ends_is_not_wholly_new() -> None:
    overlapping = batch("x", "2024-03-31T22:00:00", "2024-06-01T00:00:00")
    assert facts.new_rows(declared(), validation(overlapping)) == 0
    assert facts.new_rows(declared(APRIL["from"]), validation(APRIL)) == 0
    assert facts.new_rows(declared(APRIL["from"]), validation(APRIL, MAY)) == 7
    assert facts.new_rows(declared(), validation()) == 0


def test_without_times_rows_and_age_are_not_known() -> None:
    untimed = validation(batch("x", None, None))
    assert facts.new_rows(declared(None), untimed) is None
    assert facts.new_rows(declared(), untimed) == 0
    assert facts.age(declared(None), validation(APRIL)) is None
    assert facts.age(declared(), untimed) is None
    assert facts.newest_row(untimed) is None


def test_data_that_went_back_in_time_have_no_negative_age() -> None:
    assert facts.age(declared("2024-09-01T00:00:00"), validation(APRIL)) == timedelta(0)


@pytest.mark.parametrize(
    ("arrived", "seen", "said"),
    [
        ({"2024-05.csv": 100}, {"2024-03.csv", "2024-04.csv"}, "2024-05 arrived: 100 rows"),
        (None, {"2024-03.csv", "2024-04.csv"}, "2024-05 arrived: 100 rows"),
        (None, set(), "2024-03 to 2024-05 arrived: 300 rows"),
        ({}, {"2024-03.csv", "2024-04.csv", "2024-05.csv"}, "no new batch: 300 rows in 3"),
    ],
)
def test_what_arrived_in_words(arrived: dict[str, int] | None, seen: set[str], said: str) -> None:
    assert facts.arrival(validation(MARCH, APRIL, MAY), arrived, seen) == said
