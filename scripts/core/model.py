"""The pipeline that turns raw rows into predictions, and its canonical file."""

import importlib
import inspect
import io
import json
import re
import zipfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from scripts.core import features, table
from scripts.core.bundle import archive
from scripts.core.data_params import Data
from scripts.core.errors import OUTSIDE, USAGE, Mistake
from scripts.core.params import Train
from scripts.core.text import did_you_mean

if TYPE_CHECKING:
    import pandas as pd

# What the repository trusts in a model file, beside the scikit-learn estimators that skops trusts by itself.
TRUSTED = (
    "functools.partial",
    "scipy.sparse._csr.csr_matrix",
    "sklearn._loss.link.Interval",
    "sklearn._loss.link.LogLink",
    "sklearn._loss.link.LogitLink",
    "sklearn._loss.link.IdentityLink",
    "sklearn._loss.link.MultinomialLogit",
    "sklearn._loss.loss.HalfBinomialLoss",
    "sklearn._loss.loss.HalfMultinomialLoss",
    "sklearn._loss.loss.HalfSquaredError",
    "sklearn._loss.loss.AbsoluteError",
    "sklearn._loss.loss.HalfPoissonLoss",
    "sklearn._loss.loss.HalfGammaLoss",
    "sklearn._loss.loss.PinballLoss",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.utils.validation.check_array",
    "collections.OrderedDict",
    "lightgbm.basic.Booster",
    "lightgbm.sklearn.LGBMClassifier",
    "lightgbm.sklearn.LGBMRegressor",
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBClassifier",
    "xgboost.sklearn.XGBRegressor",
)

OWN = tuple(f"{features.__name__}.{name}" for name, item in vars(features).items() if inspect.isfunction(item))


def build(train: Train, data: Data) -> Any:
    """An unfitted pipeline: raw rows in, predictions out; what it does not know it ignores.

    An estimator that takes missing values itself (trees) gets categories as ordered codes and missing values as they
    are; any other gets one column per category and medians.
    """
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import FunctionTransformer

    estimator = _estimator(train, data)
    steps: list[tuple[str, Any]] = [("columns", _columns(train, data, estimator)), ("model", estimator)]
    if train.preprocess is not None:
        function = imported(train.preprocess, "train.preprocess")
        steps.insert(0, ("preprocess", FunctionTransformer(function)))
    return Pipeline(steps)


def imported(dotted: str, setting: str) -> Any:
    module, _, name = dotted.rpartition(".")
    try:
        found = importlib.import_module(module)
    except ImportError as error:
        raise Mistake(
            f"params.yaml: {setting}: {dotted} can't be imported ({error}). Correct the path, or install its package.",
            code=USAGE,
        ) from None
    if not hasattr(found, name):
        raise Mistake(f"params.yaml: {setting}: {module} has no {name}. {did_you_mean(name, dir(found))}", code=USAGE)
    return getattr(found, name)


def _estimator(train: Train, data: Data) -> Any:
    kind = imported(train.estimator, "train.estimator")
    known = list(inspect.signature(kind).parameters) if inspect.isclass(kind) else []
    if not hasattr(kind, "fit") or not hasattr(kind, "get_params"):
        raise Mistake(f"params.yaml: train.estimator: {train.estimator} is no scikit-learn estimator.", code=USAGE)
    unknown = [name for name in train.parameters if name not in known and "kwargs" not in known]
    if unknown:
        raise Mistake(
            f"params.yaml: train.parameters.{unknown[0]} is no parameter of {train.estimator}. "
            f"{did_you_mean(unknown[0], known)}",
            code=USAGE,
        )
    fixed = {"random_state": train.seed, "categorical_features": _codes(data)}
    return kind(**{name: value for name, value in fixed.items() if name in known} | train.parameters)


def _names(data: Data, kind: str) -> list[str]:
    return [name for name in table.features(data) if data.columns[name].kind == kind]


def _codes(data: Data) -> list[int]:
    """Where the category columns stand behind the column step."""
    return list(range(len(_names(data, "category"))))


def _columns(train: Train, data: Data, estimator: Any) -> Any:
    from sklearn.compose import ColumnTransformer
    from sklearn.utils import get_tags

    if get_tags(estimator).input_tags.allow_nan:
        category, number = _ordered(train), "passthrough"
    else:
        category, number = _one_hot(train), _scaled()
    parts = [("category", category, _names(data, "category")), ("number", number, _number_names(train, data))]
    return ColumnTransformer(parts, verbose_feature_names_out=False)


def _number_names(train: Train, data: Data) -> Any:
    """The number columns, those that an own preprocessing step adds included."""
    if train.preprocess is None:
        return _names(data, "number")
    from sklearn.compose import make_column_selector

    return make_column_selector(dtype_include="number")


def _ordered(train: Train) -> Any:
    from sklearn.preprocessing import OrdinalEncoder

    return OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=np.nan,
        encoded_missing_value=np.nan,
        max_categories=train.max_categories,
    )


def _one_hot(train: Train) -> Any:
    from sklearn.preprocessing import OneHotEncoder

    return OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=train.max_categories, sparse_output=False)


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


def dump(model: Any) -> bytes:
    """skops bytes that depend on the model alone: skops names objects by memory address, so they are numbered anew."""
    import skops.io

    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(model))) as file:
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
    out = {}
    for key, value in node.items():
        if key == "__id__":
            out[key] = numbers.setdefault(str(value), len(numbers) + 1)
        elif key == "file":
            out[key] = _renamed(value, numbers)
        else:
            out[key] = _renumbered(value, numbers)
    return out


def _renamed(name: str, numbers: dict[str, int]) -> str:
    return re.sub(r"^\d+", lambda found: str(numbers.setdefault(found[0], len(numbers) + 1)), name)


def load(content: bytes, trusted: Sequence[str] = ()) -> Any:
    """The model, if it holds no type but those that skops, this repository and `trusted` allow."""
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        return skops.io.loads(content, trusted=[*TRUSTED, *OWN, *trusted])
    except UntrustedTypesFoundException as error:
        found = ", ".join(sorted(set(re.findall(r"'([\w.]+)'", str(error)))))
        raise Mistake(
            f"model.skops: holds types that nobody trusts here: {found}. "
            "If you know them, list them in params.yaml under train.trusted.",
            code=OUTSIDE,
        ) from None
