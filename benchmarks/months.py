"""The year of the default data as files, at a multiple of its rows: `python -m benchmarks.months FOLDER TIMES`.

Each flight comes again with another id, some seconds later, in slightly other weather.
"""

import io
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from scripts.edges.batches import flights


def enlarged(batch: pd.DataFrame, times: int) -> pd.DataFrame:
    copies = [batch, *(another(batch, number) for number in range(1, times))]
    return pd.concat(copies, ignore_index=True).sort_values("sched_dep", kind="stable", ignore_index=True)


def another(batch: pd.DataFrame, number: int) -> pd.DataFrame:
    """Departures move within their minute, so no row changes its day or its month."""
    rng = np.random.default_rng(number)
    later = pd.to_timedelta(rng.integers(1, 60_000_000, len(batch)), unit="us")
    return batch.assign(
        flight_id=batch["flight_id"] + f"-{number}",
        sched_dep=batch["sched_dep"] + later,
        temp=batch["temp"] + rng.normal(0, 0.3, len(batch)),
        dewp=batch["dewp"] + rng.normal(0, 0.3, len(batch)),
    )


def main() -> int:
    folder, times = Path(sys.argv[1]), int(sys.argv[2])
    folder.mkdir(parents=True)
    for name in flights.months():
        content = flights.month(name)
        if times > 1:
            out = io.BytesIO()
            enlarged(pd.read_parquet(io.BytesIO(content)), times).to_parquet(out, index=False)
            content = out.getvalue()
        (folder / name).write_bytes(content)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
