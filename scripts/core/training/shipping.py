"""The project's own modules for workers that were started elsewhere, so that they run this code and no other."""

import importlib.util
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

PROJECT = __name__.partition(".")[0]
NAME = "code-of-the-run"  # one at a time: a later run's takes its place, on workers that join later, too


@dataclass(frozen=True)
class Code:
    sources: Mapping[str, str]
    packages: frozenset[str]
    digest: str


def code() -> Code:
    """Every module below scripts/, read as the interpreter itself would to import it."""
    folder = importlib.import_module(PROJECT).__path__
    names = [PROJECT, *(each.name for each in pkgutil.walk_packages(folder, f"{PROJECT}."))]
    specs = {name: importlib.util.find_spec(name) for name in names}
    sources = {name: spec.loader.get_source(name) or "" for name, spec in specs.items()}  # type: ignore[union-attr]
    whole = sha256("\0".join(f"{name}\n{source}" for name, source in sorted(sources.items())).encode()).hexdigest()
    packages = (name for name, spec in specs.items() if spec and spec.submodule_search_locations is not None)
    return Code(sources, frozenset(packages), whole)


def plugin(sent: Code) -> Any:
    """What a worker sets up. It stands in a function because then it travels whole: the worker can't import it yet."""
    from importlib.abc import InspectLoader, MetaPathFinder
    from importlib.machinery import ModuleSpec
    from importlib.util import spec_from_loader

    from distributed import WorkerPlugin

    sources, packages, digest, project = dict(sent.sources), sent.packages, sent.digest, PROJECT

    class Finder(MetaPathFinder, InspectLoader):
        code_of_the_run = digest

        def find_spec(self, name: str, path: Sequence[str] | None = None, target: Any = None) -> ModuleSpec | None:
            return spec_from_loader(name, self, is_package=name in packages) if name in sources else None

        def is_package(self, name: str) -> bool:
            return name in packages

        def get_source(self, name: str) -> str:
            return sources[name]

    class Plugin(WorkerPlugin):  # type: ignore[misc]
        def setup(self, worker: Any) -> None:
            import sys

            found = [finder for finder in sys.meta_path if hasattr(finder, "code_of_the_run")]
            if [finder.code_of_the_run for finder in found] == [digest]:
                return
            sys.meta_path[:] = [Finder(), *(finder for finder in sys.meta_path if finder not in found)]
            for name in [name for name in sys.modules if name.partition(".")[0] == project]:
                del sys.modules[name]  # of an earlier run, or of the folder that the worker was started in

    return Plugin()


def present(finders: Sequence[Any]) -> str | None:
    """The digest of the code that was sent to this process, by its sys.meta_path."""
    return next((finder.code_of_the_run for finder in finders if hasattr(finder, "code_of_the_run")), None)
