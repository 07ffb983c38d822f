import json
from pathlib import Path

import pytest

from scripts.core.changes import Change, Changes
from scripts.core.declaration import Declaration
from scripts.edges.repository import differences
from tests.repository import Repository


def batches(**rows: int) -> str:
    return json.dumps({"batches": [{"name": name, "rows": count} for name, count in rows.items()]})


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A model was judged, then declared; since then params, data and code have moved on."""
    made = Repository.begun(tmp_path)
    evaluation = json.dumps({"models": {"candidate": {"bundle": "sha256:4"}}})
    first = {"params.yaml": "train: {seed: 0}\n", "reports/validation.json": batches(a=1), "scripts/x.py": "1"}
    made.commit("Judged", first | {"reports/evaluation.json": evaluation})
    declared = json.dumps({"version": 4, "bundle": "sha256:4"})
    made.commit("Declared", {"models/production.json": declared, "params.yaml": "train: {seed: 1}\n"})
    made.commit("Later", {"scripts/x.py": "2", "tests/x.py": "2", "requirements.txt": "a==2"})
    (tmp_path / "params.yaml").write_text("train: {seed: 2}\n")
    (tmp_path / "reports/validation.json").write_text(batches(a=1, b=2))
    monkeypatch.chdir(tmp_path)
    return made


def test_since_production_means_since_it_was_judged(repository: Repository) -> None:
    found = differences.since_production(Declaration(version=4, bundle="sha256:4"), "HEAD")
    assert found == Changes(
        params=(Change("train.seed", "0", "2"),),
        data=(Change("b", "not there", "2 rows"),),
        code=("requirements.txt", "scripts/x.py"),
    )


def test_or_since_it_was_declared_where_nothing_says_when_it_was_judged(repository: Repository) -> None:
    repository.commit("Another", {"models/production.json": json.dumps({"version": 5, "bundle": "sha256:5"})})
    found = differences.since_production(Declaration(version=5, bundle="sha256:5"), "HEAD")
    assert found.code == ()


def test_without_production_there_is_nothing_to_differ_from(repository: Repository) -> None:
    assert differences.since_production(Declaration(version=0, bundle=None), "HEAD") == Changes()


def test_what_can_not_be_read_is_not_known(repository: Repository) -> None:
    broken = repository.commit("Broken", {"params.yaml": "{", "reports/validation.json": "{"})
    Path("params.yaml").write_text("train: {seed: 2}\n")
    found = differences.since(broken, "HEAD")
    assert (found.params, found.data, found.code) == (None, None, ())
