"""What the installed packages have, without importing them."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts.core.params import Train, Tune
from scripts.edges import installed
from tests.layout import ROOT


def problems(estimator: str = "sklearn.tree.DecisionTreeClassifier", **others: Any) -> list[str]:
    return installed.problems(Train(estimator=estimator, **others))


@pytest.mark.parametrize(
    ("estimator", "parameters"),
    [
        (
            "sklearn.ensemble.HistGradientBoostingClassifier",
            {"max_iter": 1, "learning_rate": 0.1, "early_stopping": False},
        ),
        ("sklearn.ensemble.RandomForestRegressor", {"n_estimators": 1, "criterion": "x", "random_state": 1}),
        ("sklearn.linear_model.LogisticRegression", {"C": 1.0, "l1_ratio": 0.0}),
        ("sklearn.neural_network.MLPClassifier", {"hidden_layer_sizes": (3,)}),
        ("sklearn.pipeline.Pipeline", {}),
        ("collections.OrderedDict", {}),
        ("unittest.mock.Mock", {"anything": 1}),
    ],
)
def test_what_is_there_passes(estimator: str, parameters: dict[str, Any]) -> None:
    assert problems(estimator, parameters=parameters) == []


@pytest.mark.parametrize(
    ("estimator", "said"),
    [
        (
            "skleran.svm.SVC",
            "train.estimator: skleran.svm.SVC: there is no module 'skleran'. Correct the path, or install",
        ),
        (
            "sklearn.smv.SVC",
            "train.estimator: sklearn.smv.SVC: there is no module 'smv' in sklearn. Did you mean sklearn.svm?",
        ),
        ("sklearn.svm.SVCC", "train.estimator: sklearn.svm has no 'SVCC'. Did you mean SVC?"),
        ("sklearn.svm.SVC.fit", "train.estimator: sklearn.svm.SVC.fit: there is no module 'SVC' in sklearn.svm."),
    ],
)
def test_what_is_not_there_is_told_with_the_nearest(estimator: str, said: str) -> None:
    (line,) = problems(estimator)
    assert line.startswith(said)


def test_all_unknown_parameters_are_told_those_of_the_search_too() -> None:
    tune = Tune(space={"max_dept": (1,), "min_samples_leaf": (2,)})
    assert [line.split(":")[0] for line in problems(parameters={"max_deph": 1, "criterio": "gini"}, tune=tune)] == [
        "train.parameters.max_deph",
        "train.parameters.criterio",
        "train.tune.space.max_dept",
    ]


def test_parameters_of_a_model_inside_the_model_are_its_own_matter() -> None:
    assert problems("sklearn.ensemble.AdaBoostClassifier", parameters={"estimator__max_depth": 1}) == []


def test_an_own_step_is_looked_up_too() -> None:
    assert problems(preprocess="scripts.core.features.derive") == []
    (line,) = problems(preprocess="scripts.core.features.deriv")
    assert line == "train.preprocess: scripts.core.features has no 'deriv'. Did you mean derive?"


@pytest.mark.parametrize(
    ("source", "passes"),
    [
        ("class Model:\n    def __init__(self, a): ...", False),
        ("class Model:\n    def __init__(self, b=1, *, c=2): ...", True),
        ("class Model:\n    def __init__(self, **others): ...", True),
        ("class Base: ...\nclass Model(Base): ...", True),
        (
            "try:\n    import no_such\nexcept ImportError:\n    class Model:\n        def __init__(self, b, c): ...",
            True,
        ),
        ("if True:\n    from os import *", True),
        ("def __getattr__(name): ...", True),
        ("Model = Other = type('Model', (), {})", True),
        ("Model: type = object", True),
        ("this is no Python", True),
        ("other = 1", False),
    ],
)
def test_what_a_source_does_not_tell_passes(
    source: str, passes: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_models.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    assert (problems("own_models.Model", parameters={"b": 1, "c": 2}) == []) == passes


def test_nothing_is_imported() -> None:
    code = (
        "import sys; from scripts.core.params import Train; from scripts.edges import installed;"
        "installed.problems(Train(estimator='sklearn.svm.SVC', parameters={'C': 1}));"
        "print(sorted({'sklearn', 'numpy', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
