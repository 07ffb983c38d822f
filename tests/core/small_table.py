"""A small table and its params, for the tests of what is checked before anything is learned."""

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from scripts.core.checks import checks, columns, whole
from scripts.core.settings.data_params import Data, Validate
from scripts.core.tables.findings import Checked, Finding
from scripts.core.tables.raw import raw

NOW = datetime(2024, 6, 1, tzinfo=UTC)
COLUMNS = {"city": {"kind": "category"}, "temp": {"kind": "number"}, "wind": {"kind": "number"}}


def data(**changes: Any) -> Data:
    plain = {
        "name": "small",
        "task": "binary",
        "target": "y",
        "id": "id",
        "time": "at",
        "holdout": "1D",
        "source": {"kind": "replay"},
        "columns": COLUMNS,
    }
    return Data.model_validate(plain | changes)


def frame(rows: int = 200, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "id": [f"{seed}-{row}" for row in range(rows)],
            "at": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(rows), unit="h"),
            "city": rng.choice(["a", "b", "c"], rows),
            "temp": rng.normal(20, 5, rows),
            "wind": rng.normal(5, 1, rows),
            "y": rng.integers(0, 2, rows),
        }
    )


def parquet(table: pd.DataFrame | pa.Table) -> bytes:
    out = BytesIO()
    pa.parquet.write_table(table if isinstance(table, pa.Table) else pa.Table.from_pandas(table), out)
    return out.getvalue()


def judged(
    table: pd.DataFrame | pa.Table, given: Data | None = None, name: str = "a.parquet", **rules: Any
) -> checks.Batch:
    """One batch by itself."""
    given, limits = given or data(), Validate.model_validate(rules)
    content = raw(name, BytesIO(parquet(table)), given)
    return checks.judge(name, content, given, limits, columns.schema(given, limits, NOW))


def judged_together(*tables: pd.DataFrame, given: Data | None = None, **rules: Any) -> list[Finding]:
    """What the rules over the whole table find in batches a, b, c ..."""
    given = given or data()
    batches = [judged(table, given, f"{'abcdef'[place]}.parquet", **rules) for place, table in enumerate(tables)]
    return found(whole.check(batches, given, Validate.model_validate(rules)))


def found(checked: Checked) -> list[Finding]:
    return [finding for finding in checked if finding is not None]


def only(checked: Checked) -> Finding:
    (finding,) = found(checked)
    return finding
