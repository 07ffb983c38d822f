from pathlib import Path

import pytest

from scripts.core.settings.data_params import Files, Replay
from scripts.edges.batches import flights, whole


def test_a_replay_gives_what_has_not_come_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flights, "several", lambda names: (name.encode() for name in names))
    *come, one, last = flights.months()
    have = [Path("data") / name for name in (*come, "mine.csv")]
    assert whole.missing(Replay(kind="replay"), have, tmp_path) == [tmp_path / one, tmp_path / last]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {one: one.encode(), last: last.encode()}


def test_what_another_source_has_not_brought_is_not_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert whole.missing(Files(kind="files", path="inbox"), [], tmp_path) == []
    assert list(tmp_path.iterdir()) == []
