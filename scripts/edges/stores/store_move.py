"""Everything of one store copied to another: can be cut off and begun again at any time."""

from dataclasses import dataclass

from scripts.core import objects
from scripts.core.errors import OUTSIDE, Mistake
from scripts.edges.stores.store import Place, at_once


@dataclass(frozen=True)
class Copied:
    objects: int  # in both stores now
    size: int
    sent: int  # by this run
    altered: tuple[str, ...]  # are not what they are called, and stay where they are


def copied(source: Place, target: Place) -> Copied:
    """Every object is hashed as it leaves, and again as it is read back from where it went."""
    source.reach()
    target.reach()
    whole, there = source.all(), target.all()
    lists = [oid for oid in sorted(whole) if oid.endswith(".dir")]
    altered: set[str] = set()
    sent: list[str] = []

    def carry(oid: str) -> None:
        content = source.read(oid)
        if content is None or not objects.genuine(oid, content):
            altered.add(oid)
        elif there.get(oid) != len(content):
            target.write(oid, content)
            sent.append(oid)

    for group in (sorted(whole.keys() - set(lists)), lists):  # whoever finds a list finds its files
        at_once(carry, group)
    target.settle()
    good = sorted(whole.keys() - altered)
    arrived = at_once(lambda oid: objects.genuine(oid, target.read(oid) or b""), good)
    if bad := [oid for oid, fine in zip(good, arrived, strict=True) if not fine]:
        said = f"{target.name}: {len(bad)} of {len(good)} objects came back altered ({bad[0]} ...)"
        raise Mistake(f"{said}. Remove them there, and run it again.", code=OUTSIDE)
    return Copied(len(good), sum(whole[oid] for oid in good), len(sent), tuple(sorted(altered)))
