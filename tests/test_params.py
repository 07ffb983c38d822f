"""The command, and that what is generated from the models is current."""

import json
import sys
from pathlib import Path

import pytest

from scripts import params as command
from scripts.core import params
from tests.layout import ROOT


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["params", *arguments])
    return command.main()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text((ROOT / "params.yaml").read_text("utf-8"), "utf-8")
    return tmp_path


def test_the_schema_is_current() -> None:
    assert (ROOT / "params.schema.json").read_text("utf-8") == command.schema(), "Run: make schema"


def test_the_table_in_the_readme_is_current() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert f"<!-- params:begin -->\n{command.table()}<!-- params:end -->" in readme, "Run: make docs"


def test_editors_find_the_schema() -> None:
    first = (ROOT / "params.yaml").read_text("utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=params.schema.json"
    assert json.loads(command.schema())["title"] == "params.yaml"


def test_params_without_a_mistake(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch) == 0
    assert capsys.readouterr().out == "params.yaml: no mistake found\n"


def test_the_schema_is_written(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "--write") == 0
    assert (here / "params.schema.json").read_text("utf-8") == command.schema()


def test_every_setting_stands_in_the_table_once_with_its_meaning_and_default(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--table") == 0
    head, line, *rows = capsys.readouterr().out.splitlines()
    assert (head, line) == ("| setting | meaning | default |", "|---|---|---|")
    cells = [row.removeprefix("| ").removesuffix(" |").split(" | ") for row in rows]
    assert all(len(row) == 3 and all(row) for row in cells)
    names = [name.strip("`") for name, *_ in cells]
    assert len(set(names)) == len(names)
    defaults = {name: default for name, (_, _, default) in zip(names, cells, strict=True)}
    for name, default in {
        "data.target": "needed",
        "data.window": "`null`",
        "data.source (url).timeout": None,
        "data.columns.NAME.kind": "needed",
        "gate.guardrails.NAME.max_worse": "`null`",
        "gate.metric": "needed",
        "train.tune": "`null`",
        "train.tune.folds": "`3`",
        "triggers.max_age.age": '`"90D"`',
        "validate.min_rows": "`100`",
    }.items():
        assert name in defaults
        assert default in (None, defaults[name])


def test_defaults_in_the_table_are_those_of_the_reader() -> None:
    read = params.parse((ROOT / "params.yaml").read_text("utf-8"))
    assert (
        f"| `drift.draws` | Random divisions that the chance is measured with. | `{read.drift.draws}` |"
        in command.table()
    )
