"""The pipeline that turns raw rows into predictions, and its canonical file."""

import importlib
import inspect
import io
import json
import pkgutil
import re
import sys
import zipfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from scripts.core import features
from scripts.core.bundle import archive
from scripts.core.errors import OUTSIDE, USAGE, Mistake
from scripts.core.params import Train
from scripts.core.settings.data_params import Data
from scripts.core.tables import table
from scripts.core.text import did_you_mean, nearest

if TYPE_CHECKING:
    import pandas as pd

# What the repository trusts in a model file, beside the scikit-learn estimators that skops trusts by itself. A test
# fits the estimators that need each of them. What a partial calls must be trusted by its own name.
TRUSTED = (
    "numpy.dtype",
    "scipy.sparse._csr.csr_matrix",
    "functools.partial",
    "sklearn.compose._column_transformer.make_column_selector",
    "sklearn.utils.validation.check_array",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.neighbors._ball_tree.BallTree",
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.metrics._dist_metrics.ManhattanDistance64",
    "sklearn.metrics._dist_metrics.MinkowskiDistance64",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn._loss.loss.HalfTweedieLoss",
    "sklearn._loss.loss.HalfTweedieLossIdentity",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
    "sklearn.gaussian_process.kernels.ConstantKernel",
    "sklearn.gaussian_process.kernels.Product",
    "sklearn.gaussian_process.kernels.RBF",
    "collections.OrderedDict",
    "lightgbm.basic.Booster",
    "lightgbm.sklearn.LGBMClassifier",
    "lightgbm.sklearn.LGBMRegressor",
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBClassifier",
    "xgboost.sklearn.XGBRegressor",
)

ADDRESS = re.compile(r"^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d+)")
OWN = tuple(f"{features.__name__}.{name}" for name, item in vars(features).items() if inspect.isfunction(item))


def build(train: Train, data: Data, rows: "pd.DataFrame | None" = None) -> Any:
    """An unfitted pipeline: raw rows in, predictions out; what it does not know it ignores.

    An estimator that takes missing values itself (trees) gets categories as ordered codes and missing values as they
    are; any other gets one column per category and medians. Number columns in which the `rows` that are to be learned
    from have no value are left out: scikit-learn's histogram trees raise on them.
    """
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import FunctionTransformer

    estimator = _estimator(train, data)
    steps: list[tuple[str, Any]] = [("columns", _columns(train, data, estimator, rows)), ("model", estimator)]
    if train.preprocess is not None:
        function = imported(train.preprocess, "train.preprocess")
        steps.insert(0, ("preprocess", FunctionTransformer(function)))
    return Pipeline(steps)


def imported(dotted: str, setting: str) -> Any:
    module, _, name = dotted.rpartition(".")
    try:
        found = importlib.import_module(module)
    except Exception as error:  # the module may be the user's own, and raise anything
        near = nearest(module, _modules(module))
        why = f"{type(error).__name__}: {' '.join(str(error).split())}"
        cure = f"Did you mean {near}?" if near else "Correct the path, or install its package."
        raise _wrong(f"{setting}: {dotted} can't be imported ({why}). {cure}") from None
    if not hasattr(found, name):
        known = [word for word in dir(found) if not word.startswith("_")]
        raise _wrong(f"{setting}: {module} has no {name}. {did_you_mean(name, known)}")
    return getattr(found, name)


def _modules(module: str) -> list[str]:
    """The modules that lie beside the one that can't be imported."""
    package = sys.modules.get(module.rpartition(".")[0])
    return [f"{package.__name__}.{each.name}" for each in pkgutil.iter_modules(package.__path__)] if package else []


def _wrong(said: str) -> Mistake:
    return Mistake(f"params.yaml: {said}", code=USAGE)


def _estimator(train: Train, data: Data) -> Any:
    kind = imported(train.estimator, "train.estimator")
    if not inspect.isclass(kind) or not hasattr(kind, "fit") or not hasattr(kind, "get_params"):
        raise _wrong(f"train.estimator: {train.estimator} is no scikit-learn estimator. Name a class.")
    signature = inspect.signature(kind).parameters
    takes_any = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in signature.values())
    known = [name for name, each in signature.items() if each.kind is not inspect.Parameter.VAR_KEYWORD]
    for name in train.parameters:
        if name not in known and not takes_any:
            raise _wrong(f"train.parameters.{name}: is no parameter of {train.estimator}. {did_you_mean(name, known)}")
    fixed = {"random_state": train.seed, "categorical_features": _codes(data)}
    try:
        made = kind(**{name: value for name, value in fixed.items() if name in known} | train.parameters)
    except Exception as error:  # whatever the class objects to
        raise _wrong(f"train.estimator: {train.estimator} can't be made: {' '.join(str(error).split())}.") from None
    return _answering(made, train, data)


def _answering(estimator: Any, train: Train, data: Data) -> Any:
    """The estimator, if it answers the task's question."""
    from sklearn.base import is_classifier, is_regressor

    fits, wanted = (is_regressor, "regressor") if data.task == "regression" else (is_classifier, "classifier")
    if not fits(estimator):
        raise _wrong(
            f"train.estimator: {train.estimator} is no {wanted}, which data.task {data.task} needs. Name a {wanted}."
        )
    return estimator


def _names(data: Data, kind: str) -> list[str]:
    return [name for name in table.features(data) if data.columns[name].kind == kind]


def _codes(data: Data) -> list[int]:
    """Where the category columns stand behind the column step."""
    return list(range(len(_names(data, "category"))))


