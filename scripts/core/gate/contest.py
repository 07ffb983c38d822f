"""Candidate and production on the same hold-out rows, none of which either was trained on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from scripts.core.gate import anchors, gate, measure, reuse, seat, selftests
from scripts.core.gate.anchor_list import Anchor
from scripts.core.gate.anchors import Heard
from scripts.core.gate.evidence import Scored
from scripts.core.gate.judgement import Judgement
from scripts.core.gate.reuse import Use
from scripts.core.gate.seat import Seat
from scripts.core.gate.slices import levels
from scripts.core.params import Gate
from scripts.core.scoring.truth import Truth, truth_of
from scripts.core.settings.data_params import Data
from scripts.core.tables import rows, table


@dataclass(frozen=True)
class Contest:
    frame: pd.DataFrame  # the compared rows
    hashes: rows.Hashes
    leaked: int  # rows left out
    candidate: Seat
    production: Seat | None  # None: there is none yet
    scored: Scored
    truth: Truth
    judgement: Judgement
    times: "pd.Series[Any] | None"
    worn: float = 0.0  # verdicts on these rows before this one
    uses: tuple[Use, ...] = ()  # with this one
    heard: tuple[Heard, ...] = ()  # of earlier releases


def contest(
    frame: pd.DataFrame,
    candidate: Seat,
    production: Seat | None,
    data: Data,
    rules: Gate,
    uses: Sequence[Use] = (),
    earlier: Sequence[tuple[Anchor, Seat]] = (),
) -> Contest:
    """A class that a model does not know has probability 0. A model with a fault makes the verdict INVALID."""
    hashes = rows.fingerprints(frame, data)
    known = _trained_on(frame, data, candidate, production)
    frame, hashes = frame[~known].reset_index(drop=True), hashes[~known]
    target = table.labels(frame[data.target], data)
    candidate = _answers_in_kind(candidate, target)
    production = None if production is None else _answers_in_kind(production, target)
    classes = _classes(target, [candidate, production], data)
    candidate, answers = _asked(candidate, frame, data, classes)
    production, others = (None, None) if production is None else _asked(production, frame, data, classes)
    scored = Scored(
        target=target,
        candidate=answers,
        production=others,
        blocks=blocks(frame, data, rules),
        classes=classes,
        positive=table.positive(data, classes),
        slices={name: levels(frame[name], data.columns[name].kind) for name in rules.slices},
    )
    truth = truth_of(target, scored.blocks, classes, scored.positive, rules.seed)
    times = None if data.time is None else frame[data.time]
    leaks = int(known.sum())
    now = reuse.use(candidate.digest, rows.fingerprint_of(hashes), len(frame), times)
    worn = 0.0 if production is None else reuse.worn(uses, now, times)
    said = tuple(anchors.heard(anchor, each, frame, data, scored, rules) for anchor, each in earlier)
    judgement = judged(scored, candidate, production, rules, leaks, worn, said)
    counts = production is not None and judgement.verdict != "INVALID"
    after = reuse.kept(uses, now, times, counts)
    return Contest(frame, hashes, leaks, candidate, production, scored, truth, judgement, times, worn, after, said)


def judged(
    scored: Scored,
    candidate: Seat,
    production: Seat | None,
    rules: Gate,
    leaked: int,
    worn: float = 0.0,
    said: Sequence[Heard] = (),
) -> Judgement:
    faults = [each.fault for each in (candidate, production) if each is not None and each.fault is not None]
    same = _same(candidate, production)
    return weighed(scored, rules, leaked=leaked, faults=faults, same=same, worn=worn, said=said)


def weighed(
    scored: Scored,
    rules: Gate,
    *,
    leaked: int,
    faults: Sequence[str],
    same: Sequence[str],
    worn: float = 0.0,
    said: Sequence[Heard] = (),
) -> Judgement:
    """The judgement on predictions (`said` has those of earlier releases), and on what they don't show.

    That is: rows left out, models with a fault, equal files, and how worn the hold-out is.
    """
    rules = measure.canonical(rules)
    asked = reuse.stricter(rules, worn)
    evidence = measure.gather(scored, rules, leaked=leaked, confidence=asked.confidence)
    judgement = gate.judge(
        replace(
            evidence,
            faults=tuple(faults) or evidence.faults,
            same=(*same, *evidence.same),
            self_tests=selftests.run(scored, rules),
            anchors=anchors.measured(said, scored, rules),
        ),
        asked,
    )
    return replace(judgement, reasons=reuse.told(judgement, rules, worn))


def _same(candidate: Seat, production: Seat | None) -> list[str]:
    if production is None:
        return []
    return equal((candidate.digest, candidate.model_digest), (production.digest, production.model_digest))


def equal(candidate: tuple[str | None, str | None], production: tuple[str | None, str | None]) -> list[str]:
    """In which of bundle and model (their digests) two models are one; unknown digests are never equal."""
    both = zip(("bundle", "model"), candidate, production, strict=True)
    return [part for part, one, other in both if one == other is not None]


def _trained_on(frame: pd.DataFrame, data: Data, *seats: Seat | None) -> rows.Mask:
    """Each model knows its training rows by the columns that made a row that row when it was trained."""
    known = np.zeros(len(frame), dtype=bool)
    for each in seats:
        if each is not None and each.bundle is not None:
            known |= rows.leaked(rows.fingerprints(frame, data, each.bundle.manifest["identity"]), each.bundle.rows)
    return known


def _answers_in_kind(each: Seat, target: Any) -> Seat:
    """Labels that were numbers when a model was trained and are text today (or the reverse) can't be compared."""
    kinds = {type(label) for label in [*each.classes, *target[:1].tolist()]}
    if each.fault is not None or len(kinds) <= 1 or not each.classes:
        return each
    why = f"its classes are like {each.classes[0]!r}, the labels of data/ like {target[0].item()!r}"
    return replace(each, fault=f"the {each.name} can't be scored: {why}")


def _classes(target: Any, seats: Sequence[Seat | None], data: Data) -> list[Any] | None:
    if data.task == "regression":
        return None
    sound = [each for each in seats if each is not None and each.fault is None]
    return sorted({*np.unique(target).tolist(), *(label for each in sound for label in each.classes)})


def _asked(each: Seat, frame: pd.DataFrame, data: Data, classes: Sequence[Any] | None) -> tuple[Seat, Any]:
    """Predictions; what a model with a fault says is not a number."""
    shape = (len(frame),) if classes is None else (len(frame), len(classes))
    if frame.empty:
        return each, np.zeros(shape)
    asked, answers = seat.predictions(each, frame, data, classes)
    return asked, np.full(shape, np.nan) if answers is None else answers


def blocks(frame: pd.DataFrame, data: Data, rules: Gate) -> Any:
    """The period of each row; None when rows are independent."""
    return None if rules.block is None or data.time is None else periods(frame[data.time], rules.block)


def periods(times: "pd.Series[Any]", block: timedelta) -> Any:
    """Counted from the first midnight."""
    return ((times - times.min().floor("D")) // block).to_numpy(np.int64)
