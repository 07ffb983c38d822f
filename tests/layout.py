"""Who imports whom, read from the source: the layout test's eyes."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]


def modules(under: str) -> list[str]:
    """Dotted names of the modules in a folder of the project, packages included."""
    files = sorted((ROOT / under).rglob("*.py"))
    return [dotted(path) for path in files]


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def file_of(module: str) -> Path | None:
    path = ROOT / module.replace(".", "/")
    found = [candidate for candidate in (path.with_suffix(".py"), path / "__init__.py") if candidate.is_file()]
    return found[0] if found else None


@cache
def imports(module: str) -> frozenset[str]:
    """The project's own modules that a module imports, inside its functions too; what only types need left out."""
    path = file_of(module)
    assert path is not None, module
    tree = ast.parse(path.read_text("utf-8"))
    return frozenset(name for node in _nodes(tree) for name in _named(node) if name != module)


def _nodes(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        yield node
        yield from _nodes(node)


def _named(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    else:
        return
    for name in names:
        if name.startswith("scripts") and file_of(name) is not None:
            yield name


def reached(module: str) -> set[str]:
    """Every own module that runs when this one does, itself included; packages without a line of code left out."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(imports(name))
    return {name for name in found if _says_something(name)}


def _says_something(module: str) -> bool:
    path = file_of(module)
    return path is not None and bool(ast.parse(path.read_text("utf-8")).body)