def _columns(train: Train, data: Data, estimator: Any, rows: "pd.DataFrame | None") -> Any:
    from sklearn.compose import ColumnTransformer
    from sklearn.utils import get_tags

    takes = get_tags(estimator).input_tags
    if takes.allow_nan:
        category, number = _ordered(train), "passthrough"
    else:
        category, number = _one_hot(train, sparse=takes.sparse), _scaled()
    parts = [("category", category, _names(data, "category")), ("number", number, _numbers(train, data, rows))]
    return ColumnTransformer(parts, verbose_feature_names_out=False)


def _numbers(train: Train, data: Data, rows: "pd.DataFrame | None") -> Any:
    """The number columns, those that an own preprocessing step adds included."""
    if train.preprocess is None:
        known = _names(data, "number")
    elif rows is not None:
        rows = imported(train.preprocess, "train.preprocess")(rows[table.features(data)])
        numbers = map(str, rows.select_dtypes(["number", "bool"]))
        known = [name for name in numbers if name not in _names(data, "category")]
    else:
        from sklearn.compose import make_column_selector

        return make_column_selector(dtype_include=["number", "bool"])
    return known if rows is None else [name for name in known if rows[name].notna().any()]


def _ordered(train: Train) -> Any:
    from sklearn.preprocessing import OrdinalEncoder

    return OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=np.nan,
        encoded_missing_value=np.nan,
        max_categories=train.max_categories,
    )


def _one_hot(train: Train, sparse: bool) -> Any:
    """Sparse where the estimator can take it: a column of 250 categories would else take 250 times its memory."""
    from sklearn.preprocessing import OneHotEncoder

    unknown = "infrequent_if_exist"
    return OneHotEncoder(handle_unknown=unknown, max_categories=train.max_categories, sparse_output=sparse)


def _scaled() -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True), StandardScaler()
    )


def predict(model: Any, frame: "pd.DataFrame", data: Data, classes: Sequence[Any] | None) -> np.ndarray[Any, Any]:
    """(n, K) probabilities in the order of `classes`, 0 for a class the model does not know; or (n,) values."""
    rows = frame[table.features(data)]
    if data.task == "regression":
        return np.asarray(model.predict(rows), dtype=np.float64)
    assert classes is not None
    places = {label: place for place, label in enumerate(classes)}
    out = np.zeros((len(frame), len(classes)))
    if not hasattr(model, "predict_proba"):
        answers = model.predict(rows)
        out[np.arange(len(frame)), [places[label] for label in answers.tolist()]] = 1.0
        return out
    probabilities = model.predict_proba(rows)
    for column, label in enumerate(model.classes_.tolist()):
        out[:, places[label]] = probabilities[:, column]
    return out


def _skops_io() -> Any:
    """Its list of scikit-learn's estimators walks through all of scikit-learn, and would import Dask on the way."""
    adapter = "sklearn.externals.array_api_compat.dask"
    known = adapter in sys.modules
    if not known:
        sys.modules[adapter] = None  # type: ignore[assignment]  # to the walk it is not installed
    try:
        return importlib.import_module("skops.io")
    finally:
        if not known:
            del sys.modules[adapter]


def dump(model: Any) -> bytes:
    """skops bytes that depend on the model alone: skops names objects by memory address, so they are numbered anew."""
    skops_io = _skops_io()
    with zipfile.ZipFile(io.BytesIO(skops_io.dumps(model))) as file:
        members = {name: file.read(name) for name in file.namelist()}
    schema = json.loads(members.pop("schema.json"))
    numbers: dict[str, int] = {}
    schema = _renumbered(schema, numbers)
    ordered = sorted((_renamed(name, numbers), content) for name, content in members.items())
    return archive({"schema.json": json.dumps(schema, indent=2).encode(), **dict(ordered)})


def _renumbered(node: Any, numbers: dict[str, int]) -> Any:
    if isinstance(node, list):
        return [_renumbered(item, numbers) for item in node]
    if not isinstance(node, dict):
        return node
    out: dict[str, Any] = {}
    for key, value in node.items():
        if key == "__id__" and isinstance(value, int):
            out[key] = numbers.setdefault(str(value), len(numbers) + 1)
        elif key == "file" and isinstance(value, str):
            out[key] = _renamed(value, numbers)
        else:
            out[key] = _renumbered(value, numbers)
    return out


def _renamed(name: str, numbers: dict[str, int]) -> str:
    """Files are named by an address too, those of plain bytes by a random UUID."""
    return ADDRESS.sub(lambda found: str(numbers.setdefault(found[0], len(numbers) + 1)), name)


def load(content: bytes, trusted: Sequence[str] = ()) -> Any:
    """The model, if it holds no type but those that skops, this repository and `trusted` allow."""
    skops_io = _skops_io()
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        return skops_io.loads(content, trusted=[*TRUSTED, *OWN, *trusted])
    except UntrustedTypesFoundException:
        said = f"holds types that nobody trusts here: {', '.join(untrusted(content, trusted))}. "
        cure = "If you know them, list them in params.yaml under train.trusted."
        raise Mistake(f"model.skops: {said}{cure}", code=OUTSIDE) from None
    except ImportError as error:
        raise Mistake(f"model.skops: needs a package that is not here ({error}). Install it.", code=OUTSIDE) from None


def untrusted(content: bytes, trusted: Sequence[str] = ()) -> list[str]:
    """The types for which load() would refuse the model."""
    return sorted({*_skops_io().get_untrusted_types(data=content)} - {*TRUSTED, *OWN, *trusted})
