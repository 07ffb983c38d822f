"""Evaluations as the stage writes them, of predictions that are made up, and what a second look finds."""

import io
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from scripts.core import bundle, text
from scripts.core.declaration import Declaration
from scripts.core.errors import Mistake
from scripts.core.gate.contest import Contest, blocks, weighed
from scripts.core.gate.evidence import Scored
from scripts.core.gate.seat import Seat
from scripts.core.gate.slices import levels
from scripts.core.params import Gate
from scripts.core.recheck import count, differing, recheck
from scripts.core.scoring.truth import truth_of
from scripts.core.settings.data_params import Data
from scripts.stages import evaluate

LABELS: dict[str, Any] = {"binary": [0, 1], "multiclass": ["high", "low", "middle"], "regression": None}
METRICS = {"binary": "neg_log_loss", "multiclass": "log_loss", "regression": "mean_absolute_error"}


def data(task: str) -> Data:
    columns = {"place": {"kind": "category"}, "size": {"kind": "number"}}
    plain = {"name": "small", "task": task, "target": "y", "id": "id", "time": "at", "holdout": "7D"}
    return Data.model_validate({**plain, "source": {"kind": "replay"}, "columns": columns})


def gate(task: str, **other: Any) -> Gate:
    plain: dict[str, Any] = {
        "metric": METRICS[task],
        "block": "1D",
        "resamples": 1000,
        "slices": ["place", "size"],
        "min_rows": 10,
    }
    if task == "binary":
        plain |= {"metrics": ["brier"], "guardrails": {"auc": {"max_worse": 0.3}}, "limits": {"auc": 0.2}}
    return Gate.model_validate_json(json.dumps({**plain, "slice_min_rows": 40, "max_believable": 10} | other))


def predictions(task: str, frame: pd.DataFrame, skill: float, rng: np.random.Generator) -> Any:
    labels, target = LABELS[task], frame["y"].to_numpy()
    if labels is None:
        return target + rng.normal(0, 2 - skill, len(frame))
    right = np.array(labels) == target[:, None]
    raw = right * skill + rng.random((len(frame), len(labels)))
    return raw / raw.sum(axis=1, keepdims=True)


def contest(
    task: str,
    rules: Gate,
    *,
    days: int = 10,
    first: bool = False,
    fault: str | None = None,
    equal: bool = False,
    worn: float = 0.0,
) -> Contest:
    rng = np.random.default_rng(0)
    rows = 40 * days
    labels = LABELS[task]
    frame = pd.DataFrame(
        {
            "at": pd.Timestamp("2024-02-01T03:00") + pd.to_timedelta(np.sort(rng.integers(0, days * 86400, rows)), "s"),
            "place": rng.choice(np.array(["north", "south", None], object), rows, p=[0.6, 0.39, 0.01]),
            "size": rng.normal(size=rows),
            "y": rng.normal(size=rows) if labels is None else rng.choice(labels, rows),
        }
    )
    frame["at"] = frame["at"].astype("datetime64[us]")
    candidate = predictions(task, frame, 1.0, rng)
    production = candidate if equal else predictions(task, frame, 0.9, rng)
    scored = Scored(
        target=frame["y"].to_numpy(),
        candidate=np.full_like(candidate, np.nan) if fault else candidate,
        production=None if first else production,
        blocks=blocks(frame, data(task), rules),
        classes=labels,
        positive=1 if task == "binary" else None,
        slices={name: levels(frame[name], data(task).columns[name].kind) for name in rules.slices},
    )
    seats = Seat("candidate", "sha256:new", fault=fault), None if first else Seat("production", "sha256:old")
    judgement = weighed(scored, rules, leaked=2, faults=[fault] if fault else [], same=(), worn=worn)
    truth = truth_of(scored.target, scored.blocks, scored.classes, scored.positive, rules.seed)
    hashes = np.arange(rows, dtype=np.uint64)
    return Contest(frame, hashes, 2, *seats, scored, truth, judgement, frame["at"], worn)


def written(found: Contest, rules: Gate) -> tuple[dict[str, Any], bytes]:
    """The report as it comes out of its file, and the predictions."""
    rows = evaluate.parquet(found)
    declared = Declaration(version=4, bundle="sha256:old")
    return json.loads(text.to_json(evaluate.report(found, declared, rules, rows))), rows


@pytest.fixture(scope="module")
def binary() -> tuple[dict[str, Any], bytes]:
    rules = gate("binary")
    return written(contest("binary", rules), rules)


@pytest.mark.parametrize("task", list(LABELS))
def test_the_same_verdict_comes_out_again(task: str) -> None:
    rules = gate(task)
    evaluation, rows = written(contest(task, rules), rules)
    found = recheck(evaluation, rows)
    assert found.differences == () and found.same
    assert found.verdict == evaluation["verdict"]["verdict"]
    assert found.reasons == tuple(evaluation["verdict"]["reasons"])
    assert found.fields > 50


def test_the_first_model_is_checked_too() -> None:
    rules = gate("binary")
    evaluation, rows = written(contest("binary", rules, first=True), rules)
    assert evaluation["verdict"]["first"] and recheck(evaluation, rows).same


