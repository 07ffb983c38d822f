"""README.md is true: its generated parts are current, and what it names is there."""

import re

from scripts import readme
from scripts.core.params import Params
from tests.layout import ROOT

TEXT = (ROOT / "README.md").read_text("utf-8")


def test_the_generated_parts_are_current() -> None:
    assert readme.written(TEXT) == TEXT, "run: make docs"


def test_every_setting_is_in_the_table_with_a_meaning() -> None:
    schema = Params.model_json_schema(by_alias=True)
    blocks = [schema, *schema["$defs"].values()]
    assert all(field.get("description") for block in blocks for field in block.get("properties", {}).values())
    assert "| `gate.min_improvement` |" in TEXT


def test_every_target_and_every_module_that_it_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"(?:`|^)make ([a-z-]+)", TEXT, re.MULTILINE))
    assert targets and all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)
    modules = re.findall(r"python -m ((?:scripts|benchmarks)\.[a-z_.]+)", TEXT)
    assert modules and all((ROOT / (name.replace(".", "/") + ".py")).is_file() for name in modules)


def test_every_room_stands_in_the_tree() -> None:
    tree = TEXT.partition("tree:begin")[2].partition("tree:end")[0]
    for path in sorted((ROOT / "scripts").rglob("*.py")):
        if path.stat().st_size and path.name != "__init__.py":
            assert f" {path.name} " in tree, path


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", TEXT):
        assert (ROOT / target).exists(), target
