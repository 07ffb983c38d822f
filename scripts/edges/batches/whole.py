"""The whole history that a source can give at once, for what looks back on it."""

from collections.abc import Collection

from scripts.core.settings.data_params import Files, Replay, Sql, Url
from scripts.edges.batches import flights


def missing(source: Replay | Files | Url | Sql, have: Collection[str]) -> list[str]:
    """Batches of a replay that have not come yet; of any other source what it has brought is all that is known."""
    return [name for name in flights.months() if name not in have] if isinstance(source, Replay) else []


def batch(name: str) -> bytes:
    return flights.month(name)
