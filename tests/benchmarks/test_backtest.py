"""What the benchmark of the backtest makes of its figures."""

import pytest

from benchmarks import backtest


def test_the_bar_is_held_against_medians() -> None:
    assert backtest.ratio([10.0, 30.0, 11.0], [20.0, 22.0, 90.0]) == pytest.approx(2.0)


def test_what_was_found_is_kept_without_what_went_on() -> None:
    said = "  0.0 s  reading the history\n 12.0 s  fitting 12 models\n12 batches, a to b\nnext\n\npolicy\n"
    assert backtest._found(said) == "12 batches, a to b\nnext\n\npolicy"
