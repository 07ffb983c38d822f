from collections.abc import Iterator
from contextlib import ExitStack
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd
import pytest

from scripts.core.bundle import Bundle
from scripts.core.drift import new_rows
from scripts.core.params import Drift
from scripts.core.settings.data_params import Data
from scripts.core.tables import rows, table

COLUMNS = {"x": {"kind": "number"}, "place": {"kind": "category"}}


def data(**changes: Any) -> Data:
    plain: dict[str, Any] = {
        "name": "toy",
        "task": "binary",
        "target": "y",
        "id": "key",
        "time": "at",
        "holdout": "5D",
        "source": {"kind": "replay"},
        "columns": COLUMNS,
    }
    return Data.model_validate(plain | changes)


def month(number: int, count: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(number)
    return pd.DataFrame(
        {
            "key": [f"{number}-{row}" for row in range(count)],
            "at": pd.Timestamp(2024, number, 1) + pd.to_timedelta(np.arange(count) * 2, unit="h"),
            "x": rng.normal(size=count),
            "place": pd.array(rng.choice(["a", "b"], count), dtype="str"),
            "y": rng.integers(0, 2, count),
        }
    )


def parquet(frame: pd.DataFrame) -> BytesIO:
    out = BytesIO()
    frame.to_parquet(out)
    out.seek(0)
    return out


def csv(frame: pd.DataFrame) -> BytesIO:
    return BytesIO(frame.to_csv(index=False).encode())


def known(
    trained: Any = (), first: str | None = None, last: str | None = None, batches: Any = (), identity: Any = ("key",)
) -> Bundle:
    manifest = {
        "identity": dict.fromkeys(identity, "id"),
        "holdout": {"from": first, "to": last},
        "data": {"batches": [{"name": name, "rows": 1} for name in batches]},
    }
    return Bundle("", manifest, b"", b"", np.sort(np.asarray(trained, dtype=np.uint64)))


JANUARY = known(first="2024-01-20T00:00:00", last="2024-01-25T22:00:00")


def test_new_is_what_is_newer_than_what_production_was_judged_on() -> None:
    files = {"a.parquet": parquet(month(1)), "b.parquet": parquet(month(2))}
    new = new_rows.read(files, data(), JANUARY, ["x", "place"], Drift())
    both = pd.concat([month(1), month(2)], ignore_index=True)
    newer, judged = both[both["at"] > "2024-01-25T22:00"], both[both["at"].between("2024-01-20", "2024-01-25T22:00")]
    assert (new.rows, new.labelled) == (len(newer), len(newer))
    assert (new.first, new.last) == (newer["at"].min().isoformat(), newer["at"].max().isoformat())
    assert new.sample["x"].tolist() == new.scored["x"].tolist() == newer["x"].tolist()
    assert new.judged["x"].tolist() == judged["x"].tolist()


def test_samples_are_seeded_bounded_and_taken_from_the_right_rows() -> None:
    frames = {"b.csv": month(2), "a.parquet": month(1), "c.parquet": month(3)}

    def read(seed: int) -> new_rows.New:
        files = {name: csv(f) if name.endswith("csv") else parquet(f) for name, f in frames.items()}
        return new_rows.read(files, data(), JANUARY, ["x", "place"], Drift(sample=70, seed=seed))

    one, again, other = read(0), read(0), read(1)
    assert len(one.sample) == len(one.scored) == 70
    pd.testing.assert_frame_equal(one.sample, again.sample)
    assert one.sample["x"].tolist() != other.sample["x"].tolist()
    whole = pd.concat(frames.values()).set_index("at")
    assert one.sample["at"].is_monotonic_increasing
    assert (whole.loc[one.sample["at"], "x"].to_numpy() == one.sample["x"].to_numpy()).all()
    assert (whole.loc[one.sample["at"], "place"].to_numpy() == one.sample["place"].to_numpy()).all()


def test_rows_without_a_final_label_are_new_and_are_not_scored() -> None:
    frame = month(2).astype({"y": float})
    frame.loc[:99, "y"] = np.nan
    files = {"a.parquet": parquet(frame)}
    new = new_rows.read(files, data(label_delay="2D"), JANUARY, ["x"], Drift())
    late = frame["at"] > frame["at"].max() - pd.Timedelta("2D")
    assert new.rows == 300
    assert new.labelled == len(new.scored) == 200 - late.sum()
    assert new.scored["y"].notna().all()


def test_without_time_new_is_what_was_not_trained_on_and_is_not_held_out() -> None:
    timeless = data(time=None, holdout=0.3)
    old, fresh = month(1), month(2)
    hashes = rows.fingerprints(old, timeless)
    held = hashes < 0.3 * 2**64
    bundle = known(trained=hashes[~held], batches=["a.parquet"])
    files = {"a.parquet": parquet(old), "b.parquet": parquet(fresh)}
    new = new_rows.read(files, timeless, bundle, ["x", "place"], Drift())
    free = rows.fingerprints(fresh, timeless) >= 0.3 * 2**64
    assert new.sample["x"].tolist() == fresh.loc[free, "x"].tolist()
    assert new.judged["x"].tolist() == old.loc[held, "x"].tolist()
    assert (new.first, new.last) == (None, None)


def test_production_knows_its_rows_by_the_columns_of_its_own_time() -> None:
    old, fresh = month(1), month(2)
    before = data(time=None, id=None, holdout=0.3)
    now = data(time=None, id=None, holdout=0.3, columns={**COLUMNS, "wind": {"kind": "number"}})
    trained = rows.fingerprints(old, before)
    files = {"a.parquet": parquet(old.assign(wind=1.0)), "b.parquet": parquet(fresh.assign(wind=2.0))}
    new = new_rows.read(files, now, known(trained, batches=["a.parquet"], identity=("place", "x")), ["x"], Drift())
    assert new.rows > 100
    assert set(new.sample["x"]) <= set(fresh["x"])


def test_without_the_columns_it_knew_its_rows_by_production_knows_them_by_their_batches() -> None:
    old, fresh = month(1), month(2)
    question = data(time=None, holdout=0.3)
    files = {"a.parquet": parquet(old), "b.parquet": parquet(fresh)}
    new = new_rows.read(files, question, known(batches=["a.parquet"], identity=("wind",)), ["x"], Drift())
    assert new.rows > 100
    assert set(new.sample["x"]) <= set(fresh["x"])


def test_nothing_new_is_nothing() -> None:
    new = new_rows.read(
        {"a.parquet": parquet(month(1))}, data(), known(first="2024-03-01", last="2024-03-02"), ["x"], Drift()
    )
    assert (new.rows, new.labelled, new.first, len(new.sample), len(new.judged)) == (0, 0, None, 0, 0)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[list[str], list[str]]]]:
    seen: list[tuple[list[str], list[str]]] = []
    usual = table.read

    def noted(files: Any, data: Data, columns: Any = None) -> pd.DataFrame:
        seen.append((sorted(files), list(columns)))
        return usual(files, data, columns)

    monkeypatch.setattr(table, "read", noted)
    yield seen


def test_only_time_and_target_are_read_of_batches_without_sampled_rows(
    reads: list[tuple[list[str], list[str]]],
) -> None:
    with ExitStack() as stack:
        files = {f"{n}.parquet": stack.enter_context(parquet(month(n))) for n in (1, 2, 3, 4)}
        new_rows.read(files, data(), known(first="2024-02-20", last="2024-03-28"), ["x"], Drift())
    assert reads[0] == (["1.parquet", "2.parquet", "3.parquet", "4.parquet"], ["at", "y"])
    assert [names for names, _ in reads[1:]] == [["2.parquet"], ["3.parquet"], ["4.parquet"]]
    assert all(columns == ["at", "x", "y"] for _, columns in reads[1:])
