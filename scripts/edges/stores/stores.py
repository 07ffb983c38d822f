"""Which store a clone has, and what DVC is told of it."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from scripts.core.errors import OUTSIDE, USAGE, Mistake
from scripts.core.settings import loop_params
from scripts.edges import files
from scripts.edges.actions import Job
from scripts.edges.batches.download import shown
from scripts.edges.stores import branch_store
from scripts.edges.stores.branch_store import Branch
from scripts.edges.stores.store import Place, Store
from scripts.edges.stores.store_folder import Folder
from scripts.edges.stores.store_s3 import Bucket

LOCAL = Path(".dvc/local-store")
CONFIG = Path(".dvc/config.local")  # never committed
REMOTE = "evergreen"


def opened(environment: Mapping[str, str], job: Job, given: loop_params.Store, root: Path = Path()) -> Store:
    """The store of this clone: see `chosen`."""
    return Store(chosen(environment, job, given, root), root)


def chosen(environment: Mapping[str, str], job: Job, given: loop_params.Store, root: Path = Path()) -> Place:
    """What DVC_REMOTE_URL names; without it the branch dvc-store in a workflow, and on a laptop where origin has one.

    With none of these, a folder of this clone.
    """
    if url := environment.get("DVC_REMOTE_URL"):
        return named(url, environment.get("DVC_ENDPOINT_URL"), environment, given, root)
    if job.in_actions or branch_store.is_there(root):
        url = branch_store.origin(root)
        if url is None:
            raise Mistake(
                "git: there is no remote origin for the branch dvc-store. Check the project out.", code=OUTSIDE
            )
        remote = branch_store.remote(url, job.server, job.token, root / branch_store.CLONE)
        return Branch(remote, warn_mb=given.warn_mb)
    return Folder(root / LOCAL)


def named(
    url: str, endpoint: str | None, environment: Mapping[str, str], given: loop_params.Store, root: Path = Path()
) -> Place:
    """A store by its address: s3://BUCKET/FOLDER, or a folder."""
    if "@" in urlsplit(url).netloc + urlsplit(endpoint or "").netloc:
        said = "DVC_REMOTE_URL, DVC_ENDPOINT_URL: keys have no place in an address"
        raise Mistake(f"{said}. Give them as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.", code=USAGE)
    if url.startswith("s3://"):
        region = environment.get("AWS_DEFAULT_REGION") or environment.get("AWS_REGION") or "us-east-1"
        return Bucket(url, endpoint or None, region, given.timeout)
    path = url.removeprefix("file://")
    if "://" in path:
        raise Mistake(f"DVC_REMOTE_URL: {shown(url)}: is neither s3://BUCKET/FOLDER nor a folder.", code=USAGE)
    return Folder(root / Path(path).expanduser())


def configure(place: Place, root: Path = Path()) -> None:
    """Tell DVC of the store, for `dvc pull` and `dvc push` by hand; other settings of a person stay."""
    from configobj import ConfigObj, ConfigObjError  # type: ignore[import-untyped]

    path = root / CONFIG
    try:
        config = ConfigObj(str(path), encoding="utf-8") if path.exists() else ConfigObj(encoding="utf-8")
    except (ConfigObjError, UnicodeDecodeError):
        raise Mistake(f"{path}: can't be read. Remove it, and run this again.", code=OUTSIDE) from None
    config.filename = None
    config.setdefault("core", {})["remote"] = REMOTE
    config[f'remote "{REMOTE}"'] = dict(place.settings)
    content = "".join(f"{line}\n" for line in _lines(config)).encode()
    if not path.exists() or path.read_bytes() != content:
        files.write(path, content)


def _lines(config: object) -> list[str]:
    written = config.write()  # type: ignore[attr-defined]
    return [line.decode() if isinstance(line, bytes) else str(line) for line in written]
