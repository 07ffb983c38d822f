"""What a policy costs, in the user's units.

A retraining costs `cost_per_retrain`, promoted or not. A day on which the model served a point (0.01 of the deciding
metric) worse than the best model that there was by then costs `cost_per_point_day`. What is better follows the
metric's direction; the best model of a batch is, with hindsight, the best one of all that had been made before the
batch came, so that no model pays for a month that was hard for every model, and costs of all policies compare. It is
the cost of the distance from perfect, less what no policy could have saved.

The first model is the same for all policies and costs nothing. A retraining with the last batch is paid, although its
model has not served yet: policies that retrain often are charged at most one retraining too much for that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from scripts.core.backtest.history import Batch
from scripts.core.scoring.metrics import Metric
from scripts.core.settings.backtest_params import Backtest

POINT = 0.01


@dataclass(frozen=True)
class Market:
    """Every model that could have served every batch.

    `scores[i][t]` is the deciding metric of the model that was made with batch i on batch t, for i < t.
    """

    batches: Sequence[Batch]
    first: int  # the batch that the first model was made with
    scores: Mapping[int, Mapping[int, float]]
    metric: Metric
    prices: Backtest

    @property
    def served(self) -> list[int]:
        """Batches that count: those after the first model on which every model could be scored."""
        return [place for place in self.later if self.measured(place)]

    @property
    def later(self) -> range:
        return range(self.first + 1, len(self.batches))

    def measured(self, place: int) -> bool:
        return all(isfinite(self.scores[model][place]) for model in self.models(place))

    def models(self, place: int) -> list[int]:
        """What could have served a batch: made before it came, and not before the first model."""
        return [model for model in self.scores if self.first <= model < place]

    def best(self, place: int) -> float:
        values = [self.scores[model][place] for model in self.models(place)]
        return max(values) if self.metric.greater_is_better else min(values)

    def short(self, model: int, place: int) -> float:
        """Points by which a model was worse than the best one."""
        return abs(self.best(place) - self.scores[model][place]) / POINT

    def loss(self, model: int, place: int) -> float:
        """What it cost to serve a batch with this model; nothing where no model could be scored."""
        if not self.measured(place):
            return 0.0
        return self.short(model, place) * self.batches[place].days * self.prices.cost_per_point_day
