"""What a release is made of: the declared model, and what was found when it was judged."""

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.core import mlflow_format
from scripts.core.bundle import Bundle
from scripts.core.declaration import Declaration
from scripts.core.paths import DRIFT, EVALUATION, RUN

if TYPE_CHECKING:
    import pandas as pd

LOCKED = Path("requirements.txt")


@dataclass(frozen=True)
class Material:
    """`reports` are files of the commit that holds the evaluation, `stored` come from the store; both by path."""

    declaration: Declaration
    commit: str  # that declared the model
    bundle: Bundle
    reports: Mapping[str, bytes]
    stored: Mapping[str, bytes]
    sources: Mapping[str, bytes]  # the project's modules, if the model calls one
    trusted: tuple[str, ...]  # types in the model file that skops does not trust by itself

    @property
    def version(self) -> int:
        return self.declaration.version

    @property
    def name(self) -> str:
        return str(self.bundle.manifest["name"])

    @property
    def stem(self) -> str:
        """For file names: GitHub would change any other letter."""
        return f"{re.sub(r'[^A-Za-z0-9_-]+', '.', self.name).strip('.') or 'model'}-{self.version}"

    @property
    def model_file(self) -> str:
        return f"{self.stem}.skops"

    @property
    def archive(self) -> str:
        return f"{self.stem}-mlflow.zip"

    @property
    def needs_sources(self) -> bool:
        return mlflow_format.needs_sources(self.bundle.manifest)

    @cached_property
    def evaluation(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = json.loads(self.reports[EVALUATION.as_posix()])
        return found

    @property
    def drift(self) -> Mapping[str, Any] | None:
        return self._json(DRIFT)

    @property
    def run(self) -> Mapping[str, Any] | None:
        return self._json(RUN)

    def _json(self, path: Path) -> Mapping[str, Any] | None:
        try:
            found: Mapping[str, Any] = json.loads(self.reports[path.as_posix()])
        except (KeyError, ValueError):
            return None
        return found


def example(bundle: Bundle) -> "pd.DataFrame":
    """A row to try the model with: the middle of every column, so that no row of the table is given away."""
    import pandas as pd

    rows = pd.read_parquet(io.BytesIO(bundle.reference))
    return pd.DataFrame({name: [_middle(rows[name], kind)] for name, kind in bundle.manifest["features"].items()})


def _middle(values: "pd.Series[Any]", kind: str) -> Any:
    """The median, or the most frequent category (the first of several)."""
    known = values.dropna()
    if known.empty:
        return None
    if kind == "number":
        return float(f"{float(known.median()):.6g}")
    return str(known.astype(str).value_counts().sort_index(kind="stable").idxmax())
