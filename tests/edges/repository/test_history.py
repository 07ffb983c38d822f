import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from scripts.core import declaration
from scripts.core.declaration import Declaration
from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.paths import DECLARATION, EVALUATION
from scripts.edges.repository import history
from tests.repository import Repository


def evaluation(bundle: str, against: str | None = None) -> str:
    production = against and {"version": 1, "bundle": against}
    return json.dumps({"models": {"candidate": {"bundle": bundle}, "production": production}})


def declared(version: int, bundle: str | None = None) -> str:
    return declaration.render(Declaration(version=version, bundle=bundle or (f"sha256:{version}" if version else None)))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository.begun(tmp_path / "clone")
    made.commit("A new copy", {DECLARATION: declared(0), EVALUATION: evaluation("sha256:1")})
    return made


def versions(repository: Repository) -> list[int]:
    return [each.declaration.version for each in history.declarations(root=repository.root)]


def test_every_declaration_is_listed_newest_first_with_the_commit_that_made_it(repository: Repository) -> None:
    one = repository.commit("Promote v1", {DECLARATION: declared(1)})
    repository.commit("Something else", {"README.md": "words"})
    two = repository.commit("Promote v2", {DECLARATION: declared(2)})
    found = history.declarations(root=repository.root)
    assert [each.commit for each in found[:2]] == [two, one]
    assert versions(repository) == [2, 1, 0]


def test_a_merge_is_the_commit_that_declared(repository: Repository) -> None:
    repository.git("checkout", "-q", "-b", "evergreen/candidate")
    inner = repository.commit("Promote v1", {DECLARATION: declared(1)})
    repository.git("checkout", "-q", "main")
    repository.commit("Meanwhile", {"README.md": "words"})
    repository.git("merge", "-q", "--no-ff", "-m", "Merge", "evergreen/candidate")
    found = history.declarations(root=repository.root)
    assert found[0].commit == repository.head() != inner
    assert versions(repository) == [1, 0]


def test_a_revert_is_a_declaration_like_any_other(repository: Repository) -> None:
    repository.commit("Promote v1", {DECLARATION: declared(1)})
    repository.commit("Promote v2", {DECLARATION: declared(2)})
    repository.git("revert", "--no-edit", "HEAD")
    assert versions(repository) == [1, 2, 1, 0]


@pytest.mark.parametrize("broken", ["<<<<<<< HEAD", "{}", '{"version": 3, "bundle": null}'])
def test_a_declaration_that_nobody_could_read_declared_nothing(repository: Repository, broken: str) -> None:
    repository.commit("Promote v1", {DECLARATION: declared(1)})
    repository.commit("Broken", {DECLARATION: broken})
    assert versions(repository) == [1, 0]


def test_a_file_is_read_as_a_commit_has_it(repository: Repository) -> None:
    first = repository.head()
    repository.commit("Promote v1", {DECLARATION: declared(1)})
    assert history.at(first, DECLARATION, repository.root) == declared(0).encode()
    assert history.at(first, "no/such/file", repository.root) is None
    with pytest.raises(Mistake):
        history.at("0" * 39, DECLARATION, repository.root)


def test_the_newest_evaluation_of_a_bundle_is_found(repository: Repository) -> None:
    again = repository.commit("Judged again", {EVALUATION: evaluation("sha256:1", "sha256:0")})
    repository.commit("Another", {EVALUATION: evaluation("sha256:2")})
    repository.commit("Damaged", {EVALUATION: "{"})
    assert history.evaluation_of("sha256:1", root=repository.root) == again
    assert history.evaluation_of("sha256:9", root=repository.root) is None


def test_an_evaluation_must_fit_as_well(repository: Repository) -> None:
    first = repository.head()
    repository.commit("Judged again", {EVALUATION: evaluation("sha256:1", "sha256:1")})

    def first_model(found: Any) -> bool:
        return found["models"]["production"] is None

    assert history.evaluation_of("sha256:1", root=repository.root, fits=first_model) == first


def test_an_evaluation_of_a_merged_branch_is_found(repository: Repository) -> None:
    repository.git("checkout", "-q", "-b", "evergreen/candidate")
    inner = repository.commit("Judged", {EVALUATION: evaluation("sha256:5")})
    repository.git("checkout", "-q", "main")
    repository.git("merge", "-q", "--no-ff", "-s", "ours", "-m", "Merge", "evergreen/candidate")
    assert history.evaluation_of("sha256:5", root=repository.root) == inner


def test_the_highest_version_counts_what_was_rolled_back_and_what_was_only_tagged(repository: Repository) -> None:
    assert history.highest(root=repository.root) == 0
    repository.commit("Promote v4", {DECLARATION: declared(4)})
    repository.commit("Back to v3", {DECLARATION: declared(3)})
    assert history.highest(root=repository.root) == 4
    for tag in ("v7", "v9.1", "version10", "v1x"):
        repository.git("tag", tag)
    assert history.highest(root=repository.root) == 7


def test_a_shallow_clone_is_refused_with_the_cure(repository: Repository, tmp_path: Path) -> None:
    repository.commit("Promote v1", {DECLARATION: declared(1)})
    shallow = tmp_path / "shallow"
    origin = f"file://{repository.root}"
    subprocess.run(["git", "clone", "-q", "--depth", "1", origin, str(shallow)], check=True)
    for ask in (history.declarations, history.highest):
        with pytest.raises(Mistake, match="fetch-depth: 0") as refused:
            ask(root=shallow)
        assert refused.value.code == OUTSIDE
        assert len(refused.value.lines) == 1


def test_a_folder_without_git_is_a_mistake_and_no_empty_history(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="project's root"):
        history.declarations(root=tmp_path)


def test_ancestry(repository: Repository) -> None:
    first = repository.head()
    second = repository.commit("Next", {"README.md": "words"})
    assert history.holds(second, first, repository.root)
    assert not history.holds(first, second, repository.root)


def test_everything_below_some_paths_is_read_from_a_commit(repository: Repository) -> None:
    first = repository.commit("Code", {"scripts/a.py": "a", "scripts/core/b.py": b"\x00b", "other.py": "o"})
    repository.commit("Gone", {"scripts/a.py": None})
    assert history.files(first, ["scripts"], repository.root) == {"scripts/a.py": b"a", "scripts/core/b.py": b"\x00b"}
    assert history.files(first, ["nothing/here"], repository.root) == {}
