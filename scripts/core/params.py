"""params.yaml as values: every number and name that a user may change, typed and checked."""

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from scripts.core.errors import USAGE, Mistake
from scripts.core.scoring import metrics
from scripts.core.settings import yaml_file
from scripts.core.settings.backtest_params import Backtest, Compute
from scripts.core.settings.data_params import Data, Validate
from scripts.core.settings.loop_params import Alerts, Promotion, Release, Store
from scripts.core.settings.param_types import Block, Count, Dotted, Plain, Positive, PositiveSpan, Share
from scripts.core.text import did_you_mean


def _metric(name: str) -> str:
    try:
        metrics.find(name)
    except Mistake as mistake:
        raise ValueError(str(mistake)) from None
    return name


MetricName = Annotated[str, AfterValidator(_metric)]


class Drift(Block):
    sample: Positive = 10_000
    """Greatest number of rows a side; drift costs the same for a table of any size."""
    bins: Annotated[int, Field(ge=2, le=100)] = 10
    """Quantile bins of a number column."""
    effect: Annotated[float, Field(gt=0)] = 0.2
    """Distance (PSI) from which a column has drifted, if chance alone does not reach it."""
    effects: dict[str, Annotated[float, Field(gt=0)]] = Field(default={})
    """The same for single columns."""
    missing_effect: Share = 0.1
    """Change of a column's missing share from which it has drifted."""
    prediction_effect: Annotated[float, Field(gt=0)] = 0.2
    """Distance from which the production model's predictions have drifted."""
    target_effect: Annotated[float, Field(gt=0)] = 0.2
    """Distance from which the target has drifted."""
    chance: Annotated[float, Field(gt=0, le=0.1)] = 0.001
    """Probability that chance alone passes a column's threshold."""
    draws: Annotated[int, Field(ge=100)] = 2000
    """Random divisions that the chance is measured with."""
    html: bool = True
    """Whether the report is also written as a page."""
    seed: Count = 0
    """Seed of the sample and the draws."""


class Tune(Block):
    space: Annotated[dict[str, Annotated[tuple[Plain, ...], Field(min_length=1)]], Field(min_length=1)]
    """Values to try for each parameter of the estimator."""
    metric: MetricName | None = None
    """Metric that the search looks at; null: log_loss, or root_mean_squared_error for a regression."""
    candidates: Annotated[int, Field(ge=2)] = 12
    """Settings drawn from the space."""
    folds: Annotated[int, Field(ge=2)] = 3
    """Folds of the search, in the order of time where there is time."""
    factor: Annotated[int, Field(ge=2)] = 3
    """Share of the settings that survives a round of halving: one in this many."""


class Train(Block):
    estimator: Dotted
    """Any importable scikit-learn-compatible class, by its dotted path."""
    parameters: dict[str, Plain] = Field(default={})
    """Parameters of the estimator."""
    preprocess: Dotted | None = None
    """Function frame -> frame that runs before everything else, such as scripts.core.features.derive."""
    max_categories: Annotated[int, Field(ge=2, le=254)] = 250
    """Categories of a column that are told apart; rarer ones are taken together."""
    reference: Positive = 10_000
    """Training rows kept in the bundle, with predictions, for drift."""
    tune: Tune | None = None
    """Search for better parameters; null: the given ones."""
    trusted: tuple[str, ...] = ()
    """Types that a model file may hold besides those the repository knows."""
    threads: Positive = 2
    """Threads of the fit; fixed, because the bytes of some models depend on it."""
    seed: Count = 0
    """Seed of everything random in training."""


class Guardrail(Block):
    max_worse: Annotated[float, Field(ge=0)] | None = None
    """How much worse is tolerated, in the metric's units."""
    max_worse_relative: Annotated[float, Field(ge=0)] | None = None
    """The same as a share of the other model's value."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.max_worse is None and self.max_worse_relative is None:
            raise ValueError("guards nothing: give max_worse or max_worse_relative")
        return self


class Gate(Block):
    metric: MetricName
    """Metric that decides."""
    metrics: tuple[MetricName, ...] = ()
    """Metrics reported beside it."""
    min_improvement: Annotated[float, Field(ge=0)] = 0.0
    """Improvement that the whole interval must reach, in the metric's units."""
    confidence: Annotated[float, Field(ge=0.5, lt=1)] = 0.95
    """Confidence of the intervals."""
    resamples: Annotated[int, Field(ge=1000)] = 2000
    """Resamples of the bootstrap."""
    block: PositiveSpan | None = None
    """Rows of one such period hang together and are resampled together; null: rows are independent."""
    min_rows: Positive = 50
    """Least hold-out rows for a verdict."""
    guardrails: dict[MetricName, Guardrail] = Field(default={})
    """How much worse than production each of these metrics may be."""
    limits: dict[MetricName, float] = Field(default={})
    """Floor (ceiling, where less is better) of each of these metrics, for the first model too."""
    slices: tuple[str, ...] = ()
    """Columns whose every category (or quartile) is compared by itself."""
    slice_min_rows: Positive = 200
    """Rows below which a slice is reported and not judged."""
    slice_max_worse: Annotated[float, Field(ge=0)] = 0.05
    """How much worse the deciding metric may be in a slice."""
    max_believable: Annotated[float, Field(gt=0)] = 0.5
    """Relative improvement past which a leak is suspected."""
    max_leaked: Share = 0.01
    """Share of hold-out rows found among training rows past which nothing is believed."""
    reuse_budget: Count | None = 4
    """Verdicts on the same hold-out rows past which a further one must prove more; null: any number."""
    anchors: Count = 3
    """Released models before production that are scored on the hold-out, too."""
    pinned: Positive | None = None
    """Version of one more released model that always is."""
    anchor_max_worse: Guardrail | None = Guardrail(max_worse_relative=0.02)
    """How much worse than the best of them the deciding metric may be; null: it is only reported."""
    seed: Count = 0
    """Seed of the resampling."""

    def named_metrics(self) -> list[tuple[str, str]]:
        """Every metric that the gate names, with the setting that names it."""
        named = [("gate.metric", self.metric), *(("gate.metrics", name) for name in self.metrics)]
        named += [(f"gate.guardrails.{name}", name) for name in self.guardrails]
        return named + [(f"gate.limits.{name}", name) for name in self.limits]


