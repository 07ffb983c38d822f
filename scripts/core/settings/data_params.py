"""The blocks `data` and `validate` of params.yaml: the table, and what it must be like."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from scripts.core.settings.param_types import (
    Block,
    Category,
    Count,
    Holdout,
    Label,
    Name,
    Positive,
    PositiveSpan,
    Separator,
    Share,
    Span,
    Zone,
)
from scripts.core.text import did_you_mean

Task = Literal["binary", "multiclass", "regression"]
Level = Literal["fail", "warn"]
RESERVED = ("_batch", "prediction")  # columns that the table gets on its way


class Replay(Block):
    kind: Literal["replay"]
    """The embedded flights of 2013: one more month on every run."""


class Files(Block):
    kind: Literal["files"]
    """CSV or Parquet files of a folder or a glob."""
    path: str
    """Folder or glob, local or any fsspec URL such as s3://bucket/table/*.parquet."""


class Url(Block):
    kind: Literal["url"]
    """One CSV or Parquet file over HTTP."""
    url: str
    """Where the file is; ${NAME} is taken from the environment."""
    timeout: Annotated[float, Field(gt=0)] = 20
    """Seconds without an answer after which the attempt is given up."""
    retries: Count = 3
    """Further attempts after a failed read."""
    max_mb: Annotated[float, Field(gt=0)] = 500
    """Megabytes past which the download is refused."""


class Sql(Block):
    kind: Literal["sql"]
    """The rows of a query that are newer than what is there."""
    url: str
    """SQLAlchemy URL; ${NAME} is taken from the environment."""
    query: str
    """Query with :since, the newest time stamp already in data/."""
    since: str | None = None
    """Value of :since for the first batch; null: the beginning."""


class Column(Block):
    kind: Literal["number", "category"]
    """number or category."""
    required: bool = True
    """Whether every batch must have the column."""
    feature: bool = True
    """Whether the model sees the column."""
    min: float | None = None
    """Least value that is believed."""
    max: float | None = None
    """Greatest value that is believed."""
    max_missing: Share = 1.0
    """Greatest share of missing values."""
    categories: tuple[Category, ...] | None = None
    """All categories that may occur; null: any."""
    max_outliers: Share | None = None
    """Greatest share of outliers; null: validate.max_outliers."""
    level: Level = "fail"
    """Whether a broken rule of this column fails the batch or warns."""

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if self.kind == "category" and (self.min is not None or self.max is not None):
            raise ValueError("has min or max, which only a number can have. Remove them, or say kind: number")
        if self.kind == "number" and self.categories is not None:
            raise ValueError("has categories, which only a category can have. Remove them, or say kind: category")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"has min {self.min:g} above max {self.max:g}. Exchange them")
        return self


class Data(Block):
    name: Name
    """Name of the model, in the registry and on releases."""
    task: Task
    """binary, multiclass or regression."""
    target: str
    """Column that is predicted."""
    positive: Label | None = None
    """Label that counts as positive in a binary task; null: the last one in order."""
    id: str | None = None
    """Column that names a row; no feature."""
    identity: tuple[str, ...] | None = None
    """Columns that make a row that row, where no id does; null: all but the target. Keep them when you add columns."""
    time: str | None = None
    """Column with the time of a row; no feature. null: the table has no time."""
    timezone: Zone | None = None
    """Zone that time stamps with an offset are turned into; null: stamps carry no offset."""
    label_delay: Span = Field(default="0D", validate_default=True)
    """Rows younger than this, against the newest row, have no final label yet."""
    holdout: Holdout
    """Newest span of labelled rows that both models are judged on; without a time column, a share of the rows."""
    window: PositiveSpan | None = None
    """Span of training rows before the hold-out; null: all."""
    missing_values: tuple[str, ...] = ("", "NA")
    """Texts that mean missing."""
    separator: Separator = ","
    """Character between the fields of a CSV file."""
    source: Annotated[Replay | Files | Url | Sql, Field(discriminator="kind")]
    """Where new batches come from."""
    columns: dict[str, Column]
    """Every column but id, time and target, in order."""

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        if problems := list(self._problems()):
            raise ValueError("\n".join(problems))
        return self

    def _problems(self) -> Iterator[str]:
        special = {"data.target": self.target, "data.id": self.id, "data.time": self.time}
        named = [*(name for name in special.values() if name is not None), *self.columns]
        for setting, name in special.items():
            if name is not None and named.count(name) > 1:
                yield f"{setting}: names {name!r}, which is named more than once. Remove the others"
        for name in named:
            if name in RESERVED or (self.task == "multiclass" and name.startswith("prediction_")):
                yield f"data.columns: has {name!r}, which is a name that predictions get. Rename the column"
        for name in self.identity or ():
            if name not in {self.time, *self.columns}:
                yield f"data.identity: {name!r} is not a column. {did_you_mean(name, self.columns)}"
        if self.identity is not None and (self.id is not None or not self.identity):
            yield "data.identity: is for tables without data.id, and lists at least one column. Set it to null"
        if not any(column.feature for column in self.columns.values()):
            yield "data.columns: has no feature. List at least one column"
        if (self.time is None) != isinstance(self.holdout, float):
            wanted = "a share such as 0.2, for there is no time column" if self.time is None else "a span such as 14D"
            yield f"data.holdout: must be {wanted}"


class Validate(Block):
    min_rows: Positive = 100
    """Least rows of a batch."""
    max_rows: Positive = 5_000_000
    """Greatest rows of a batch."""
    max_duplicates: Share = 0.01
    """Greatest share of rows that are equal in everything."""
    min_class_share: Share = 0.01
    """Least share of the second largest class."""
    max_class_share: Share = 0.99
    """Greatest share of any one class."""
    balance_level: Level = "fail"
    """Whether a broken balance or range of the target fails or warns."""
    target_min: float | None = None
    """Least target that is believed (regression)."""
    target_max: float | None = None
    """Greatest target that is believed (regression)."""
    outlier_factor: Annotated[float, Field(gt=0)] = 5.0
    """Distance from the quartiles, in interquartile ranges, past which a number is an outlier."""
    max_outliers: Share = 0.05
    """Greatest share of outliers in a column."""
    outlier_level: Level = "warn"
    """Whether too many outliers fail or warn."""
    future: Span = Field(default="1D", validate_default=True)
    """Time stamps may be ahead of the clock by this much."""
    min_labelled: Share = 0.9
    """Least share of labelled rows among those older than data.label_delay."""
