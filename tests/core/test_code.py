import json
from typing import Any

import pytest
import yaml

from scripts.core import code
from scripts.core.params import Params
from scripts.core.text import to_json
from tests import tables
from tests.layout import ROOT

SOURCES = code.digest({"a.py": b"1"})


def manifest(params: Params) -> dict[str, Any]:
    """As it comes out of a bundle."""
    return dict(json.loads(to_json({"params": code.training_params(params), "code": SOURCES})))


def gate(params: Params) -> str:
    return code.params_digest(code.gate_params(params))


@pytest.mark.parametrize("name", tables.ALL)
def test_what_made_production_has_not_changed_since(name: str) -> None:
    params = tables.ALL[name]().params(data__columns={"size": {"kind": "number", "min": 1 / 3, "max": 1.7e308}})
    assert code.changed(params, manifest(params), SOURCES, gate(params)) == ()


def test_numbers_with_many_digits_are_no_change() -> None:
    digits = {"learning_rate": 0.123456789012345, "nested": [1 / 3, {"a": 2 / 3}]}
    params = tables.three_classes().params(train__parameters=digits, data__holdout=0.3333333333333333)
    assert code.changed(params, manifest(params), SOURCES, gate(params)) == ()


@pytest.mark.parametrize(
    ("changed", "names"),
    [
        ({"train__seed": 1}, ("train",)),
        ({"train__parameters": {"max_depth": 4}}, ("train",)),
        ({"data__holdout": "11D"}, ("data",)),
        ({"gate__min_improvement": 0.1}, ("gate",)),
        ({"train__seed": 1, "data__holdout": "11D", "gate__seed": 3}, ("data", "train", "gate")),
        ({"data__source": {"kind": "files", "path": "elsewhere"}}, ()),
        ({"compute": {"engine": "dask", "workers": 7}}, ()),
        ({"drift": {"effect": 0.3}, "triggers": {"new_rows": {"rows": 5}}, "tracking": {"enabled": False}}, ()),
    ],
)
def test_what_makes_a_model_or_a_verdict_counts(changed: dict[str, Any], names: tuple[str, ...]) -> None:
    before, after = tables.binary().params(), tables.binary().params(**changed)
    assert code.changed(after, manifest(before), SOURCES, gate(before)) == names


def test_other_code_is_a_change_and_an_unknown_gate_is_none() -> None:
    params = tables.binary().params()
    assert code.changed(params, manifest(params), code.digest({"a.py": b"2"}), None) == ("code",)


def test_a_digest_knows_names_and_contents_and_no_order() -> None:
    assert code.digest({"a": b"1", "b": b"2"}) == code.digest({"b": b"2", "a": b"1"})
    assert len({code.digest(each) for each in ({"a": b"1"}, {"a": b"2"}, {"b": b"1"}, {"a": b"1", "b": b""}, {})}) == 5
    assert code.digest({"a": b"1\nb"}) != code.digest({"a": b"1", "b": b""})


def test_a_run_is_named_by_what_goes_in() -> None:
    assert code.run_id({"a": b"1"}) == code.run_id({"a": b"1"})
    assert len(code.run_id({"a": b"1"})) == 8
    assert code.run_id({"a": b"1"}) != code.run_id({"a": b"2"})


def test_the_sources_of_a_stage_are_those_that_the_pipeline_names() -> None:
    pipeline = yaml.safe_load((ROOT / "dvc.yaml").read_text("utf-8"))
    named = code.stage_sources(pipeline, "train")
    assert "scripts/stages/train.py" in named
    assert all(path.endswith(".py") for path in named)
    assert "data" not in named
