"""Check params.yaml, or print and write what is generated from its models: the JSON Schema, the table of settings."""

import argparse
import json
from collections.abc import Iterator, Mapping
from typing import Any

from scripts.core import errors
from scripts.core.params import Params
from scripts.core.paths import PARAMS, SCHEMA
from scripts.edges import files, project


def schema() -> str:
    return json.dumps({**Params.model_json_schema(by_alias=True), "title": "params.yaml"}, indent=2) + "\n"


def table() -> str:
    """Every setting with its meaning and its default, as Markdown."""
    whole = Params.model_json_schema(by_alias=True)
    rows = [f"| `{path}` | {meaning} | {default} |" for path, meaning, default in _settings(whole, whole, "")]
    return "\n".join(["| setting | meaning | default |", "|---|---|---|", *rows]) + "\n"


def _settings(whole: Mapping[str, Any], block: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str, str]]:
    for name, field in block["properties"].items():
        path = f"{prefix}{name}"
        inner = list(_inside(whole, field))
        if not inner or field.get("default", 0) is None:
            yield path, _cell(field["description"]), _default(name, field, block)
        for suffix, model in inner:
            yield from _settings(whole, model, f"{path}{suffix}.")


def _inside(whole: Mapping[str, Any], field: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The blocks that a field holds: itself, one of several kinds, or one for each name."""
    for option in [field, *field.get("anyOf", []), *field.get("oneOf", [])]:
        if "$ref" in option:
            model = whole["$defs"][option["$ref"].rsplit("/", 1)[1]]
            kind = model["properties"].get("kind", {}).get("const")
            yield (f" ({kind})" if kind else ""), model
    named = field.get("additionalProperties")
    if isinstance(named, Mapping) and "$ref" in named:
        yield ".NAME", whole["$defs"][named["$ref"].rsplit("/", 1)[1]]


def _default(name: str, field: Mapping[str, Any], block: Mapping[str, Any]) -> str:
    return "needed" if name in block.get("required", []) else f"`{_cell(json.dumps(field.get('default')))}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


@errors.reported
def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.params", description=__doc__)
    parser.add_argument("--table", action="store_true", help="print every setting with its meaning and default")
    parser.add_argument("--write", action="store_true", help=f"write {SCHEMA}")
    given = parser.parse_args()
    if given.table:
        print(table(), end="")
    elif given.write:
        files.write(SCHEMA, schema().encode())
        print(f"wrote {SCHEMA}")
    else:
        project.read_params()
        print(f"{PARAMS}: no mistake found")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