def test_more_blocks_than_are_resampled_by_themselves() -> None:
    """Slices join blocks by themselves: the blocks of the whole would give them other intervals."""
    rules = gate("binary", block="1h")
    evaluation, rows = written(contest("binary", rules, days=14), rules)
    assert evaluation["holdout"]["blocks"] > 250 and recheck(evaluation, rows).same


def test_independent_rows() -> None:
    rules = gate("binary", block=None)
    evaluation, rows = written(contest("binary", rules), rules)
    assert evaluation["holdout"]["blocks"] is None and recheck(evaluation, rows).same


def test_a_model_with_a_fault_is_invalid_again_for_the_same_reason() -> None:
    rules = gate("binary")
    fault = "the candidate can't be scored: models/candidate.zip is missing"
    evaluation, rows = written(contest("binary", rules, fault=fault), rules)
    found = recheck(evaluation, rows)
    assert (found.verdict, found.reasons[0], found.differences) == ("INVALID", fault, ())


def test_a_worn_hold_out_asks_for_as_much_again() -> None:
    rules = gate("binary", reuse_budget=1)
    evaluation, rows = written(contest("binary", rules, worn=9.5), rules)
    assert evaluation["method"]["confidence"] > 0.99 and recheck(evaluation, rows).same
    evaluation["holdout"]["uses"] = 0.0
    assert not recheck(evaluation, rows).same


def test_equal_predictions_are_found_out_again() -> None:
    rules = gate("binary")
    evaluation, rows = written(contest("binary", rules, equal=True), rules)
    found = recheck(evaluation, rows)
    assert (found.verdict, found.differences) == ("INVALID", ())


CHANGES: list[tuple[str, Any]] = [
    ("verdict.verdict", "REJECT"),
    ("verdict.reasons", ["because I say so"]),
    ("metrics.log_loss.candidate", 0.123),
    ("metrics.log_loss.interval", [-1.0, 1.0]),
    ("metrics.brier_score.difference", None),
    ("guardrails.0.worse_by", 0.5),
    ("limits.0.broken", True),
    ("slices.rows.1.difference", 0.01),
    ("slices.compared", 3),
    ("self_tests.0.verdict", "PROMOTE"),
    ("holdout.rows", 401),
    ("holdout.fingerprint", "sha256:0"),
    ("holdout.leaked", 300),
    ("method.gate.seed", 7),
    ("method.gate.confidence", 0.9),
    ("method.gate.min_improvement", 0.3),
]


@pytest.mark.parametrize(("where", "value"), CHANGES, ids=[where for where, _ in CHANGES])
def test_whatever_was_changed_afterwards_is_found(binary: tuple[dict[str, Any], bytes], where: str, value: Any) -> None:
    evaluation, rows = json.loads(json.dumps(binary[0])), binary[1]
    *path, last = where.split(".")
    part = evaluation
    for name in path:
        part = part[int(name)] if name.isdigit() else part[name]
    assert part[last] != value
    part[last] = value
    assert not recheck(evaluation, rows).same


def test_other_predictions_are_refused(binary: tuple[dict[str, Any], bytes]) -> None:
    with pytest.raises(Mistake, match="the evaluation names sha256:"):
        recheck(binary[0], binary[1] + b"\0")


def test_predictions_that_were_changed_with_their_digest_are_found(binary: tuple[dict[str, Any], bytes]) -> None:
    frame = pd.read_parquet(io.BytesIO(binary[1]))
    frame.loc[0, ["candidate_0", "candidate_1"]] = frame.loc[0, ["candidate_1", "candidate_0"]].to_numpy().copy()
    rows = frame.to_parquet(index=False)
    evaluation = {**binary[0], "predictions": {"digest": bundle.digest(rows)}}
    assert any(
        said.startswith("metrics.log_loss.candidate: computed 0.") for said in recheck(evaluation, rows).differences
    )


def test_an_evaluation_without_its_rules_is_told(binary: tuple[dict[str, Any], bytes]) -> None:
    method = {name: value for name, value in binary[0]["method"].items() if name != "gate"}
    with pytest.raises(Mistake, match="does not record the gate's rules"):
        recheck({**binary[0], "method": method}, binary[1])


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("gate", {"metric": "luck"}),
        ("gate", 3),
        ("gate", {"metric": "log_loss", "slices": ["nowhere"]}),
        ("classes", 7),
    ],
)
def test_an_evaluation_that_was_broken_by_hand_is_told(
    binary: tuple[dict[str, Any], bytes], where: str, value: Any
) -> None:
    with pytest.raises(Mistake, match=r"^evaluation: does not say what it should \("):
        recheck({**binary[0], "method": {**binary[0]["method"], where: value}}, binary[1])


def test_numbers_may_be_off_by_their_last_digits() -> None:
    assert list(differing({"a": 0.123456789012}, {"a": 0.123456789013})) == []
    assert list(differing({"a": 1.0, "b": [1, 2]}, {"a": 1.00001, "b": [1, 3]})) == [
        "a: computed 1.0, written 1.00001",
        "b[1]: computed 2, written 3",
    ]
    assert list(differing({"a": True}, {"a": 1})) == ["a: computed True, written 1"]
    assert list(differing({"a": [1]}, {"b": [1, 2]})) == [
        "a: computed 1 items, written None",
        "b: computed None, written 2 items",
    ]


def test_fields_are_counted() -> None:
    assert count({"a": [1, 2, {"b": None}], "c": "text"}) == 4
