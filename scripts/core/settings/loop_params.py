"""The blocks `promotion`, `release`, `store` and `alerts` of params.yaml: what happens around the model."""

from typing import Annotated, Literal

from pydantic import Field

from scripts.core.settings.param_types import Block, Count

Tags = tuple[Annotated[str, Field(pattern=r"^[\w.-]+$")], ...]


class Promotion(Block):
    allow_override: bool = True
    """Whether a person may promote against the verdict, with a reason that is written down."""
    mode: Literal["pull_request", "release"] = "pull_request"
    """pull_request: a person merges; release: a candidate that won is committed and released at once."""
    auto_merge: bool = False
    """Whether GitHub is asked to merge the pull request by itself when its checks have passed."""
    labels: tuple[Annotated[str, Field(min_length=1, max_length=50)], ...] = ("evergreen",)
    """Labels of the pull request."""


class Release(Block):
    predictions: bool = True
    """Whether the hold-out predictions of both models (with targets and slices) are published as an asset."""
    settle: Annotated[float, Field(ge=0, le=120)] = 15.0
    """Seconds that GitHub's lists may lie behind; two publishers at once wait this long to see each other."""


class Store(Block):
    warn_mb: Annotated[float, Field(gt=0)] = 500
    """Megabytes of the branch dvc-store past which every run warns, well before GitHub's limits."""
    timeout: Annotated[float, Field(gt=0)] = 60
    """Seconds after which a store that does not answer is given up."""


class Alerts(Block):
    """Each names the tags of the channels in APPRISE_URLS that hear of it; all: every channel; []: nobody."""

    validation_failed: Tags = ("all",)
    """A batch was turned away."""
    drift_found: Tags = ("all",)
    """A drift trigger fired."""
    retrained: Tags = ()
    """A candidate was trained and judged."""
    skipped: Tags = ()
    """There was no reason to retrain."""
    proposed: Tags = ("all",)
    """A pull request was opened, or proposes another candidate."""
    released: Tags = ("all",)
    """A model was published."""
    rolled_back: Tags = ("all",)
    """An earlier model is production again."""
    broken: Tags = ("all",)
    """A run failed for another reason than its data or params."""
    timeout: Annotated[float, Field(gt=0)] = 20
    """Seconds that all channels together may take."""
    most: Count = 20
    """Greatest number of alerts of one run."""
