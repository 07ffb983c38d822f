"""Params that are wrong, through the commands that people type: exit code 2, one line each, nothing changed on disk."""

from pathlib import Path

import pytest

from tests.layout import ROOT
from tests.scratch import Scratch, scratch

GOOD = (ROOT / "params.yaml").read_text("utf-8")


def changed(*pairs: tuple[str, str]) -> bytes:
    text = GOOD
    for before, after in pairs:
        assert before in text
        text = text.replace(before, after, 1)
    return text.encode()


def line(words: str) -> int:
    return next(number for number, text in enumerate(GOOD.splitlines(), start=1) if words in text)


def at(words: str) -> str:
    return f"params.yaml:{line(words)}: "


TREES = "sklearn.ensemble.HistGradientBoostingClassifier"
CASES: dict[str, tuple[bytes | None, list[str]]] = {
    "missing": (
        None,
        ["params.yaml: can't be read (No such file or directory). Restore it: git checkout -- params.yaml"],
    ),
    "empty": (b"", ["params.yaml: is empty or no list of settings. Restore it: git checkout -- params.yaml"]),
    "not utf-8": (
        changed().replace(b"One hour", b"\xff\xfe"),
        ["params.yaml: can't be read (is not UTF-8). Restore it:"],
    ),
    "broken": (changed(("  task: binary", "\ttask: binary")), [at("task:") + "is not YAML"]),
    "conflict": (
        changed(("  task: binary", "<<<<<<< HEAD\n  task: binary")),
        [at("task:") + "has a conflict marker. Finish the merge first."],
    ),
    "five at once": (
        changed(
            ("  task: binary", "  task: binery"),
            ("max_missing: 0}", "max_mising: 0}"),
            ("metric: log_loss", "metric: log_los"),
            ("resamples: 2000", "resamples: few"),
            ("share: 0.25", "share: 25"),
        ),
        [
            at("task:") + "data.task must be one of",
            at("carrier:") + "data.columns.carrier.max_mising is not a setting. Did you mean",
            at("metric:") + "gate.metric 'log_los' is no known metric. Did you mean log_loss?",
            at("resamples:") + "gate.resamples must be a whole number, is 'few'.",
            at("{share:") + "triggers.data_drift.share must be between 0 and 1, is 25. Write 0.25 for 25 %.",
        ],
    ),
    "unknown model": (
        changed((TREES, "sklearn.ensemble.HistGradientBoostingClasifier")),
        [
            at("estimator:")
            + "train.estimator: sklearn.ensemble has no 'HistGradientBoostingClasifier'. Did you mean Hist"
        ],
    ),
    "model not installed": (
        changed((TREES, "no_such_package.Model")),
        [at("estimator:") + "train.estimator: no_such_package.Model: there is no module 'no_such_package'. Correct"],
    ),
    "unknown parameters and step": (
        changed(("max_iter: 150", "max_itr: 150"), ("learning_rate: 0.1", "learning_rat: 0.1")),
        [
            at("max_iter:") + f"train.parameters.max_itr: is no parameter of {TREES}. Did you mean max_iter?",
            at("learning_rate:") + f"train.parameters.learning_rat: is no parameter of {TREES}. Did you mean",
        ],
    ),
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Scratch:
    return scratch(tmp_path_factory.mktemp("copy") / "project", GOOD)


def everything(root: Path) -> dict[str, bytes]:
    passing = {"__pycache__", "outcome"}  # outcome/ is what a run says of itself
    kept = (path for path in root.rglob("*") if path.is_file() and not passing & set(path.parts))
    return {str(path.relative_to(root)): path.read_bytes() for path in kept if path.parts[-2:-1] != ("tmp",)}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("command", ["params", "retrain"])
def test_bad_params_are_told_in_one_line_each_and_nothing_is_touched(case: str, command: str, copy: Scratch) -> None:
    content, lines = CASES[case]
    file = copy.root / "params.yaml"
    file.unlink(missing_ok=True)
    if content is not None:
        file.write_bytes(content)
    before = everything(copy.root)
    done = copy.command(command, code=2)
    assert done.stdout == ""
    said = done.stderr.splitlines()
    assert len(said) == len(lines), said
    for found, wanted in zip(said, lines, strict=True):
        assert found.startswith(wanted), found
    assert everything(copy.root) == before


def test_good_params_pass(copy: Scratch) -> None:
    (copy.root / "params.yaml").write_text(GOOD, "utf-8")
    assert copy.command("params").stdout == "params.yaml: no mistake found\n"
