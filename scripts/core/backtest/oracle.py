"""The cheapest way there was, known only with hindsight: which model to serve each batch with.

Every change of the model costs one retraining, whichever of the models made by then it is changed to. What a policy
did is one such way, and it paid at least as much for it, so no policy is cheaper than this.
"""

from scripts.core.backtest.costs import Market


def served(market: Market) -> dict[int, int]:
    """The model of each batch after the first model's, by dynamic programming from the last batch to the first.

    Bellman (1957): the least cost from a batch on, given the model that serves it, is what the batch costs with it and
    the least over the models of the next batch. Of equally cheap ways the one that changes later, then less often.
    """
    price = market.prices.cost_per_retrain
    rest: dict[int, float] = {}  # least cost after a batch, by the model that served it
    following: dict[int, dict[int, int]] = {}
    for place in reversed(market.later):
        ahead = {model: market.loss(model, place) + rest.get(model, 0.0) for model in market.models(place)}
        before = market.models(place - 1) if place - 1 > market.first else [market.first]
        following[place] = {model: _cheapest(model, ahead, price) for model in before}
        rest = {model: _from(model, ahead, following[place][model], price) for model in before}
    way: dict[int, int] = {}
    model = market.first
    for place in market.later:
        way[place] = model = following[place][model]
    return way


def _cheapest(model: int, ahead: dict[int, float], price: float) -> int:
    """The model to serve next; the present one unless another is truly cheaper."""
    return min(ahead, key=lambda other: (ahead[other] + price * (other != model), other != model))


def _from(model: int, ahead: dict[int, float], other: int, price: float) -> float:
    return ahead[other] + price * (other != model)
