"""What is wrong with a setting, in words that end with the cure."""

from collections.abc import Mapping, Sequence
from typing import Any

from scripts.core.text import did_you_mean, nearest

Path = tuple[str | int, ...]
Problem = Mapping[str, Any]  # as pydantic tells it
KINDS = {
    "int_type": ("a whole number", "Write it in digits, without quotes"),
    "int_from_float": ("a whole number", "Write it without a fraction"),
    "float_type": ("a number", "Write it in digits, without quotes"),
    "finite_number": ("a finite number", "Write it in digits"),
    "bool_type": ("true or false", "Write one of them, without quotes"),
    "string_type": ("text", "Put it in quotes"),
    "dict_type": ("a block of settings", "Write them under it, or {} for none"),
    "model_type": ("a block of settings", "Write them under it, or {} for the usual ones"),
    "model_attributes_type": ("a block of settings", "Write them under it"),
    "tuple_type": ("a list", "Write it as [a, b]"),
}
BOUNDS = {
    "greater_than": ("gt", "above"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "below"),
    "less_than_equal": ("le", "at most"),
}


def sentences(tree: Any, schema: Any, path: Path, problems: Sequence[Problem]) -> list[tuple[Path, str]]:
    """All that is wrong at one place; a rule that looks at several settings names the one that it speaks of."""
    first = problems[0]
    if first["type"] in ("extra_forbidden", "invalid_key"):
        return [(path, _unknown(tree, schema, path))]
    if all(problem["type"] in KINDS for problem in problems):
        return [(path, f"{dotted(path)} {_of_kind(problems)}")]
    return [said for problem in problems for said in _said(path, problem)]


def dotted(path: Path) -> str:
    return ".".join(map(str, path)) or "params"


def _said(path: Path, problem: Problem) -> list[tuple[Path, str]]:
    if problem["type"] == "value_error":
        return [_by_rule(path, line, problem["input"]) for line in str(problem["ctx"]["error"]).splitlines()]
    return [(path, f"{dotted(path)} {_wrong(problem)}")]


def _by_rule(path: Path, message: str, given: Any) -> tuple[Path, str]:
    setting, colon, rest = message.partition(": ")
    if colon and " " not in setting:
        path, message = tuple(setting.split(".")), rest
    known = not isinstance(given, Mapping) and message.startswith("must")
    ending = f", is {_shown(given)}." if known else "." * (not message.endswith((".", "?")))
    return path, f"{dotted(path)} {message}{ending}"


def _unknown(tree: Any, schema: Any, path: Path) -> str:
    *block, key = path
    known = _fields(tree, schema, block)
    near = nearest(str(key), known)
    cure = f"Did you mean {dotted((*block, near))}?" if near else did_you_mean(str(key), known)
    return f"{dotted(path)} is not a setting. {cure}"


def _fields(tree: Any, schema: Any, block: Sequence[str | int]) -> list[str]:
    """The settings of the block at this path, by the schema; of a block of several kinds, those of the given kind."""
    options = [schema]
    for step in block:
        named = [o["properties"][step] for o in options if step in o.get("properties", {})]
        named += [o["additionalProperties"] for o in options if isinstance(o.get("additionalProperties"), Mapping)]
        tree = tree[step]
        options = [option for node in named for option in _options(schema, node)]
        kind = tree.get("kind") if isinstance(tree, Mapping) else None
        options = [o for o in options if _const(o) in (None, kind)]
    return [key for option in options for key in option.get("properties", {})]


def _options(schema: Any, node: Any) -> list[Any]:
    if "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
    inner = node.get("anyOf") or node.get("oneOf")
    return [option for each in inner for option in _options(schema, each)] if inner else [node]


def _const(option: Any) -> Any:
    return option.get("properties", {}).get("kind", {}).get("const")


def _of_kind(problems: Sequence[Problem]) -> str:
    """A value may be of one of several kinds: one problem for each, all about one value."""
    kinds = dict.fromkeys(KINDS[problem["type"]] for problem in problems)
    words = " or ".join(kind for kind, _ in kinds)
    return f"must be {words}, is {_shown(problems[0]['input'])}. {next(cure for _, cure in kinds)}."


def _wrong(problem: Problem) -> str:
    kind, given, limits = problem["type"], problem["input"], problem.get("ctx", {})
    if kind == "missing":
        return "is missing. Add it; `python -m scripts.params --table` says what it means."
    if kind in KINDS:
        return _of_kind([problem])
    if kind == "literal_error":
        near = nearest(str(given), str(limits["expected"]).replace("'", "").replace(" or ", ", ").split(", "))
        return f"must be one of {limits['expected']}, is {_shown(given)}." + (f" Did you mean {near}?" if near else "")
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return f"needs a kind that is one of {limits.get('expected_tags', 'replay, files, url, sql')}."
    if kind == "too_short":
        return "is empty. Fill it in, or remove it."
    return f"{_limit(kind, limits)}, is {_shown(given)}.{_percent(kind, limits, given)}"


def _limit(kind: str, limits: Mapping[str, Any]) -> str:
    if kind not in BOUNDS:
        return f"is not accepted ({kind.replace('_', ' ')})"
    key, word = BOUNDS[kind]
    if key == "le" and limits[key] == 1:
        return "must be between 0 and 1"
    return f"must be {word} {limits[key]:g}"


def _percent(kind: str, limits: Mapping[str, Any], given: Any) -> str:
    share = kind in ("less_than", "less_than_equal") and limits[BOUNDS[kind][0]] == 1
    return f" Write {given / 100:g} for {given:g} %." if share and 1 < given <= 100 else ""


def _shown(value: Any) -> str:
    text = repr(value) if not isinstance(value, Mapping) else "a block"
    return text if len(text) <= 60 else text[:57] + "..."
