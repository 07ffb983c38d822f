"""From GitHub's whole description to what the forge needs: some operations, without prose, as JSON Schema."""

from collections.abc import Iterable, Mapping
from typing import Any

PROSE = {"description", "summary", "example", "examples", "externalDocs", "title", "deprecated", "readOnly"}
BASE = "urn:github"
COMPONENTS = "#/components/"


def pruned(whole: Mapping[str, Any], wanted: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Operations by verb and path, and the schemas that they lead to."""
    operations = {}
    for verb, path in wanted:
        described = whole["paths"].get(path, {}).get(verb.lower())
        if described is not None:
            operations[f"{verb} {path}"] = _operation(whole, described)
    names = _reached(whole, [operations, {"$ref": f"{BASE}{COMPONENTS}schemas/basic-error"}])
    schemas = {name: schema(whole["components"]["schemas"][name]) for name in sorted(names)}
    _mend(operations, schemas)
    return {"operations": operations, "components": {"schemas": schemas}}


def _mend(operations: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Put in what GitHub takes or gives, as its guides say, and the description leaves out."""
    if "release-asset" in schemas:  # an upload that broke off
        schemas["release-asset"]["properties"]["state"]["enum"].append("starter")
    if "pull-request-simple" in schemas:  # a label without a description; said for one pull request, not for lists
        label = schemas["pull-request-simple"]["properties"]["labels"]["items"]
        label["properties"]["description"]["type"] = ["string", "null"]
    for key, operation in operations.items():  # names alone
        if key.endswith("/issues/{issue_number}/labels") and operation["request"]:
            operation["request"]["oneOf"].append({"type": "array", "items": {"type": "string"}})


def _operation(whole: Mapping[str, Any], described: Mapping[str, Any]) -> dict[str, Any]:
    body = _at(whole, described.get("requestBody", {}))
    return {
        "parameters": [_parameter(_at(whole, one)) for one in described.get("parameters", [])],
        "request": _content(body),
        "request_required": body.get("required", False),
        "responses": {status: _content(_at(whole, one)) for status, one in described["responses"].items()},
    }


def _parameter(one: Mapping[str, Any]) -> dict[str, Any]:
    required = one.get("required", False)
    return {"name": one["name"], "in": one["in"], "required": required, "schema": schema(one["schema"])}


def _at(whole: Mapping[str, Any], part: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a reference to a shared parameter or response stands for."""
    if "$ref" not in part:
        return part
    _, kind, name = part["$ref"].rsplit("/", 2)
    found: Mapping[str, Any] = whole["components"][kind][name]
    return found


def _content(part: Mapping[str, Any]) -> Any:
    """The schema of a body; None where it has none."""
    media = part.get("content") or {}
    chosen = media.get("application/json") or next(iter(media.values()), None)
    return None if chosen is None or "schema" not in chosen else schema(chosen["schema"])


def schema(part: Any) -> Any:
    """Without prose; `nullable` said as JSON Schema says it, references made absolute."""
    if isinstance(part, list):
        return [schema(one) for one in part]
    if not isinstance(part, dict):
        return part
    kept = {name: value for name, value in part.items() if name not in PROSE}
    kept = {name: value for name, value in kept.items() if not name.startswith("x-") and name != "nullable"}
    found = {name: _named(name, value) for name, value in kept.items()}
    return _or_null(found) if part.get("nullable") is True else found


def _named(name: str, value: Any) -> Any:
    if name == "$ref":
        return f"{BASE}{value}"
    if name == "properties":
        return {own: schema(one) for own, one in value.items()}
    return value if name in ("enum", "required", "default") else schema(value)


def _or_null(found: dict[str, Any]) -> dict[str, Any]:
    if "enum" in found and None not in found["enum"]:
        found["enum"] = [*found["enum"], None]
    if isinstance(found.get("type"), str):
        return found | {"type": [found["type"], "null"]}
    return {"anyOf": [found, {"type": "null"}]}


def _reached(whole: Mapping[str, Any], parts: Any) -> set[str]:
    """Names of the schemas that something refers to, and those that they refer to."""
    found: set[str] = set()
    waiting = [parts]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting.extend(part)
        elif isinstance(part, dict):
            reference = part.get("$ref")
            if isinstance(reference, str) and (name := reference.rpartition("/")[2]) not in found:
                found.add(name)
                waiting.append(whole["components"]["schemas"][name])
            waiting.extend(value for name, value in part.items() if name != "example")
    return found
