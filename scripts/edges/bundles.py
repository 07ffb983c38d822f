"""The bundle of a declared model, found by what the declaring commit names; nothing passes whose digest is another."""

from collections.abc import Callable
from pathlib import Path

from scripts.core import bundle, objects
from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.paths import PRODUCTION_DVC
from scripts.edges.repository import history
from scripts.edges.repository.history import Declared


def content(declared: Declared, fetch: Callable[[str], bytes], root: Path = Path()) -> bytes:
    """`fetch` gives an object by DVC's name."""
    now, name = declared.declaration, PRODUCTION_DVC.as_posix()
    pointer = history.at(declared.commit, PRODUCTION_DVC, root)
    if pointer is None:
        raise Mistake(f"{name}: is not in {declared.commit[:12]}. Commit it with the declaration.", code=OUTSIDE)
    named = objects.of_pointer(pointer.decode(errors="replace"), name)[0]
    found = fetch(named.oid)
    if (digest := bundle.digest(found)) != now.bundle:
        raise Mistake(
            f"{name}: names a model with the digest {digest[:19]}, but v{now.version} is declared as "
            f"{str(now.bundle)[:19]}. Both change together: promote it anew.",
            code=OUTSIDE,
        )
    return found
