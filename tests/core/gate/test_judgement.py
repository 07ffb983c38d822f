import json

import pytest

from scripts.core.gate import gate as gates
from scripts.core.gate.evidence import Slice
from scripts.core.text import to_json
from tests.core.known_evidence import NAN, compared, evidence, first, gate


def test_a_first_model_is_promoted_and_says_so() -> None:
    judged = gates.judge(evidence(first(compared(0.0, production=0.5612)), first=True), gate())
    told = judged.to_dict()
    assert told["verdict"] == {
        "verdict": "PROMOTE",
        "first": True,
        "reasons": ["first model: there is no production to compare with; log_loss 0.5612 on 6,500 rows"],
    }
    assert told["metrics"]["log_loss"] | {"candidate_interval": None} == {
        "decides": True, "greater_is_better": False, "candidate": 0.5612, "production": None, "difference": None,
        "interval": None, "candidate_interval": None, "reading": None,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["PROMOTE", "HOLD", "REJECT", "INVALID"])
def test_every_judgement_is_json(name: str) -> None:
    improvement = {"PROMOTE": 0.02, "HOLD": 0.0, "REJECT": -0.1, "INVALID": NAN}[name]
    found = evidence(
        compared(improvement),
        compared(improvement, name="roc_auc"),
        slices=(Slice("a", "x", 900, 14, compared(improvement)), Slice("a", "y", 9, 2, None)),
    )
    judged = gates.judge(found, gate(guardrails={"roc_auc": {"max_worse": 0.2}}, limits={"roc_auc": 0.1}))
    told = json.loads(to_json(judged.to_dict()))
    assert told["verdict"]["verdict"] == name
    assert told["slices"]["too_small"] == ["a=y"]
    assert [row["state"] for row in told["slices"]["rows"]][1] == "too_small"


@pytest.mark.parametrize(
    ("improvement", "half", "reading"),
    [(0.02, 0.01, "better"), (-0.02, 0.01, "worse"), (0.02, 0.03, "unclear"), (-0.02, 0.03, "unclear")],
)
@pytest.mark.parametrize("name", ["log_loss", "roc_auc"])
def test_a_metric_is_read_by_its_interval(name: str, improvement: float, half: float, reading: str) -> None:
    told = gates.judge(evidence(compared(0.02), compared(improvement, half, name)), gate()).to_dict()
    assert told["metrics"][name]["reading"] == reading


def test_the_order_of_the_report_is_the_order_in_which_it_is_read() -> None:
    told = gates.judge(evidence(compared(0.02)), gate()).to_dict()
    assert list(told) == ["verdict", "metrics", "needed", "guardrails", "limits", "slices", "anchors", "self_tests"]
