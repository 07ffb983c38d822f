"""Which trigger fires, and how far the others are from it."""

import itertools
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.core.params import Triggers
from scripts.core.text import to_json
from scripts.core.triggers import Decision, Facts, Trigger, decide

USUAL = Triggers()
NAMES = ("data_drift", "prediction_drift", "performance_drop", "new_rows", "max_age", "changed")


def scored(now: float, release: float | None, interval: Any = None, metric: str = "log_loss") -> dict[str, Any]:
    around = (now - 0.001, now + 0.001) if interval is None else interval
    return {"metric": metric, "now": now, "at_release": release, "interval": around}


def drifted(
    share: float | None = 0.0, moved: tuple[float, float] | None = (0.01, 0.2), score: dict[str, Any] | None = None
) -> dict[str, Any]:
    prediction = (
        None if moved is None else {"distance": moved[0], "threshold": moved[1], "drifted": moved[0] > moved[1]}
    )
    return {"weighted_share": share, "prediction": prediction, "performance": score}


QUIET: dict[str, dict[str, Any]] = {
    "data_drift": {"drift": {"share": 0.1}},
    "prediction_drift": {"drift": {"moved": (0.05, 0.2)}},
    "performance_drop": {"drift": {"score": scored(0.46, 0.45)}},
    "new_rows": {"new_rows": 19_999},
    "max_age": {"age": timedelta(days=30)},
    "changed": {"changed": ()},
}
FIRED: dict[str, dict[str, Any]] = {
    "data_drift": {"drift": {"share": 0.25}},
    "prediction_drift": {"drift": {"moved": (0.3, 0.2)}},
    "performance_drop": {"drift": {"score": scored(0.5, 0.45)}},
    "new_rows": {"new_rows": 20_000},
    "max_age": {"age": timedelta(days=90)},
    "changed": {"changed": ("train", "code")},
}


def facts(states: dict[str, bool], **others: Any) -> Facts:
    """Facts on which exactly those triggers fire that are asked for."""
    whole: dict[str, Any] = {}
    drift: dict[str, Any] = {}
    for name, fires in states.items():
        given = dict((FIRED if fires else QUIET)[name])
        drift |= given.pop("drift", {})
        whole |= given
    return Facts(production=True, drift=drifted(**drift), **whole, **others)


@pytest.mark.parametrize("fires", list(itertools.product([False, True], repeat=len(NAMES))))
def test_exactly_those_fire_that_have_reached_their_limit(fires: tuple[bool, ...]) -> None:
    asked = dict(zip(NAMES, fires, strict=True))
    decision = decide(facts(asked), USUAL)
    assert {trigger.name: trigger.state == "fired" for trigger in decision.triggers} == asked
    assert decision.retrain == any(fires)
    assert [trigger.name for trigger in decision.fired] == [name for name in NAMES if asked[name]]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_switched_off_never_fires(name: str) -> None:
    off = Triggers.model_validate({name: {"enabled": False}})
    decision = decide(facts(dict.fromkeys(NAMES, True)), off)
    (trigger,) = [trigger for trigger in decision.triggers if trigger.name == name]
    assert trigger.state == "off"
    assert {each.name for each in decision.fired} == set(NAMES) - {name}
    assert name not in str(decision)


def test_a_reason_fires_whatever_else_is_off() -> None:
    off = Triggers.model_validate({name: {"enabled": False} for name in NAMES})
    decision = decide(facts(dict.fromkeys(NAMES, True), reason="new labels"), off)
    assert [(trigger.name, trigger.says) for trigger in decision.fired] == [("manual", "asked for: new labels")]


def test_without_a_production_model_there_is_one_reason_only() -> None:
    decision = decide(Facts(production=False), USUAL)
    assert [(trigger.name, trigger.state) for trigger in decision.triggers] == [("first", "fired")]
    also = decide(Facts(production=False, reason="why not"), USUAL)
    assert [trigger.name for trigger in also.fired] == ["manual", "first"]


def test_what_is_not_known_does_not_fire_and_says_so() -> None:
    decision = decide(Facts(production=True), USUAL)
    assert {trigger.state for trigger in decision.triggers} == {"unknown"}
    assert not decision.retrain
    empty = decide(Facts(production=True, drift=drifted(None, None)), USUAL)
    assert {trigger.state for trigger in empty.triggers} == {"unknown"}


def one(name: str, given: Facts, **settings: Any) -> Trigger:
    decision = decide(given, Triggers.model_validate({name: settings}))
    return next(trigger for trigger in decision.triggers if trigger.name == name)


@pytest.mark.parametrize(
    ("name", "distance", "says"),
    [
        ("data_drift", 0.4, "drifted columns weigh 0.10 of 0.25"),
        ("prediction_drift", 0.25, "predictions moved 0.0500 of 0.2000"),
        ("performance_drop", 0.01 / 0.045, "log_loss 0.4600 on new rows, 0.4500 at release"),
        ("new_rows", 0.99995, "19,999 new rows of 20,000"),
        ("max_age", 1 / 3, "age 30 of 90D"),
        ("changed", 0.0, "nothing changed in params or code"),
    ],
)
def test_a_quiet_trigger_says_how_much_of_its_limit_is_reached(name: str, distance: float, says: str) -> None:
    trigger = one(name, facts(dict.fromkeys(NAMES, False)))
    assert trigger.state == "quiet"
    assert trigger.distance == pytest.approx(distance)
    assert trigger.says == says


