"""What each policy says to what was known."""

from typing import Any

import pytest

from scripts.core.backtest import policies
from scripts.core.backtest.policies import Now
from scripts.core.params import Triggers
from scripts.core.settings.backtest_params import Backtest

CURRENT = Triggers()
PRICES = Backtest(cost_per_retrain=3.0, cost_per_point_day=0.1)


def now(**known: Any) -> Now:
    plain: dict[str, Any] = {"since": 1, "fired": (False,), "points": (), "age": 30.0, "days": 30.0}
    return Now(**plain | known)


def test_each_has_a_name_of_its_own_and_says_which_settings_it_is() -> None:
    found = policies.policies(CURRENT, Backtest())
    assert [policy.name for policy in found] == [
        "never", "every batch", "every 2 batches", "every 3 batches", "drift", "performance drop", "2 of 3 fired",
        "current params", "cost-aware",
    ]  # fmt: skip
    said = {policy.name: policy.settings for policy in found}
    assert said["current params"] == CURRENT
    assert said["every batch"] is not None and said["every batch"].new_rows.rows == 1
    assert [name for name, settings in said.items() if settings is None] == [
        "every 2 batches", "every 3 batches", "2 of 3 fired", "cost-aware",
    ]  # fmt: skip


def test_single_triggers_keep_their_limits_and_changed_is_left_alone() -> None:
    given = Triggers.model_validate({"data_drift": {"share": 0.4, "enabled": False}, "changed": {"enabled": True}})
    alone = policies.only(given, "data_drift")
    on = [name for name in Triggers.model_fields if getattr(alone, name).enabled]
    assert on == ["data_drift", "changed"] and alone.data_drift.share == 0.4


def test_every_so_many_batches_counts_from_the_last_retraining() -> None:
    third = policies.every(3)
    assert [third(now(since=since)) for since in (1, 2, 3, 4)] == [False, False, True, True]


@pytest.mark.parametrize(
    ("fired", "yes"),
    [((True,), False), ((True, True), True), ((True, False, True), True), ((True, False, False, True), False)],
)
def test_so_many_of_the_last_batches(fired: tuple[bool, ...], yes: bool) -> None:
    assert policies.repeated(2, 3)(now(fired=fired)) is yes


def test_waiting_is_worth_it_until_the_expected_loss_passes_the_price() -> None:
    """At 30 days the model is a point worse; 60 days on it will be two, for 30 days at 0.1 each: 6."""
    line = ((30.0, 1.0),)
    assert policies.slope(line) == pytest.approx(1 / 30)
    assert policies.worth_it(PRICES)(now(points=line))
    assert not policies.worth_it(Backtest(cost_per_retrain=6.1, cost_per_point_day=0.1))(now(points=line))


def test_a_model_that_gets_better_or_of_which_nothing_is_known_stays() -> None:
    aware = policies.worth_it(PRICES)
    assert not aware(now()) and not aware(now(points=((30.0, -5.0),)))


def test_the_trend_goes_through_no_loss_at_release() -> None:
    assert policies.slope(((10.0, 1.0), (20.0, 2.0), (30.0, 3.0))) == pytest.approx(0.1)
    assert policies.slope(((10.0, 3.0), (20.0, 0.0))) == pytest.approx(30 / 500)
