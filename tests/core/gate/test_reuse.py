import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.core.errors import Mistake
from scripts.core.gate import reuse
from scripts.core.gate.contest import weighed
from scripts.core.gate.evidence import Scored
from scripts.core.gate.reuse import Use
from scripts.core.params import Gate
from tests.core.known_evidence import gate


def days(first: str, count: int = 14, per_day: int = 10) -> "pd.Series[Any]":
    return pd.Series(np.repeat(pd.date_range(first, periods=count).to_numpy("M8[us]"), per_day))


def verdict_on(candidate: str, times: "pd.Series[Any] | None", rows: int = 140) -> Use:
    about = rows if times is None else f"{times.min()} {len(times)}"
    return reuse.use(candidate, f"sha256:{about}", rows if times is None else len(times), times)


def after(verdicts: list[tuple[Use, Any]]) -> tuple[Use, ...]:
    known: tuple[Use, ...] = ()
    for now, times in verdicts:
        known = reuse.kept(known, now, times, counts=True)
    return known


def test_every_other_candidate_on_the_same_rows_counts_one() -> None:
    times = days("2024-01-01")
    known = after([(verdict_on(name, times), times) for name in "abc"])
    assert reuse.worn(known, verdict_on("d", times), times) == 3
    assert [each.candidate for each in known] == ["a", "b", "c"]


def test_a_verdict_taken_again_has_its_old_place_and_changes_nothing() -> None:
    times = days("2024-01-01")
    known = after([(verdict_on(name, times), times) for name in "abc"])
    for place, name in enumerate("abc"):
        assert reuse.worn(known, verdict_on(name, times), times) == place
        assert reuse.kept(known, verdict_on(name, times), times, counts=True) == known
        assert reuse.kept(known, verdict_on(name, times), times, counts=False) == known


def test_a_new_batch_renews_the_hold_out() -> None:
    january, february = days("2024-01-17"), days("2024-02-15")
    known = after([(verdict_on(name, january), january) for name in "abc"])
    now = verdict_on("d", february)
    assert reuse.worn(known, now, february) == 0
    assert reuse.kept(known, now, february, counts=True) == (now,)


def test_a_hold_out_that_moves_by_a_day_is_mostly_the_old_one() -> None:
    runs = [days(f"2024-01-{day:02d}") for day in range(1, 29)]
    known = after([(verdict_on(str(place), times), times) for place, times in enumerate(runs[:-1])])
    assert len(known) == 14
    assert reuse.worn(known, verdict_on("last", runs[-1]), runs[-1]) == pytest.approx(sum(range(14)) / 14, abs=0.01)


def test_without_times_rows_never_leave_so_their_counts_tell() -> None:
    known = after([(verdict_on("a", None, 100), None), (verdict_on("b", None, 200), None)])
    assert reuse.worn(known, verdict_on("c", None, 400), None) == 0.75
    assert reuse.worn(known, verdict_on("c", None, 50), None) == 2  # rows that went: never more than all


def test_a_verdict_that_could_not_be_given_is_no_use() -> None:
    times = days("2024-01-01")
    assert reuse.kept((), verdict_on("a", times), times, counts=False) == ()


@pytest.mark.parametrize(
    ("before", "budget", "confidence"),
    [(0, 4, 0.95), (4, 4, 0.95), (4, None, 0.95), (99, None, 0.95), (5, 4, 0.975), (6, 4, 0.984), (1, 0, 0.975)],
)
def test_past_the_budget_the_error_is_shared_by_the_verdicts_past_it(
    before: float, budget: int | None, confidence: float
) -> None:
    assert reuse.stricter(gate(reuse_budget=budget), before).confidence == pytest.approx(confidence, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(budget=st.integers(0, 9), confidence=st.floats(0.5, 0.999), verdicts=st.integers(1, 300))
def test_all_verdicts_together_spend_no_more_than_is_promised(budget: int, confidence: float, verdicts: int) -> None:
    rules = Gate.model_validate({"metric": "log_loss", "reuse_budget": budget, "confidence": confidence})
    spent = sum(1 - reuse.stricter(rules, before).confidence for before in range(verdicts))
    past = math.log(max(1, verdicts - budget))
    assert spent <= (budget + 1 + past) * (1 - confidence) + 1e-9


def scored(knowledge: float = 1.4) -> Scored:
    rng = np.random.default_rng(5)
    day, y = np.arange(1400) // 100, rng.integers(0, 2, 1400)
    both = []
    for known in (knowledge, 1.0):
        p = 1 / (1 + np.exp(-(known * (2 * y - 1) * 0.4 + rng.normal(0, 0.5, 1400))))
        both.append(np.column_stack([1 - p, p]))
    place = pd.Categorical(np.where(np.arange(1400) % 2, "east", "west"))
    return Scored(y, both[0], both[1], day, [0, 1], 1, {"place": place})


def test_what_would_be_promoted_waits_for_a_fresh_hold_out() -> None:
    rules, found = gate(slices=("place",)), {}
    for worn in (0, 4, 5, 200):
        found[worn] = weighed(scored(1.12), rules, leaked=0, faults=(), same=(), worn=worn)
    assert [each.verdict for each in found.values()] == ["PROMOTE", "PROMOTE", "HOLD", "HOLD"]
    assert found[4] == found[0]
    assert "97.5% interval" in found[5].reasons[0]
    assert found[5].reasons[-1] == (
        "a fresh hold-out is due: 5 verdicts were taken on these rows before and gate.reuse_budget is 4, "
        "so that a 97.5% interval is asked for, not 95%"
    )


def test_a_clear_improvement_is_still_promoted() -> None:
    assert weighed(scored(2.5), gate(), leaked=0, faults=(), same=(), worn=8).verdict == "PROMOTE"


def test_no_guard_gets_weaker_on_a_worn_hold_out() -> None:
    fresh, used = (
        weighed(scored(), gate(slices=("place",)), leaked=0, faults=(), same=(), worn=worn) for worn in (0, 50)
    )
    assert used.evidence.slices == fresh.evidence.slices
    assert used.evidence.metrics["log_loss"].gains[1] < fresh.evidence.metrics["log_loss"].gains[1]
    assert used.evidence.self_tests == fresh.evidence.self_tests


def test_the_file_holds_what_was_written() -> None:
    times = days("2024-01-01")
    known = after([(verdict_on(name, times), times) for name in "ab"])
    assert reuse.parse(reuse.render(known)) == known
    plain = (verdict_on("a", None, 9),)
    assert reuse.parse(reuse.render(plain)) == plain


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"uses": 1}', '{"uses": [{"candidate": "a"}]}', "<<<<<<< HEAD"])
def test_a_broken_file_is_named_with_its_cure(text: str) -> None:
    with pytest.raises(Mistake, match=r"reports/holdout.json: can't be read \(.*git checkout") as raised:
        reuse.parse(text)
    assert len(raised.value.lines) == 1
