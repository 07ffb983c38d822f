"""Any scikit-learn estimator: built from its path, fitted on raw rows, written down and read back."""

import functools
import importlib.util
import os
import subprocess
import sys
import textwrap
import zipfile
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.preprocessing import FunctionTransformer

from scripts.core import features
from scripts.core.errors import OUTSIDE, USAGE, Mistake
from scripts.core.params import Params, Train
from scripts.core.tables import table
from scripts.core.training import model
from tests import tables

CLASSES = ("binary", "multiclass")
ALWAYS = ("binary", "multiclass", "regression")
SMALL = {"n_estimators": 3}
ESTIMATORS: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    ("ensemble.HistGradientBoosting*", {"max_iter": 3}, ALWAYS),
    ("ensemble.RandomForest*", SMALL, ALWAYS),
    ("ensemble.GradientBoosting*", SMALL, ALWAYS),
    ("tree.DecisionTree*", {}, ALWAYS),
    ("neighbors.KNeighbors*", {}, ALWAYS),
    ("neighbors.KNeighbors*", {"algorithm": "ball_tree", "p": 1}, ("binary",)),
    ("neighbors.KNeighbors*", {"algorithm": "kd_tree", "p": 3}, ("binary",)),
    ("neural_network.MLP*", {"max_iter": 3}, ALWAYS),
    ("neural_network.MLP*", {"max_iter": 3, "solver": "sgd", "early_stopping": True}, ("binary",)),
    ("dummy.Dummy*", {}, ALWAYS),
    ("linear_model.LogisticRegression", {}, CLASSES),
    ("linear_model.SGDClassifier", {"loss": "log_loss"}, CLASSES),
    ("linear_model.RidgeClassifier", {}, CLASSES),
    ("naive_bayes.GaussianNB", {}, CLASSES),
    ("svm.SVC", {}, CLASSES),
    ("svm.SVC", {"probability": True}, CLASSES),
    ("discriminant_analysis.LinearDiscriminantAnalysis", {}, CLASSES),
    ("calibration.CalibratedClassifierCV", {"cv": 2}, ("binary",)),
    ("gaussian_process.GaussianProcessClassifier", {}, ("binary",)),
    ("linear_model.Ridge", {}, ("regression",)),
    ("linear_model.ElasticNet", {}, ("regression",)),
    ("linear_model.TweedieRegressor", {}, ("regression",)),
    ("linear_model.TweedieRegressor", {"power": 1.5}, ("regression",)),
    ("svm.SVR", {}, ("regression",)),
]
CASES = [(path, given, task) for path, given, tasks in ESTIMATORS for task in tasks]
TABLES = {
    "binary": tables.binary(160),
    "multiclass": tables.three_classes(160),
    "regression": tables.wide_regression(120, columns=16),
}


def named(path: str, task: str) -> str:
    return f"sklearn.{path.replace('*', 'Regressor' if task == 'regression' else 'Classifier')}"


def asked(task: str, estimator: str, parameters: dict[str, Any] | None = None, **others: Any) -> Params:
    return TABLES[task].params(train__estimator=estimator, train__parameters=parameters or {}, **others)


def fitted(given: Params, frame: pd.DataFrame) -> tuple[Any, list[Any] | None]:
    target = table.labels(frame[given.data.target], given.data)
    classes = None if given.data.task == "regression" else np.unique(target).tolist()
    return model.build(given.train, given.data, frame).fit(frame[table.features(given.data)], target), classes


