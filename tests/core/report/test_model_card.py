from dataclasses import replace

import pytest

from scripts.core.report import model_card
from tests import genuine, reports


@pytest.mark.parametrize(
    ("task", "asked"),
    [
        ("binary", "It tells how probable it is that **late** is `1`."),
        ("multiclass", "It tells how probable each value of **species** is: `Adelie`, `Chinstrap`, `Gentoo`."),
        ("regression", "It estimates **price**."),
    ],
)
def test_the_card_says_what_is_asked_of_it_and_of_which_columns(task: str, asked: str) -> None:
    made_of = genuine.material(genuine.bundle_of(task))
    said = model_card.card(made_of)
    assert said.startswith("---\nlibrary_name: sklearn\ntags:\n- skops\n- tabular-")
    assert asked in said
    for column in list(made_of.bundle.manifest["features"])[:3]:
        assert f"| {column} |" in said


def test_what_it_can_not_be_trusted_with_is_said() -> None:
    evaluation = reports.evaluation()
    evaluation["slices"] |= {"too_small": ["origin=LEX"], "broken": ["origin=JFK"]}
    said = model_card.card(genuine.material(genuine.bundle_of(), evaluation=evaluation))
    assert "Too few rows to be judged by themselves: origin=LEX." in said
    assert "Worse than the model before it on: origin=JFK." in said


def test_digests_say_where_it_comes_from() -> None:
    made_of = genuine.material(genuine.bundle_of())
    said = model_card.card(made_of)
    assert made_of.bundle.digest in said and made_of.bundle.manifest["digests"]["model.skops"] in said


def test_a_thousand_columns_are_counted_not_listed() -> None:
    made_of = genuine.material(genuine.bundle_of())
    features = {f"column {number}": "number" for number in range(1000)}
    opened = replace(made_of.bundle, manifest={**made_of.bundle.manifest, "features": features})
    said = model_card.card(replace(made_of, bundle=opened))
    assert "*and 940 more: see manifest.json*" in said and len(said) < 120_000
