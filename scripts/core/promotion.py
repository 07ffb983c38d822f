"""When a candidate becomes production, and the declaration that says so."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scripts.core import text
from scripts.core.declaration import Declaration, Judged, Replaced, Rows, Score, Verdict
from scripts.core.errors import USAGE, Mistake
from scripts.core.paths import CANDIDATE, EVALUATION, PARAMS

ANEW = "Judge it again: make retrain."


class Stale(Mistake):
    """The verdict is about another candidate, or about another production than there is now."""


@dataclass(frozen=True)
class Case:
    """What the decision rests on."""

    candidate: str  # digest of the file that is there now
    production: Declaration
    evaluation: Mapping[str, Any] | None
    run: Mapping[str, Any] | None
    allow_override: bool


def decide(case: Case, override: str | None) -> Verdict | None:
    """The verdict to be declared; None when the candidate is production already. A Mistake says why not."""
    if case.candidate == case.production.bundle:
        return None
    found = judged(case)
    return found if found.verdict == "PROMOTE" else _overridden(found, override, case.allow_override)


def judged(case: Case) -> Verdict:
    """The verdict, which must be about this candidate and about what is production now."""
    if case.evaluation is None:
        raise Mistake(f"{EVALUATION}: there is no verdict on the candidate yet. {ANEW}")
    try:
        found = Verdict.model_validate(case.evaluation["verdict"])
        _fresh(case, case.evaluation["models"])
    except (ValueError, LookupError, TypeError):
        raise Mistake(f"{EVALUATION}: does not say what it should. Make it anew: dvc repro -f evaluate.") from None
    return found


def _fresh(case: Case, judged: Mapping[str, Any]) -> None:
    candidate, production = judged["candidate"]["bundle"], judged["production"] or {"version": 0, "bundle": None}
    now = case.production
    if candidate != case.candidate:
        raise Stale(
            f"{CANDIDATE}: is {case.candidate}, but {EVALUATION} judges {candidate}: the candidate is stale. {ANEW}"
        )
    if (production["version"], production["bundle"]) != (now.version, now.bundle):
        raise Stale(
            f"{EVALUATION}: compares with {_called(production['version'], production['bundle'])}, "
            f"but production is {_called(now.version, now.bundle)}: the candidate is stale. {ANEW}"
        )


def _called(version: int, bundle: str | None) -> str:
    return f"v{version} ({bundle})" if version else "no model"


def _overridden(found: Verdict, override: str | None, allowed: bool) -> Verdict:
    first = found.reasons[0].rstrip(".") if found.reasons else "it gives no reason"
    refusal = f"{EVALUATION}: the verdict is {found.verdict}, not PROMOTE: {first}."
    if found.verdict not in ("HOLD", "REJECT"):
        raise Mistake(f"{refusal} What it names must be mended: no override makes up for it.")
    if override is None:
        cure = "make promote ARGS=\"--override --reason '...'\"" if allowed else "more data, or another model"
        raise Mistake(f"{refusal} To have it all the same: {cure}.")
    if not allowed:
        raise Mistake(f"{refusal} And {PARAMS} says promotion.allow_override: false.", code=USAGE)
    return found.model_copy(update={"override": override})


def declared(case: Case, verdict: Verdict, manifest: Mapping[str, Any], highest: int) -> Declaration:
    """The next version: past every number that was ever used, those of models that were taken back included."""
    assert case.evaluation is not None
    now, holdout = case.production, case.evaluation["holdout"]
    before = now.judged_on
    again = before.uses if before is not None and before.holdout == holdout["fingerprint"] else 0
    uses = 1 + max(again, round(holdout.get("uses") or 0))  # verdicts that promoted nothing count too
    judged = {"rows": holdout["rows"], "from": holdout["from"], "to": holdout["to"]}
    return Declaration(
        version=max(now.version, highest) + 1,
        bundle=case.candidate,
        replaces=Replaced(version=now.version, bundle=now.bundle) if now.bundle else None,
        verdict=verdict,
        metrics=_scores(case.evaluation["metrics"]),
        trained_on=Rows.model_validate(manifest["trained_on"]),
        judged_on=Judged.model_validate({**judged, "holdout": holdout["fingerprint"], "uses": uses}),
        why=_why(case),
    )


def _scores(metrics: Mapping[str, Any]) -> dict[str, Score]:
    names = ("candidate", "production", "difference", "interval")
    measured = {name: values for name, values in metrics.items() if values["candidate"] is not None}
    return {metric: Score.model_validate({name: values[name] for name in names}) for metric, values in measured.items()}


def _why(case: Case) -> tuple[str, ...]:
    """The triggers of the run that made the candidate; none if the last run was another one."""
    run = case.run
    if run is None or not run.get("verdict") or run.get("production") != case.production.version:
        return ()
    return tuple(trigger["name"] for trigger in run["triggers"] if trigger["state"] == "fired")


def headline(now: Declaration, decides: str | None) -> str:
    """The promotion in a line: log_loss 0.5610, was 0.5759 (difference -0.0149, interval -0.0280 to -0.0020)."""
    metric = decides if decides in now.metrics else next(iter(now.metrics), None)
    if metric is None:
        return "no metric is known"
    score = now.metrics[metric]
    said = f"{metric} {text.number(score.candidate)}"
    if score.production is None or score.difference is None or score.interval is None:
        return f"{said}, the first model" if now.replaces is None else said
    low, high = (f"{end:+.4g}" for end in score.interval)
    return f"{said}, was {text.number(score.production)} ({score.difference:+.4g}, interval {low} to {high})"
