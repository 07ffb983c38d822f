"""One call, the same answers in this process and in others; what fails is told, and nothing is left running."""

import operator
import os
import warnings
from pathlib import Path

import psutil
import pytest

from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.settings.backtest_params import Compute
from scripts.core.training import engine
from tests import dasking

ONE, TWO = Compute(workers=1), Compute(workers=2)


def test_one_worker_is_this_process() -> None:
    with engine.started(ONE, 1) as run:
        assert run.workers == 1
        assert run.map(operator.mul, range(4), 3) == [0, 3, 6, 9]
        assert run.map(dasking.where, [1, 2]) == [os.getpid()] * 2
        with pytest.raises(Mistake, match="row 2 is wrong"):
            run.map(dasking.raises, range(5))


def test_workers_are_as_many_as_cores_where_nobody_says() -> None:
    from joblib import cpu_count

    assert engine._workers(Compute()) == cpu_count()


@pytest.mark.flows
def test_two_workers_are_processes_of_their_own(tmp_path: Path) -> None:
    """One pool for all of it: a process that starts costs seconds."""
    before = children()
    with engine.started(TWO, 1) as run:
        assert run.workers == 2
        assert run.map(dasking.product, range(20), 3) == [3 * item for item in range(20)]
        assert os.getpid() not in run.map(dasking.where, range(4))
        assert run.map(dasking.threads, [1]) == [{1}]
        with pytest.raises(Mistake) as raised, warnings.catch_warnings():
            warnings.simplefilter("error")
            run.map(dasking.raises, range(50))
        assert (raised.value.lines[0], raised.value.code) == ("data/: row 2 is wrong.", OUTSIDE), "the first of them"
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            assert run.map(dasking.warns, [1]) == [1]
        assert [str(each.message) for each in said] == ["said once"]
        with pytest.raises(Mistake) as raised:
            run.map(dasking.dies, range(4), str(tmp_path), 1)
        assert raised.value.code == OUTSIDE
        assert raised.value.lines[0].startswith("params.yaml: compute.engine: a process of joblib ended amid its work")
        assert len(raised.value.lines) == 1
    assert children() <= before


def children() -> set[int]:
    """Processes that compute; joblib's tracker of shared memory stays with this process."""
    found = psutil.Process().children(recursive=True)
    return {each.pid for each in found if "resource_tracker" not in " ".join(each.cmdline())}
