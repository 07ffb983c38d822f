from typing import Any

import numpy as np
import pytest

from scripts.core.scoring.truth import MOST_BLOCKS, fault, truth_of
from tests.core.known_predictions import table


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda p: p[:, :1], "shape"),
        (lambda p: p * 2 - 0.5, "outside 0 to 1"),
        (lambda p: p / 2, "do not sum to 1"),
        (lambda p: np.where(np.arange(len(p))[:, None] == 3, np.nan, p), "1 of 300 predictions are not finite"),
    ],
)
def test_what_is_wrong_with_predictions_is_said(spoil: Any, why: str) -> None:
    y, p, _, blocks = table(12, [0, 1])
    truth = truth_of(y, blocks, [0, 1], 1, 0)
    assert fault(p, truth) is None
    assert why in str(fault(spoil(p), truth))


def test_a_label_that_is_no_class_is_refused() -> None:
    with pytest.raises(ValueError, match="not among the classes"):
        truth_of(np.array(["a", "x"]), None, ["a", "b"], None, 0)


def test_many_periods_are_joined_with_their_neighbours() -> None:
    truth = truth_of(np.zeros(2000), np.repeat(np.arange(1000), 2), None, None, 0)
    assert truth.count == MOST_BLOCKS
    assert (np.diff(truth.blocks) >= 0).all()
    assert set(truth.sums()) == {8.0}


@pytest.mark.parametrize(
    ("sizes", "effective"), [([10] * 7, 7), ([10, 10, 20], 1600 / 600), ([1000, 1, 1, 1], 2), ([], 2)]
)
def test_blocks_of_one_size_count_fully_others_less(sizes: list[int], effective: float) -> None:
    day = np.repeat(np.arange(len(sizes)), sizes)
    assert truth_of(np.zeros(len(day)), day, None, None, 0).effective == pytest.approx(effective)
