"""What the pipeline would have measured when a batch had come: drift against production, and the gate's verdict.

Each is a question by itself that can be answered in another process: it brings the rows and models that it needs.
"""

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import pandas as pd

from scripts.core.backtest.fits import Clock, seat_of
from scripts.core.drift import measured
from scripts.core.drift.new_rows import New
from scripts.core.gate.anchor_list import Anchor
from scripts.core.gate.contest import contest
from scripts.core.gate.reuse import Use
from scripts.core.gate.seat import Seat
from scripts.core.params import Params
from scripts.core.tables.rows import fingerprint_of
from scripts.core.text import rounded


@dataclass(frozen=True)
class Moved:
    """How far have these new rows moved from what this model knows?"""

    model: bytes
    new: New


@dataclass(frozen=True)
class Drifted:
    report: dict[str, Any]  # as drift.json
    seconds: float


@dataclass(frozen=True)
class Compared:
    """May this candidate replace this production, on these hold-out rows?"""

    frame: pd.DataFrame
    candidate: bytes
    production: bytes | None
    uses: tuple[Use, ...]
    earlier: tuple[tuple[int, bytes], ...]  # number and bundle of each model that was production before, newest first


@dataclass(frozen=True)
class Verdict:
    verdict: str
    reasons: tuple[str, ...]
    rows: int
    start: str | None  # time of the first and the last row that was judged on
    end: str | None
    holdout: str
    uses: tuple[Use, ...]  # verdicts on these rows, with this one
    seconds: float


Question = Moved | Compared
Answer = Drifted | Verdict


def answer(question: Question, given: Params, clock: Clock) -> Answer:
    return drifted(question, given, clock) if isinstance(question, Moved) else verdict(question, given, clock)


def drifted(question: Moved, given: Params, clock: Clock) -> Drifted:
    began = clock()
    report = measured.found(1, question.new)
    if question.new.rows:
        seat = _seat(question.model, given)
        assert seat.bundle is not None
        then = measured.reference(seat.bundle.reference, given.drift)
        report |= measured.measured(seat, then, question.new, given)
    return Drifted(rounded(report), clock() - began)


def verdict(question: Compared, given: Params, clock: Clock) -> Verdict:
    began = clock()
    found = contest(
        question.frame,
        _seat(question.candidate, given),
        None if question.production is None else replace(_seat(question.production, given), name="production"),
        given.data,
        given.gate,
        question.uses,
        [_anchor(number, content, given) for number, content in question.earlier],
    )
    times = None if found.times is None or found.times.empty else found.times
    return Verdict(
        verdict=found.judgement.verdict,
        reasons=found.judgement.reasons,
        rows=len(found.frame),
        start=None if times is None else times.min().isoformat(),
        end=None if times is None else times.max().isoformat(),
        holdout=fingerprint_of(found.hashes),
        uses=found.uses,
        seconds=clock() - began,
    )


def _anchor(number: int, content: bytes, given: Params) -> tuple[Anchor, Seat]:
    seat = _seat(content, given)
    assert seat.digest is not None
    return Anchor(version=number, bundle=seat.digest), replace(seat, name=f"anchor v{number}")


@dataclass(frozen=True)
class _Known:
    """A model by its bytes; params are those of the whole backtest."""

    content: bytes
    given: Params = field(compare=False)


@lru_cache(maxsize=16)
def _loaded(known: _Known) -> Seat:
    """Once in each process, however often the model is asked."""
    return seat_of("candidate", known.content, known.given)


def _seat(content: bytes, given: Params) -> Seat:
    return _loaded(_Known(content, given))
