"""Every mistake of a text at once, each with its line."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scripts.core import params
from scripts.core.errors import USAGE, Mistake
from scripts.core.settings import yaml_file
from tests.layout import ROOT

TEXT = (ROOT / "params.yaml").read_text("utf-8")


def mistakes(text: str) -> tuple[str, ...]:
    with pytest.raises(Mistake) as raised:
        params.parse(text)
    assert raised.value.code == USAGE
    assert all("\n" not in line for line in raised.value.lines)
    return raised.value.lines


def changed(before: str, after: str) -> str:
    assert before in TEXT
    return TEXT.replace(before, after, 1)


def line_of(words: str, text: str = TEXT) -> int:
    return next(number for number, line in enumerate(text.splitlines(), start=1) if words in line)


def test_all_mistakes_of_a_file_are_told_at_once_in_the_order_of_the_file() -> None:
    text = TEXT
    for before, after in (
        ("task: binary", "task: binery"),
        ("  holdout: 14D", "  holdout: 14 days"),
        ("max_missing: 0}", "max_mising: 0}"),
        ("min_rows: 100", "min_rows: '100'"),
        ("effect: 0.2", "effect: .inf"),
        ("metric: log_loss", "metric: log_los"),
        ("resamples: 2000", "resamples: 2"),
        ("share: 0.25", "share: 25"),
        ("{enabled: true}", "{enabled: maybe}"),
        ("tracking:", "traking:"),
    ):
        assert before in text
        text = text.replace(before, after, 1)
    lines = mistakes(text)
    found = [re.match(r"params\.yaml:(\d+): ([\w.]+)", line) for line in lines]
    told = [(match[2], int(match[1])) for match in found if match]
    assert told == [
        ("data.task", line_of("binery", text)),
        ("data.holdout", line_of("14 days", text)),
        ("data.columns.carrier.max_mising", line_of("max_mising", text)),
        ("validate.min_rows", line_of("'100'", text)),
        ("drift.effect", line_of(".inf", text)),
        ("gate.metric", line_of("log_los", text)),
        ("gate.resamples", line_of("resamples: 2", text)),
        ("triggers.data_drift.share", line_of("share: 25", text)),
        ("triggers.prediction_drift.enabled", line_of("maybe", text)),
        ("traking", line_of("traking", text)),
    ]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", None, "is empty"),
        ("# only a comment\n", None, "is empty"),
        ("- a\n- b\n", None, "no list of settings"),
        ("just words", None, "no list of settings"),
        (TEXT + "\ndata: {}\n", line_of("tracking:") + 4, 'found duplicate key "data"'),
        (changed("  name: flight", "\tname: flight"), 5, "cannot start any token"),
        (changed("  task: binary", "<<<<<<< HEAD\n  task: binary\n=======\n"), 7, "has a conflict marker"),
        (changed("tracking:", ">>>>>>> theirs\ntracking:"), line_of("tracking:"), "has a conflict marker"),
        (TEXT + "\n---\na: 1\n", line_of("tracking:") + 4, "another document"),
        (TEXT + "\nx: \x07\n", line_of("tracking:") + 4, "has an invisible character"),
        (TEXT + "\nx: [1, 2\n", None, "is not YAML"),
        ("a: " + "[" * 500 + "]" * 500, None, "nested too deep"),
    ],
    ids=["empty", "comment", "list", "words", "twice", "tab", "ours", "theirs", "documents", "control", "open", "deep"],
)
def test_a_text_that_is_no_params(text: str, line: int | None, said: str) -> None:
    (found,) = mistakes(text)
    assert said in found
    assert found.startswith(f"params.yaml:{line}: " if line else "params.yaml:")


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
@example("a: !!python/object/apply:os.system [ls]")
@example("? [a, b]\n: 1")
@example("&x a: *x")
@example("data: &d\n  columns: *d")
def test_no_text_whatever_ends_in_a_traceback(text: str) -> None:
    with pytest.raises(Mistake):
        params.parse(text)


@given(st.integers(0, len(TEXT) - 1), st.sampled_from([*":{}[]&*!|>'\"%@`,#-? \t\n0\x00é", ""]))
def test_no_slip_of_a_finger_ends_in_a_traceback(place: int, key: str) -> None:
    try:
        params.parse(TEXT[:place] + key + TEXT[place + 1 :])
    except Mistake as mistake:
        assert mistake.lines and mistake.code == USAGE


def test_windows_line_ends_and_a_byte_order_mark_are_no_mistake() -> None:
    assert params.parse("﻿" + TEXT.replace("\n", "\r\n")) == params.parse(TEXT)


def test_an_anchor_does_not_change_what_true_is() -> None:
    params.parse(changed("{enabled: true}", "{enabled: &on true}"))


def test_a_merged_setting_is_told_where_it_is_merged() -> None:
    text = changed("  allow_override: true", "  <<: {allow_override: 3}")
    assert mistakes(text) == (
        f"params.yaml:{line_of('promotion:')}: promotion.allow_override must be true or false, is 3. "
        "Write one of them, without quotes.",
    )


def test_the_line_of_a_setting_is_known() -> None:
    assert yaml_file.line_of(TEXT, "train.parameters.max_iter") == line_of("max_iter")
    assert yaml_file.line_of(TEXT, "train.parameters.no_such") == line_of("parameters:")
    assert yaml_file.line_of(TEXT, "nothing") == 1
