import json
from pathlib import Path
from typing import Any

import pytest

from scripts.core import bundle
from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.report.material import Material
from scripts.edges import evidence
from scripts.edges.repository.history import Declared
from tests import bundles
from tests.github_server import Forge
from tests.releasing import ONE, PAGE, PICTURE, TWO, Project, begun


class Store:
    """What is asked of it, and what it holds."""

    def __init__(self, project: Project) -> None:
        self.folder, self.asked = project.store, list[str]()

    def fetch(self, oid: str) -> bytes:
        self.asked.append(oid)
        return (self.folder / f"files/md5/{oid[:2]}/{oid[2:]}").read_bytes()


@pytest.fixture
def project(forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return begun(forge, tmp_path / "clone", monkeypatch)


def gathered(project: Project, predictions: bool = True) -> Material:
    declared = Declared(project.repository.head(), project.declared())
    return evidence.gather(declared, Store(project), (), predictions)


def test_everything_is_that_of_the_commit_that_holds_the_evaluation(project: Project) -> None:
    commit = project.declare(1, ONE)
    project.repository.git("checkout", "-q", "HEAD~1")
    project.repository.git("checkout", "-q", "main")
    found = gathered(project)
    assert (found.commit, found.version, found.bundle.digest) == (commit, 1, bundle.digest(ONE))
    assert found.evaluation["models"]["candidate"]["bundle"] == bundle.digest(ONE)
    assert found.reports["reports/plots/differences.png"] == PICTURE
    assert found.stored["reports/drift.html"] == PAGE
    assert found.run is not None and found.drift is not None


def test_later_reports_are_another_models(project: Project) -> None:
    project.declare(1, ONE)
    declared = Declared(project.repository.head(), project.declared())
    project.commit("A later run", project.judged(TWO, "HOLD", project.declared()))
    found = evidence.gather(declared, Store(project), (), True)
    assert found.evaluation["models"]["candidate"]["bundle"] == bundle.digest(ONE)


def test_an_evaluation_that_came_before_the_declaration_is_found(project: Project) -> None:
    """As on GitHub: a run records its reports on main, the merge that declares comes later."""
    reports = project.judged(ONE, "PROMOTE", project.declared())
    recorded = project.commit("Record", reports)
    project.declare(1, ONE)
    project.repository.git("checkout", "-q", recorded, "--", *reports)
    assert gathered(project).evaluation["verdict"]["verdict"] == "PROMOTE"


def test_predictions_are_not_even_fetched_when_they_stay_here(project: Project) -> None:
    project.declare(1, ONE)
    assert "reports/predictions.parquet" not in gathered(project, predictions=False).stored


def test_predictions_of_another_run_are_refused(project: Project) -> None:
    project.declare(1, ONE)
    evaluation = json.loads((project.root / "reports/evaluation.json").read_text())
    evaluation["predictions"]["digest"] = "sha256:other"
    project.repository.commit("Swapped", {"reports/evaluation.json": json.dumps(evaluation)})
    with pytest.raises(Mistake, match="names other predictions than"):
        gathered(project)


def test_a_page_that_nobody_asked_for_is_left_out(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.releasing.PAGE", b"")
    project.declare(1, ONE)
    assert "reports/drift.html" not in gathered(project).stored


def test_nothing_is_parsed_whose_digest_is_not_the_declared_one(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parsed(*given: Any) -> Any:
        raise AssertionError("it was parsed")

    project.keep(TWO)
    project.declare(1, ONE, pointer=TWO)
    monkeypatch.setattr(bundle, "unpack", parsed)
    monkeypatch.setattr(evidence, "types", parsed)
    with pytest.raises(Mistake, match="Both change together") as refused:
        gathered(project)
    assert refused.value.code == OUTSIDE


def test_modules_travel_only_with_a_model_that_calls_one(project: Project) -> None:
    project.commit("Code", {"scripts/__init__.py": "", "scripts/core/features.py": "# own\n", "scripts/x.py": "x"})
    project.declare(1, ONE)
    assert gathered(project).sources == {}
    content = bundles.hollow("with a function", bundles.PARAMS)
    project.declare(2, content)
    assert gathered(project).sources == {"scripts/__init__.py": b"", "scripts/core/features.py": b"# own\n"}
