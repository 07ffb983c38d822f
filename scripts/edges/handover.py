"""The folder in which a run travels from the job that trains to the job that writes."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from scripts.core import handover, objects
from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.handover import LISTINGS, RETRAIN, Handover
from scripts.core.objects import Object
from scripts.core.paths import ANCHORS_DVC, DATA_DVC, LOCK, PIPELINE, RUN
from scripts.edges import files, outcome
from scripts.edges.repository import git, history
from scripts.edges.versions.cache import Cache

MANIFEST, FILES = "manifest.json", "files"


def gathered() -> Handover:
    """What the last run left in this work tree that its commit does not have."""
    base = git.commit()
    if base is None:
        raise Mistake("git: there is no commit here. Run commands from the project's root.", code=OUTSIDE)
    done = outcome.read("retrain") or {}
    whole = done.get("code") == 0 and bool(done.get("new")) and not done.get("dry_run")
    paths = [RETRAIN] if Path(RETRAIN).exists() else []
    given = {path: Path(path).read_bytes() for path in paths}
    if not whole:
        return Handover(base, False, given)
    made = Handover(base, True, given | _folder(DATA_DVC, base) | _anchors(base) | _outputs(base))
    before = _before(base, LOCK)
    candidate = Cache().read(_named(made.files[LOCK.as_posix()].decode()).get("models/candidate.zip", "-"))
    handover.checked(
        made, PIPELINE.read_text("utf-8"), before, candidate
    )  # what does not fit is found where it is made
    return made


def write(handed: Handover, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for path, content in handed.files.items():
        (folder / FILES / path).parent.mkdir(parents=True, exist_ok=True)
        files.write(folder / FILES / path, content)
    folder.mkdir(parents=True, exist_ok=True)
    files.write(folder / MANIFEST, handover.manifest(handed).encode())


def read(folder: Path) -> Handover:
    """What was handed over, every digest checked; a link among the files is refused unread."""
    try:
        said = _plain(folder / MANIFEST).read_bytes()
    except FileNotFoundError:
        raise Mistake(
            f"{folder}: the run handed nothing over. See the log of the job that trains.", code=OUTSIDE
        ) from None
    given: dict[str, bytes] = {}
    for inner, folders, names in os.walk(folder / FILES):
        for name in folders:
            _plain(Path(inner) / name)
        for path in (_plain(Path(inner) / name) for name in names):
            given[path.relative_to(folder / FILES).as_posix()] = path.read_bytes()
    return handover.opened(said, given)


def _plain(path: Path) -> Path:
    if path.is_symlink():
        raise Mistake(f"handover: {path.name!r}: is a link. {handover.AGAIN}.", code=OUTSIDE)
    return path


def _folder(file: Path, base: str, travels: Callable[[str], bool] = lambda path: True) -> dict[str, bytes]:
    """A folder's pointer, its list of files, and those of its files that are new and can't be had otherwise."""
    pointer = file.read_bytes()
    top = objects.of_pointer(pointer.decode(), file.as_posix())[0]
    listing = _listing(top)
    if listing is None:
        raise Mistake(f"{file}: its list of files is not in DVC's cache. Make it: dvc add {top.path}", code=OUTSIDE)
    known = {each.oid for each in _members_before(file, base)}
    new = [each for each in objects.members(listing, top) if each.oid not in known and travels(each.path)]
    return {file.as_posix(): pointer, LISTINGS[top.path]: listing} | {
        each.path: Path(each.path).read_bytes() for each in new
    }


def _anchors(base: str) -> dict[str, bytes]:
    """Nothing when they are as they were. Earlier releases are in the store: only the list of them travels."""
    before = _before(base, ANCHORS_DVC)
    if not ANCHORS_DVC.exists() or ANCHORS_DVC.read_text("utf-8") == before:
        return {}
    return _folder(ANCHORS_DVC, base, lambda path: path.endswith(".json"))


def _members_before(file: Path, base: str) -> list[Object]:
    pointer = _before(base, file)
    tops = objects.of_pointer(pointer, file.as_posix()) if pointer else []
    return [each for top in tops for each in objects.members(_listing(top) or b"[]", top)]


def _listing(top: Object) -> bytes | None:
    return objects.KNOWN.get(top.oid) or Cache().read(top.oid)


def _outputs(base: str) -> dict[str, bytes]:
    """What git keeps of the reports, always; what DVC keeps, if it is another than the commit's."""
    lock = LOCK.read_bytes()
    cached = objects.outputs(PIPELINE.read_text("utf-8"))
    before = _named(_before(base, LOCK) or "{}")
    named = _named(lock.decode())
    ours = {path: oid for path, oid in named.items() if path in cached}
    paths = [path for path, oid in ours.items() if not cached[path] or before.get(path) != oid]
    return {LOCK.as_posix(): lock} | {path: Path(path).read_bytes() for path in [*paths, RUN.as_posix()]}


def _named(lock: str) -> dict[str, str]:
    return {each.path: each.oid for each in objects.locked(lock)}


def _before(base: str, path: Path) -> str | None:
    content = history.at(base, path)
    return None if content is None else content.decode()
