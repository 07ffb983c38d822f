"""Where batches come from: one function for each kind of source, all of one shape.

Each takes its settings, the table's, and what is in data/ already, and offers batches. It writes nothing, and
knows the environment only through settings that were filled in before.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, unquote, urlsplit

from scripts.core.errors import OUTSIDE, USAGE, Mistake
from scripts.core.settings.data_params import Data, Files, Replay, Sql, Url
from scripts.edges.batches.batch import SUFFIXES, Batch, Unchanged, checked, told

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

Offers = Iterator[Batch | Unchanged]
# s3fs makes five attempts of two requests: a store that does not answer is given up within two minutes.
OPTIONS = {"s3": {"config_kwargs": {"connect_timeout": 5, "read_timeout": 10, "retries": {"max_attempts": 1}}}}


@dataclass(frozen=True)
class Have:
    """What is in data/: batches by name, and the newest time stamp of all rows, found when asked for."""

    files: Mapping[str, Path]
    newest: Callable[[], datetime | None]


def replay(source: Replay, data: Data, have: Have) -> Offers:
    """The next month, until the year is over."""
    from scripts.edges.batches import flights

    following = next((name for name in flights.months() if name not in have.files), None)
    if following is not None:
        yield Batch(following, flights.month(following))


def files(source: Files, data: Data, have: Have) -> Offers:
    """Every file of a folder or a glob; one that is known to be unchanged is not fetched."""
    with _telling(source.path):
        system, found = _listed(source.path)
        for path in sorted(found, key=_name):
            name = checked(_name(path))
            if name in have.files and _same(found[path], have.files[name]):
                yield Unchanged(name)
            else:
                yield Batch(name, system.cat_file(path))


def url(source: Url, data: Data, have: Have) -> Offers:
    """The one file behind the URL, named by the end of its path."""
    from scripts.edges.batches.download import download

    name = checked(unquote(_name(_http(source.url).path)))
    yield Batch(name, download(source))


def sql(source: Sql, data: Data, have: Have) -> Offers:
    """The rows that are newer than ours."""
    from scripts.edges.batches.query import newer

    batch = newer(source, data, have.newest())
    if batch is not None:
        yield batch


SOURCES: Mapping[str, Callable[[Any, Data, Have], Offers]] = {
    "replay": replay,
    "files": files,
    "url": url,
    "sql": sql,
}


def _http(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname:
            return parts
    except ValueError:  # its text may be secret, so it is not shown
        pass
    raise Mistake("params.yaml: data.source.url: is no URL. Write https://host/path/name.csv.", code=USAGE)


def _listed(path: str) -> "tuple[AbstractFileSystem, dict[str, Any]]":
    """The file system, and what it says of each file, by path."""
    from fsspec.core import has_magic, url_to_fs

    system, root = url_to_fs(path, **OPTIONS.get(path.partition("://")[0], {}))
    system.invalidate_cache()
    if has_magic(root):
        found = system.glob(root, detail=True)
    elif system.info(root)["type"] == "file":
        found = {root: system.info(root)}
    else:
        found = {info["name"]: info for info in system.ls(root, detail=True) if _is_batch(info["name"])}
    found = {name: info for name, info in found.items() if info["type"] == "file"}
    if not found:
        raise Mistake(f"{path}: no .csv and no .parquet file matches. Check data.source.path.")
    _distinct(path, found)
    return system, found


def _distinct(path: str, found: Mapping[str, Any]) -> None:
    names = [_name(one) for one in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Mistake(f"{path}: matches two files named {twice[0]}. Rename one of them, or narrow data.source.path.")


def _is_batch(path: str) -> bool:
    return path.endswith(SUFFIXES) and not _name(path).startswith(".")


def _name(path: str) -> str:
    return PurePosixPath(path).name


def _same(info: Mapping[str, Any], mine: Path) -> bool:
    """Whether the store's own digest is our file's. S3's is the MD5, unless the file was sent in parts."""
    if info["size"] != mine.stat().st_size:
        return False
    return str(info.get("ETag", "")).strip('"') == hashlib.md5(mine.read_bytes(), usedforsecurity=False).hexdigest()


@contextmanager
def _telling(path: str) -> Iterator[None]:
    path = re.sub(r"//[^/]*@", "//***@", path)  # ftp://user:password@host/
    try:
        yield
    except Mistake:
        raise
    except FileNotFoundError:
        raise Mistake(f"{path}: is not there. Check data.source.path.", code=OUTSIDE) from None
    except ImportError as error:
        raise Mistake(f"{path}: needs one more package ({told(error)}).", code=OUTSIDE) from None
    except Exception as error:  # each store behind fsspec raises errors of its own
        cure = "Check data.source.path, the permission and the network."
        raise Mistake(f"{path}: can't be read ({told(error)}). {cure}", code=OUTSIDE) from None