class DataDrift(Block):
    enabled: bool = True
    """Whether drift of the columns is a reason to retrain."""
    share: Share = 0.25
    """Share of drifted columns, weighted by their importance, that fires."""


class PredictionDrift(Block):
    enabled: bool = True
    """Whether drift of the predictions, past drift.prediction_effect, is a reason to retrain."""


class PerformanceDrop(Block):
    enabled: bool = True
    """Whether a worse score of production on new rows is a reason to retrain."""
    relative: Annotated[float, Field(gt=0)] = 0.1
    """Loss against the score at release, as a share of it, that fires."""
    floor: float | None = None
    """Score (in the deciding metric) from which on it fires whatever it was at release."""


class NewRows(Block):
    enabled: bool = True
    """Whether new labelled rows are a reason to retrain."""
    rows: Positive = 20_000
    """New labelled rows that fire."""


class MaxAge(Block):
    enabled: bool = True
    """Whether the age of production is a reason to retrain."""
    age: PositiveSpan = Field(default="90D", validate_default=True)
    """Time from production's newest row to the newest row there is that fires."""


class Changed(Block):
    enabled: bool = True
    """Whether changed params or code of training are a reason to retrain."""


class Triggers(Block):
    data_drift: DataDrift = DataDrift()
    """Drift of the columns."""
    prediction_drift: PredictionDrift = PredictionDrift()
    """Drift of the predictions."""
    performance_drop: PerformanceDrop = PerformanceDrop()
    """Production scores worse than at release."""
    new_rows: NewRows = NewRows()
    """New labelled rows."""
    max_age: MaxAge = MaxAge()
    """Age of production."""
    changed: Changed = Changed()
    """Changed params or code."""


class Tracking(Block):
    enabled: bool = True
    """Whether runs are recorded in MLflow."""
    uri: str = "sqlite:///mlflow.db"
    """Tracking server; the variable MLFLOW_TRACKING_URI goes before it."""
    experiment: str | None = None
    """Experiment; null: data.name."""
    timeout: Annotated[float, Field(gt=0)] = 10
    """Seconds that one request may take."""
    retries: Count = 1
    """Further attempts of a request."""


class Params(Block):
    """The blocks of stages have no default: DVC wants every block that dvc.yaml names to be there."""

    data: Data
    """The table and the question."""
    validate_: Validate = Field(alias="validate")
    """What a batch must be like."""
    drift: Drift
    """How drift is measured."""
    train: Train
    """How a candidate is made."""
    compute: Compute
    """Where many fits run side by side."""
    gate: Gate
    """What a candidate must prove."""
    triggers: Triggers = Triggers()
    """What is a reason to retrain."""
    promotion: Promotion = Promotion()
    """How a model becomes production."""
    release: Release = Release()
    """What is published."""
    store: Store = Store()
    """Where data and models lie."""
    alerts: Alerts = Alerts()
    """Who hears of what."""
    tracking: Tracking = Tracking()
    """Where runs are recorded."""
    backtest: Backtest = Backtest()
    """What a policy of retraining is judged by."""

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        problems = [*self._unknown_columns(), *self._unfit_metrics()]
        if self.gate.block is not None and self.data.time is None:
            problems.append("gate.block: needs a time column. Name it in data.time, or set gate.block to null")
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def _unknown_columns(self) -> Iterator[str]:
        for where, names in (("gate.slices", self.gate.slices), ("drift.effects", tuple(self.drift.effects))):
            for name in names:
                if name not in self.data.columns:
                    yield f"{where}: {name!r} is not a column. {did_you_mean(name, self.data.columns)}"

    def _unfit_metrics(self) -> Iterator[str]:
        tuned = self.train.tune.metric if self.train.tune else None
        named = [*self.gate.named_metrics(), *([("train.tune.metric", tuned)] if tuned else [])]
        for where, name in named:
            if self.data.task not in metrics.find(name).tasks:
                fitting = ", ".join(m.name for m in metrics.METRICS.values() if self.data.task in m.tasks)
                yield f"{where}: {name} is no metric for a {self.data.task} task. Use one of {fitting}"


def parse(text: str | bytes, name: str = "params.yaml") -> Params:
    """Params, or a Mistake that lists every mistake of the file with its line."""
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            raise Mistake(f"{name}:{line}: is not UTF-8. Save the file as UTF-8.", code=USAGE) from None
    return yaml_file.read(text, name, Params)
