"""The store: what git only names, data and models, kept in a bucket, a folder or a branch.

Nothing is believed of it: a push ends with a look at the store itself, and what comes out of it is hashed before use.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

from scripts.core import objects
from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.objects import Object
from scripts.core.paths import DATA_DVC, LOCK, PIPELINE
from scripts.edges import files
from scripts.edges.versions.cache import Cache

AT_ONCE = 8
S = TypeVar("S")
T = TypeVar("T")
CURE = "Push from where they are: python -m scripts.store push"


class Place(Protocol):
    """Where a store lies."""

    @property
    def name(self) -> str: ...
    @property
    def settings(self) -> Mapping[str, str]: ...
    def reach(self) -> None: ...
    def size(self, oid: str) -> int | None: ...
    def read(self, oid: str) -> bytes | None: ...
    def write(self, oid: str, content: bytes) -> None: ...
    def settle(self) -> list[str]: ...
    def all(self) -> dict[str, int]: ...


@dataclass(frozen=True)
class Pulled:
    fetched: int  # objects that came from the store
    placed: int  # files that were put into the work tree
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Pushed:
    named: int  # objects that git names
    sent: int
    warnings: tuple[str, ...]


@dataclass
class Store:
    """Of the project in `root`; the place is asked for nothing that is here already."""

    place: Place
    root: Path = Path()
    reached: bool = field(default=False, repr=False)

    def named(self) -> list[Object]:
        """Every object that git names, the members of folders included, as far as their lists can be had."""
        return [each for top in self.tops() for each in self._with_members(top)]

    def tops(self) -> list[Object]:
        """What data.dvc, models/*.dvc and dvc.lock name themselves."""
        pointers = [self.root / DATA_DVC, *sorted((self.root / "models").glob("*.dvc"))]
        found = [
            each
            for pointer in pointers
            if pointer.exists()
            for each in objects.of_pointer(_text(pointer), pointer.relative_to(self.root).as_posix())
        ]
        if (self.root / LOCK).exists():
            found += objects.of_lock(_text(self.root / LOCK), _text(self.root / PIPELINE))
        return found

    def fetch(self, oid: str) -> bytes:
        """The bytes of an object, hashed; a Mistake if they are not there or not those."""
        content = self._got(oid)
        if content is None:
            raise Mistake(f"{self.place.name}: has no object {oid}. {CURE}.", code=OUTSIDE)
        return content

    def missing(self, named: Iterable[Object]) -> list[Object]:
        """Which of these the store itself lacks, or has in another size; nothing that DVC remembers is asked."""
        self._reach()
        looked = list(named)
        sizes = at_once(lambda each: self.place.size(each.oid), looked)
        return [
            each for each, size in zip(looked, sizes, strict=True) if size is None or size != self._size(each, size)
        ]

    def pull(self, targets: Sequence[str] = ()) -> Pulled:
        """Put in place what git names: all of it, or what lies at or below the targets."""
        wanted = [top for top in self.tops() if _among(top, targets)]
        before = [each for each in wanted if not self._here(each)]
        lost = self._brought(before)
        whole = [top for top in wanted if top not in lost]
        inner = [each for top in whole if top.folder for each in self._with_members(top)[1:]]
        lost |= self._brought(absent := [each for each in inner if not self._here(each)])
        warnings = self._complaints(lost)
        present = [each for each in [*whole, *inner] if each not in lost and not each.folder]
        placed = self._placed(present)
        for top in whole:
            if top.folder:
                (self.root / top.path).mkdir(parents=True, exist_ok=True)
        return Pulled(len(before) + len(absent) - len(lost), placed, warnings)

    def push(self) -> Pushed:
        """Send what the store lacks, look again, send once more what is still missing; what then lacks is an error."""
        named = self.named()
        lacking = self.missing(named)
        sent, lost = self._sent(lacking)
        warnings = self.place.settle()
        if again := [each for each in self.missing(named) if each not in lost]:
            self._sent(again)
            warnings = self.place.settle()
            if still := self.missing(again):
                said = f"{self.place.name}: took {objects.listed(still)} and has not got it"
                raise Mistake(f"{said}. Look at the store's own log, then: python -m scripts.store push", code=OUTSIDE)
        return Pushed(len(named), sent, (*self._complaints(set(lost)), *warnings))

    def check(self, read: bool = False) -> list[str]:
        """What is wrong with the store, a line each; `read`: every object is fetched and hashed as well."""
        tops = self.tops()
        named = [
            each for top in tops for each in self._with_members(top, strict=False) if each.oid not in objects.KNOWN
        ]
        missing = self.missing(named)
        lines = [
            f"{each.path}: {self.place.name} has not got it ({each.oid}, named by {each.source})" for each in missing
        ]
        if read:
            rest = [each for each in named if each not in missing]
            bad = at_once(lambda each: objects.genuine(each.oid, self.place.read(each.oid) or b""), rest)
            pairs = zip(rest, bad, strict=True)
            lines += [
                f"{each.path}: {self.place.name} has other bytes ({each.oid})" for each, fine in pairs if not fine
            ]
        return lines

    @property
    def cache(self) -> Cache:
        return Cache(self.root / ".dvc/cache")

    def _reach(self) -> None:
        if not self.reached:
            self.place.reach()
            self.reached = True

    def _with_members(self, top: Object, strict: bool = True) -> list[Object]:
        if not top.folder:
            return [top]
        content = self.cache.read(top.oid) or objects.KNOWN.get(top.oid)
        if content is None and ((strict and not top.made_anew) or not self.missing([top])):
            self.cache.write(top.oid, content := self.fetch(top.oid))
        return [top, *(objects.members(content, top) if content is not None else ())]

    def _size(self, each: Object, otherwise: int) -> int:
        """How long it should be: as git says, or as the verified bytes here are."""
        if each.size is not None:
            return each.size
        content = self.cache.read(each.oid)
        return otherwise if content is None else len(content)

    def _here(self, each: Object) -> bool:
        """Whether it is in the cache, genuine; what the work tree has, or what everybody knows, is put there."""
        if self.cache.read(each.oid) is not None:
            return True
        content = objects.KNOWN[each.oid] if each.oid in objects.KNOWN else _content(self.root / each.path)
        if content is None or not objects.genuine(each.oid, content):
            return False
        self.cache.write(each.oid, content)
        return True

    def _brought(self, absent: Sequence[Object]) -> set[Object]:
        """Fetch into the cache; what could not be had."""
        if not absent:
            return set()
        self._reach()
        oids = sorted({each.oid for each in absent})
        arrived = dict(zip(oids, at_once(self._arrived, oids), strict=True))
        return {each for each in absent if not arrived[each.oid]}

    def _arrived(self, oid: str) -> bool:
        content = self._got(oid)
        if content is not None:
            self.cache.write(oid, content)
        return content is not None

    def _got(self, oid: str) -> bytes | None:
        self._reach()
        content = self.place.read(oid)
        if content is not None and not objects.genuine(oid, content):
            content = self.place.read(oid)  # a broken transfer is another one the second time
        if content is not None and not objects.genuine(oid, content):
            said = f"{self.place.name}: object {oid} is altered: its bytes give {objects.digest(content)}"
            raise Mistake(f"{said}. Remove {objects.laid(oid)} there, then: python -m scripts.store push", code=OUTSIDE)
        return content

    def _sent(self, lacking: Sequence[Object]) -> tuple[int, list[Object]]:
        """Lists of folders go last, so that whoever finds one finds its files; what is in no place is given back."""
        lost: list[Object] = []
        for group in ([each for each in lacking if not each.folder], [each for each in lacking if each.folder]):
            here = [each for each in group if self._here(each)]
            lost += [each for each in group if each not in here]
            oids = sorted({each.oid for each in here})
            at_once(lambda oid: self.place.write(oid, self.cache.read(oid) or b""), oids)
        return len({each.oid for each in lacking} - {each.oid for each in lost}), lost

    def _placed(self, present: Sequence[Object]) -> int:
        count = 0
        strangers: list[Object] = []
        for each in present:
            path = self.root / each.path
            content = _content(path)
            if content is not None and objects.genuine(each.oid, content):
                continue
            if content is not None and not each.made_anew:
                strangers.append(each)
                continue
            named = self.cache.read(each.oid)
            assert named is not None
            path.parent.mkdir(parents=True, exist_ok=True)
            files.write(path, named)
            count += 1
        if strangers:
            names, source = ", ".join(each.path for each in strangers[:5]), strangers[0].source
            cure = (
                f"To keep what is there: dvc add {source.removesuffix('.dvc')}; to give it up: remove it and pull again"
            )
            raise Mistake(f"{names}: not what {source} names. {cure}.", code=OUTSIDE)
        return count

    def _complaints(self, lost: set[Object]) -> tuple[str, ...]:
        """What the pipeline makes again is warned of; anything else that is lost is an error."""
        grave = sorted(each for each in lost if not each.made_anew)
        if grave:
            said = f"{grave[0].source}: {self.place.name} has not got {objects.listed(grave)}"
            raise Mistake(f"{said}. {CURE}; or point DVC_REMOTE_URL to the store that has them.", code=OUTSIDE)
        anew = sorted(lost)
        return (f"{self.place.name} has not got {objects.listed(anew)}: to be made anew.",) if anew else ()


def _among(top: Object, targets: Sequence[str]) -> bool:
    return not targets or any(top.path == target or top.path.startswith(f"{target.rstrip('/')}/") for target in targets)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise Mistake(f"{path}: can't be read. Restore it: git checkout -- {path}", code=OUTSIDE) from None


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def at_once(act: Callable[[S], T], on: Sequence[S]) -> list[T]:
    """Several at a time, in order. The first Mistake ends it: what has not begun is not begun."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        waiting = [pool.submit(act, each) for each in on]
        try:
            return [each.result() for each in waiting]
        except Mistake:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
