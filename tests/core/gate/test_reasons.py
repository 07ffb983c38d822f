import math

import pytest

from scripts.core.gate import gate as gates
from scripts.core.gate.evidence import Slice
from tests.core.known_evidence import compared, evidence, gate


def test_reasons_are_sentences_with_numbers() -> None:
    better = gates.judge(evidence(compared(0.0149, 0.0129)), gate())
    assert better.reasons == ("log_loss better by 0.0149 (95% interval 0.0020 to 0.0278)",)
    worse = gates.judge(evidence(compared(-0.0229, 0.012)), gate(confidence=0.9))
    assert worse.reasons == ("log_loss worse by 0.0229 (90% interval 0.0109 to 0.0349)",)


def test_what_is_broken_is_said_before_what_is_better() -> None:
    found = evidence(
        compared(0.02), compared(-0.03, name="roc_auc"), slices=(Slice("a", "x", 900, 14, compared(-0.2, 0.1)),)
    )
    judged = gates.judge(found, gate(guardrails={"roc_auc": {"max_worse": 0.02}}, limits={"roc_auc": 0.9}))
    assert judged.reasons == (
        "guardrail broken: roc_auc worse by 0.0300 (6%), tolerated 0.0200",
        "limit broken: roc_auc is 0.4700, the limit is 0.9000",
        "slice broken: a=x: log_loss worse by 0.2000 on 900 rows, tolerated 0.0500",
        "log_loss better by 0.0200 (95% interval 0.0100 to 0.0300)",
    )


def test_many_broken_slices_do_not_drown_the_rest() -> None:
    slices = tuple(Slice("a", str(n), 900, 14, compared(-0.2 - n / 1000, 0.1)) for n in range(30))
    judged = gates.judge(evidence(compared(0.02), slices=slices), gate())
    assert len(judged.reasons) == 7
    assert judged.reasons[0].startswith("slice broken: a=29: log_loss worse by 0.2290")
    assert judged.reasons[5] == "25 more slices are broken"


def test_a_hostile_level_stays_on_one_line() -> None:
    slices = (Slice("a", "x\n::set-env name=A::b\x1b[31m" + "y" * 99, 900, 14, compared(-0.2, 0.1)),)
    reason = gates.judge(evidence(compared(0.02), slices=slices), gate()).reasons[0]
    assert reason.isprintable()
    assert len(reason) < 160


def test_hold_says_what_could_be_shown_and_what_would_settle_it() -> None:
    judged = gates.judge(evidence(compared(0.01, 0.02)), gate(min_improvement=0.005))
    assert judged.needed is not None
    assert judged.needed.smallest_difference == pytest.approx(0.025)
    assert judged.needed.more_rows == 98_000  # 6500 (16 - 1), rounded up to two digits
    assert judged.needed.more_blocks == 210
    assert judged.reasons[1:] == (
        "not proven better: on these 6,500 rows in 14 blocks of 1D a difference of 0.0250 could have been shown",
        "about 98,000 more rows (210 blocks of 1D) would settle a difference of this size",
    )


def test_one_block_is_one_block() -> None:
    reasons = gates.judge(evidence(compared(0.01, 0.0101)), gate()).reasons
    assert reasons[-1].startswith("about ") and "(1 block of 1D) would settle" in reasons[-1]


def test_the_rows_asked_for_settle_it() -> None:
    judged = gates.judge(evidence(compared(0.01, 0.02)), gate())
    assert judged.needed is not None and judged.needed.more_rows is not None
    half = 0.02 * math.sqrt(6500 / (6500 + judged.needed.more_rows))
    assert 0 <= 0.01 - half < 0.001


def test_a_difference_of_next_to_nothing_is_not_worth_waiting_for() -> None:
    judged = gates.judge(evidence(compared(0.0001, 0.02)), gate())
    assert judged.needed is not None
    assert (judged.needed.more_rows, judged.needed.more_blocks) == (None, None)
    assert "no sensible number of rows" in judged.reasons[-1]


def test_better_by_less_than_asked_for_sure_needs_no_rows() -> None:
    judged = gates.judge(evidence(compared(0.01, 0.004)), gate(min_improvement=0.05))
    assert judged.verdict == "HOLD"
    assert judged.needed is not None
    assert (judged.needed.more_rows, judged.needed.more_blocks) == (0, 0)


def test_independent_rows_have_no_blocks_to_wait_for() -> None:
    judged = gates.judge(evidence(compared(0.01, 0.02), blocks=250), gate(block=None))
    assert judged.needed is not None
    assert judged.needed.more_blocks is None
    assert "blocks" not in " ".join(judged.reasons)


def test_each_kind_of_sameness_is_named() -> None:
    found = evidence(compared(0.02), same=("bundle", "model", "predictions"))
    assert gates.judge(found, gate()).reasons == (
        "candidate and production are one model: the same bundle, the same model file, "
        "the same predictions on every row",
    )
