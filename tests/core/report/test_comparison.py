from copy import deepcopy
from typing import Any

from scripts.core.changes import Change, Changes
from scripts.core.report import comparison
from scripts.core.report.comparison import Compared
from tests import reports
from tests.rendered import rendered
from tests.reports import HOSTILE

CHANGES = Changes(params=(Change("train.seed", "0", "1"),), data=(), code=("scripts/core/features.py",))


def compared(**other: Any) -> Compared:
    after = reports.evaluation("HOLD")
    after["models"]["candidate"]["bundle"] = "sha256:another"
    after["metrics"]["log_loss"]["candidate"] = 0.5550
    known: dict[str, Any] = {
        "before": reports.evaluation(),
        "after": after,
        "changes": CHANGES,
        "run": "https://x/runs/1",
    }
    return Compared(**known | other)


def test_verdicts_and_metrics_stand_side_by_side() -> None:
    said = comparison.comment(compared())
    assert said.startswith("### With these changes the verdict is HOLD (was PROMOTE)\n")
    assert "| log loss | 0.5610 | 0.5550 | −0.0060 | ▲ |" in said
    assert "| ROC AUC | 0.7641 | 0.7641 | +0.0000 | = |" in said
    assert "| `train.seed` | `0` | `1` |" in said
    assert "- `scripts/core/features.py`" in said
    assert said.endswith("[run](https://x/runs/1)")


def test_it_says_what_would_have_been_needed() -> None:
    assert "would have had to be" not in comparison.comment(compared()), "it lacks nothing that is known"
    found = compared()
    assert found.after is not None
    found.after["metrics"]["log_loss"]["interval"] = [-0.03, 0.0002]
    assert "\n\n- to be promoted on these rows log_loss would have had to be" in comparison.comment(found)


def test_a_worse_score_points_down() -> None:
    found = compared()
    assert found.after is not None
    found.after["metrics"]["roc_auc"]["candidate"] = 0.75
    assert "| ROC AUC | 0.7641 | 0.7500 | −0.0141 | ▼ |" in comparison.comment(found)


def test_the_same_candidate_is_said_to_be_the_same() -> None:
    found = compared(after=deepcopy(reports.evaluation()))
    assert "the candidate stays the same, the verdict is PROMOTE (was PROMOTE)" in comparison.comment(found)


def test_another_hold_out_is_told() -> None:
    found = compared()
    assert found.after is not None
    assert "different hold-out rows" not in comparison.comment(found)
    found.after["holdout"]["fingerprint"] = "sha256:fresh"
    assert "different hold-out rows" in comparison.comment(found)


def test_there_may_be_nothing_to_compare_with() -> None:
    said = comparison.comment(compared(before=None, changes=Changes()))
    assert "(was no verdict)" in said and "candidate before" not in said
    assert "no candidate is judged" in comparison.comment(compared(before=None, after=None))


def test_a_pipeline_that_fails_says_why() -> None:
    page = rendered(comparison.comment(compared(failed=HOSTILE)))
    assert page.text.startswith("With these changes the pipeline fails")
    assert page.opened["li"] == len(HOSTILE) + 1
    assert not set(page.opened) & {"script", "img"}
