"""How worn a hold-out is, and what a candidate must prove because of it.

Every verdict on the same rows is one more chance for luck to pass as progress: of years with 52 verdicts on one hold-
out, all on candidates that are no better, three in ten see one promoted. The gate lets little be learnt of its hold-out
as it is, because production changes only where the paired interval leaves zero out: the parameter-free Ladder of Blum
and Hardt (2015), which follows the reusable hold-out of Dwork et al. (2015). What is left is the plain number of
attempts. So past a budget the k-th verdict is asked for the interval that Bonferroni (Dunn 1961) has for k at once:
half the error for the first one past it, a third for the next. By the union bound the probability that any of v
verdicts promotes a candidate that is no better is at most half the error of one interval times budget + 1 + ln(v -
budget), whatever the verdicts have to do with each other, as long as candidates are not made by looking at the hold-
out. A year of weekly verdicts then has one in ten such promotions, and still finds nine of ten real steps; spending the
error by inverse squares, so that it never exceeds a fixed sum, would find half of them (benchmarks/verdict_reuse.py).
Noise on the answers (Thresholdout, in Dwork et al.) would guard against looking, too, but makes verdicts that nobody
can compute again.

Rows come and go: a hold-out of the newest 14 days, judged on daily, shares 13 of them with that of the day before. So a
verdict counts by the share of today's rows that it saw, and a batch of new rows renews the hold-out by itself. A
candidate that is judged again on the same rows says nothing new and does not count.
"""

from collections.abc import Sequence
from math import floor, log10
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.gate.judgement import Judgement
from scripts.core.params import Gate
from scripts.core.text import to_json


class Use(BaseModel):
    """One verdict on a hold-out, which is known by its rows' fingerprint."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    candidate: str
    holdout: str
    rows: int
    start: str | None  # time of the first and the last row; None without a time column
    end: str | None

    @property
    def key(self) -> tuple[str, str]:
        return self.candidate, self.holdout


def use(candidate: str | None, holdout: str, rows: int, times: Any) -> Use:
    known = times is not None and len(times)
    start, end = (times.min().isoformat(), times.max().isoformat()) if known else (None, None)
    return Use(candidate=candidate or "", holdout=holdout, rows=rows, start=start, end=end)


def earlier(uses: Sequence[Use], now: Use) -> tuple[Use, ...]:
    """Those before this very verdict, if it was taken before: its place does not change when it is taken again."""
    keys = [each.key for each in uses]
    return tuple(uses[: keys.index(now.key)] if now.key in keys else uses)


def overlap(before: Use, now: Use, times: Any) -> float:
    """The share of today's rows that a verdict saw. Without times a row never leaves the hold-out: by the counts."""
    if before.holdout == now.holdout:
        return 1.0
    if times is None or before.start is None or before.end is None:
        return 0.0 if now.rows == 0 or (times is None) != (before.start is None) else min(1.0, before.rows / now.rows)
    return float(times.between(before.start, before.end).mean()) if len(times) else 0.0


def worn(uses: Sequence[Use], now: Use, times: Any) -> float:
    """Verdicts on these rows before this one."""
    return round(sum(overlap(each, now, times) for each in earlier(uses, now)), 2)


def kept(uses: Sequence[Use], now: Use, times: Any, counts: bool) -> tuple[Use, ...]:
    """What is known afterwards: the verdicts that saw some of these rows, and this one if it `counts`."""
    if now.key in [each.key for each in uses]:
        return tuple(uses)
    return (*(each for each in uses if overlap(each, now, times) > 0), *([now] if counts else []))


def past(gate: Gate, before: float) -> float:
    """Verdicts beyond the budget, this one not among them."""
    return 0.0 if gate.reuse_budget is None else max(0.0, before - gate.reuse_budget)


def stricter(gate: Gate, before: float) -> Gate:
    """The gate with the interval that is asked for after so many verdicts; within the budget the gate itself."""
    beyond = past(gate, before)
    if not beyond:
        return gate
    return gate.model_copy(update={"confidence": 1 - _two_digits((1 - gate.confidence) / (1 + beyond))})


def _two_digits(share: float) -> float:
    """Rounded down, so that a level can be read aloud."""
    unit = 10.0 ** (floor(log10(share)) - 1)
    return round(floor(share / unit + 1e-9) * unit, 15)


def told(judgement: Judgement, gate: Gate, before: float) -> tuple[str, ...]:
    """The judgement's reasons; where nothing was proven past the budget, with what would help."""
    if judgement.verdict != "HOLD" or not past(gate, before):
        return judgement.reasons
    asked, usual = (f"{100 * level:g}%" for level in (stricter(gate, before).confidence, gate.confidence))
    why = f"{before:g} verdicts were taken on these rows before and gate.reuse_budget is {gate.reuse_budget}"
    return (*judgement.reasons, f"a fresh hold-out is due: {why}, so that a {asked} interval is asked for, not {usual}")


class _Uses(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    uses: tuple[Use, ...]


def parse(text: str, name: str = "reports/holdout.json") -> tuple[Use, ...]:
    try:
        return _Uses.model_validate_json(text).uses
    except ValidationError as error:
        why = error.errors(include_url=False)[0]["msg"]
    raise Mistake(f"{name}: can't be read ({why}). Restore it: git checkout -- {name}", code=OUTSIDE)


def render(uses: Sequence[Use]) -> str:
    return to_json({"uses": [each.model_dump() for each in uses]})
