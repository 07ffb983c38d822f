"""The stage as DVC runs it: params.yaml and data/ in, a bundle out, or one line that says why not."""

import gc
import json
import os
import subprocess
import sys
import weakref
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from scripts.core import bundle, paths
from scripts.core.bundle import Bundle
from scripts.core.tables import rows, table
from scripts.core.training import model
from scripts.edges import project
from scripts.stages import train
from tests import dasking, tables
from tests.layout import ROOT

Train = Callable[..., Bundle]
REAL_READ, REAL_FITTED = table.read, train.fitting.fitted
TREES = "sklearn.ensemble.HistGradientBoostingClassifier"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return tmp_path


@pytest.fixture
def trained(here: Path) -> Train:
    def run(made: tables.Table, **changed: Any) -> Bundle:
        made.write(here, **changed)
        assert train.main() == 0
        return bundle.unpack(paths.CANDIDATE.read_bytes(), None)

    return run


@pytest.fixture
def told(here: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def run(made: tables.Table, **changed: Any) -> str:
        made.write(here, **changed)
        assert train.main() == 1
        assert not paths.CANDIDATE.exists()
        out, err = capsys.readouterr()
        (line,) = err.splitlines()
        assert out == "" and "Traceback" not in line
        return str(line)

    return run


def members(made: Bundle) -> tuple[Mapping[str, Any], Any, pd.DataFrame]:
    return made.manifest, model.load(made.model), pd.read_parquet(BytesIO(made.reference))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "suffix"), list(zip(tables.ALL, 4 * (".csv", ".parquet"), strict=True)))
def test_every_kind_of_table_makes_a_bundle_that_answers(name: str, suffix: str, trained: Train) -> None:
    made = tables.ALL[name]()
    manifest, fitted, reference = members(trained(made, batches=2, suffix=suffix))
    data = made.checked
    split = rows.split(made.frame.assign(**{table.BATCH: ""}), data)
    assert (manifest["trained_on"]["rows"], manifest["holdout"]["rows"]) == (split.train.sum(), split.holdout.sum())
    assert manifest["data"]["rows"] == len(made.frame) == sum(batch["rows"] for batch in manifest["data"]["batches"])
    classes = manifest["classes"]
    assert (classes is None) == (data.task == "regression")
    answers = model.predict(fitted, reference, data, classes)
    for column, values in table.prediction_columns(answers, data, classes).items():
        assert np.allclose(reference[column], values)
    assert made.params().gate.metric in manifest["metrics"]
    assert list(manifest["importance"]) == list(manifest["features"]) == table.features(data)


def test_csv_and_parquet_make_the_same_model(trained: Train) -> None:
    made = tables.three_classes()
    as_csv, as_parquet = trained(made, suffix=".csv"), None
    for file in paths.DATA.iterdir():
        file.unlink()
    as_parquet = trained(made, suffix=".parquet")
    assert as_csv.model == as_parquet.model
    assert as_csv.reference == as_parquet.reference
    assert np.array_equal(as_csv.rows, as_parquet.rows)


def test_the_manifest_says_all_that_a_reader_asks(trained: Train) -> None:
    made = tables.binary()
    opened = trained(made, train__reference=50)
    manifest, _, reference = members(opened)
    assert {key: manifest[key] for key in ("format", "name", "task", "target", "positive", "classes", "trusted")} == {
        "format": 1,
        "name": "small",
        "task": "binary",
        "target": "late",
        "positive": 1,
        "classes": [0, 1],
        "trusted": [],
    }
    assert manifest["trained_on"] | {"rows": 0} == {
        "rows": 0,
        "from": "2024-03-01T00:00:00",
        "to": "2024-03-30T21:36:00",
    }
    assert manifest["holdout"]["from"] == "2024-03-31T00:00:00"
    assert manifest["holdout"]["to"] == "2024-04-09T21:36:00"
    assert manifest["data"]["batches"] == [{"name": "batch-00.parquet", "rows": 400}]
    assert "source" not in manifest["params"]["data"]
    assert manifest["params"]["train"]["parameters"] == {"max_depth": 3}
    assert set(manifest["libraries"]) == {"numpy", "pandas", "scikit-learn", "scipy", "skops"}
    assert manifest["digests"][bundle.MODEL] == bundle.digest(opened.model)
    assert len(reference) == 50
    assert reference["at"].is_monotonic_increasing and reference["at"].max() < pd.Timestamp("2024-03-31")
    assert set(reference) == {"row", "at", "size", "speed", "place", "late", "prediction"}


def test_every_training_row_is_in_the_bundle_and_no_hold_out_row(trained: Train) -> None:
    made = tables.binary()
    opened = trained(made)
    split = rows.split(made.frame, made.checked)
    hashes = rows.fingerprints(made.frame, made.checked)
    assert opened.rows.tolist() == sorted(hashes[split.train].tolist())
    assert not rows.leaked(hashes[split.holdout], opened.rows).any()
    assert opened.manifest["holdout"]["fingerprint"] == rows.fingerprint_of(hashes[split.holdout])


