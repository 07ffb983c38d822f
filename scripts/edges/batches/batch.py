"""A batch as it comes from a source: its name, its content, and whether both can be taken."""

import re
from dataclasses import dataclass
from io import BytesIO

from scripts.core.errors import Mistake
from scripts.core.settings.data_params import Data

SUFFIXES = (".csv", ".parquet")
# No separator, no leading dot or sign, nothing that a shell, a page or a table could misread
NAME = re.compile(r"\w[\w .,=+()-]*\.(csv|parquet)")
PAGE = re.compile(rb"\s*(<!doctype html|<html)", re.IGNORECASE)


@dataclass(frozen=True)
class Batch:
    name: str
    content: bytes


@dataclass(frozen=True)
class Unchanged:
    """A batch that is known, without fetching it, to be the one we have."""

    name: str


def checked(name: str) -> str:
    """The name, if it can be the name of a file in data/."""
    if not name.endswith(SUFFIXES):
        raise Mistake(f"{name!r} in data.source: is of no known type. Only .csv and .parquet files can be read.")
    if NAME.fullmatch(name) is None or ".." in name or len(name) > 200:
        raise Mistake(
            f"{name!r} in data.source: is no safe file name."
            " Rename it: letters, digits, spaces and _ - . , = + ( ), with a letter or digit first."
        )
    return name


def rows(batch: Batch, data: Data) -> int:
    """How many rows the batch has; a Mistake if it has none or can't be read to its end."""
    from scripts.core.tables.raw import raw

    if PAGE.match(batch.content):
        raise Mistake(f"data/{batch.name}: is an HTML page, not a table. Check data.source: it may need a login.")
    count = raw(batch.name, BytesIO(batch.content), data).num_rows
    if count == 0:
        raise Mistake(f"data/{batch.name}: has columns and no rows. Fix the source, or take the file out of it.")
    return int(count)


def told(error: BaseException) -> str:
    """The first line of an error, short."""
    line = next(iter(str(error).splitlines()), "") or type(error).__name__
    return line if len(line) <= 160 else f"{line[:157]}..."
