import contextlib
import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from scripts.core import bundle
from scripts.core.bundle import Bundle
from scripts.core.errors import Mistake
from scripts.edges import evidence, load_once, reproduction
from tests import genuine
from tests.layout import ROOT


def opened(task: str = "binary", **how: Any) -> Bundle:
    return bundle.unpack(genuine.bundle_of(task, **how), None)


def reproduced(made: Bundle, model: bytes | None = None, sources: Any = None) -> reproduction.Reproduced:
    trusted = evidence.types(made.model, ())
    return reproduction.reproduce("small-5.skops", model or made.model, made, trusted, sources or {})


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the process does, done in this one: to save the seconds of its imports."""

    def run(command: Any, **options: Any) -> subprocess.CompletedProcess[str]:
        out = io.StringIO()
        monkeypatch.setattr(sys, "stdin", io.StringIO(options["input"]))
        with contextlib.redirect_stdout(out):
            try:
                load_once.main()
            except Exception as error:
                return subprocess.CompletedProcess(command, 1, "", f"{type(error).__name__}: {error}\n")
        return subprocess.CompletedProcess(command, 0, out.getvalue(), "")

    monkeypatch.setattr(reproduction.subprocess, "run", run)


def test_own_preprocessing_runs_in_a_clean_process_from_the_modules_that_travel_with_the_model() -> None:
    sources = {path: (ROOT / path).read_bytes() for path in ("scripts/__init__.py", "scripts/core/features.py")}
    found = reproduced(opened(preprocess="own"), sources={**sources, "scripts/core/__init__.py": b""})
    assert found.rows == 50
    assert found.difference <= 1e-9


def test_without_them_it_says_what_is_missing() -> None:
    with pytest.raises(Mistake, match=r"can't be used in a clean process .*scripts"):
        reproduced(opened(preprocess="own"))


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("task", genuine.TASKS)
def test_the_stored_predictions_are_made_again(task: str) -> None:
    found = reproduced(opened(task))
    assert found.rows == 50
    assert found.difference <= 1e-9


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("by", [2e-9, 0.1, float("nan")])
def test_other_predictions_are_refused(by: float) -> None:
    made = opened()
    rows = pd.read_parquet(io.BytesIO(made.reference))
    rows.loc[7, "prediction"] += by
    out = io.BytesIO()
    rows.to_parquet(out, index=False)
    with pytest.raises(Mistake, match="predicts otherwise in a clean process"):
        reproduced(replace(made, reference=out.getvalue()))


@pytest.mark.usefixtures("here")
def test_another_model_is_refused() -> None:
    with pytest.raises(Mistake):
        reproduced(opened(), model=opened("regression").model)


def test_a_model_that_ends_its_process_ends_no_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = tmp_path / "crash.py"
    script.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    monkeypatch.setattr(reproduction, "SCRIPT", script)
    with pytest.raises(Mistake, match=r"it ends the process \(signal 11\)"):
        reproduced(opened())


def test_a_model_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = tmp_path / "sleep.py"
    script.write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(reproduction, "SCRIPT", script)
    monkeypatch.setattr(reproduction, "TIMEOUT", 0.3)
    with pytest.raises(Mistake, match="no answer in 0 s"):
        reproduced(opened())


def test_the_process_knows_no_secret_and_nothing_of_the_project(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script, seen = tmp_path / "look.py", tmp_path / "seen.json"
    script.write_text(
        f"import json, os, sys\njson.dump([dict(os.environ), sys.path, os.getcwd()], open({str(seen)!r}, 'w'))\n"
        "print(json.dumps({'rows': 1, 'difference': 0.0}))\n"
    )
    monkeypatch.setattr(reproduction, "SCRIPT", script)
    monkeypatch.setenv("GITHUB_TOKEN", "a secret")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    reproduced(opened())
    environment, path, folder = json.loads(seen.read_text())
    assert "a secret" not in environment.values()
    assert set(environment) <= {*reproduction.KEPT, "OMP_NUM_THREADS", "HOME", "TMPDIR", "LC_CTYPE"}
    assert str(ROOT) not in path and folder != str(Path.cwd())
