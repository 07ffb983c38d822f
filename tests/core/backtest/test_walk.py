"""A policy's way through a small history, against the stages themselves run batch by batch."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scripts.core import bundle, declaration, facts, paths, promotion, triggers
from scripts.core.backtest.outcome import Outcome
from scripts.core.backtest.table import Found
from scripts.core.declaration import Declaration
from scripts.core.errors import Mistake
from scripts.core.gate import anchor_list
from scripts.core.triggers import Decision
from scripts.stages import drift, evaluate, train, validate
from tests import backtesting
from tests.backtesting import STRENGTHS, contents, lively, tried
from tests.stages.toy import unpaint


@dataclass(frozen=True)
class Lived:
    batch: str
    decision: Decision
    verdict: str | None
    promoted: bool


def live(root: Path, patch: pytest.MonkeyPatch, text: str, files: dict[str, bytes]) -> list[Lived]:
    """What retrain and promote do, with the stages called by hand: DVC only spares what need not run again."""
    patch.chdir(root)
    for folder in (paths.DATA, paths.PRODUCTION.parent):
        folder.mkdir()
    paths.PARAMS.write_text(text)
    paths.PRODUCTION.write_bytes(b"")
    paths.DECLARATION.write_text(declaration.render(declaration.none()))
    lived, declared = [], [declaration.none()]
    for name, content in files.items():
        (paths.DATA / name).write_bytes(content)
        assert validate.main() == 0 and drift.main() == 0
        now = declaration.parse(paths.DECLARATION.read_text())
        decision = decided(now)
        verdict = judged() if decision.retrain else None
        won = verdict is not None and verdict["verdict"]["verdict"] == "PROMOTE"
        if won:
            declared.insert(0, promote(now))
            bring_anchors(declared)
        lived.append(Lived(name, decision, verdict and verdict["verdict"]["verdict"], won))
    return lived


def decided(now: Declaration) -> Decision:
    given = lively()
    manifest = bundle.unpack(paths.PRODUCTION.read_bytes(), now.bundle).manifest if now.version else None
    known = facts.facts(
        given, now, read(paths.VALIDATION), read(paths.DRIFT),
        manifest=manifest, sources=manifest["code"] if manifest else "", gate=None, reason=None,
    )  # fmt: skip
    return triggers.decide(known, given.triggers)


def judged() -> Any:
    assert train.main() == 0 and evaluate.main() == 0
    return read(paths.EVALUATION)


def promote(now: Declaration) -> Declaration:
    content = paths.CANDIDATE.read_bytes()
    case = promotion.Case(bundle.digest(content), now, read(paths.EVALUATION), None, False)
    verdict = promotion.decide(case, None)
    assert verdict is not None
    manifest = bundle.unpack(content, None).manifest
    new = promotion.declared(case, verdict, manifest, now.version)
    paths.PRODUCTION.write_bytes(content)
    paths.DECLARATION.write_text(declaration.render(new))
    (paths.PRODUCTION.parent / f"v{new.version}.kept").write_bytes(content)
    return new


def bring_anchors(declared: list[Declaration]) -> None:
    """What retrain brings beside production: earlier releases, newest first, and which they are."""
    listed = anchor_list.wanted(declared[0], declared, lively().gate)
    paths.ANCHORS.mkdir(parents=True, exist_ok=True)
    (paths.ANCHORS / anchor_list.FILE).write_bytes(anchor_list.render(listed))
    for each in listed.anchors:
        kept = paths.PRODUCTION.parent / f"v{each.version}.kept"
        (paths.ANCHORS / each.file).write_bytes(kept.read_bytes())


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def of(found: Found, name: str, gate: bool = True) -> Outcome:
    return next(one for one in found.outcomes if (one.name, one.gate) == (name, gate))


def without_code(decision: Decision) -> list[Any]:
    return [trigger for trigger in decision.triggers if trigger.name != "changed"]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Lived]]:
    with pytest.MonkeyPatch.context() as patch:
        unpaint(patch)
        patch.setattr(drift, "drawn", lambda report: b"")
        yield live(tmp_path_factory.mktemp("lived"), patch, backtesting.text(), contents())


@pytest.fixture
def found() -> Found:
    return backtesting.found()


def test_the_current_params_do_what_the_stages_do(lived: list[Lived], found: Found) -> None:
    """Triggers with all their values, verdicts and promotions, batch by batch."""
    first, *later = lived
    assert first.promoted and found.market.first == 0
    steps = of(found, "current params").steps
    assert [found.batches[step.place].name for step in steps] == [one.batch for one in later]
    assert [step.verdict for step in steps] == [one.verdict for one in later]
    assert [step.promoted for step in steps] == [one.promoted for one in later]
    for step, one in zip(steps, later, strict=True):
        assert step.decision is not None
        assert without_code(step.decision) == without_code(one.decision), one.batch


def test_the_history_has_something_to_tell(found: Found) -> None:
    steps = of(found, "current params").steps
    assert {step.retrained for step in steps} == {True, False}
    assert {step.promoted for step in steps if step.retrained} == {True, False}


def test_never_serves_the_first_model_for_ever(found: Found) -> None:
    for gate in (True, False):
        one = of(found, "never", gate)
        assert (one.retrains, one.promotions, one.seconds) == (0, 0, 0.0)
        assert {step.served for step in one.steps} == {0}


def test_without_the_gate_every_candidate_serves_the_next_batch(found: Found) -> None:
    one = of(found, "every batch", gate=False)
    assert [step.served for step in one.steps] == [0, 1, 2, 3, 4]
    assert one.retrains == one.promotions == 5 and {step.verdict for step in one.steps} == {None}
    second = of(found, "every 2 batches", gate=False)
    assert [step.retrained for step in second.steps] == [False, True, False, True, False]
    assert [step.served for step in second.steps] == [0, 0, 2, 2, 4]


def test_with_the_gate_only_a_winner_serves(found: Found) -> None:
    one = of(found, "every batch")
    served = 0
    for step in one.steps:
        assert step.served == served and step.retrained and step.verdict is not None
        assert step.promoted == (step.verdict == "PROMOTE")
        served = step.place if step.promoted else served
    assert 0 < one.promotions < one.retrains


def test_no_policy_is_cheaper_than_the_oracle(found: Found) -> None:
    assert all(one.cost >= found.oracle.cost - 1e-9 for one in found.outcomes)
    assert found.oracle.cost < of(found, "never").cost


def test_a_policy_pays_for_the_seconds_of_what_it_used(found: Found) -> None:
    every, drifting = of(found, "every batch", gate=False), of(found, "drift", gate=False)
    assert every.seconds > 0
    looked = [step.seconds for step in drifting.steps if not step.retrained]
    assert all(seconds > 0 for seconds in looked), "looking at drift is not free"


def test_a_batch_that_no_model_can_be_made_with_keeps_production_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    make = train.bundled

    def fails(frame: Any, given: Any, **how: Any) -> bytes:
        if len(frame) == 1800:
            raise Mistake("data/: something is wrong with it.")
        return make(frame, given, **how)

    monkeypatch.setattr(train, "bundled", fails)
    found = tried(lively(), contents(STRENGTHS[:4]))
    one = of(found, "every batch", gate=False)
    assert [step.served for step in one.steps] == [0, 1, 1]
    assert one.retrains == 3 and one.promotions == 2
    assert list(found.faults) == ["2024-03.parquet: data/: something is wrong with it."]


def test_no_first_model_at_all_is_a_mistake_that_says_why() -> None:
    limits = lively().gate.model_copy(update={"limits": {"roc_auc": 0.999999}})
    with pytest.raises(Mistake, match="no batch gives a first model") as raised:
        tried(lively(gate=limits), contents(STRENGTHS[:2]))
    assert any("REJECT" in line for line in raised.value.lines)


def test_a_history_of_one_batch_is_too_short() -> None:
    with pytest.raises(Mistake, match="none is left to be served"):
        tried(lively(), contents(STRENGTHS[:1]))
