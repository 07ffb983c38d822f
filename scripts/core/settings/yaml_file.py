"""A YAML text as a checked model, or every mistake of the text with its line, its setting and the cure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.scalarbool import ScalarBoolean

from scripts.core.errors import USAGE, Mistake
from scripts.core.settings.yaml_words import Path, sentences

Model = TypeVar("Model", bound=BaseModel)
CONFLICTS = ("<<<<<<< ", ">>>>>>> ", "=======")


def read(text: str, name: str, model: type[Model]) -> Model:
    tree = _load(text, name)
    try:
        return model.model_validate(_plain(tree))
    except ValidationError as error:
        found = sorted(_mistakes(tree, model, error), key=lambda mistake: mistake[0])
        raise Mistake(*dict.fromkeys(f"{name}:{line}: {said}" for line, said in found), code=USAGE) from None


def line_of(text: str, setting: str) -> int:
    """Where a setting, or the last part of its path that is there, stands in a text that is YAML."""
    return _line_of(_load(text, ""), tuple(setting.split(".")))


def _mistakes(tree: Any, model: type[Model], error: ValidationError) -> Iterator[tuple[int, str]]:
    schema = model.model_json_schema()
    places: dict[Path, list[Any]] = {}
    for problem in error.errors(include_url=False):
        places.setdefault(_settings(tree, problem["loc"]), []).append(problem)
    for place, problems in places.items():
        for path, said in sentences(tree, schema, place, problems):
            yield _line_of(tree, path), said


def _load(text: str, name: str) -> Any:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith(CONFLICTS):
            raise Mistake(f"{name}:{number}: has a conflict marker. Finish the merge first.", code=USAGE)
    try:
        tree = YAML(typ="rt").load(text)
    except (YAMLError, ValueError, RecursionError) as error:
        raise Mistake(_broken(text, name, error), code=USAGE) from None
    if not isinstance(tree, Mapping):
        raise Mistake(f"{name}: is empty or no list of settings. Restore it: git checkout -- {name}", code=USAGE)
    return tree


def _broken(text: str, name: str, error: Exception) -> str:
    if isinstance(error, MarkedYAMLError) and error.problem_mark:
        problem = " ".join(str(error.problem).split("with value")[0].split())
        return f"{name}:{error.problem_mark.line + 1}: is not YAML ({problem}). Mend that line."
    if hasattr(error, "position"):  # a character that YAML does not allow
        return f"{name}:{text.count(chr(10), 0, error.position) + 1}: has an invisible character. Remove it."
    why = "nested too deep" if isinstance(error, RecursionError) else str(error).splitlines()[0]
    return f"{name}: is not YAML ({why}). Restore it: git checkout -- {name}"


def _plain(value: Any) -> Any:
    """Ordinary Python values; lists as tuples, because Params are frozen."""
    if isinstance(value, Mapping):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_plain(item) for item in value)
    if isinstance(value, ScalarBoolean):  # an int to Python
        return bool(value)
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value


def _settings(tree: Any, location: Sequence[str | int]) -> Path:
    """The location without what pydantic adds for unions and keys: only steps that the file has, and the last one."""
    path: list[str | int] = []
    steps = [step for step in location if step != "[key]"]
    for position, step in enumerate(steps):
        last = position == len(steps) - 1
        inside = isinstance(tree, Mapping) or (isinstance(tree, list) and isinstance(step, int))
        kind = isinstance(tree, Mapping) and tree.get("kind") == step and not last
        if inside and not kind and (last or _has(tree, step)):
            path.append(step)
            tree = tree[step] if _has(tree, step) else None
    return tuple(path)


def _has(tree: Any, step: str | int) -> bool:
    if isinstance(tree, list):
        return isinstance(step, int) and step < len(tree)
    return isinstance(tree, Mapping) and step in tree


def _line_of(tree: Any, path: Path) -> int:
    """The line, from 1, of the last step of the path that stands in the file."""
    line = 1
    for step in path:
        places = getattr(tree, "lc", None)
        if not _has(tree, step) or places is None or step not in (places.data or {}):  # a merged key has no line
            break
        line = places.data[step][0] + 1
        tree = tree[step]
    return line
