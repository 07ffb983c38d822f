"""Make a candidate that won production on this machine; what is to be committed is said, not done."""

import argparse
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.core import bundle, declaration, errors, text
from scripts.core.declaration import Declaration, Judged, Replaced, Rows, Score, Verdict
from scripts.core.errors import USAGE, Mistake
from scripts.core.params import Params
from scripts.core.paths import (
    CANDIDATE,
    DATA_DVC,
    DECLARATION,
    EVALUATION,
    LOCK,
    PARAMS,
    PRODUCTION,
    PRODUCTION_DVC,
    REPORTS,
    RUN,
)
from scripts.edges import dvc, files, lock, project, tracking
from scripts.edges.mlflow_registry import Recorded, Unrecorded

ANEW = "Judge it again: make retrain."


@dataclass(frozen=True)
class Asked:
    override: str | None  # a person's reason to promote against the verdict
    json: bool


@dataclass(frozen=True)
class Case:
    """What the decision rests on."""

    candidate: str  # digest of the file that is there now
    production: Declaration
    evaluation: Mapping[str, Any] | None
    run: Mapping[str, Any] | None
    allow_override: bool


@dataclass(frozen=True)
class Promoted:
    declaration: Declaration
    new: bool  # False: it was production already
    headline: str
    commit: tuple[str, ...]
    registry: Recorded | Unrecorded


def decide(case: Case, override: str | None) -> Verdict | None:
    """The verdict to be declared; None when the candidate is production already. A Mistake says why not."""
    if case.candidate == case.production.bundle:
        return None
    if case.evaluation is None:
        raise Mistake(f"{EVALUATION}: there is no verdict on the candidate yet. {ANEW}")
    try:
        found = Verdict.model_validate(case.evaluation["verdict"])
        _fresh(case, case.evaluation["models"])
    except (ValueError, LookupError, TypeError):
        raise Mistake(f"{EVALUATION}: does not say what it should. Make it anew: dvc repro -f evaluate.") from None
    return found if found.verdict == "PROMOTE" else _overridden(found, override, case.allow_override)


def _fresh(case: Case, judged: Mapping[str, Any]) -> None:
    """The verdict must be about this candidate and about what is production now."""
    candidate, production = judged["candidate"]["bundle"], judged["production"] or {"version": 0, "bundle": None}
    now = case.production
    if candidate != case.candidate:
        raise Mistake(
            f"{CANDIDATE}: is {case.candidate}, but {EVALUATION} judges {candidate}: the candidate is stale. {ANEW}"
        )
    if (production["version"], production["bundle"]) != (now.version, now.bundle):
        raise Mistake(
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


def declared(case: Case, verdict: Verdict, manifest: Mapping[str, Any]) -> Declaration:
    """The next version."""
    assert case.evaluation is not None
    now, holdout = case.production, case.evaluation["holdout"]
    before = now.judged_on
    again = before.uses if before is not None and before.holdout == holdout["fingerprint"] else 0
    judged = {"rows": holdout["rows"], "from": holdout["from"], "to": holdout["to"]}
    return Declaration(
        version=now.version + 1,
        bundle=case.candidate,
        replaces=Replaced(version=now.version, bundle=now.bundle) if now.bundle else None,
        verdict=verdict,
        metrics=_scores(case.evaluation["metrics"]),
        trained_on=Rows.model_validate(manifest["trained_on"]),
        judged_on=Judged.model_validate({**judged, "holdout": holdout["fingerprint"], "uses": again + 1}),
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


def commands(now: Declaration, said: str, present: Sequence[str]) -> tuple[str, ...]:
    """What to type to commit the promotion."""
    against = f" against the verdict {now.verdict.verdict}" if now.verdict and now.verdict.override else ""
    subject = f"Promote v{now.version}{against}: {said}"
    return (f"git add {shlex.join(present)}", f"git commit -m {shlex.quote(subject)}")


def place(now: Declaration, content: bytes, params: Params, new: bool) -> Recorded | Unrecorded:
    """Make it so; done again after a kill it ends the same.

    The declaration is the last of the files; the registry's alias follows what is declared.
    """
    assert now.bundle is not None
    with tracking.started(params) as recorder:
        if not PRODUCTION.exists() or PRODUCTION.read_bytes() != content:
            files.write(PRODUCTION, content)
        dvc.add(PRODUCTION)
        if new:
            files.write(DECLARATION, declaration.render(now).encode())
        return recorder.alias(params.data.name, now.bundle, "production")


def promote(asked: Asked) -> Promoted:
    params, production = project.read_params(), project.read_declaration()
    content = _candidate()
    evaluation, run = project.read_json(EVALUATION), project.read_json(RUN)
    case = Case(bundle.digest(content), production, evaluation, run, params.promotion.allow_override)
    verdict = decide(case, asked.override)
    now = production
    if verdict is not None:
        now = declared(case, verdict, bundle.unpack(content, case.candidate, str(CANDIDATE)).manifest)
    said = headline(now, params.gate.metric)
    registry = place(now, content, params, new=verdict is not None)
    known = (DECLARATION, PRODUCTION_DVC, DATA_DVC, LOCK, PARAMS, REPORTS)
    present = [path.as_posix() for path in known if path.exists()]
    return Promoted(now, verdict is not None, said, commands(now, said, present), registry)


def _candidate() -> bytes:
    try:
        return CANDIDATE.read_bytes()
    except OSError as error:
        raise Mistake(f"{CANDIDATE}: can't be read ({error.strerror}). Make one: make retrain.") from None


def lines(done: Promoted) -> list[str]:
    now = done.declaration
    if done.new:
        changed = f"  {PRODUCTION} is {now.bundle}; {PRODUCTION_DVC} and {DECLARATION} name it"
        out = [f"v{now.version} is production on this machine: {done.headline}", changed, "", "Commit it:"]
    else:
        out = [f"v{now.version} is production already: {done.headline}", "", "If it is not committed yet:"]
    if isinstance(done.registry, Unrecorded):
        out.insert(1, f"  Warning: {done.registry}")
    elif done.registry.version:
        out.insert(1, f"  MLflow: the alias production points at version {done.registry.version}")
    return out + [f"  {command}" for command in done.commit]


def machines(done: Promoted) -> dict[str, Any]:
    return {
        "promoted": done.new,
        "declaration": done.declaration.model_dump(by_alias=True, mode="json"),
        "headline": done.headline,
        "commit": done.commit,
        "warnings": [str(done.registry)] if isinstance(done.registry, Unrecorded) else [],
    }


def arguments() -> Asked:
    parser = argparse.ArgumentParser(prog="python -m scripts.promote", description=__doc__)
    parser.add_argument("--override", action="store_true", help="against HOLD or REJECT; needs --reason")
    parser.add_argument("--reason", help="why; it is written into models/production.json")
    parser.add_argument("--json", action="store_true", help="print the result for machines")
    given = parser.parse_args()
    printable = "".join(letter if letter.isprintable() else " " for letter in given.reason or "")
    reason = " ".join(printable.split())
    if given.override != bool(reason):
        raise Mistake(
            "--override and --reason go together: say why, as in --override --reason 'a safer model'.", code=USAGE
        )
    return Asked(reason or None, given.json)


@errors.reported
def main() -> int:
    asked = arguments()
    with lock.held():
        done = promote(asked)
    print(text.to_json(machines(done)).rstrip() if asked.json else "\n".join(lines(done)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
