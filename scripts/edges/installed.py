"""Which classes and parameters the installed packages have, read from their sources: importing them takes seconds."""

import ast
import importlib.util
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

from scripts.core.params import Train
from scripts.core.text import did_you_mean, nearest

HOPS = 5  # files that a name may be passed on through


def problems(train: Train) -> list[str]:
    """What train names and the packages lack; what their sources do not tell passes."""
    found = [_absent("train.estimator", train.estimator)]
    found += [_absent("train.preprocess", train.preprocess)] if train.preprocess else []
    return [line for line in found if line] or _unknown_parameters(train)


def _absent(setting: str, dotted: str) -> str | None:
    module, _, name = dotted.rpartition(".")
    parent = ""
    for part in module.split("."):
        if _spec(f"{parent}.{part}".lstrip(".")) is None:
            near = nearest(part, _beside(parent))
            cure = f"Did you mean {parent}.{near}?" if near else "Correct the path, or install its package."
            where = f" in {parent}" if parent else ""
            return f"{setting}: {dotted}: there is no module {part!r}{where}. {cure}"
        parent = f"{parent}.{part}".lstrip(".")
    names = _names(module)
    if names is None or name in names.bound:
        return None
    public = [known for known in names.bound if not known.startswith("_")]
    return f"{setting}: {module} has no {name!r}. {did_you_mean(name, public)}"


def _unknown_parameters(train: Train) -> list[str]:
    known = _parameters(*train.estimator.rpartition(".")[::2])
    if known is None:
        return []
    named = {f"train.parameters.{name}": name for name in train.parameters}
    named |= {f"train.tune.space.{name}": name for name in (train.tune.space if train.tune else ())}
    return [
        f"{setting}: is no parameter of {train.estimator}. {did_you_mean(name, known)}"
        for setting, name in named.items()
        if name.split("__")[0] not in known
    ]


def _spec(module: str) -> ModuleSpec | None:
    """Where a module is; no package around it is imported for that."""
    top, *rest = module.split(".")
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    for depth in range(len(rest)):
        if spec is None or spec.submodule_search_locations is None:
            return None
        spec = PathFinder.find_spec(".".join([top, *rest[: depth + 1]]), spec.submodule_search_locations)
    return spec


def _beside(package: str) -> list[str]:
    spec = _spec(package) if package else None
    places = None if spec is None else spec.submodule_search_locations
    return [each.name for each in pkgutil.iter_modules(places)] if package else []


@dataclass(frozen=True)
class Names:
    bound: frozenset[str]
    classes: dict[str, ast.ClassDef]
    passed_on: dict[str, tuple[str, str]]  # name -> the module and name that it is imported from


def _names(module: str) -> Names | None:
    """What a module's source binds; None where the source does not tell all."""
    spec = _spec(module)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    try:
        nodes = list(_top(ast.parse(Path(spec.origin).read_bytes()).body))
    except (OSError, SyntaxError, ValueError):
        return None
    package = module if spec.submodule_search_locations is not None else module.rpartition(".")[0]
    bound: set[str] = set()
    passed_on: dict[str, tuple[str, str]] = {}
    for node in nodes:
        bound |= set(_bound(node))
        if isinstance(node, ast.ImportFrom):
            source = importlib.util.resolve_name(f"{'.' * node.level}{node.module or ''}", package)
            passed_on |= {alias.asname or alias.name: (source, alias.name) for alias in node.names}
    if bound & {"*", "__getattr__"}:
        return None
    return Names(frozenset(bound), {n.name: n for n in nodes if isinstance(n, ast.ClassDef)}, passed_on)


def _top(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run on import: those of if and try as well."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try):
            yield from _top([*node.body, *node.orelse])
        if isinstance(node, ast.Try):
            yield from _top([*node.finalbody, *(inner for handler in node.handlers for inner in handler.body)])


def _bound(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from ((alias.asname or alias.name).split(".")[0] for alias in node.names)
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        yield from (name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name))


def _parameters(module: str, name: str) -> list[str] | None:
    """Of the class's __init__; None where its source does not tell."""
    for _ in range(HOPS):
        names = _names(module)
        if names is None or name in names.classes:
            break
        if name not in names.passed_on:
            return None
        module, name = names.passed_on[name]
    if names is None or name not in names.classes:
        return None
    for node in names.classes[name].body:
        if isinstance(node, ast.FunctionDef) and node.name == "__init__" and node.args.kwarg is None:
            return [each.arg for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)][1:]
    return None
