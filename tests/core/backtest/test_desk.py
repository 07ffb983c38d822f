"""Questions are asked once, and only those that some policy comes to."""

import time
from collections.abc import Sequence

import pytest

from scripts.core.backtest import fits, judge
from scripts.core.backtest.desk import Desk, Trial
from scripts.core.backtest.judge import Answer, Question
from scripts.core.gate.reuse import Use
from scripts.stages import train
from tests.backtesting import contents, history, lively

KNOWN = history(lively(), contents((2.0, 2.0, 2.0)))


@pytest.fixture(scope="module")
def made() -> dict[int, fits.Fit]:
    return {place: fits.fit(place, KNOWN, lively(), train.bundled, time.perf_counter) for place in range(3)}


def desk(made: dict[int, fits.Fit], asked: list[Question]) -> Desk:
    def ask(questions: Sequence[Question]) -> list[Answer]:
        asked.extend(questions)
        return [judge.answer(question, lively(), time.perf_counter) for question in questions]

    return Desk(KNOWN, made, lively(), ask)


def test_what_several_policies_ask_is_asked_once(made: dict[int, fits.Fit]) -> None:
    asked: list[Question] = []
    one = desk(made, asked)
    one.watch([(0, 1), (0, 1)])
    one.watch([(0, 1)])
    one.judge([Trial(1, 0), Trial(1, 0)])
    one.judge([Trial(1, 0)])
    assert [type(question).__name__ for question in asked] == ["Moved", "Compared"]
    assert one.drifts[0, 1].report["new"]["rows"] == 600
    assert one.verdicts[Trial(1, 0)].verdict in ("HOLD", "PROMOTE", "REJECT")


def test_verdicts_that_saw_none_of_the_rows_do_not_make_another_question(made: dict[int, fits.Fit]) -> None:
    one = desk(made, [])
    times = KNOWN.table(2)["at"]
    old = Use(candidate="a", holdout="x", rows=1, start="2020-01-01T00:00:00", end="2020-01-08T00:00:00")
    new = Use(candidate="a", holdout="x", rows=1, start=times.max().isoformat(), end=times.max().isoformat())
    assert one.trial(2, 0, [old]) == Trial(2, 0)
    assert one.trial(2, 0, [old, new], (1,)) == Trial(2, 0, (new,), (1,))


def test_earlier_releases_are_looked_at(made: dict[int, fits.Fit]) -> None:
    asked: list[Question] = []
    one = desk(made, asked)
    one.judge([Trial(2, 1, (), (0,))])
    (question,) = asked
    assert isinstance(question, judge.Compared)
    assert question.earlier == ((1, made[0].content),)
