"""What comes back from a worker is what would have come of the work here: value, error and warnings."""

import operator
import sys
import warnings
from typing import Any

import numpy as np
import pytest

from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.training import task
from tests import dasking


def over_there(function: Any, item: Any, *shared: Any, code: str | None = None) -> Any:
    return task.value(task.answered(task.packed(function, shared, 1, code), item))


def test_the_value_comes_back() -> None:
    assert over_there(operator.add, 2, 3) == 5
    assert np.array_equal(over_there(lambda item, rows: rows + item, 1, np.arange(3)), [1, 2, 3])


def test_shared_values_are_unpacked_once_and_those_of_an_earlier_map_let_go() -> None:
    first, second = (task.packed(dasking.identity, ([number],), 1) for number in (1, 2))
    one, again = (task.answered(first, number).value for number in (1, 2))
    assert one == again
    task.answered(second, 1)
    assert list(task._kept) == [second.key] != [first.key]


def test_the_error_comes_back_with_where_it_was_raised() -> None:
    with pytest.raises(ZeroDivisionError) as raised:
        over_there(operator.truediv, 1, 0)
    assert any("task.py" in note for note in raised.value.__notes__)


def test_a_mistake_comes_back_with_its_lines_and_its_code() -> None:
    with pytest.raises(Mistake) as raised:
        over_there(dasking.raises, 2)
    assert (raised.value.lines, raised.value.code) == (("data/: row 2 is wrong.", "Mend it."), OUTSIDE)


def test_an_error_that_can_not_travel_comes_in_words() -> None:
    with pytest.raises(RuntimeError, match=r"^Odd: 1 and 2$"):
        over_there(dasking.odd, 1)


def test_warnings_are_given_here() -> None:
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        assert over_there(dasking.warns, 1) == 1
    assert [(each.category, str(each.message)) for each in raised] == [(RuntimeWarning, "said once")]
    assert raised[0].filename == dasking.__file__


def test_a_task_has_the_threads_that_were_asked_for() -> None:
    assert over_there(dasking.threads, 1) == {1}
    assert task.computed(dasking.threads, (), 1, 2) == {2}


def test_a_worker_that_serves_another_run_by_now_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    class Finder:
        code_of_the_run = "other"

    with pytest.raises(Mistake, match=r"its workers serve a run of other code. Wait for its end\."):
        over_there(operator.add, 1, 1, code="mine")
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder()])
    with pytest.raises(Mistake, match="other code"):
        over_there(operator.add, 1, 1, code="mine")
    Finder.code_of_the_run = "mine"
    assert over_there(operator.add, 1, 1, code="mine") == 2


def test_a_module_that_a_worker_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    work = task.packed(dasking.warns, (), 1)
    task._kept.clear()
    monkeypatch.setitem(sys.modules, "tests.dasking", None)
    with pytest.raises(Mistake, match=r"compute: a worker lacks what the work needs \(.*tests\.dasking.*\)\. Install"):
        task.value(task.answered(work, 1))