PLAIN = """
import sys

import psutil

from scripts.stages import train

if __name__ == "__main__":
    assert train.main() == 0
    print({"distributed"} & set(sys.modules), len(psutil.Process().children()))
"""


def test_the_code_of_a_bundle_is_what_the_pipeline_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the trigger `changed` would fire on every run."""
    made = tables.binary().write(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", PLAIN], cwd=made, env=environment(), check=True, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "set() 0", "what only a search on many processes needs costs nothing here"
    monkeypatch.chdir(ROOT)
    assert bundle.unpack((made / paths.CANDIDATE).read_bytes(), None).manifest["code"] == project.training_code()


def environment(**others: str) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT)} | others


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "made",
    [
        tables.binary(),
        pytest.param(tables.three_classes(), marks=pytest.mark.flows),
        pytest.param(tables.wide_regression(150, columns=20), marks=pytest.mark.flows),
    ],
    ids=["binary", "multiclass", "regression"],
)
def test_the_same_inputs_make_the_same_bytes(made: tables.Table, trained: Train) -> None:
    tune = {"space": {"max_depth": [1, 2, 3]}, "folds": 2}
    assert trained(made, train__tune=tune).digest == trained(made, train__tune=tune).digest


def test_where_it_is_computed_changes_no_byte_and_nothing_is_started_without_a_search(trained: Train) -> None:
    made = tables.three_classes()
    elsewhere = {"engine": "dask", "address": "tcp://127.0.0.1:1"}
    assert trained(made, compute=elsewhere).digest == trained(made).digest


SPACES = {
    "sklearn.ensemble.HistGradientBoostingClassifier": {"max_iter": [5, 20], "learning_rate": [0.03, 0.1, 0.3]},
    "sklearn.linear_model.LogisticRegression": {"C": [0.01, 0.1, 1.0, 10.0], "max_iter": [5, 100]},
}


@pytest.mark.flows
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("estimator", SPACES)
def test_a_tuned_model_has_the_same_bytes_wherever_its_parameters_were_searched(
    estimator: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In this process, in two beside it, on a cluster that the stage starts, and on one that loses a worker."""
    tune = {"space": SPACES[estimator], "candidates": 6, "folds": 3}
    tables.binary(4000).write(here, train={"estimator": estimator, "threads": 2, "tune": tune})
    before = paths.PARAMS.read_text()
    assert "compute: {}" in before

    def run(**compute: Any) -> tuple[bytes, str]:
        paths.PARAMS.write_text(before.replace("compute: {}", f"compute: {json.dumps(compute)}"))
        assert train.main() == 0
        return paths.CANDIDATE.read_bytes(), capsys.readouterr().out

    with dasking.running(here / "cluster", 2) as cluster:
        first = run(workers=1)
        assert run(workers=2) == first
        assert run(engine="dask", workers=2) == first
        assert run(engine="dask", address=cluster.address) == first
        losing = Thread(target=dasking.end_when_busy, args=(cluster,))
        losing.start()
        assert run(engine="dask", address=cluster.address) == first
        losing.join()
        assert cluster.workers[0].poll() is not None, "or it was not lost"


