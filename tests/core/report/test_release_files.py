import hashlib
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.core.report import release_files
from scripts.core.report.material import Material
from tests import genuine


@pytest.fixture(scope="module")
def made() -> Material:
    return genuine.material(genuine.bundle_of())


def test_the_same_material_makes_the_same_bytes(made: Material) -> None:
    again = genuine.material(genuine.bundle_of())
    assert release_files.files(made) == release_files.files(again)


def test_the_sums_name_every_other_file_and_sha256sum_agrees(made: Material, tmp_path: Path) -> None:
    files = release_files.files(made)
    for name, file in files.items():
        (tmp_path / name).write_bytes(file.content)
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=tmp_path, check=True, capture_output=True)
    named = release_files.parsed(files["SHA256SUMS"].content.decode())
    assert set(named) == set(files) - {"SHA256SUMS"}
    assert named["metrics.json"] == "sha256:" + hashlib.sha256(b"{}").hexdigest()


def test_the_model_is_the_bundles_own_and_reference_and_rows_stay_here(made: Material) -> None:
    files = release_files.files(made)
    assert files["small-5.skops"].content == made.bundle.model
    for file in files.values():
        assert made.bundle.reference not in file.content


def test_what_there_is_not_is_left_out(made: Material) -> None:
    bare = replace(made, stored={}, reports={"reports/evaluation.json": made.reports["reports/evaluation.json"]})
    names = set(release_files.files(bare))
    assert not names & {"predictions.parquet", "drift.html", "requirements.txt", "metrics.json"}
    assert {"small-5.skops", "evaluation.json", "SHA256SUMS"} <= names


def test_names_are_those_that_github_keeps(made: Material) -> None:
    opened = replace(made.bundle, manifest={**made.bundle.manifest, "name": "späte flüge/../x y"})
    names = release_files.files(replace(made, bundle=opened))
    assert all(name.isascii() and not set(name) & set("/ ") for name in names)
    assert "sp.te.fl.ge.x.y-5.skops" in names


@pytest.mark.parametrize(("count", "said"), [(7, "7 bytes"), (4_819_156, "4.8 MB"), (2_100, "2.1 kB"), (3e9, "3.0 GB")])
def test_sizes_are_for_people(count: int, said: str) -> None:
    assert release_files.size(int(count)) == said


def test_versions_are_those_of_the_lock_file() -> None:
    assert release_files.versions(genuine.LOCK.decode()) == {"python": "3.11", "mlflow": "3.17.2"}
    assert release_files.versions("") == {"python": "3.11", "mlflow": "3"}
