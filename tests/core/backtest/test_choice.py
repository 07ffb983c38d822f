"""Which policy is advised, and how sure that is."""

from typing import Any

import numpy as np
import pytest

from scripts.core.backtest import choice
from scripts.core.backtest.outcome import Outcome
from scripts.core.params import Triggers


def outcome(name: str, losses: list[float], **other: Any) -> Outcome:
    plain: dict[str, Any] = {
        "gate": True, "retrains": 1, "promotions": 1, "seconds": 1.0, "scores": {}, "settings": Triggers(),
    }  # fmt: skip
    return Outcome(name=name, losses=dict(enumerate(losses)), **plain | other)


NOW = outcome("now", [5.0, 6.0, 5.0, 6.0, 5.0, 6.0])


def test_the_cheapest_of_what_params_can_say_is_advised_and_the_cheapest_of_all_is_named() -> None:
    drift = outcome("drift", [4.0, 5.0, 4.0, 5.0, 4.0, 5.0])
    free = outcome("free", [0.0] * 6, settings=None)
    oracle = outcome("oracle", [-1.0] * 6, gate=None, settings=None)
    found = choice.chosen([NOW, drift, free, oracle], "now")
    assert (found.best.name, found.cheapest.name, found.current.name) == ("drift", "free", "now")
    assert found.changes and found.told.saved == pytest.approx(6.0) and found.told.compared == 2


def test_the_current_params_stay_when_nothing_is_cheaper() -> None:
    found = choice.chosen([outcome("same", list(NOW.losses.values())), NOW], "now")
    assert found.best is found.current and not found.changes
    assert not found.told.apart


def test_a_constant_saving_is_beyond_chance_and_a_wild_one_is_not() -> None:
    steady = choice.paired(outcome("a", [4.0, 5.1, 4.0, 5.0, 4.1, 5.0]), NOW, 5)
    wild = choice.paired(outcome("b", [15.0, -16.0, 5.0, 16.0, -15.0, 6.0]), NOW, 5)
    assert steady.apart and steady.low > 0
    assert not wild.apart and wild.low < 0 < wild.high


def test_the_more_policies_were_tried_the_wider_the_interval() -> None:
    best = outcome("a", [4.0, 5.5, 4.2, 5.0, 4.1, 5.9])
    few, many = (choice.paired(best, NOW, count) for count in (1, 20))
    assert many.low < few.low < few.high < many.high and many.saved == few.saved


def test_batches_that_hang_together_tell_less() -> None:
    assert choice.effective([1.0, -1.0] * 5) == 10
    assert choice.effective([0.0] * 5 + [1.0] * 5) < 3
    assert choice.effective([2.0, 2.0, 2.0]) == 3


def test_too_few_batches_give_no_interval() -> None:
    told = choice.paired(outcome("a", [1.0, 2.0]), outcome("now", [3.0, 3.0]), 2)
    assert not told.apart and "too few batches" in str(told)


@pytest.mark.parametrize("compared", [1, 4])
def test_equal_policies_are_told_apart_no_more_often_than_asked(compared: int) -> None:
    """Costs of one distribution, 400 histories of twelve batches: 5 % at most, with room for chance."""
    apart = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        now = outcome("now", rng.normal(10, 2, 12).tolist())
        others = [outcome(f"p{number}", rng.normal(10, 2, 12).tolist()) for number in range(compared)]
        apart += choice.chosen([now, *others], "now").told.apart
    assert apart <= 28
