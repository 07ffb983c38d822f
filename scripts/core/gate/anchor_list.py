"""Which earlier releases stand beside production as anchors: chosen from what was declared, listed in anchors.json."""

from collections.abc import Iterator, Sequence

from pydantic import BaseModel, ConfigDict, ValidationError

from scripts.core.declaration import Declaration
from scripts.core.errors import OUTSIDE, USAGE, Mistake
from scripts.core.params import Gate
from scripts.core.paths import ANCHORS, DECLARATION, PARAMS
from scripts.core.text import to_json

FILE = "anchors.json"


class Anchor(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int
    bundle: str
    pinned: bool = False  # params.yaml names it
    taken_back: bool = False  # a rollback went past it: it is shown, and holds nobody up unless it is pinned
    missing: str | None = None  # why its bundle could not be had

    @property
    def file(self) -> str:
        return f"v{self.version}.zip"

    @property
    def counts(self) -> bool:
        """A person who took a model back had a reason that no metric shows."""
        return self.pinned or not self.taken_back


class Anchors(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    production: int = 0  # the version that they are anchors beside
    anchors: tuple[Anchor, ...] = ()
    unknown: str | None = None  # why nobody can tell which releases there were


def wanted(now: Declaration, declared: Sequence[Declaration], gate: Gate) -> Anchors:
    """The newest distinct models that were production before, and the pinned one; `declared` is newest first.

    `now` need not be declared on the branch yet. A Mistake where the pinned version never was production.
    """
    if not now.version or not (gate.anchors or gate.pinned):
        return Anchors()
    pinned = _pinned(now, declared, gate.pinned)
    known = [each.model_copy(update={"pinned": each.bundle == pinned}) for each in _earlier(now, declared)]
    found = tuple(each for place, each in enumerate(known) if place < gate.anchors or each.pinned)
    lost = now.version > 1 and not known
    why = f"git has no declaration before that of v{now.version}: commit {DECLARATION} with every promotion"
    return Anchors(production=now.version, anchors=found, unknown=why if lost else None)


def _earlier(now: Declaration, declared: Sequence[Declaration]) -> Iterator[Anchor]:
    """Each model once, as it was declared last; a lower number that follows it has taken it back."""
    seen, newer = {now.bundle}, now
    for each in declared:
        if not each.bundle or each.bundle == newer.bundle:
            continue
        if each.bundle not in seen:
            yield Anchor(version=each.version, bundle=each.bundle, taken_back=newer.version < each.version)
        seen.add(each.bundle)
        newer = each


def _pinned(now: Declaration, declared: Sequence[Declaration], version: int | None) -> str | None:
    """The digest of the pinned model's bundle."""
    if version is None:
        return None
    released = [each for each in (now, *declared) if each.bundle]
    found = next((each for each in released if each.version == version), None)
    if found is None:
        known = ", ".join(f"v{number}" for number in sorted({each.version for each in released}))
        said = f"{PARAMS}: gate.pinned: v{version} never was production"
        raise Mistake(f"{said}. Choose one of {known}, or null.", code=USAGE)
    return found.bundle


def beside(given: bytes | None, now: Declaration, gate: Gate) -> Anchors:
    """The list as it is in the folder, with what it lacks for today's production, which is none of its own anchors."""
    if not now.version or not (gate.anchors or gate.pinned):
        return Anchors()
    try:
        listed = Anchors() if given is None else parse(given)
    except Mistake as mistake:
        return Anchors(production=now.version, unknown=str(mistake))
    others = tuple(each for each in listed.anchors if each.bundle != now.bundle)
    return Anchors(production=now.version, anchors=others, unknown=_lacking(listed, now.version, gate.pinned))


def _lacking(listed: Anchors, now: int, pinned: int | None) -> str | None:
    """Of a list that another run or nobody has made; nothing is before the first version."""
    if listed.production == now and listed.unknown:
        return listed.unknown
    if listed.production != now and now > 1:
        of = f"what was released before v{listed.production}" if listed.production else "nothing"
        return f"{ANCHORS} has {of}, and production is v{now}. Bring what was before it: make retrain"
    if pinned is not None and pinned not in {now, *(each.version for each in listed.anchors)}:
        return f"{ANCHORS} lacks v{pinned}, which gate.pinned names. Bring it: make retrain"
    return None


def parse(content: bytes) -> Anchors:
    try:
        return Anchors.model_validate_json(content)
    except ValidationError as error:
        why = error.errors(include_url=False)[0]["msg"]
    raise Mistake(f"{ANCHORS}/{FILE}: can't be read ({why}). Bring it anew: make retrain", code=OUTSIDE)


def render(anchors: Anchors) -> bytes:
    return to_json(anchors.model_dump()).encode()