@pytest.mark.parametrize("name", NAMES)
def test_a_trigger_fires_at_distance_1(name: str) -> None:
    fired = one(name, facts(dict.fromkeys(NAMES, True)))
    assert fired.distance is not None and fired.distance >= 1


def test_a_share_of_0_always_fires_and_has_no_distance() -> None:
    trigger = one("data_drift", facts(dict.fromkeys(NAMES, False)), share=0.0)
    assert trigger.state == "fired" and trigger.distance is None


def performance(
    now: float, release: float | None, metric: str = "log_loss", interval: Any = None, **settings: Any
) -> Trigger:
    given = Facts(production=True, drift=drifted(score=scored(now, release, interval, metric)))
    return one("performance_drop", given, **settings)


@pytest.mark.parametrize(
    ("metric", "better", "worse"),
    [("log_loss", 0.40, 0.50), ("mean_absolute_error", 9.0, 12.0), ("roc_auc", 0.80, 0.60), ("r2", 0.9, -0.2)],
)
def test_losses_drop_by_rising_and_scores_by_falling(metric: str, better: float, worse: float) -> None:
    assert performance(worse, better, metric).state == "fired"
    assert performance(better, worse, metric).state == "quiet"
    assert performance(better, better, metric).state == "quiet"
    assert performance(better, worse, metric).distance is not None
    assert (performance(better, worse, metric).distance or 0) < 0


def test_a_drop_that_chance_can_make_does_not_fire() -> None:
    assert performance(0.5, 0.45, interval=(0.44, 0.56)).state == "quiet"
    assert performance(0.5, 0.45, interval=(0.46, 0.54)).state == "fired"


def test_a_drop_without_an_interval_is_not_proven() -> None:
    trigger = one(
        "performance_drop",
        Facts(
            production=True,
            drift=drifted(score={"metric": "log_loss", "now": 9.0, "at_release": 0.4, "interval": None}),
        ),
    )
    assert trigger.state == "quiet"


def test_the_relative_limit_is_the_users() -> None:
    assert performance(0.5, 0.45, relative=0.2).state == "quiet"
    assert performance(0.5, 0.45, relative=0.11).state == "fired"


@pytest.mark.parametrize(("metric", "now", "floor", "state"), [
    ("log_loss", 0.56, 0.55, "fired"),
    ("log_loss", 0.54, 0.55, "quiet"),
    ("roc_auc", 0.64, 0.65, "fired"),
    ("roc_auc", 0.66, 0.65, "quiet"),
])  # fmt: skip
def test_the_floor_fires_whatever_it_was_at_release(metric: str, now: float, floor: float, state: str) -> None:
    assert performance(now, now, metric, floor=floor).state == state
    assert performance(now, None, metric, floor=floor).state == ("fired" if state == "fired" else "unknown")


def test_a_model_that_was_perfect_at_release_can_drop_too() -> None:
    assert performance(0.5, 0.0).state == "fired"
    assert performance(0.0, 0.0).state == "quiet"


FLOATS = st.floats(0, 1e6)


@given(
    st.booleans(),
    FLOATS,
    st.tuples(FLOATS, FLOATS),
    st.floats(0.001, 10),
    st.floats(0.001, 10),
    st.integers(0, 10**9),
    st.timedeltas(timedelta(0), timedelta(10**4)),
    st.lists(st.sampled_from(["data", "train", "gate", "code"]), unique=True),
    st.none() | st.text(min_size=1),
)
def test_a_decision_is_written_and_read_back(
    production: bool,
    share: float,
    moved: Any,
    now: float,
    release: float,
    rows: int,
    age: timedelta,
    changed: Any,
    reason: Any,
) -> None:
    given = Facts(production, drifted(share, moved, scored(now, release)), rows, age, tuple(changed), reason)
    decision = decide(given, USUAL)
    written = decision.to_list()
    assert Decision.from_list(written) == decision
    read = Decision.from_list(json.loads(to_json(written)))
    assert [(t.name, t.state, t.says) for t in read.triggers] == [(t.name, t.state, t.says) for t in decision.triggers]
    assert all(entry["distance"] == trigger.distance for entry, trigger in zip(written, decision.triggers, strict=True))


def test_a_decision_in_words_begins_with_what_fired() -> None:
    states = dict.fromkeys(NAMES, False) | {"new_rows": True}
    assert str(decide(facts(states, reason="curious"), USUAL)).startswith(
        "asked for: curious (manual) · 20,000 new rows of 20,000 (new_rows) · drifted columns weigh 0.10 of 0.25 · "
    )
