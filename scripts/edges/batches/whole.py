"""The whole history that a source can give at once, for what looks back on it."""

from collections.abc import Sequence
from pathlib import Path

from scripts.core.settings.data_params import Files, Replay, Sql, Url
from scripts.edges.batches import flights


def missing(source: Replay | Files | Url | Sql, have: Sequence[Path], into: Path) -> list[Path]:
    """Files of the batches of a replay that have not come yet; what other sources have not brought is not known."""
    if not isinstance(source, Replay):
        return []
    there = {path.name for path in have}
    names = [name for name in flights.months() if name not in there]
    for name, content in zip(names, flights.several(names), strict=True):
        (into / name).write_bytes(content)
    return [into / name for name in names]
