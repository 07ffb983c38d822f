import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.core.gate.evidence import Scored
from scripts.core.gate.slices import MISSING, levels, slices
from scripts.core.params import Gate


def gate(**changed: object) -> Gate:
    return Gate.model_validate({"metric": "log_loss", "resamples": 1000, "slice_min_rows": 50} | changed)


def scored(rows: int = 600, **columns: object) -> Scored:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, rows)
    both = []
    for noise in (1.0, 1.2):
        p = 1 / (1 + np.exp(-(2 * y - 1 + rng.normal(0, noise, rows))))
        both.append(np.column_stack([1 - p, p]))
    its = {name: pd.Categorical(values) for name, values in columns.items()}
    return Scored(y, both[0], both[1], np.arange(rows) % 14, [0, 1], 1, its)


def test_a_category_is_its_own_level_and_missing_is_one() -> None:
    found = levels(pd.Series(["b", None, "a", "b"], dtype="str"), "category")
    assert list(found) == ["b", MISSING, "a", "b"]


def test_a_category_that_is_called_missing_is_not_the_missing_one() -> None:
    found = levels(pd.Series([MISSING, None], dtype="str"), "category")
    assert found[0] != found[1]


def test_a_number_is_cut_into_quartiles_in_their_order() -> None:
    found = levels(pd.Series([*range(1, 101), np.nan]), "number")
    assert list(found.categories) == ["up to 25.75", "25.75 to 50.5", "50.5 to 75.25", "over 75.25", MISSING]
    assert found.value_counts().tolist() == [25, 25, 25, 25, 1]


@given(st.lists(st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)), max_size=60))
def test_equal_numbers_share_a_level_and_greater_ones_never_have_a_lower(values: list[float | None]) -> None:
    found = levels(pd.Series(values, dtype="float64"), "number")
    assert len(found) == len(values)
    known = sorted((value, code) for value, code in zip(values, found.codes, strict=True) if value is not None)
    codes = [code for _, code in known]
    assert codes == sorted(codes)
    assert len({value for value, _ in known}) >= len(set(codes))


def test_every_row_is_in_one_slice_of_each_column() -> None:
    found = slices(scored(a=["x", "y", "z"] * 200, b=["u", "v"] * 300), gate())
    assert [(one.column, one.value, one.rows) for one in found] == [
        ("a", "x", 200), ("a", "y", 200), ("a", "z", 200), ("b", "u", 300), ("b", "v", 300),
    ]  # fmt: skip


def test_the_slice_that_is_everything_is_the_whole_but_for_its_wider_interval() -> None:
    both = scored(a=["x"] * 600, b=["u", "v"] * 300)
    one = next(one for one in slices(both, gate()) if one.column == "a").comparison
    alone = slices(scored(a=["x"] * 600), gate())[0].comparison
    assert one is not None and one.paired is not None and alone is not None and alone.paired is not None
    assert one.paired.difference == alone.paired.difference
    ratio = (one.paired.high - one.paired.low) / (alone.paired.high - alone.paired.low)
    assert ratio == pytest.approx(2.746 / 2.160, rel=1e-3)  # t with 13 degrees at 1 - 0.05 / 3 / 2 and 1 - 0.05 / 2


@pytest.mark.parametrize("least", [49, 51])
def test_a_slice_that_is_too_small_is_reported_and_not_compared(least: int) -> None:
    found = slices(scored(a=["x"] * 50 + ["y"] * 550), gate(slice_min_rows=least))
    assert [one.rows for one in found] == [50, 550]
    assert (found[0].comparison is None) is (least > 50)


def test_a_slice_of_two_blocks_is_too_small() -> None:
    found = slices(scored(a=np.where(np.arange(600) % 14 < 2, "x", "y")), gate())
    assert found[0].rows > 50
    assert (found[0].blocks, found[0].comparison) == (2, None)


def test_a_ranking_of_one_class_can_not_be_compared() -> None:
    both = scored(a=["x", "y"] * 300)
    one_class = Scored(**{**vars(both), "target": np.where(np.arange(600) % 2, both.target, 0)})
    x, y = slices(one_class, gate(metric="roc_auc"))
    assert x.comparison is None
    assert y.comparison is not None
    assert all(one.comparison is not None for one in slices(one_class, gate()))


def test_a_first_model_has_slices_without_a_difference() -> None:
    both = scored(a=["x", "y"] * 300)
    found = slices(Scored(**{**vars(both), "production": None}), gate())
    assert all(one.comparison is not None and one.comparison.paired is None for one in found)


def test_independent_rows_have_blocks_of_their_own_in_each_slice() -> None:
    both = scored(a=["x", "y"] * 300)
    found = slices(Scored(**{**vars(both), "blocks": None}), gate())
    assert [one.blocks for one in found] == [250, 250]
