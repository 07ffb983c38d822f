"""All policies through the history, batch by batch, side by side: what one asks for the others need not ask again.

With each batch: production meets it, drift is measured for those who look at it, each policy says whether to retrain,
and the gate says whether the candidate may replace production. Without the gate every candidate replaces it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite

from scripts.core import facts, triggers
from scripts.core.backtest.costs import POINT
from scripts.core.backtest.desk import Desk, Trial
from scripts.core.backtest.judge import Verdict
from scripts.core.backtest.policies import Now, Point, Policy
from scripts.core.declaration import Declaration, Judged
from scripts.core.errors import Mistake
from scripts.core.gate.reuse import Use
from scripts.core.params import Gate
from scripts.core.scoring import metrics
from scripts.core.triggers import Decision


@dataclass(frozen=True)
class Step:
    """What a policy did when a batch had come; models are named by the batch that they were made with."""

    place: int
    served: int
    decision: Decision | None
    retrained: bool
    verdict: str | None
    promoted: bool
    seconds: float


@dataclass
class Walk:
    """One policy on its way."""

    policy: Policy
    gate: bool
    production: int
    judged: Judged
    uses: tuple[Use, ...]
    released: list[int]  # models that have been production, in their order
    since: int = 0
    fired: list[bool] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    @property
    def retrains(self) -> int:
        return sum(step.retrained for step in self.steps)

    @property
    def promotions(self) -> int:
        return sum(step.promoted for step in self.steps)

    @property
    def seconds(self) -> float:
        return sum(step.seconds for step in self.steps)

    def trial(self, place: int, desk: Desk) -> Trial:
        return desk.trial(place, self.production, self.uses, self.anchors(desk.given.gate))

    def anchors(self, gate: Gate) -> tuple[int, ...]:
        """Earlier releases that the gate looks at, newest first; a pinned version that is still to come is none."""
        earlier = self.released[:-1]
        kept = earlier[-gate.anchors :] if gate.anchors else []
        pinned = earlier[gate.pinned - 1 : gate.pinned] if gate.pinned else []
        return tuple(sorted({*kept, *pinned}, reverse=True))


@dataclass(frozen=True)
class First:
    """The first candidate that the gate lets in: of it there is nothing to be compared with, whatever the policy."""

    place: int
    verdict: Verdict


def first(desk: Desk) -> First:
    said = [str(fit.fault) for fit in desk.fits.values() if fit.fault is not None][:1]
    for place, fit in sorted(desk.fits.items()):
        if fit.content is None:
            continue
        trial = Trial(place, None)
        desk.judge([trial])
        verdict = desk.verdicts[trial]
        if verdict.verdict == "PROMOTE":
            return First(place, verdict)
        said.append(f"{desk.history.batches[place].name}: {verdict.verdict}: {verdict.reasons[0]}")
    raise Mistake("backtest: no batch gives a first model.", *said[-3:])


def walked(policies: Sequence[Policy], desk: Desk, begin: First) -> list[Walk]:
    """Each policy with the gate on and off."""
    judged = _judged(begin.verdict)
    walks = [
        Walk(policy, gate, begin.place, judged, begin.verdict.uses, [begin.place])
        for policy in policies
        for gate in (True, False)
    ]
    for place in range(begin.place + 1, len(desk.history)):
        desk.watch((walk.production, place) for walk in walks if walk.policy.triggers is not None)
        asked = [_asked(walk, place, desk) for walk in walks]
        trying = [walk for walk, (_, yes) in zip(walks, asked, strict=True) if yes and walk.gate]
        if desk.fits[place].content is not None:
            desk.judge(walk.trial(place, desk) for walk in trying)
        for walk, (decision, yes) in zip(walks, asked, strict=True):
            walk.steps.append(_step(walk, place, desk, decision, yes))
    return walks


def _judged(verdict: Verdict) -> Judged:
    return Judged.model_validate(
        {"rows": verdict.rows, "from": verdict.start, "to": verdict.end, "holdout": verdict.holdout, "uses": 1}
    )


def _asked(walk: Walk, place: int, desk: Desk) -> tuple[Decision | None, bool]:
    walk.since += 1
    decision = _decided(walk, place, desk)
    walk.fired.append(decision is not None and decision.retrain)
    return decision, walk.policy.retrain(_now(walk, place, desk))


def _decided(walk: Walk, place: int, desk: Desk) -> Decision | None:
    """By the pipeline's own triggers. Params and code do not change while the history is walked through."""
    if walk.policy.triggers is None:
        return None
    manifest = desk.opened(walk.production).manifest
    known = facts.facts(
        desk.given,
        Declaration(version=len(walk.released), bundle=desk.opened(walk.production).digest, judged_on=walk.judged),
        desk.history.validation(place),
        desk.drifts[walk.production, place].report,
        manifest=manifest,
        sources=manifest["code"],
        gate=None,
        reason=None,
    )
    return triggers.decide(known, walk.policy.triggers)


def _now(walk: Walk, place: int, desk: Desk) -> Now:
    batches = desk.history.batches
    age = sum(batch.days for batch in batches[walk.production + 1 : place + 1])
    points = tuple(_points(walk.production, place, desk))
    return Now(walk.since, tuple(walk.fired), points, age, batches[place].days)


def _points(model: int, now: int, desk: Desk) -> list[Point]:
    """How much worse than at release the model was on each batch since, as far as that was known."""
    metric = metrics.find(desk.given.gate.metric)
    release = desk.opened(model).manifest["metrics"].get(metric.name)
    found, days = [], 0.0
    for place in range(model + 1, now + 1):
        days += desk.history.batches[place].days
        value = desk.fits[model].scores[place]
        if release is not None and isfinite(value) and desk.history.known(place, now):
            found.append((days, metric.gain(release - value) / POINT))
    return found


def _step(walk: Walk, place: int, desk: Desk, decision: Decision | None, yes: bool) -> Step:
    """Act on the answer."""
    served = walk.production
    looked = 0.0 if walk.policy.triggers is None else desk.drifts[served, place].seconds
    if not yes:
        return Step(place, served, decision, False, None, False, looked)
    walk.since, walk.fired = 0, []
    seconds = looked + desk.fits[place].seconds
    if desk.fits[place].content is None:
        return Step(place, served, decision, True, None, False, seconds)
    if not walk.gate:
        return Step(place, _promoted(walk, place, _unjudged(place, desk)), decision, True, None, True, seconds)
    verdict = desk.verdicts[walk.trial(place, desk)]
    walk.uses = verdict.uses
    won = verdict.verdict == "PROMOTE"
    if won:
        _promoted(walk, place, _judged(verdict))
    return Step(place, served, decision, True, verdict.verdict, won, seconds + verdict.seconds)


def _promoted(walk: Walk, place: int, judged: Judged) -> int:
    """The model that was production until now."""
    before, walk.production, walk.judged = walk.production, place, judged
    walk.released.append(place)
    return before


def _unjudged(place: int, desk: Desk) -> Judged:
    """Without the gate the hold-out is known as training had it."""
    holdout = desk.opened(place).manifest["holdout"]
    return Judged.model_validate(
        {
            "rows": holdout["rows"],
            "from": holdout["from"],
            "to": holdout["to"],
            "holdout": holdout["fingerprint"],
            "uses": 0,
        }
    )
