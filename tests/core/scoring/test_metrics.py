import sys
from subprocess import run

import pytest
from sklearn.metrics import get_scorer, get_scorer_names

from scripts.core.errors import USAGE, Mistake
from scripts.core.scoring.metrics import ALIASES, METRICS, find

SCORERS = {name: f"neg_{name}" if not metric.greater_is_better else name for name, metric in METRICS.items()}


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_is_a_scikit_learn_scorer_of_the_same_direction(name: str) -> None:
    assert SCORERS[name] in get_scorer_names()
    assert (get_scorer(SCORERS[name])._sign == 1) is METRICS[name].greater_is_better


@pytest.mark.parametrize("name", METRICS)
def test_a_scorer_name_means_its_metric(name: str) -> None:
    assert find(SCORERS[name]) is find(name) is METRICS[name]


@pytest.mark.parametrize("alias", ALIASES)
def test_a_short_form_means_its_metric(alias: str) -> None:
    assert find(alias).name == ALIASES[alias]


def test_short_forms_and_scorer_names_go_together() -> None:
    assert find("neg_rmse").name == "root_mean_squared_error"


@pytest.mark.parametrize(
    ("wrong", "near"), [("log_los", "log_loss"), ("roc-auc", "roc_auc"), ("neg_brier_scor", "brier_score")]
)
def test_an_unknown_name_is_refused_with_the_nearest(wrong: str, near: str) -> None:
    with pytest.raises(Mistake, match=f"'{wrong}' is no known metric. Did you mean {near}") as caught:
        find(wrong)
    assert caught.value.code == USAGE


def test_a_negated_score_is_refused() -> None:
    with pytest.raises(Mistake):
        find("neg_roc_auc")


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_nearer_to_perfect_is_better(metric) -> None:
    far, near = 0.5, (0.5 + metric.perfect) / 2
    assert metric.gain(near - far) > 0


def test_every_task_has_a_metric_of_each_kind_it_needs() -> None:
    for task in ("binary", "multiclass", "regression"):
        assert {metric.greater_is_better for metric in METRICS.values() if task in metric.tasks} == {True, False}


def test_the_catalogue_imports_nothing_heavy() -> None:
    heavy = "{'numpy', 'pandas', 'sklearn', 'scipy'} & set(sys.modules)"
    code = f"import sys, scripts.core.scoring.metrics; print({heavy})"
    found = run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.stdout.strip() == "set()"
