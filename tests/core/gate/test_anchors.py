"""Models of known quality on the same rows: which of them the ratchet stops, and what is said of the others."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from scripts.core.gate.anchor_list import Anchor
from scripts.core.gate.anchors import Heard
from scripts.core.gate.contest import weighed
from scripts.core.gate.evidence import Scored
from scripts.core.gate.judgement import Judgement
from scripts.core.params import Gate
from tests.core.known_evidence import gate

ROWS, DAYS = 4200, 14
FREE = {"slice_max_worse": 1.0, "max_believable": 10.0, "min_rows": 10}


def scored(candidate: float, production: float | None, seed: int = 0) -> Scored:
    """Models that know so much (0 to 1) of what there is to know."""
    rng = np.random.default_rng(seed)
    chance = rng.uniform(0.05, 0.95, ROWS)
    target = (rng.random(ROWS) < chance).astype(int)
    blocks = np.repeat(np.arange(DAYS), ROWS // DAYS)
    before = None if production is None else model(production, chance)
    return Scored(target, model(candidate, chance), before, blocks, [0, 1], 1, {})


def model(skill: float, chance: Any) -> Any:
    said = 0.5 + skill * (chance - 0.5)
    return np.column_stack([1 - said, said])


def release(version: int, skill: float, seed: int = 0, **other: Any) -> Heard:
    chance = np.random.default_rng(seed).uniform(0.05, 0.95, ROWS)
    return Heard(Anchor(version=version, bundle=f"sha256:{version}", **other), model(skill, chance))


def judged(rows: Scored, *said: Heard, **rules: Any) -> Judgement:
    return weighed(rows, rules_of(**rules), leaked=0, faults=(), same=(), said=said)


def rules_of(**rules: Any) -> Gate:
    return gate(**{**FREE, **rules})


def test_a_slow_decline_is_seen_and_stopped_at_the_tolerance() -> None:
    """Each candidate is less than one percent worse than production, and a person overrides the gate each time."""
    released: list[float] = [0.9]
    verdicts: list[tuple[bool, str]] = []
    for skill in (0.85, 0.8, 0.75, 0.7, 0.65):
        earlier = [release(version + 1, known) for version, known in enumerate(released[:-1])][-3:]
        found = judged(scored(skill, released[-1]), *reversed(earlier))
        verdicts.append((found.ratchet.broken, found.verdict))
        shown = {one["version"]: one["value"] for one in found.to_dict()["anchors"]["rows"]}
        assert list(shown) == sorted(shown, reverse=True) and list(shown.values()) == sorted(
            shown.values(), reverse=True
        ), "the table shows the stair"
        if found.ratchet.broken:
            break
        released.append(skill)
    assert len(verdicts) == 4 and verdicts[-1] == (True, "REJECT")
    assert not any(broken for broken, _ in verdicts[:-1])
    assert found.reasons[-1].startswith("ratchet: log_loss 0.")
    assert "is worse than released v" in found.reasons[-1] and found.reasons[-1].endswith(", tolerated 2%")
    unseen = judged(scored(skill, released[-1]))
    assert not unseen.ratchet.broken, "without earlier releases it would have gone on"


def test_a_candidate_that_beats_production_and_is_far_below_an_earlier_release_is_not_promoted() -> None:
    rows = scored(0.6, 0.3)
    assert judged(rows).verdict == "PROMOTE"
    found = judged(rows, release(3, 1.0))
    assert found.verdict == "REJECT" and found.needed is None
    assert found.reasons[0].startswith("ratchet: ") and found.reasons[1].startswith("log_loss better by ")
    written = found.to_dict()["anchors"]
    row = written["rows"][0]
    assert (written["best"], written["broken"], written["rollback"]) == (3, True, True)
    assert written["tolerated"] == {"max_worse": None, "max_worse_relative": 0.02}
    assert row["difference"] == pytest.approx(found.to_dict()["metrics"]["log_loss"]["candidate"] - row["value"])
    assert row["interval"][0] > 0 and row["better_than_production"]["interval"][1] < 0
    assert (row["rows"], row["fault"]) == (ROWS, None)


def test_a_candidate_as_good_as_the_best_of_them_is_promoted() -> None:
    found = judged(scored(0.85, 0.5), release(4, 0.6), release(3, 1.0), release(2, 0.2))
    written = found.to_dict()["anchors"]
    assert (found.verdict, written["best"], written["broken"]) == ("PROMOTE", 3, False)
    assert written["rollback"] is True, "v3 is still better than both"


@pytest.mark.parametrize(
    ("tolerated", "broken"),
    [
        ({"max_worse_relative": 0.2}, False),
        ({"max_worse_relative": 0.001}, True),
        ({"max_worse": 0.2}, False),
        ({"max_worse": 0.001}, True),
        ({"max_worse": 0.2, "max_worse_relative": 0.001}, True),
        (None, False),
    ],
)
def test_what_is_tolerated_is_a_setting(tolerated: Any, broken: bool) -> None:
    found = judged(scored(0.8, 0.3), release(3, 1.0), anchor_max_worse=tolerated)
    assert (found.ratchet.broken, found.verdict) == (broken, "REJECT" if broken else "PROMOTE")


def test_a_score_that_should_be_great_is_measured_the_other_way_round() -> None:
    rng = np.random.default_rng(5)
    rows = scored(0.9, 0.3)
    noisy = rows.candidate[:, 1] + rng.normal(0, 0.35, ROWS)
    flat = np.column_stack([1 - noisy, noisy]).clip(0.001, 0.999)
    rows = replace(rows, candidate=flat / flat.sum(axis=1, keepdims=True))
    found = judged(rows, release(3, 1.0), metric="roc_auc")
    written = found.to_dict()["anchors"]
    assert (found.verdict, written["best"], written["rows"][0]["difference"] < 0) == ("REJECT", 3, True)


def test_a_release_that_was_taken_back_is_shown_and_holds_nobody_up_unless_it_is_pinned() -> None:
    rows = scored(0.6, 0.3)
    back = judged(rows, release(5, 1.0, taken_back=True), release(3, 0.3))
    written = back.to_dict()["anchors"]
    assert (back.verdict, written["best"], written["rollback"]) == ("PROMOTE", 3, False)
    assert written["rows"][0]["value"] < written["rows"][1]["value"] and written["rows"][0]["taken_back"]
    assert judged(rows, release(5, 1.0, taken_back=True, pinned=True)).verdict == "REJECT"


def test_a_release_with_a_fault_is_named_and_neither_blocks_nor_passes_as_sound() -> None:
    anchor = Anchor(version=3, bundle="sha256:3")
    found = judged(scored(0.6, 0.3), Heard(anchor, None, "the anchor v3 can't be scored: it is gone"))
    written = found.to_dict()["anchors"]
    assert found.verdict == "PROMOTE" and written["best"] is None
    row = written["rows"][0]
    assert row["fault"] == "the anchor v3 can't be scored: it is gone"
    assert {row[name] for name in ("value", "difference", "interval", "better_than_production")} == {None}


def test_rows_that_a_release_was_trained_on_are_left_out_of_its_comparison_alone() -> None:
    rows, said = scored(0.9, 0.8), release(3, 0.7)
    assert said.answers is not None
    whole = judged(rows, said).to_dict()
    said.answers[:40] = np.nan
    less = judged(rows, said).to_dict()
    assert less["anchors"]["rows"][0]["rows"] == ROWS - 40
    assert less["anchors"]["rows"][0]["value"] != whole["anchors"]["rows"][0]["value"]
    assert less["metrics"] == whole["metrics"]


def test_intervals_are_widened_for_the_number_of_releases() -> None:
    rows = scored(0.9, 0.8)
    one = judged(rows, release(3, 0.7)).to_dict()["anchors"]["rows"][0]
    three = judged(rows, release(3, 0.7), release(2, 0.7), release(1, 0.7)).to_dict()["anchors"]["rows"][0]
    widths = [np.ptp(found["better_than_production"]["interval"]) for found in (one, three)]
    assert widths[1] > 1.1 * widths[0]


def test_no_rollback_is_advised_where_chance_may_have_made_the_difference() -> None:
    assert not judged(scored(0.8, 1.0), release(3, 0.95)).ratchet.rollback
    assert judged(scored(0.50, 0.505), release(3, 0.9)).ratchet.rollback


def test_no_rollback_is_advised_where_the_candidate_is_better_still() -> None:
    written = judged(scored(0.9, 0.3), release(3, 0.7)).to_dict()["anchors"]
    assert (written["best"], written["rollback"]) == (3, False)
    assert written["rows"][0]["better_than_production"]["interval"][1] < 0


def test_no_rollback_is_advised_by_a_gate_that_can_not_be_trusted() -> None:
    found = weighed(scored(0.5, 0.3), rules_of(), leaked=3000, faults=(), same=(), said=[release(3, 1.0)])
    assert found.verdict == "INVALID" and found.ratchet.rollback
    assert found.to_dict()["anchors"]["rollback"] is False


def test_a_candidate_that_can_not_be_scored_is_invalid_and_its_anchors_are_still_shown() -> None:
    rows = scored(0.9, 0.8)
    rows = replace(rows, candidate=np.full_like(rows.candidate, np.nan))
    found = weighed(rows, rules_of(), leaked=0, faults=["it is broken"], same=(), said=[release(3, 0.7)])
    row = found.to_dict()["anchors"]["rows"][0]
    assert found.verdict == "INVALID" and row["value"] is not None and row["difference"] is None


def test_the_first_model_has_nothing_before_it() -> None:
    found = judged(scored(0.9, None))
    assert found.verdict == "PROMOTE" and found.to_dict()["anchors"]["rows"] == []
