"""The plan of the house: who may import whom, and that dvc.yaml names all that a stage uses."""

import ast
import re
from pathlib import Path

import pytest
import yaml

from tests import layout
from tests.layout import ROOT

PIPELINE = yaml.safe_load((ROOT / "dvc.yaml").read_text("utf-8"))
STAGES = ("validate", "drift", "train", "evaluate")
BLOCKS = {
    "validate": "validate",
    "drift": "drift",
    "train": "train",
    "evaluate": "gate",
}  # the gate is what evaluate asks
MAY_IMPORT = {"core": ("core",), "edges": ("core", "edges"), "stages": ("core",)}
FORBIDDEN = {"open", "print", "input"}
OUTSIDE = {"os", "time", "socket", "subprocess", "requests", "random", "shutil", "tempfile", "secrets", "uuid"}


def room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 2 or parts[-1] in MAY_IMPORT else "command"


def source(module: str) -> str:
    path = layout.file_of(module)
    assert path is not None
    return path.read_text("utf-8")


@pytest.mark.parametrize("module", layout.modules("scripts"))
def test_a_room_imports_only_what_it_may(module: str) -> None:
    here = room(module)
    if here == "command":
        return
    strangers = {name for name in layout.imports(module) if room(name) not in MAY_IMPORT[here] and name != "scripts"}
    assert not strangers


@pytest.mark.parametrize("module", layout.modules("scripts/core"))
def test_core_touches_no_file_no_clock_no_network_no_environment(module: str) -> None:
    if module == "scripts.core.errors":
        return  # the one door through which a mistake reaches the terminal
    tree = ast.parse(source(module))
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    methods = {
        node.func.attr for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    imported = {
        alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    imported |= {str(node.module).split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not called & FORBIDDEN
    assert not imported & OUTSIDE
    assert not methods & {"read_text", "write_text", "read_bytes", "write_bytes", "now", "today", "utcnow", "getenv"}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_names_every_module_that_it_runs(stage: str) -> None:
    declared = [dep for dep in PIPELINE["stages"][stage]["deps"] if dep.startswith("scripts/")]
    files = {path for dep in declared for path in ([ROOT / dep] if dep.endswith(".py") else (ROOT / dep).rglob("*.py"))}
    used = {layout.file_of(module) for module in layout.reached(f"scripts.stages.{stage}")}
    assert not used - files, "missing in dvc.yaml"
    empty = {path for path in files if not path.read_text("utf-8")}
    assert not files - used - empty, "named in dvc.yaml and not used"


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_names_every_params_block_that_it_reads(stage: str) -> None:
    text = source(f"scripts.stages.{stage}")
    read = set(
        re.findall(
            r"\b(?:checked|given|params|settings)\."
            r"(data|validate_|drift|train|compute|gate|triggers|promotion|tracking|backtest)\b",
            text,
        )
    )
    declared = {name.split(".")[0] for name in PIPELINE["stages"][stage]["params"]}
    assert {name.rstrip("_") for name in read} <= declared


def test_stage_file_block_and_test_bear_one_name() -> None:
    assert tuple(PIPELINE["stages"]) == STAGES
    params = yaml.safe_load((ROOT / "params.yaml").read_text("utf-8"))
    for stage in STAGES:
        assert PIPELINE["stages"][stage]["cmd"] == f"python -m scripts.stages.{stage}"
        assert (ROOT / f"scripts/stages/{stage}.py").is_file()
        assert (ROOT / f"tests/stages/test_{stage}.py").is_file()
        assert BLOCKS[stage] in params
        assert BLOCKS[stage] in {name.split(".")[0] for name in PIPELINE["stages"][stage]["params"]}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_takes_no_arguments_and_ends_with_its_exit_code(stage: str) -> None:
    text = source(f"scripts.stages.{stage}")
    assert text.rstrip().endswith('if __name__ == "__main__":\n    raise SystemExit(main())')
    assert "argparse" not in text and "sys.argv" not in text
    main = next(node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef) and node.name == "main")
    assert main.end_lineno is not None and main.end_lineno - main.lineno < 22


@pytest.mark.parametrize(
    "path", sorted((ROOT / "scripts").rglob("*.py")), ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_a_file_stays_small_enough_to_read(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 300


@pytest.mark.parametrize("stage", STAGES)
def test_outputs_are_single_files(stage: str) -> None:
    outs = PIPELINE["stages"][stage].get("outs", [])
    names = [out if isinstance(out, str) else next(iter(out)) for out in outs]
    assert all(Path(name).suffix for name in names)
