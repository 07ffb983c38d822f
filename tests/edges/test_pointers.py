from pathlib import Path

import pytest

from scripts.core.errors import Mistake
from scripts.edges import dvc, pointers

LOCK = """schema: '2.0'
stages:
  evaluate:
    cmd: python -m scripts.stages.evaluate
    deps:
    - path: models/candidate.zip
      md5: 11
    - path: data
      hash: md5
      md5: abcdef.dir
"""


def test_nothing_has_the_pointer_of_a_new_copy() -> None:
    assert pointers.pointer(b"", "production.zip") == dvc.NO_FILE


def test_the_table_that_a_stage_ran_on(tmp_path: Path) -> None:
    lock = tmp_path / "dvc.lock"
    assert pointers.data_of("evaluate", lock) is None
    lock.write_text(LOCK)
    assert pointers.data_of("evaluate", lock) == "abcdef.dir"
    assert pointers.data_of("train", lock) is None


@pytest.mark.parametrize(
    "text", ["{", "[]", "stages: {evaluate: {deps: 3}}", "stages: {evaluate: {deps: [{path: data}, 3]}}"]
)
def test_a_spoiled_lock_is_told(tmp_path: Path, text: str) -> None:
    lock = tmp_path / "dvc.lock"
    lock.write_text(text)
    if "path: data" in text:
        assert pointers.data_of("evaluate", lock) is None
    else:
        with pytest.raises(Mistake, match="can't be read"):
            pointers.data_of("evaluate", lock)
