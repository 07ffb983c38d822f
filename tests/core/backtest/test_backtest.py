"""The whole backtest: the same numbers wherever the fits run."""

from pathlib import Path

import pytest

from scripts.core import params
from scripts.core.backtest import report
from scripts.core.backtest.table import Found
from scripts.core.settings.backtest_params import Compute
from scripts.core.training import engine
from tests import dasking, small
from tests.backtesting import HERE, STRENGTHS, contents, history, lively, tried


def told(found: Found) -> object:
    """Everything but what a clock says."""
    said = report.report(found, lively().triggers)
    for policy in said["policies"]:
        del policy["seconds"]
    return said


@pytest.mark.flows
@pytest.mark.parametrize("kind", ["joblib", "dask"])
def test_the_same_numbers_on_every_engine(kind: str) -> None:
    files = contents(STRENGTHS)
    with engine.started(Compute.model_validate({"engine": kind, "workers": 2}), 1) as run:
        assert told(tried(lively(), files, run)) == told(tried(lively(), files, HERE))


@pytest.mark.flows
def test_the_same_numbers_on_machines_that_know_nothing_of_the_project(tmp_path: Path) -> None:
    files = contents(STRENGTHS[:3])
    with dasking.running(tmp_path) as running:
        running.wait(2)
        with engine.started(Compute(engine="dask", address=running.address), 1) as run:
            assert told(tried(lively(), files, run)) == told(tried(lively(), files, HERE))


def test_without_a_time_column_batches_come_by_name_and_the_hold_out_by_hash() -> None:
    given = params.parse(small.params(timed=False))
    files = {f"part-{number}.parquet": small.month(number) for number in range(3)}
    known = history(given, files)
    assert [batch.days for batch in known.batches] == [1.0, 1.0, 1.0]
    found = tried(given, files)
    assert len(found.market.served) == 2
    assert [step.place for step in found.oracle.steps] == [1, 2]


@pytest.mark.flows
@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_other_tasks(task: str) -> None:
    given = params.parse(small.params(task))
    found = tried(given, {f"{number}.parquet": small.month(number, task) for number in range(3)})
    assert all(one.cost >= found.oracle.cost - 1e-9 for one in found.outcomes)
    assert found.market.metric.name == given.gate.metric
