from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.core.settings.param_types import (
    Block,
    Category,
    Dotted,
    Holdout,
    Label,
    Name,
    Plain,
    PositiveSpan,
    Separator,
    Span,
    Zone,
    parse_span,
    span_text,
)


class Everything(Block):
    span: Span = timedelta(0)
    positive: PositiveSpan = timedelta(1)
    holdout: Holdout = 0.5
    dotted: Dotted = "a.b"
    name: Name = "a"
    zone: Zone = "UTC"
    separator: Separator = ","
    label: Label = 1
    category: Category = "a"
    plain: Plain = None


def read(field: str, value: Any) -> Any:
    return getattr(Everything.model_validate({field: value}), field)


GOOD = [
    ("span", "90D", timedelta(90)),
    ("span", "36h", timedelta(hours=36)),
    ("span", "30min", timedelta(minutes=30)),
    ("span", "2W", timedelta(14)),
    ("span", "0D", timedelta(0)),
    ("holdout", "14D", timedelta(14)),
    ("holdout", 0.2, 0.2),
    ("dotted", "sklearn.svm.SVC", "sklearn.svm.SVC"),
    ("name", "flight-disruption", "flight-disruption"),
    ("zone", "Europe/Paris", "Europe/Paris"),
    ("separator", ";", ";"),
    ("separator", "\t", "\t"),
    ("label", True, 1),
    ("label", False, 0),
    ("label", "yes", "yes"),
    ("category", True, "true"),
    ("category", 3, 3),
    ("plain", [1, "a", None, {"b": (2.5, True)}], (1, "a", None, {"b": (2.5, True)})),
]
BAD = [
    ("span", "90"),
    ("span", "90d"),
    ("span", " 90D"),
    ("span", "90D\n"),
    ("span", "-1D"),
    ("span", "1.5D"),
    ("span", "٣D"),
    ("span", "999999999999D"),
    ("span", "9" * 5000 + "D"),
    ("span", 90),
    ("span", None),
    ("positive", "0D"),
    ("holdout", "0D"),
    ("holdout", 0),
    ("holdout", 1),
    ("holdout", 1.5),
    ("holdout", True),
    ("holdout", float("nan")),
    ("dotted", "RandomForest"),
    ("dotted", "a.b\n"),
    ("dotted", "a..b"),
    ("dotted", "a.b; import os"),
    ("name", ""),
    ("name", "a b"),
    ("name", "-a"),
    ("name", "a\n"),
    ("name", "../a"),
    ("name", "a" * 65),
    ("zone", "Europe/Pariss"),
    ("zone", ""),
    ("zone", "../../etc/passwd"),
    ("separator", ""),
    ("separator", ";;"),
    ("separator", '"'),
    ("separator", "\n"),
    ("separator", "a"),
    ("separator", "§"),
    ("plain", float("nan")),
    ("plain", [1, {"a": float("inf")}]),
    ("plain", timedelta(1)),
]


@pytest.mark.parametrize(("field", "value", "meant"), GOOD)
def test_what_is_right_is_read(field: str, value: Any, meant: Any) -> None:
    found = read(field, value)
    assert found == meant
    assert type(found) is type(meant)


@pytest.mark.parametrize(("field", "value"), BAD)
def test_what_is_wrong_is_refused_by_pydantic_itself(field: str, value: Any) -> None:
    with pytest.raises(ValueError, match="validation error"):
        read(field, value)


@given(st.integers(0, 10**6), st.sampled_from(["min", "h", "D", "W"]))
def test_a_span_is_written_as_short_as_it_can_be_and_means_the_same(count: int, unit: str) -> None:
    span = parse_span(f"{count}{unit}")
    assert parse_span(span_text(span)) == span
    assert len(span_text(span)) <= len(f"{count * 7}{unit}")


@pytest.mark.parametrize(
    ("text", "short"), [("14D", "14D"), ("1W", "7D"), ("36h", "36h"), ("90min", "90min"), ("48h", "2D")]
)
def test_spans_for_people(text: str, short: str) -> None:
    assert span_text(parse_span(text)) == short


def test_a_block_is_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Everything().name = "b"  # type: ignore[misc]


def test_json_has_spans_as_text() -> None:
    values = Everything(span="14D", holdout="1W").model_dump(mode="json")  # type: ignore[arg-type]
    assert (values["span"], values["holdout"]) == ("14D", "7D")
