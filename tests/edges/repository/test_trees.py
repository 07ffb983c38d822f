import subprocess
from pathlib import Path

import pytest

from scripts.core.errors import Mistake
from scripts.edges.repository import git, trees
from scripts.edges.repository.branches import Remote


def test_commits_are_compared_and_listed_by_path(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts/a.py").write_text("1")
    (tmp_path / "data.dvc").write_text("x")
    git.begin(tmp_path, "first")
    here = Remote(tmp_path)
    said = subprocess.run(["git", "rev-parse", "HEAD"], cwd=tmp_path, capture_output=True, text=True, check=True)
    first = said.stdout.strip()
    second = here.built(first, {"README.md": b"new", "reports/plots/a.png": b"p"}, "second")
    third = here.built(second, {"scripts/b.py": b"2"}, "third")
    watched = ("data.dvc", "scripts")
    assert trees.same(first, second, watched, tmp_path) and not trees.same(second, third, watched, tmp_path)
    assert not trees.same("0" * 40, first, watched, tmp_path), "an unknown commit agrees with none"
    assert trees.names(second, "reports", tmp_path) == ["reports/plots/a.png"]
    assert trees.names(first, "reports", tmp_path) == []
    assert trees.holds(second, {"README.md": b"new", "data.dvc": b"x", "gone": None}, tmp_path)
    for other in ({"README.md": b"old"}, {"README.md": None}, {"none.md": b""}):
        assert not trees.holds(second, other, tmp_path)
    with pytest.raises(Mistake, match="git ls-tree"):
        trees.names("0" * 40, "reports", tmp_path)
