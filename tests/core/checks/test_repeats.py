import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scripts.core.checks import repeats


@given(st.lists(st.lists(st.integers(0, 9))))
def test_a_row_repeats_the_first_one_that_is_equal(batches: list[list[int]]) -> None:
    found = repeats.find([str(i) for i in range(len(batches))], [np.array(batch, np.uint64) for batch in batches])
    seen: dict[int, int] = {}
    place = 0
    for number, batch in enumerate(batches):
        expected = []
        for value in batch:
            expected.append(value in seen)
            seen.setdefault(value, place)
            place += 1
        assert found.mask(number).tolist() == expected
    assert found.firsts.tolist() == [seen[value] for batch in batches for value in batch]


def test_origins_name_batch_and_row() -> None:
    hashes = [np.array([5, 6, 7], np.uint64), np.array([], np.uint64), np.array([1, 7, 1], np.uint64)]
    found = repeats.find(["a.csv", "b.csv", "c.csv"], hashes)
    assert found.origins(2, found.mask(2)) == (["data/a.csv", "data/c.csv"], ["a.csv row 3", "c.csv row 1"])
