"""Verdicts that earlier releases had a say in, computed anew."""

import json
from typing import Any

import numpy as np
import pytest

from scripts.core import bundle
from scripts.core.gate import contest as contests
from scripts.core.gate.anchor_list import Anchor
from scripts.core.gate.anchors import Heard
from scripts.core.recheck import recheck
from tests.core.test_recheck import LABELS, contest, gate, predictions, written

GONE = Heard(Anchor(version=1, bundle="sha256:1"), None, "the anchor v1 can't be scored: it is gone")


def judged(task: str, *skills: float, **other: Any) -> tuple[dict[str, Any], bytes]:
    """Releases v2, v3 ... that know so much; of the first the first 30 rows were its training's. And one is gone."""
    from dataclasses import replace

    rules = gate(task, **other)
    found = contest(task, rules)
    rng = np.random.default_rng(3)
    said = []
    for place, skill in enumerate(skills):
        answers = predictions(task, found.frame, skill, rng)
        answers[: 30 if place == 0 else 0] = np.nan
        said.append(Heard(Anchor(version=2 + place, bundle=f"sha256:{2 + place}"), answers))
    heard = (*said, GONE)
    judgement = contests.weighed(found.scored, rules, leaked=2, faults=[], same=(), said=heard)
    return written(replace(found, judgement=judgement, heard=heard), rules)


@pytest.fixture(scope="module")
def rejected() -> tuple[dict[str, Any], bytes]:
    return judged("binary", 0.8, 1.6)


@pytest.mark.parametrize("task", list(LABELS))
def test_the_same_comes_out_again(task: str) -> None:
    evaluation, rows = judged(task, 0.8, 1.6)
    assert [one["version"] for one in evaluation["anchors"]["rows"]] == [2, 3, 1]
    assert [one["rows"] for one in evaluation["anchors"]["rows"]] == [370, 400, 0]
    assert evaluation["verdict"]["verdict"] == "REJECT" and evaluation["anchors"]["best"] == 3
    assert recheck(evaluation, rows).differences == ()


def changed(found: tuple[dict[str, Any], bytes], where: str, value: Any) -> tuple[dict[str, Any], bytes]:
    evaluation = json.loads(json.dumps(found[0]))
    *path, last = where.split(".")
    part = evaluation
    for name in path:
        part = part[int(name)] if name.isdigit() else part[name]
    assert part[last] != value
    part[last] = value
    return evaluation, found[1]


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("anchors.broken", False),
        ("anchors.best", 2),
        ("anchors.rollback", False),
        ("anchors.tolerated", None),
        ("anchors.rows", []),
        ("anchors.rows.1.value", 0.9),
        ("anchors.rows.1.interval", [-1, 1]),
        ("anchors.rows.0.better_than_production", None),
        ("anchors.rows.0.rows", 400),
        ("anchors.rows.1.fault", "the anchor v3 can't be scored: I say so"),
        ("anchors.rows.1.taken_back", True),
        ("method.gate.anchor_max_worse", {"max_worse": 9.0, "max_worse_relative": None}),
        ("verdict.verdict", "PROMOTE"),
    ],
)
def test_whatever_was_changed_afterwards_is_found(
    rejected: tuple[dict[str, Any], bytes], where: str, value: Any
) -> None:
    assert not recheck(*changed(rejected, where, value)).same


def test_anchors_that_were_taken_out_of_the_report_are_missed(rejected: tuple[dict[str, Any], bytes]) -> None:
    evaluation = {name: value for name, value in rejected[0].items() if name != "anchors"}
    assert not recheck(evaluation, rejected[1]).same


def test_an_evaluation_from_before_there_were_any_is_checked_as_it_was() -> None:
    rules = gate("binary")
    evaluation, rows = written(contest("binary", rules), rules)
    del evaluation["anchors"]
    for name in ("anchors", "pinned", "anchor_max_worse"):
        del evaluation["method"]["gate"][name]
    assert recheck(evaluation, rows).differences == ()


def test_why_nobody_knows_more_is_believed(rejected: tuple[dict[str, Any], bytes]) -> None:
    assert recheck(*changed(rejected, "anchors.unknown", "this clone is shallow")).same


def test_the_predictions_are_the_releases_own(rejected: tuple[dict[str, Any], bytes]) -> None:
    import io

    import pandas as pd

    frame = pd.read_parquet(io.BytesIO(rejected[1]))
    assert frame["anchor_v2_0"].isna().sum() == 30 and "anchor_v1_0" not in frame
    frame["anchor_v3_1"], frame["anchor_v3_0"] = frame["anchor_v3_0"], frame["anchor_v3_1"]
    rows = frame.to_parquet(index=False)
    assert not recheck({**rejected[0], "predictions": {"digest": bundle.digest(rows)}}, rows).same
