"""Every policy through the whole history: models are fitted once, side by side, and shared."""

from collections.abc import Callable, Sequence

from scripts.core.backtest import fits, judge, policies, walk
from scripts.core.backtest.choice import chosen
from scripts.core.backtest.costs import Market
from scripts.core.backtest.desk import Desk
from scripts.core.backtest.fits import Clock, Fit, Make
from scripts.core.backtest.history import History
from scripts.core.backtest.judge import Answer, Question
from scripts.core.backtest.outcome import of_oracle, of_walk
from scripts.core.backtest.table import Found
from scripts.core.backtest.walk import Walk
from scripts.core.errors import Mistake
from scripts.core.params import Params
from scripts.core.scoring import metrics
from scripts.core.training.engine import Run

Tell = Callable[[str], None]


def backtest(history: History, given: Params, run: Run, make: Make, clock: Clock, tell: Tell) -> Found:
    """`make` is the train stage's; `tell` hears what is going on."""
    tell(f"fitting {len(history)} models")
    made = fitted(history, given, run, make, clock)

    def ask(questions: Sequence[Question]) -> list[Answer]:
        return run.map(judge.answer, questions, given, clock)

    desk = Desk(history, made, given, ask)
    begin = walk.first(desk)
    market = Market(
        history.batches,
        begin.place,
        {place: fit.scores for place, fit in made.items() if fit.content is not None},
        metrics.find(given.gate.metric),
        given.backtest,
    )
    check(market)
    tell("walking through the history")
    walks = walk.walked(policies.policies(given.triggers, given.backtest), desk, begin)
    return found(walks, market, made)


def fitted(history: History, given: Params, run: Run, make: Make, clock: Clock) -> dict[int, Fit]:
    """The largest first, so that no worker is left with it at the end."""
    order = range(len(history) - 1, -1, -1)
    made: list[Fit] = run.map(fits.fit, order, history, given, make, clock)
    return {fit.place: fit for fit in reversed(made)}


def check(market: Market) -> None:
    if not market.served:
        count, first = len(market.batches), market.batches[market.first].name
        said = f"backtest: of {count} batches none is left to be served by the first model, which is made with {first}"
        raise Mistake(f"{said}. Bring more batches into data/, or cut it into smaller ones.")


def found(walks: Sequence[Walk], market: Market, made: dict[int, Fit]) -> Found:
    outcomes = [of_walk(each, market) for each in walks]
    oracle = of_oracle(market, {place: fit.seconds for place, fit in made.items()})
    faults = [
        f"{market.batches[place].name}: {fit.fault}"
        for place, fit in made.items()
        if fit.fault is not None and place > market.first
    ]
    return Found(market, [*outcomes, oracle], chosen(outcomes, policies.CURRENT), faults)