def strange(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows with a category that training did not know, and one with nothing in it at all."""
    rows = frame.iloc[:10].copy().reset_index(drop=True)
    for name in rows.columns:
        rows[name] = rows[name].astype(object)
        if isinstance(frame[name].dtype, pd.StringDtype):
            rows.loc[:4, name] = "never seen before"
        rows.loc[9, name] = np.nan
        rows[name] = rows[name].astype(frame[name].dtype if frame[name].dtype.kind != "i" else float)
    return rows


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("path", "parameters", "task"), CASES, ids=[f"{p}-{t}-{list(g.values())}" for p, g, t in CASES]
)
def test_a_model_answers_for_raw_rows_and_is_read_back_the_same(
    path: str, parameters: dict[str, Any], task: str
) -> None:
    given, frame = asked(task, named(path, task), parameters), TABLES[task].frame
    made, classes = fitted(given, frame)
    content = model.dump(made)
    assert model.dump(made) == content
    assert model.untrusted(content) == []
    read = model.load(content)
    for rows in (frame, strange(frame)):
        answers = model.predict(made, rows, given.data, classes)
        assert np.array_equal(model.predict(read, rows, given.data, classes), answers)
        assert np.isfinite(answers).all()
        assert answers.shape == ((len(rows),) if classes is None else (len(rows), len(classes)))
        if classes is not None:
            assert np.allclose(answers.sum(axis=1), 1)
    again, _ = fitted(given, frame)
    assert model.dump(again) == content


# What is trusted beside skops's own list, and a model that needs it. The partial of histogram trees calls check_array.
NEEDED: dict[str, tuple[str, dict[str, Any], str]] = {
    "numpy.dtype": ("linear_model.Ridge", {}, "regression"),
    "functools.partial": ("ensemble.HistGradientBoosting*", {"max_iter": 2}, "binary"),
    "sklearn.utils.validation.check_array": ("ensemble.HistGradientBoosting*", {"max_iter": 2}, "binary"),
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor": (
        "ensemble.HistGradientBoosting*",
        {"max_iter": 2},
        "regression",
    ),
    "sklearn.tree._tree.Tree": ("tree.DecisionTree*", {}, "binary"),
    "sklearn.neighbors._kd_tree.KDTree": ("neighbors.KNeighbors*", {}, "binary"),
    "sklearn.neighbors._ball_tree.BallTree": ("neighbors.KNeighbors*", {"algorithm": "ball_tree"}, "binary"),
    "sklearn.metrics._dist_metrics.EuclideanDistance64": ("neighbors.KNeighbors*", {}, "binary"),
    "sklearn.metrics._dist_metrics.ManhattanDistance64": ("neighbors.KNeighbors*", {"p": 1}, "binary"),
    "sklearn.metrics._dist_metrics.MinkowskiDistance64": ("neighbors.KNeighbors*", {"p": 3}, "binary"),
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer": ("neural_network.MLP*", {"max_iter": 2}, "binary"),
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer": (
        "neural_network.MLP*",
        {"max_iter": 2, "solver": "sgd"},
        "regression",
    ),
    "sklearn._loss.loss.HalfTweedieLoss": ("linear_model.TweedieRegressor", {"power": 1.5}, "regression"),
    "sklearn._loss.loss.HalfTweedieLossIdentity": ("linear_model.TweedieRegressor", {}, "regression"),
    "sklearn.calibration._CalibratedClassifier": ("calibration.CalibratedClassifierCV", {"cv": 2}, "binary"),
    "sklearn.calibration._SigmoidCalibration": ("calibration.CalibratedClassifierCV", {"cv": 2}, "binary"),
    "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace": (
        "gaussian_process.GaussianProcessClassifier",
        {},
        "binary",
    ),
    "sklearn.gaussian_process.kernels.ConstantKernel": ("gaussian_process.GaussianProcessClassifier", {}, "binary"),
    "sklearn.gaussian_process.kernels.Product": ("gaussian_process.GaussianProcessClassifier", {}, "binary"),
    "sklearn.gaussian_process.kernels.RBF": ("gaussian_process.GaussianProcessClassifier", {}, "binary"),
}
BOOSTERS = ("lightgbm.", "xgboost.", "collections.OrderedDict")  # see below; only where they are installed
ELSEWHERE = {
    "sklearn.compose._column_transformer.make_column_selector",  # an own step in a model that is built without rows
    "scipy.sparse._csr.csr_matrix",  # a model that keeps rows of many categories
}


@functools.cache
def strangers(path: str, parameters: tuple[tuple[str, Any], ...], task: str) -> set[str]:
    made, _ = fitted(asked(task, named(path, task), dict(parameters)), TABLES[task].frame)
    return set(skops.io.get_untrusted_types(data=model.dump(made)))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "kind", [kind for kind in model.TRUSTED if not kind.startswith(BOOSTERS) and kind not in ELSEWHERE]
)
def test_nothing_is_trusted_that_no_model_needs(kind: str) -> None:
    path, parameters, task = NEEDED[kind]
    assert kind in strangers(path, tuple(parameters.items()), task)


def test_own_functions_are_trusted_by_the_file_they_stand_in() -> None:
    assert "scripts.core.features.derive" in model.OWN
    assert all(name.startswith("scripts.core.features.") for name in model.OWN)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("package", ["lightgbm.LGBM", "xgboost.XGB"])
@pytest.mark.parametrize("task", ["binary", "regression"])
def test_other_boosters_work_when_they_are_installed(package: str, task: str) -> None:
    if importlib.util.find_spec(package.split(".")[0]) is None:
        pytest.skip("not installed")
    kind = "Regressor" if task == "regression" else "Classifier"
    given = asked(task, f"{package}{kind}", {"n_estimators": 3})
    made, classes = fitted(given, TABLES[task].frame)
    content = model.dump(made)
    assert model.dump(made) == content
    rows = TABLES[task].frame
    answers = model.predict(model.load(content), rows, given.data, classes)
    assert np.array_equal(answers, model.predict(made, rows, given.data, classes))


# The file


def test_plain_bytes_in_a_model_have_no_random_names() -> None:
    made = FunctionTransformer(kw_args={"key": b"some bytes", "other": bytearray(b"more")})
    assert model.dump(made) == model.dump(made)
    assert model.load(model.dump(made), trusted=["builtins.bytearray"]).kw_args["key"] == b"some bytes"


@pytest.mark.flows
def test_writing_a_model_imports_no_dask() -> None:
    code = "import sys; from scripts.core.training import model; model.dump({}); print('dask' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_setting_named_like_a_part_of_the_file_is_no_part_of_it() -> None:
    made = FunctionTransformer(kw_args={"file": [1, 2], "__id__": "x"})
    assert model.load(model.dump(made)).kw_args == {"file": [1, 2], "__id__": "x"}


@pytest.mark.parametrize("planted", [os.system, functools.partial(os.system, "true")], ids=["function", "partial"])
def test_a_type_that_nobody_trusts_is_named_and_not_loaded(planted: Any) -> None:
    content = model.dump(FunctionTransformer(planted))
    with pytest.raises(Mistake) as raised:
        model.load(content)
    (line,) = raised.value.lines
    assert "holds types that nobody trusts here: posix.system." in line
    assert "train.trusted" in line and raised.value.code == OUTSIDE
    assert model.untrusted(content) == ["posix.system"]
    assert model.untrusted(content, ["posix.system"]) == []


def test_a_user_may_trust_more() -> None:
    content = model.dump(FunctionTransformer(textwrap.dedent))
    assert model.untrusted(content) == ["textwrap.dedent"]
    assert model.load(content, trusted=["textwrap.dedent"]).func is textwrap.dedent


def test_a_model_of_a_package_that_is_not_here_is_told() -> None:
    with zipfile.ZipFile(BytesIO(model.dump(FunctionTransformer(features.derive)))) as file:
        members = {name: file.read(name) for name in file.namelist()}
    gone = members["schema.json"].replace(b"scripts.core.features", b"no_such_package")
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as other:
        other.writestr("schema.json", gone)
    with pytest.raises(Mistake, match=r"needs a package that is not here .*no_such_package"):
        model.load(out.getvalue(), trusted=["no_such_package.derive"])


# Tables that are hard


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", ["ensemble.HistGradientBoostingClassifier", "linear_model.LogisticRegression"])
@pytest.mark.parametrize(
    "values",
    [
        {"speed": [np.nan]},
        {"speed": [7.0]},
        {"place": [None]},
        {"place": ["only"]},
        {"place": ["only", None]},
        {"place": [f"level {n}" for n in range(1000)]},
        {"speed": [1e30, -1e30, 0.0]},
    ],
    ids=["empty number", "constant", "empty category", "one category", "one or none", "a thousand", "huge"],
)
def test_columns_that_say_little_or_much_are_no_obstacle(path: str, values: dict[str, list[Any]]) -> None:
    made = tables.binary(1200 if "level 0" in values.get("place", []) else 160)
    ((name, these),) = values.items()
    column = pd.array([these[n % len(these)] for n in range(len(made.frame))], dtype=made.frame[name].dtype)
    frame = made.frame.assign(**{name: column})
    given = made.params(train__estimator=f"sklearn.{path}", train__parameters={"max_iter": 5})
    fit, classes = fitted(given, frame)
    for rows in (frame, strange(frame)):
        assert np.isfinite(model.predict(fit, rows, given.data, classes)).all()


def test_rare_categories_are_taken_together_past_the_limit() -> None:
    made = tables.thousand_categories()
    given = made.params(
        train__estimator="sklearn.ensemble.HistGradientBoostingClassifier",
        train__parameters={"max_iter": 2},
        train__max_categories=20,
    )
    fit, _ = fitted(given, made.frame)
    encoder = fit.named_steps["columns"].named_transformers_["category"]
    assert len(encoder.infrequent_categories_[0]) > 100
    assert np.nanmax(encoder.transform(made.frame[["place"]])) == 19


@pytest.mark.parametrize(
    ("path", "sparse"), [("neighbors.KNeighborsClassifier", True), ("naive_bayes.GaussianNB", False)]
)
def test_many_categories_are_kept_sparse_where_the_estimator_can_take_it(path: str, sparse: bool) -> None:
    made = tables.thousand_categories(600)
    given = made.params(train__estimator=f"sklearn.{path}", train__parameters={})
    fit, classes = fitted(given, made.frame)
    assert hasattr(fit.named_steps["columns"].transform(made.frame), "nnz") == sparse
    content = model.dump(fit)
    assert ("scipy.sparse._csr.csr_matrix" in skops.io.get_untrusted_types(data=content)) == sparse
    answers = model.predict(model.load(content), made.frame, given.data, classes)
    assert np.array_equal(answers, model.predict(fit, made.frame, given.data, classes))


@pytest.mark.parametrize("labels", [[0, 1], [3, 7], ["no", "yes"], [False, True]], ids=["01", "other", "text", "bool"])
def test_labels_of_every_kind(labels: list[Any]) -> None:
    made = tables.binary(160)
    frame = made.frame.assign(late=[labels[value] for value in made.frame["late"]])
    given = made.params(data__positive=labels[1])
    fit, classes = fitted(given, frame)
    meant = [int(label) if isinstance(label, bool) else label for label in labels]
    assert classes == meant
    answers = model.predict(fit, frame, given.data, classes)
    right = (answers.argmax(axis=1) == made.frame["late"]).mean()
    assert right > 0.6


def test_classes_that_a_model_does_not_know_have_probability_0_and_the_order_is_the_asked_one() -> None:
    made = tables.three_classes(160)
    given = made.params()
    fit, classes = fitted(given, made.frame)
    usual = model.predict(fit, made.frame, given.data, classes)
    more = model.predict(fit, made.frame, given.data, ["Gentoo", "Emperor", "Adelie", "Chinstrap"])
    assert (more[:, 1] == 0).all()
    assert np.array_equal(more[:, [2, 3, 0]], usual)


def test_a_model_without_probabilities_puts_all_on_its_answer() -> None:
    given = asked("multiclass", "sklearn.svm.LinearSVC")
    fit, classes = fitted(given, TABLES["multiclass"].frame)
    answers = model.predict(fit, TABLES["multiclass"].frame, given.data, classes)
    assert set(np.unique(answers)) == {0.0, 1.0}
    assert (answers.sum(axis=1) == 1).all()


def test_columns_that_are_no_features_are_not_looked_at() -> None:
    made = tables.binary(160)
    given = made.params(data__columns=made.data["columns"] | {"speed": {"kind": "number", "feature": False}})
    fit, classes = fitted(given, made.frame)
    assert "speed" not in fit.feature_names_in_
    without = model.predict(fit, made.frame.assign(speed=0.0), given.data, classes)
    assert np.array_equal(without, model.predict(fit, made.frame, given.data, classes))


def test_an_own_step_runs_inside_the_model_and_its_new_columns_are_used() -> None:
    made = tables.binary(300)
    rng = np.random.default_rng(0)
    frame = made.frame.assign(
        sched_dep_minute=rng.integers(0, 1440, 300).astype(float),
        sched_arr_minute=rng.integers(0, 1440, 300).astype(float),
    )
    took = (frame["sched_arr_minute"] - frame["sched_dep_minute"]) % 1440
    frame["late"] = (took > 700).astype(int)
    columns = {name: {"kind": "number"} for name in ("sched_dep_minute", "sched_arr_minute")} | {
        "place": {"kind": "category"}
    }
    given = made.params(data__columns=columns, train__preprocess="scripts.core.features.derive")
    fit, classes = fitted(given, frame)
    without_rows = model.build(given.train, given.data).fit(frame[list(columns)], frame["late"])
    for made in (fit, without_rows):
        answers = model.predict(model.load(model.dump(made)), frame, given.data, classes)
        assert (answers.argmax(axis=1) == frame["late"]).all()


# Mistakes in params


def told(**others: Any) -> str:
    with pytest.raises(Mistake) as raised:
        given = tables.binary().params(**others)
        model.build(given.train, given.data)
    (line,) = raised.value.lines
    assert raised.value.code == USAGE
    return line


@pytest.mark.parametrize(
    ("estimator", "said"),
    [
        (
            "sklearn.ensemble.RandomForestClasifier",
            "sklearn.ensemble has no RandomForestClasifier. Did you mean RandomForestC",
        ),
        ("sklearn.ensembel.RandomForestClassifier", "can't be imported"),
        ("sklearn.ensembel.RandomForestClassifier", "Did you mean sklearn.ensemble?"),
        ("no_such_package.Model", "No module named 'no_such_package'). Correct the path, or install its package."),
        ("sklearn.metrics.log_loss", "is no scikit-learn estimator"),
        ("sklearn.preprocessing.StandardScaler", "is no classifier, which data.task binary needs. Name a classifier."),
        ("sklearn.linear_model.Ridge", "is no classifier, which data.task binary needs"),
        ("sklearn.ensemble.VotingClassifier", "can't be made: "),
        ("collections.OrderedDict", "is no scikit-learn estimator"),
    ],
)
def test_an_estimator_that_can_not_be_used_is_named(estimator: str, said: str) -> None:
    line = told(train__estimator=estimator, train__parameters={})
    assert line.startswith(f"params.yaml: train.estimator: {estimator.split('.')[0]}")
    assert said in line


def test_a_classifier_is_no_regressor() -> None:
    given = tables.wide_regression().params(train__estimator="sklearn.svm.SVC", train__parameters={})
    with pytest.raises(Mistake, match=r"sklearn\.svm\.SVC is no regressor, which data.task regression needs"):
        model.build(given.train, given.data)


def test_a_parameter_that_is_not_there_is_named_with_the_nearest() -> None:
    line = told(train__parameters={"max_deph": 3})
    assert line == (
        "params.yaml: train.parameters.max_deph: is no parameter of sklearn.tree.DecisionTreeClassifier. "
        "Did you mean max_depth?"
    )


def test_an_own_step_that_is_not_there_is_named() -> None:
    line = told(train__preprocess="scripts.core.features.deriv")
    assert line == "params.yaml: train.preprocess: scripts.core.features has no deriv. Did you mean derive?"


def test_an_own_module_that_raises_when_imported_is_named(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_step.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    line = told(train__preprocess="broken_step.run")
    assert "train.preprocess: broken_step.run can't be imported (ZeroDivisionError: division by zero)" in line


def test_the_seed_is_handed_on_unless_the_user_gives_one() -> None:
    train = Train(estimator="sklearn.ensemble.RandomForestClassifier", seed=5)
    data = TABLES["binary"].checked
    assert model.build(train, data).named_steps["model"].random_state == 5
    own = train.model_copy(update={"parameters": {"random_state": 9}})
    assert model.build(own, data).named_steps["model"].random_state == 9
    assert model.build(Train(estimator="sklearn.naive_bayes.GaussianNB"), data) is not None
