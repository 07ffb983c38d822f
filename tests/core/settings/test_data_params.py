from typing import Any

import pytest

from scripts.core.errors import Mistake
from scripts.core.settings.data_params import Column, Data
from tests import tables


def mistakes(**changed: Any) -> list[str]:
    with pytest.raises(Mistake) as raised:
        tables.binary().params(**changed)
    return [line.partition(" ")[2] for line in raised.value.lines]


def test_columns_keep_their_order() -> None:
    assert list(tables.binary().checked.columns) == ["size", "speed", "place"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"data__target": "size"}, "data.target names 'size', which is named more than once. Remove the others."),
        ({"data__id": "at"}, "data.id names 'at', which is named more than once. Remove the others."),
        ({"data__columns": {}}, "data.columns has no feature. List at least one column."),
        ({"data__columns": {"a": {"kind": "number", "feature": False}}, "gate__slices": []}, "has no feature"),
        ({"data__columns": {"_batch": {"kind": "number"}}}, "has '_batch', which is a name that predictions get"),
        (
            {"data__columns": {"prediction": {"kind": "number"}}},
            "has 'prediction', which is a name that predictions get",
        ),
        ({"data__holdout": 0.2}, "data.holdout must be a span such as 14D."),
        ({"data__time": None}, "data.holdout must be a share such as 0.2, for there is no time column."),
    ],
)
def test_what_does_not_hang_together_is_named(changed: dict[str, Any], said: str) -> None:
    assert any(said in line for line in mistakes(**changed))


def test_several_contradictions_are_told_at_once() -> None:
    assert len(mistakes(data__target="size", data__time=None)) == 2


def test_names_of_class_probabilities_are_taken_in_a_multiclass_task_only() -> None:
    columns = {"prediction_error": {"kind": "number"}}
    tables.binary().params(data__columns=columns)
    with pytest.raises(Mistake, match="prediction_error"):
        tables.three_classes().params(data__columns=columns)


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ({"kind": "category", "min": 1}, "has min or max, which only a number can have"),
        ({"kind": "number", "categories": ("a",)}, "has categories, which only a category can have"),
        ({"kind": "number", "min": 2, "max": 1}, "has min 2 above max 1. Exchange them"),
    ],
)
def test_a_column_fits_its_kind(column: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Column.model_validate(column)


def test_true_and_false_are_labels_and_categories() -> None:
    read = tables.binary().params(
        data__positive=True, data__columns={"b": {"kind": "category", "categories": [True, "x"]}}
    )
    assert read.data.positive == 1
    assert read.data.columns["b"].categories == ("true", "x")


@pytest.mark.parametrize(
    "source",
    [
        {"kind": "files", "path": "s3://bucket/*.parquet"},
        {"kind": "url", "url": "https://x/y.csv"},
        {"kind": "sql", "url": "sqlite:///x.db", "query": "select 1"},
    ],
)
def test_every_kind_of_source_is_read(source: dict[str, Any]) -> None:
    assert tables.binary().params(data__source=source).data.source.kind == source["kind"]


def test_data_are_frozen() -> None:
    data: Data = tables.binary().checked
    with pytest.raises(ValueError, match="frozen"):
        data.target = "x"  # type: ignore[misc]
