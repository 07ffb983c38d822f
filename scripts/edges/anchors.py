"""models/anchors: the earlier releases that a candidate is measured with, brought level with what was declared."""

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from scripts.core import bundle, objects
from scripts.core.declaration import Declaration
from scripts.core.errors import Mistake
from scripts.core.gate.anchor_list import FILE, Anchor, Anchors, render, wanted
from scripts.core.params import Params
from scripts.core.paths import ANCHORS, ANCHORS_DVC
from scripts.edges import actions, bundles, files
from scripts.edges.repository import git, history
from scripts.edges.repository.history import Declared
from scripts.edges.stores import branch_store, stores
from scripts.edges.stores.store import Store
from scripts.edges.stores.store_folder import Folder
from scripts.edges.versions import dvc, pointers
from scripts.edges.versions.cache import Cache

LONGEST = 300  # characters of a reason

Fetch = Callable[[str], bytes]


def level(params: Params, now: Declaration, fetch: Fetch | None = None) -> Anchors:
    """Bring what is wanted and is not here, take away what is not wanted, and let models/anchors.dvc name the rest.

    A model that can't be had is listed with the reason. Where nothing is to be changed nothing is written.
    """
    listed, declared = decided(params, now)
    here = _held()
    bring = fetch or Nearby(params).fetch
    brought = {each: _content(each, here, declared, bring) for each in listed.anchors}
    listed = listed.model_copy(update={"anchors": tuple(_said(*each) for each in brought.items())})
    contents = {each.file: content for each, content in brought.items() if isinstance(content, bytes)}
    if listed.anchors or listed.unknown:
        contents[FILE] = render(listed)
    place(contents, here)
    return listed


def decided(params: Params, now: Declaration) -> tuple[Anchors, list[Declared]]:
    """Which are wanted, by git's history; without one the reason why nobody can tell."""
    if not now.version or not (params.gate.anchors or params.gate.pinned):
        return Anchors(), []
    if git.commit() is None:
        return Anchors(production=now.version, unknown="there is no commit here, and so no earlier declaration"), []
    try:
        declared = history.declarations()
    except Mistake as mistake:
        return Anchors(production=now.version, unknown=_line(mistake)), []
    return wanted(now, [each.declaration for each in declared], params.gate), declared


def _content(each: Anchor, here: Mapping[str, bytes], declared: list[Declared], fetch: Fetch) -> bytes | str:
    """The bundle, or why it can't be had; one that is here is fetched no more."""
    held = here.get(each.file)
    if held is not None and bundle.digest(held) == each.bundle:
        return held
    try:
        return bundles.content(next(one for one in declared if one.declaration.bundle == each.bundle), fetch)
    except Mistake as mistake:
        return _line(mistake)


def _said(each: Anchor, content: bytes | str) -> Anchor:
    return each.model_copy(update={"missing": content}) if isinstance(content, str) else each


def _line(mistake: Mistake) -> str:
    said = " ".join(str(mistake).split())
    return said if len(said) <= LONGEST else said[: LONGEST - 1] + "…"


def _held() -> dict[str, bytes]:
    """Every file below the folder, by its path inside."""
    found = [path for path in ANCHORS.rglob("*") if path.is_file()]
    return {path.relative_to(ANCHORS).as_posix(): path.read_bytes() for path in found}


def place(contents: Mapping[str, bytes], here: Mapping[str, bytes]) -> None:
    """Make the folder hold exactly these files. Killed at any moment, it holds all that its list names.

    The list changes when the bundles are there, bundles go when the list does not name them, and models/anchors.dvc
    changes last: a run that comes after a kill does the rest.
    """
    if contents != here:
        with files.staging(ANCHORS) as stage:
            for name in sorted(contents, key=lambda name: name == FILE):
                if here.get(name) != contents[name]:
                    stage.write(name, contents[name])
            stage.place()
        for name in here.keys() - contents.keys():
            (ANCHORS / name).unlink(missing_ok=True)
    ANCHORS.mkdir(parents=True, exist_ok=True)
    for path in [path for path in ANCHORS.iterdir() if path.is_dir()]:  # nobody's, and DVC would take it along
        shutil.rmtree(path)
    _name(contents)


def _name(contents: Mapping[str, bytes]) -> None:
    """The pointer, and in the cache what it names."""
    listing = pointers.listing(contents)
    oid = f"{objects.digest(listing)}.dir"
    kept = {objects.digest(content): content for content in contents.values()} | {oid: listing}
    for name, content in kept.items():
        Cache().keep(name, content)
    named = dvc.digest(ANCHORS_DVC) if ANCHORS_DVC.exists() else dvc.EMPTY
    if named != oid:
        files.write(ANCHORS_DVC, pointers.folder(contents, ANCHORS.name).encode())


@dataclass
class Nearby:
    """Objects by DVC's name, from the nearest place: the cache, the store's own clone, the store.

    The job that trains has no token for the branch dvc-store, and its clone was brought by the step before.
    """

    params: Params
    store: Store | None = None
    refusal: Mistake | None = field(default=None, repr=False)

    def fetch(self, oid: str) -> bytes:
        content = Cache().read(oid)
        if content is not None:
            return content
        content = Folder(branch_store.CLONE).read(oid)
        if content is not None and objects.genuine(oid, content):
            return content
        return self._opened().fetch(oid)

    def _opened(self) -> Store:
        """A store that can't be reached is asked once, and not for every model."""
        if self.refusal is not None:
            raise self.refusal
        if self.store is None:
            try:
                self.store = stores.opened(os.environ, actions.job(), self.params.store)
                self.store.place.reach()
                self.store.reached = True
            except Mistake as refused:
                self.refusal, self.store = refused, None
                raise
        return self.store
