"""The blocks `compute` and `backtest` of params.yaml: where many fits run, and what a policy is judged by."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from scripts.core.settings.param_types import Block, Positive


class Compute(Block):
    engine: Literal["joblib", "dask"] = "joblib"
    """joblib: processes of this machine; dask: a Dask cluster. The numbers are the same."""
    workers: Positive | None = None
    """Processes that fit side by side; null: one for each processor core (an address has its own number)."""
    address: Annotated[str, Field(min_length=1)] | None = None
    """A running Dask scheduler, as tcp://scheduler:8786; null: a cluster of processes that a run starts and ends."""

    @model_validator(mode="after")
    def _an_address_is_of_dask(self) -> Self:
        if self.address is not None and self.engine != "dask":
            raise ValueError("has an address, which is of a Dask scheduler: set engine to dask, or address to null")
        return self


class Backtest(Block):
    cost_per_retrain: Annotated[float, Field(ge=0)] = 1.0
    """What one retrain costs, in any unit."""
    cost_per_point_day: Annotated[float, Field(ge=0)] = 0.1
    """What one day of a model costs that is a point (0.01 of the deciding metric) worse, in the same unit."""
    every: tuple[Positive, ...] = (2, 3)
    """Retraining with every so many batches: each of these is tried."""
    fired: Positive = 2
    """Retraining when a trigger has fired with so many of the last batches ..."""
    among: Positive = 3
    """... that is, among so many."""
    min_batches: Positive = 8
    """Batches below which the history is said to be too short to choose by."""
