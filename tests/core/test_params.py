"""The blocks as a whole; what each mistake is told like stands in test_yaml_words.py."""

import subprocess
import sys
from datetime import timedelta
from typing import Any

import jsonschema
import pytest
import yaml

from scripts.core import params
from scripts.core.errors import Mistake
from tests import tables
from tests.layout import ROOT

TEXT = (ROOT / "params.yaml").read_text("utf-8")
SCHEMA = params.Params.model_json_schema(by_alias=True)


@pytest.mark.parametrize("name", tables.ALL)
def test_params_of_every_kind_of_table_are_read(name: str) -> None:
    tables.ALL[name]().params()


def test_the_template_is_read_as_it_is_meant() -> None:
    read = params.parse(TEXT)
    assert read.data.holdout == timedelta(14)
    assert read.gate.block == timedelta(1)
    assert read.train.parameters["max_iter"] == 150
    assert read.validate_.min_rows == 100
    assert read.gate.guardrails["roc_auc"].max_worse == 0.02


def test_what_is_left_out_has_a_default_and_what_is_empty_too() -> None:
    read = tables.binary().params(triggers={}, tracking={})
    assert read.triggers.max_age.age == timedelta(90)
    assert read.tracking.uri == "sqlite:///mlflow.db"
    assert read.promotion.allow_override


@pytest.mark.parametrize("block", ["data", "validate", "drift", "train", "compute", "gate"])
def test_a_block_that_a_stage_reads_must_be_there(block: str) -> None:
    whole = yaml.safe_load(TEXT)
    del whole[block]
    with pytest.raises(Mistake, match=f"{block} is missing"):
        params.parse(yaml.safe_dump(whole))


def test_lists_are_frozen_with_the_rest() -> None:
    read = tables.binary().params(
        train__estimator="sklearn.neural_network.MLPRegressor", train__parameters={"a": [64, [32]]}
    )
    assert read.train.parameters["a"] == (64, (32,))


def test_metrics_may_bear_their_short_or_scorer_names() -> None:
    read = tables.binary().params(
        gate={"metric": "neg_log_loss", "metrics": ["auc"], "guardrails": {"brier": {"max_worse": 1}}}
    )
    assert read.gate.named_metrics() == [
        ("gate.metric", "neg_log_loss"),
        ("gate.metrics", "auc"),
        ("gate.guardrails.brier", "brier"),
    ]


def test_the_metric_of_the_search_must_fit_the_task() -> None:
    with pytest.raises(Mistake, match=r"train\.tune\.metric r2 is no metric for a binary task"):
        tables.binary().params(train__tune={"space": {"max_depth": [1, 2]}, "metric": "r2"})


def test_params_are_written_and_read_back_the_same() -> None:
    read = params.parse(TEXT)
    again = params.parse(yaml.safe_dump(read.model_dump(mode="json", by_alias=True), sort_keys=False))
    assert again == read


def every_field(schema: Any) -> list[tuple[str, Any]]:
    models = {"Params": schema, **schema["$defs"]}
    return [
        (f"{name}.{field}", its) for name, model in models.items() for field, its in model.get("properties", {}).items()
    ]


@pytest.mark.parametrize(("name", "field"), every_field(SCHEMA), ids=[name for name, _ in every_field(SCHEMA)])
def test_every_setting_has_a_one_line_description(name: str, field: dict[str, Any]) -> None:
    said = field["description"]
    assert said.endswith(".")
    assert "\n" not in said
    assert 8 < len(said) < 130


def test_the_schema_takes_what_the_reader_takes_and_refuses_what_it_refuses() -> None:
    whole = yaml.safe_load(TEXT)
    jsonschema.validate(whole, SCHEMA)
    for path, value in (
        (("gate", "min_improvment"), 1),
        (("data", "task"), "bynary"),
        (("data", "holdout"), "14 days"),
        (("triggers", "data_drift", "share"), 25),
        (("train", "estimator"), "Forest"),
        (("train", "threads"), 0),
        (("data", "columns", "carrier", "mim"), 1),
        (("data", "name"), "a b"),
    ):
        broken = yaml.safe_load(TEXT)
        inner = broken
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = value
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, SCHEMA)
        with pytest.raises(Mistake):
            params.parse(yaml.safe_dump(broken))


def test_reading_params_imports_nothing_heavy() -> None:
    code = "import sys; from scripts.core import params, declaration, triggers; print(*sys.modules)"
    out = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"numpy", "pandas", "sklearn", "pyarrow", "mlflow", "dvc"} & set(out)
