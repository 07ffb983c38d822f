"""The simulations that measure the gate: their truths must be true, and each planted defect must be found."""

from collections import Counter

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss, mean_absolute_error, roc_auc_score, root_mean_squared_error

from benchmarks import verdict_defects, verdict_reuse, verdict_table, verdict_trials, verdict_worlds
from benchmarks.verdict_table import Tally
from benchmarks.verdict_trials import Cell
from benchmarks.verdict_worlds import Noise

KNOWN = {
    "accuracy": lambda y, p: accuracy_score(y, p[:, 1] > 0.5),
    "log_loss": log_loss,
    "roc_auc": lambda y, p: roc_auc_score(y, p[:, 1]),
    "mean_absolute_error": mean_absolute_error,
    "root_mean_squared_error": root_mean_squared_error,
}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdict_worlds, "LARGE", 100_000)
    verdict_worlds.knobs.cache_clear()


@pytest.mark.parametrize("metric", ["log_loss", "mean_absolute_error"])
@pytest.mark.parametrize("name", verdict_defects.DEFECTS)
def test_a_planted_defect_ends_in_invalid_or_reject(name: str, metric: str) -> None:
    assert verdict_defects.DEFECTS[name](metric, 0) in ("INVALID", "REJECT")


def test_without_a_defect_the_better_candidate_is_promoted() -> None:
    assert verdict_defects.better("log_loss", 0) == "PROMOTE"


@pytest.mark.parametrize("metric", verdict_worlds.METRICS)
def test_the_truth_of_a_knob_is_what_drawn_labels_show(metric: str) -> None:
    task = verdict_worlds.METRICS[metric]
    rows = verdict_worlds.drawn(np.random.default_rng(1), 100_000, False, Noise())
    y = verdict_worlds.target(rows, task)
    seen = {}
    for points, (knob, _) in verdict_worlds.knobs(metric, Noise()).items():
        seen[points] = KNOWN[metric](y, verdict_worlds.predictions(rows, task, knob, 1))
    for points, (_, difference) in verdict_worlds.knobs(metric, Noise()).items():
        assert seen[points] - seen[0.0] == pytest.approx(difference, abs=0.003), points
    assert verdict_worlds.knobs(metric, Noise())[0.0][1] == 0


@pytest.mark.parametrize("metric", verdict_worlds.METRICS)
def test_a_row_has_its_influence(metric: str) -> None:
    task = verdict_worlds.METRICS[metric]
    rows = verdict_worlds.drawn(np.random.default_rng(2), 500, False, Noise())
    y, said = verdict_worlds.target(rows, task), verdict_worlds.predictions(rows, task, 1.0, 0)
    assert verdict_trials.influence(metric, y, said).mean() == pytest.approx(KNOWN[metric](y, said), abs=1e-9)


def test_one_hold_out_has_a_verdict_for_every_truth_and_the_same_one_again() -> None:
    cell = Cell("log_loss", 300, True)
    found = list(verdict_trials.trial(cell, 1, Noise()))
    assert [one.points for one in found] == list(verdict_worlds.POINTS)
    assert {one.verdict for one in found} <= {"PROMOTE", "HOLD", "REJECT"}
    assert found == list(verdict_trials.trial(cell, 1, Noise(), tested=False))


def test_bars_name_the_worst_cell_and_fall() -> None:
    def tally(promoted: int, covered: int) -> Tally:
        one = Tally(trials=100, covered=covered)
        one.ours.update(PROMOTE=promoted, HOLD=100 - promoted)
        return one

    good, bad = Cell("log_loss", 300, True), Cell("accuracy", 300, False)
    tallies = {
        (good, 0.0): tally(2, 95),
        (good, -0.5): tally(1, 94),
        (bad, 0.0): tally(5, 96),
        (bad, -0.5): tally(1, 97),
    }
    assert [bar.holds for bar in verdict_table.bars(tallies)] == [True] * 4
    tallies[bad, 0.0], tallies[bad, -0.5] = tally(6, 92), tally(2, 98)
    bars = verdict_table.bars(tallies)
    assert [bar.holds for bar in bars] == [False] * 4
    assert bars[0].where == "accuracy, 300 rows, equal"
    assert "| NO |" in verdict_table.summary(tallies)


def test_a_budget_makes_a_year_on_one_hold_out_safer() -> None:
    wrong = {name: year.wrong.any(axis=1).mean() for name, year in verdict_reuse.simulated("equal", 400).items()}
    assert wrong["better on the hold-out"] > 0.9
    assert wrong["no budget"] > 2 * wrong["budget 4 (default)"] > 0
    found = verdict_reuse.simulated("one 2 points better", 400)
    assert found["budget 4 (default)"].promoted[:, verdict_reuse.LATE - 1].mean() > 0.8


def test_a_defect_that_is_held_is_not_found() -> None:
    found = {verdict_defects.NONE: Counter(PROMOTE=5), "one": Counter(REJECT=2, INVALID=3)}
    assert verdict_defects.all_found(found)
    assert not verdict_defects.all_found(found | {"other": Counter(HOLD=1, REJECT=4)})
    assert "| one | 0 | 0 | 2 | 3 |" in verdict_defects.report(found)