@pytest.mark.flows
def test_a_cluster_that_is_not_there_is_one_line_and_exit_code_3(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compute = {"engine": "dask", "address": "tcp://127.0.0.1:1"}
    tables.binary().write(here, train__tune={"space": {"max_depth": [1, 2]}}, compute=compute)
    assert train.main() == 3
    out, err = capsys.readouterr()
    (line,) = err.splitlines()
    assert out == "" and line.startswith("params.yaml: compute: Dask at tcp://127.0.0.1:1: no Dask scheduler answers")
    assert not paths.CANDIDATE.exists()


def test_neither_hash_seed_nor_threads_nor_memory_change_the_bytes(tmp_path: Path) -> None:
    """Two processes at once: a forest of text classes, tuned."""
    made = tables.three_classes()
    settings = {
        "train__estimator": "sklearn.ensemble.RandomForestClassifier",
        "train__parameters": {"n_estimators": 5},
        "train__tune": {"space": {"max_depth": [2, 3]}, "folds": 2},
    }
    folders = [made.write(tmp_path / name, batches=3, **settings) for name in ("one", "two")]
    surroundings = (
        {"PYTHONHASHSEED": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        {"PYTHONHASHSEED": "2", "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2", "MALLOC_PERTURB_": "165"},
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "scripts.stages.train"],
            cwd=folder,
            env=environment(**others),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for folder, others in zip(folders, surroundings, strict=True)
    ]
    said = [process.communicate() for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    first, second = ((folder / paths.CANDIDATE).read_bytes() for folder in folders)
    assert bundle.digest(first) == bundle.digest(second)
    assert said[0] == said[1]
    out, err = said[0]
    assert out == f"train: models/candidate.zip {bundle.digest(first)[:19]}, {len(first) / 1e6:.1f} MB\n"
    assert err == ""


def test_the_whole_table_is_not_held_while_the_model_is_fitted(trained: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[weakref.ref[pd.DataFrame]] = []

    def noted(*given: Any, **more: Any) -> pd.DataFrame:
        read.append(weakref.ref(frame := REAL_READ(*given, **more)))
        return frame

    def watched(*given: Any, **more: Any) -> Any:
        gc.collect()
        assert [frame() for frame in read] == [None]
        return REAL_FITTED(*given, **more)

    monkeypatch.setattr(table, "read", noted)
    monkeypatch.setattr(train.fitting, "fitted", watched)
    assert trained(tables.binary()).manifest["data"]["rows"] == 400


def test_a_mistake_is_one_line_and_exit_code_1_in_a_process_of_its_own(tmp_path: Path) -> None:
    made = tables.binary()
    folder = tables.Table(made.frame.assign(late=np.nan), made.data).write(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "scripts.stages.train"],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "data/: column 'late' has no label at all. Add labelled rows.\n"


def with_labels(made: tables.Table, labels: Any) -> tables.Table:
    return tables.Table(made.frame.assign(**{made.data["target"]: labels}), made.data)


def test_one_class_only(told: Callable[..., str]) -> None:
    assert (
        told(with_labels(tables.binary(), 1)) == "data/: training rows have one class only, 1. Add rows of the others."
    )
    assert "one class only, 'a'" in told(with_labels(tables.three_classes(), "a"))


def test_three_labels_in_a_binary_task(told: Callable[..., str]) -> None:
    made = tables.binary()
    line = told(with_labels(made, np.arange(400) % 3))
    assert line == (
        "data/: column 'late' has 3 labels ([0, 1, 2]), a binary task has two. "
        "Set data.task to multiclass, or fix the source."
    )


def test_a_third_label_in_the_hold_out_alone(told: Callable[..., str]) -> None:
    made = tables.binary()
    labels = made.frame["late"].where(made.frame.index < 399, 2)
    assert "has 3 labels ([0, 1, 2])" in told(with_labels(made, labels))


def test_a_positive_label_that_is_not_there_is_told_before_anything_is_fitted(told: Callable[..., str]) -> None:
    assert told(tables.binary(), data__positive="ja", train__parameters={"max_depth": "deep"}) == (
        "params.yaml: data.positive: 'ja' is no label of 'late', which has [0, 1]."
    )


def test_no_label_at_all(told: Callable[..., str]) -> None:
    for made in (tables.binary(), tables.wide_regression()):
        line = told(with_labels(made, np.nan))
        assert line == f"data/: column '{made.data['target']}' has no label at all. Add labelled rows."


def test_a_hold_out_that_takes_everything(told: Callable[..., str]) -> None:
    line = told(tables.binary(), data__holdout="400D")
    assert line == "data/: no labelled row is left for training. Shorten data.holdout, or add batches."


def test_a_window_with_nothing_in_it(told: Callable[..., str]) -> None:
    made = tables.binary()
    gap = tables.Table(
        made.frame.assign(at=made.frame["at"].where(made.frame.index < 300, pd.Timestamp("2025-01-01"))), made.data
    )
    assert "lengthen data.window" in told(gap, data__window="1D")


def test_a_hold_out_that_gets_nothing(told: Callable[..., str]) -> None:
    line = told(tables.three_classes(), data__holdout=1e-9)
    assert line == "data/: no labelled row falls to the hold-out. Raise data.holdout, or add batches."


def test_labels_that_are_all_too_young(told: Callable[..., str]) -> None:
    assert "no row is older than data.label_delay" in told(tables.binary(), data__label_delay="1000D")


def test_an_estimator_that_can_not_be_fitted(told: Callable[..., str]) -> None:
    line = told(tables.three_classes(), train__estimator="sklearn.naive_bayes.ComplementNB", train__parameters={})
    assert line.startswith(
        "params.yaml: train.estimator: sklearn.naive_bayes.ComplementNB can't be fitted (ValueError: Negative"
    )


def test_folds_that_the_rows_do_not_suffice_for(told: Callable[..., str]) -> None:
    line = told(tables.three_classes(40), train__tune={"space": {"max_depth": [1, 2]}, "folds": 30})
    assert line.startswith("params.yaml: train.")


def test_a_parameter_that_is_not_there(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tables.binary().write(here, train__parameters={"max_deph": 1})
    assert train.main() == 2
    assert capsys.readouterr().err == (
        "params.yaml: train.parameters.max_deph: is no parameter of sklearn.tree.DecisionTreeClassifier. "
        "Did you mean max_depth?\n"
    )


@pytest.mark.parametrize("error", [KeyError("no_column"), RuntimeError("two\nlines"), MemoryError()])
def test_an_own_step_that_raises(error: Exception, told: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    def step(frame: pd.DataFrame) -> pd.DataFrame:
        raise error

    own(monkeypatch, step)
    line = told(tables.binary(), train__preprocess="own_steps.step")
    assert line.startswith(f"params.yaml: train.preprocess: own_steps.step raises {type(error).__name__}")


def test_an_own_step_that_raises_on_rows_that_training_did_not_have(
    told: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def step(frame: pd.DataFrame) -> pd.DataFrame:
        if len(frame) < 150:
            raise ArithmeticError("too few")
        return frame

    own(monkeypatch, step)
    line = told(tables.binary(), train__preprocess="own_steps.step")
    assert line == "params.yaml: train.preprocess: own_steps.step raises ArithmeticError: too few. Mend the function."


def own(monkeypatch: pytest.MonkeyPatch, step: Any) -> None:
    module = ModuleType("own_steps")
    step.__module__, step.__qualname__ = "own_steps", "step"
    module.step = step  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "own_steps", module)


def test_an_own_step_outside_of_the_projects_own_file_must_be_trusted(
    told: Callable[..., str], monkeypatch: pytest.MonkeyPatch, trained: Train
) -> None:
    def step(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(double=frame["size"] * 2)

    own(monkeypatch, step)
    line = told(tables.binary(), train__preprocess="own_steps.step")
    assert line == (
        "params.yaml: train.trusted: the model holds types that nobody trusts here: own_steps.step. "
        "List them there if you know them."
    )
    opened = trained(tables.binary(), train__preprocess="own_steps.step", train__trusted=["own_steps.step"])
    assert opened.manifest["trusted"] == ["own_steps.step"]


@pytest.mark.filterwarnings("ignore")
def test_a_class_of_three_rows_is_no_obstacle(trained: Train) -> None:
    made = tables.three_classes()
    labels = made.frame["species"].where(made.frame.index > 2, "Emperor")
    opened = trained(
        with_labels(made, labels), train__estimator=TREES, train__parameters={"max_iter": 2, "early_stopping": False}
    )
    assert opened.manifest["classes"][0:1] == ["Adelie"]
    tuned = trained(with_labels(made, labels), train__tune={"space": {"max_depth": [1, 2]}, "folds": 3})
    assert tuned.manifest["classes"] == opened.manifest["classes"]


def test_an_estimator_without_a_seed_and_one_with_an_empty_column(trained: Train) -> None:
    trained(tables.three_classes(), train__estimator="sklearn.naive_bayes.GaussianNB", train__parameters={})
    opened = trained(
        tables.wide_regression(150, columns=20),
        train__estimator=TREES.replace("Classifier", "Regressor"),
        train__parameters={"max_iter": 2},
    )
    assert opened.manifest["importance"]["n2"] == 0


@pytest.mark.filterwarnings("ignore")
def test_classes_of_the_hold_out_that_training_did_not_know_are_scored(trained: Train) -> None:
    opened = trained(tables.many_classes())
    unknown = set(tables.many_classes().frame["label"]) - set(opened.manifest["classes"])
    assert unknown
    assert opened.manifest["metrics"]["log_loss"] > 5, "a class that the model can't name costs much"


def test_warnings_of_the_libraries_are_one_line_each(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = {"train__estimator": "sklearn.neural_network.MLPClassifier", "train__parameters": {"max_iter": 2}}
    tables.binary().write(here, **settings)
    assert train.main() == 0
    out, err = capsys.readouterr()
    assert err == ""
    first, last = out.splitlines()
    assert first.startswith("train: ConvergenceWarning: Stochastic Optimizer: Maximum iterations (2) reached")
    assert last.startswith("train: models/candidate.zip")


def test_broken_params_and_broken_data_are_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tables.binary().write(here)
    paths.PARAMS.write_text("data: [")
    assert train.main() == 2
    assert capsys.readouterr().err.startswith("params.yaml:")
    tables.binary().write(here)
    (paths.DATA / "broken.csv").write_text("row,late\n1,2\n")
    assert train.main() == 1
    assert capsys.readouterr().err.startswith("data/broken.csv: has no column")
    for file in paths.DATA.iterdir():
        file.unlink()
    assert train.main() == 1
    assert capsys.readouterr().err.startswith("data/: holds no .csv and no .parquet file")


def test_the_manifest_is_json_that_everyone_reads(trained: Train) -> None:
    opened = trained(tables.whole_classes())
    assert opened.manifest["classes"] == [1, 2, 7]
    assert json.loads(json.dumps(opened.manifest, allow_nan=False)) == opened.manifest
