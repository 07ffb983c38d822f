"""GitHub's own description of its API, pruned to the forge's routes: what every request and answer is held against."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tests.github_server import packages
from tests.github_server.packages import CACHE, Package
from tests.github_server.pruning import pruned
from tests.github_server.routes import ROUTES

INTEGRITY = "sha512-pV8M7L9GY23AybNvTmo2nyjmpmnt6+2sRE/tqr0ZLQcPS4lnw7u5eZGNmwRNkBC3D7gZXbFx5AHzLUVRBXGDhg=="
PACKAGE = Package("@octokit/openapi", "23.0.2", INTEGRITY)
MEMBER = "generated/api.github.com.json"
BASE = "urn:github"
# Refusals that any operation may give, though the description names them for some alone.
ANYWHERE = {401, 403, 404, 410, 422, 429}


@dataclass(frozen=True)
class Operation:
    key: str  # verb and path
    known: Mapping[str, Any] = field(repr=False)
    description: "Description" = field(repr=False)

    def request(self, query: Mapping[str, str], body: Any) -> Iterator[str]:
        """What is wrong with a request."""
        parameters = {one["name"]: one for one in self.known["parameters"] if one["in"] == "query"}
        for name in query.keys() - parameters.keys():
            yield f"query: {name} is not a parameter"
        for name, one in parameters.items():
            if name in query:
                yield from self._wrong(_read(query[name], one["schema"]), f"parameter {name}", one["schema"])
            elif one.get("required"):
                yield f"query: {name} is missing"
        schema = self.known.get("request")
        if schema is None or isinstance(body, bytes):
            if body is not None and schema is None:
                yield "body: there should be none"
            return
        if body is None:
            if self.known.get("request_required"):
                yield "body: is missing"
            return
        yield from self._wrong(body, "body", schema)
        names = self.description.names_in(schema)
        if isinstance(body, dict):
            yield from (f"body: {name} is not a field" for name in body.keys() - names)

    def response(self, status: int, value: Any) -> Iterator[str]:
        """What is wrong with an answer."""
        responses = self.known["responses"]
        schema = responses.get(str(status))
        if str(status) not in responses:
            if status not in ANYWHERE:
                yield f"answer: {status} is not described"
                return
            schema = {"$ref": f"{BASE}#/components/schemas/basic-error"}
        if schema is not None and value is not None:
            yield from self._wrong(value, f"answer {status}", schema)
        if schema is not None and value is not None and status < 300:
            one, part = (value[:1], schema.get("items", {})) if isinstance(value, list) else ([value], schema)
            names = self.description.names_in(part)
            unknown = sorted({name for item in one if isinstance(item, dict) for name in item} - names)
            yield from (f"answer {status}: {name} is not described" for name in unknown)

    def _wrong(self, value: Any, what: str, schema: Any) -> Iterator[str]:
        for error in self.description.validator(json.dumps(schema, sort_keys=True)).iter_errors(value):
            place = "/".join(map(str, error.instance_path))
            yield f"{what}: {place or 'as a whole'}: {error.message[:200]}"


@dataclass(frozen=True)
class Description:
    content: Mapping[str, Any] = field(repr=False)
    compiled: dict[str, Any] = field(default_factory=dict, repr=False)

    def operation(self, verb: str, path: str) -> Operation | None:
        known = self.content["operations"].get(f"{verb} {path}")
        return None if known is None else Operation(f"{verb} {path}", known, self)

    def validator(self, schema: str) -> Any:
        """A compiled schema; its references lead into the description."""
        import jsonschema_rs

        if "registry" not in self.compiled:
            self.compiled["registry"] = jsonschema_rs.Registry([(BASE, {"components": self.content["components"]})])
        if schema not in self.compiled:
            self.compiled[schema] = jsonschema_rs.Draft202012Validator(
                json.loads(schema), registry=self.compiled["registry"], validate_formats=True
            )
        return self.compiled[schema]

    def names_in(self, schema: Mapping[str, Any]) -> set[str]:
        """Every field that an object of this schema may have."""
        if "$ref" in schema:
            return self.names_in(self.content["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
        parts = [part for word in ("oneOf", "anyOf", "allOf") for part in schema.get(word, [])]
        return set(schema.get("properties", {})).union(*(self.names_in(part) for part in parts))


def _read(text: str, schema: Mapping[str, Any]) -> Any:
    """A parameter as the type that it should have."""
    kind = schema.get("type")
    try:
        return json.loads(text) if kind in ("integer", "boolean", "number") else text
    except ValueError:
        return text


@cache
def description() -> Description:
    """Pruned and kept when first asked for; one process does it for all."""
    wanted = sorted({(route.verb, route.path) for route in ROUTES})
    own = (Path(__file__).parent / "pruning.py").read_bytes()
    key = hashlib.sha256(json.dumps([PACKAGE.integrity, wanted]).encode() + own).hexdigest()[:12]
    name = f"github-api-{key}.json"
    with packages.locked("description"):
        if not (CACHE / name).is_file():
            whole = json.loads(PACKAGE.member(MEMBER))
            packages.kept(name, json.dumps(pruned(whole, wanted), separators=(",", ":")).encode())
    return Description(json.loads((CACHE / name).read_bytes()))
