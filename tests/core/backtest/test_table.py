"""What people read: it fits, it marks the frontier, it warns."""

import json
from dataclasses import replace

import pytest

from scripts.core.backtest import report, table
from scripts.core.backtest.table import WIDTH, Found
from scripts.core.text import to_json
from tests import backtesting
from tests.backtesting import lively


@pytest.fixture
def found() -> Found:
    return backtesting.found()


def test_every_line_fits_and_every_policy_has_one(found: Found) -> None:
    said = table.lines(found)
    assert all(len(line) <= WIDTH for line in said)
    rows = table.table(found)
    assert len(rows) == 1 + 9 * 2 + 1 + 1
    assert rows[1].startswith("oracle") and rows[1].split()[-1] == "0.00"
    costs = [float(row.removesuffix(table.MARK).split()[-2]) for row in rows[2:-1]]
    assert costs == sorted(costs)


def test_the_frontier_is_marked_in_the_table_and_written_out(found: Found) -> None:
    marked = [row for row in table.table(found)[1:-1] if row.endswith(table.MARK)]
    assert len(marked) == len(table.front(found)) - 1 > 0
    retrains = [int(line.split()[0]) for line in table.front(found)[1:]]
    assert retrains == sorted(retrains) and retrains[0] == 0


def test_a_short_history_is_warned_of_and_a_long_one_is_not(found: Found) -> None:
    assert "6 batches are too few" in " ".join(table.advice(found))
    prices = found.market.prices.model_copy(update={"min_batches": 6})
    enough = replace(found, market=replace(found.market, prices=prices))
    assert "too few to choose" not in " ".join(table.advice(enough))


def test_the_report_is_json_that_holds_every_step(found: Found) -> None:
    said = json.loads(to_json(report.report(found, lively().triggers)))
    assert [policy["policy"] for policy in said["policies"]][-1] == "oracle (hindsight)"
    assert all(len(policy["steps"]) == 5 for policy in said["policies"])
    current = next(policy for policy in said["policies"] if policy["policy"] == "current params")
    assert current["steps"][0]["batch"] == "2024-02.parquet" and current["steps"][0]["served"] == "2024-01.parquet"
    assert sum(step["cost"] for step in current["steps"]) == pytest.approx(current["cost"])
    assert said["scores"]["2024-01.parquet"]["2024-02.parquet"] == current["steps"][0]["score"]
