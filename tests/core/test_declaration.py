import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.core import declaration
from scripts.core.declaration import Declaration, Judged, Replaced, Rows, Score, Verdict
from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.text import rounded

EXAMPLE = """{
  "version": 5,
  "bundle": "sha256:9c1f",
  "replaces": {
    "version": 4,
    "bundle": "sha256:41d0"
  },
  "verdict": {
    "verdict": "PROMOTE",
    "first": false,
    "reasons": [
      "log_loss better by 0.0149 (95% interval 0.002 to 0.028)"
    ]
  },
  "metrics": {
    "log_loss": {
      "candidate": 0.561,
      "production": 0.5759,
      "difference": -0.0149,
      "interval": [
        -0.028,
        -0.002
      ]
    }
  },
  "trained_on": {
    "rows": 166158,
    "from": "2013-01-01T05:15:00",
    "to": "2013-06-23T23:59:00"
  },
  "judged_on": {
    "rows": 6512,
    "from": "2013-06-24T05:00:00",
    "to": "2013-06-30T23:59:00",
    "holdout": "sha256:77ab",
    "uses": 1
  },
  "why": [
    "new_rows"
  ]
}
"""
FLOATS = st.floats(allow_nan=False, allow_infinity=False).map(rounded)
TEXTS = st.text(max_size=20)
STAMPS = st.none() | st.datetimes().map(lambda stamp: stamp.isoformat())
DECLARATIONS = st.builds(
    Declaration,
    version=st.integers(1, 10**6),
    bundle=st.from_regex(r"sha256:[0-9a-f]{64}", fullmatch=True),
    replaces=st.none() | st.builds(Replaced, version=st.integers(1), bundle=TEXTS),
    verdict=st.none() | st.builds(Verdict, verdict=TEXTS, first=st.booleans(), reasons=st.lists(TEXTS).map(tuple)),
    metrics=st.dictionaries(
        TEXTS,
        st.builds(
            Score,
            candidate=FLOATS,
            production=st.none() | FLOATS,
            difference=st.none() | FLOATS,
            interval=st.none() | st.tuples(FLOATS, FLOATS),
        ),
        max_size=3,
    ),
    trained_on=st.none() | st.builds(Rows, rows=st.integers(0), from_=STAMPS, to=STAMPS),
    judged_on=st.none()
    | st.builds(Judged, rows=st.integers(0), from_=STAMPS, to=STAMPS, holdout=TEXTS, uses=st.integers(1)),
    why=st.lists(TEXTS).map(tuple),
)


@given(DECLARATIONS)
def test_what_is_written_is_read_back(declared: Declaration) -> None:
    assert declaration.parse(declaration.render(declared)) == declared


def test_the_example_is_read_and_written_to_the_letter() -> None:
    assert declaration.render(declaration.parse(EXAMPLE)) == EXAMPLE


def test_no_production_yet_is_version_0_and_no_bundle() -> None:
    text = declaration.render(declaration.none())
    assert json.loads(text) == {"version": 0, "bundle": None, "metrics": {}, "why": []}
    assert declaration.parse(text) == declaration.none()


def altered(**values: Any) -> str:
    return json.dumps(json.loads(EXAMPLE) | values)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Expecting value"),
        ("[]", "dictionary"),
        (EXAMPLE[:100], "Unterminated"),
        ("<<<<<<< HEAD\n" + EXAMPLE, "Expecting value"),
        ("[" * 100_000, "recursion"),
        (altered(version="five"), "version: Input should be a valid integer"),
        (altered(extra=1), "extra: Extra inputs are not permitted"),
        (altered(bundle=None), "version 5 with the bundle None"),
        (altered(bundle=""), "version 5 with the bundle"),
        (altered(version=0), "version 0 with the bundle"),
        (altered(version=-1), "version -1"),
        (altered(judged_on={"rows": 1}), "judged_on.holdout: Field required"),
    ],
)
def test_anything_else_is_refused_with_the_cure(text: str, said: str) -> None:
    with pytest.raises(Mistake) as raised:
        declaration.parse(text)
    (line,) = raised.value.lines
    assert line.startswith("models/production.json: can't be read as a declaration (")
    assert said in line
    assert line.endswith("Restore it: git checkout -- models/production.json")
    assert raised.value.code == OUTSIDE
