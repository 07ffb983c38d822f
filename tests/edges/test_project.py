"""The project's own files: read, or told with the cure."""

from pathlib import Path

import numpy as np
import pytest

from scripts.core import bundle, declaration, paths
from scripts.core.declaration import Declaration
from scripts.core.errors import OUTSIDE, USAGE, Mistake
from scripts.edges import project
from scripts.edges.versions import dvc, pointers
from tests import tables
from tests.layout import ROOT


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_params_are_read_and_their_mistakes_have_lines(here: Path) -> None:
    tables.binary().write(here)
    assert project.read_params().data.name == "small"
    tables.binary().write(here, train__estimator="sklearn.tree.DecisionTreeClasifier", train__parameters={})
    with pytest.raises(Mistake) as raised:
        project.read_params()
    line = next(n for n, text in enumerate(paths.PARAMS.read_text().splitlines(), start=1) if "estimator" in text)
    assert raised.value.lines == (
        f"params.yaml:{line}: train.estimator: sklearn.tree has no 'DecisionTreeClasifier'. "
        "Did you mean DecisionTreeClassifier?",
    )
    assert raised.value.code == USAGE


@pytest.mark.parametrize(
    ("path", "read", "code"),
    [(paths.PARAMS, project.read_params, USAGE), (paths.DECLARATION, project.read_declaration, OUTSIDE)],
)
@pytest.mark.parametrize(("content", "why"), [(None, "No such file or directory"), (b"\xff\xfe", "is not UTF-8")])
def test_a_file_that_can_not_be_read(
    here: Path, path: Path, read: object, code: int, content: bytes | None, why: str
) -> None:
    path.parent.mkdir(exist_ok=True)
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Mistake) as raised:
        read()  # type: ignore[operator]
    assert raised.value.lines == (f"{path}: can't be read ({why}). Restore it: git checkout -- {path}",)
    assert raised.value.code == code


def test_a_declaration_is_read(here: Path) -> None:
    paths.DECLARATION.parent.mkdir()
    paths.DECLARATION.write_text(declaration.render(declaration.none()))
    assert project.read_declaration() == declaration.none()


def test_a_report_that_is_missing_or_half_written_is_none(here: Path) -> None:
    assert project.read_json(Path("x.json")) is None
    Path("x.json").write_text('{"a": [1, 2')
    assert project.read_json(Path("x.json")) is None
    Path("x.json").write_text('{"a": 1}')
    assert project.read_json(Path("x.json")) == {"a": 1}


def test_a_bundle_is_read_if_it_is_the_declared_one(here: Path) -> None:
    content = bundle.pack({}, b"m", b"r", bundle.rows_bytes(np.empty(0, np.uint64)))
    Path("b.zip").write_bytes(content)
    assert project.read_bundle(Path("b.zip"), bundle.digest(content)).model == b"m"
    with pytest.raises(Mistake, match=r"b\.zip: is sha256:"):
        project.read_bundle(Path("b.zip"), "sha256:other")


def test_a_bundle_that_is_not_here_is_told(here: Path) -> None:
    with pytest.raises(Mistake) as raised:
        project.read_bundle(paths.PRODUCTION, None)
    assert raised.value.lines == (
        "models/production.zip: is not here. "
        "Bring it back: dvc checkout models/production.zip (or dvc pull models/production.zip).",
    )


def test_a_newborn_project_gets_an_empty_bundle_and_an_empty_table(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dvc, "checkout", lambda path: pytest.fail(f"checked out {path}"))
    paths.DATA_DVC.write_text(dvc.NOTHING)
    project.restore(declaration.none())
    assert paths.PRODUCTION.read_bytes() == b""
    assert list(paths.DATA.iterdir()) == []
    kept = [path.read_bytes() for path in (here / ".dvc/cache").rglob("*") if path.is_file()]
    assert sorted(kept) == [b"", b"[]"]  # or DVC says that they are missing
    project.restore(declaration.none())


def test_what_git_names_and_the_folder_lacks_is_brought_back(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    brought: list[Path] = []
    monkeypatch.setattr(dvc, "checkout", brought.append)
    paths.DATA_DVC.write_text(dvc.NOTHING.replace(dvc.EMPTY, "0" * 32 + ".dir"))
    declared = Declaration(version=1, bundle="sha256:x")
    project.restore(declared)
    assert brought == [paths.PRODUCTION, paths.DATA]
    paths.DATA.mkdir()
    paths.PRODUCTION.write_bytes(b"x")
    project.restore(declared)
    assert len(brought) == 2


def test_earlier_releases_are_left_to_the_run_that_needs_them(here: Path) -> None:
    """An empty folder in place of one that git names would stand for none at the next `dvc repro`."""
    paths.DATA_DVC.write_text(dvc.NOTHING)
    project.restore(declaration.none())
    assert list(paths.ANCHORS.iterdir()) == []
    paths.ANCHORS.rmdir()
    paths.ANCHORS_DVC.write_text(pointers.folder({"v1.zip": b"x"}, "anchors"))
    project.restore(declaration.none())
    assert not paths.ANCHORS.exists()


def test_the_training_code_is_what_the_pipeline_names(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a.py").write_text("1")
    paths.PIPELINE.write_text("stages:\n  train:\n    deps: [data, a.py]\n")
    before = project.training_code()
    Path("a.py").write_text("2")
    assert project.training_code() != before
    monkeypatch.chdir(ROOT)
    assert project.training_code().startswith("sha256:")


@pytest.mark.parametrize(
    "pipeline", ["stages: {}", "<<<<<<< HEAD\nstages:", "a: [", "stages:\n  train:\n    deps: [gone.py]", ""]
)
def test_a_pipeline_that_can_not_be_read_is_told(pipeline: str, here: Path) -> None:
    paths.PIPELINE.write_text(pipeline)
    with pytest.raises(Mistake) as raised:
        project.training_code()
    (line,) = raised.value.lines
    assert line.startswith("dvc.yaml: can't be read (") and line.endswith("Restore it: git checkout -- dvc.yaml")
    assert raised.value.code == OUTSIDE
