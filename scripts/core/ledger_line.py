"""A line of the ledger, composed of what the commands of a run left and of the reports that are this run's."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from scripts.core.ledger import Data, Line, Predictions, PullRequest, Score, Trigger

COMMANDS = ("rollback", "release", "retrain")
MOST, LONGEST = 20, 500  # lines of a kind that are kept, characters of each
Outcomes = Mapping[str, Mapping[str, Any]]  # by command


@dataclass(frozen=True)
class Origin:
    """What is known of the job; on a laptop nothing is."""

    run: str | None = None
    attempt: int = 1
    event: str | None = None
    actor: str | None = None
    workflow: str | None = None
    commit: str | None = None
    url: str | None = None


@dataclass(frozen=True)
class Known:
    """`reports`: run, evaluation and declaration as they are in the folder now; None for what is not there."""

    now: datetime
    origin: Origin
    outcomes: Outcomes
    reports: Mapping[str, Any] = field(default_factory=dict)
    predictions_md5: str | None = None
    digests: Mapping[str, str] = field(default_factory=dict)
    command: str | None = None  # whose run it is, where a caller knows

    @property
    def name(self) -> str:
        return self.command or command_of(self.outcomes, self.origin.workflow)

    @property
    def dry(self) -> bool:
        """Whether the run was to change nothing outside of its folder: it is not remembered either."""
        return bool((self.outcomes.get("retrain") or {}).get("dry_run"))

    @property
    def main(self) -> Mapping[str, Any]:
        """What the command that the run is named after left; empty when it left nothing."""
        return self.outcomes.get(self.name) or {}


def command_of(outcomes: Outcomes, workflow: str | None) -> str:
    """Whose run this is: of what was left, else by the workflow's name."""
    ran = next((name for name in COMMANDS if name in outcomes), None)
    named = next((name for name in COMMANDS if name in (workflow or "").lower().replace("-", "")), None)
    return ran or named or re.sub(r"\W+", "-", (workflow or "retrain").lower()).strip("-")


def composed(known: Known, warnings: Sequence[str] = ()) -> Line:
    evaluation = _evaluation(known)
    retrain, main = _retrain(known), known.main
    return Line(
        time=known.now.astimezone(UTC).isoformat(timespec="seconds"),
        id=_id(known),
        command=known.name,
        ended=_ended(known),
        event=known.origin.event,
        actor=known.origin.actor,
        workflow=known.origin.workflow,
        attempt=known.origin.attempt if known.origin.run else None,
        commit=known.origin.commit,
        recorded=(known.outcomes.get("record") or {}).get("commit"),
        run=retrain.get("run"),
        new=bool(retrain.get("new", True)) if retrain else True,
        production=_production(known),
        total_seconds=main.get("total_seconds"),
        seconds=_seconds(retrain),
        digests=dict(known.digests),
        errors=tuple(_cut(_errors(known))),
        warnings=tuple(_cut(_warnings(known, warnings))),
        links=dict(_links(known)),
        pull_request=_pull_request(known),
        **_found(retrain, evaluation, known.predictions_md5),
        **_published(known),
    )


def _retrain(known: Known) -> Mapping[str, Any]:
    """Nothing in the run of another command: what it left there is of a run before."""
    return known.main if known.name == "retrain" else {}


def _id(known: Known) -> str:
    """One for each attempt of a workflow's run; on a laptop the name of what went in, or the time."""
    origin = known.origin
    if origin.run:
        return f"{origin.run}-{origin.attempt}-{known.name}"
    retrain = _retrain(known)
    if retrain.get("run") and retrain.get("new", True) and not retrain.get("code"):
        return str(retrain["run"])
    now = known.now.astimezone(UTC).isoformat()
    began = re.sub(r"\W+", "", str(retrain.get("started") or now)[: len("2026-11-24T03:17:00")])
    return f"{retrain.get('run') or known.name}-{began}"


def _ended(known: Known) -> int | None:
    """The first exit code that is not 0, in the order in which commands run; None when the main one left no word."""
    codes = [known.outcomes.get(name, {}).get("code") or 0 for name in _order(known)]
    failed = next((int(code) for code in codes if code), 0)
    return failed or (0 if known.main else None)


def _order(known: Known) -> Iterator[str]:
    ordered = [known.name, "store", "handover", "record", "propose"]
    yield from dict.fromkeys([*ordered, *sorted(known.outcomes)])


def _errors(known: Known) -> Iterator[str]:
    if not known.main:
        yield f"{known.name}: left no word of what happened: it was ended, or it never began. See the run's log."
    for name in _order(known):
        found = known.outcomes.get(name) or {}
        if found.get("code"):
            yield from found.get("lines") or [f"{name}: ended with {found['code']}"]
    if known.main.get("action") == "refused" and not known.main.get("code"):
        yield f"{known.name}: refused: {known.main.get('reason') or 'it gives no reason'}"


def _warnings(known: Known, more: Sequence[str]) -> Iterator[str]:
    for name in _order(known):
        if name not in ("ledger", "alert"):
            yield from (known.outcomes.get(name) or {}).get("warnings") or []
    yield from more


def _cut(lines: Iterator[str]) -> Iterator[str]:
    """A thousand broken columns are told by the first of them."""
    kept = list(dict.fromkeys(str(line) for line in lines))
    for line in kept[:MOST]:
        yield line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
    if len(kept) > MOST:
        yield f"and {len(kept) - MOST:,} more"


def _evaluation(known: Known) -> Mapping[str, Any] | None:
    """The report, if it is this run's: what a run before left there is not."""
    retrain, evaluation, run = _retrain(known), known.reports.get("evaluation"), known.reports.get("run")
    if not evaluation or not retrain.get("new") or not retrain.get("verdict"):
        return None
    if run and run.get("run") != retrain.get("run"):
        return None
    return evaluation if evaluation["verdict"]["verdict"] == retrain["verdict"] else None


def _found(retrain: Mapping[str, Any], evaluation: Mapping[str, Any] | None, md5: str | None) -> dict[str, Any]:
    if not retrain:
        return {}
    data = {"digest": retrain.get("data"), "rows": retrain.get("rows")}
    data |= {"from": retrain.get("data_from"), "to": retrain.get("data_to")}
    judged = bool(retrain.get("new") and retrain.get("verdict"))
    out: dict[str, Any] = {
        "data": Data.model_validate(data) if any(data.values()) else None,
        "triggers": tuple(Trigger.model_validate(each) for each in retrain.get("triggers") or []),
        "drift_share": retrain.get("drift_share"),
        "verdict": retrain["verdict"] if judged else None,
        "reasons": tuple(_cut(iter(retrain.get("reasons") or []))) if judged else (),
        "explained": tuple(_cut(iter(retrain.get("explained") or []))) if retrain.get("new") else (),
    }
    return out | (_evaluated(evaluation, md5) if evaluation else {})


def _evaluated(evaluation: Mapping[str, Any], md5: str | None) -> dict[str, Any]:
    models, predictions = evaluation["models"], evaluation.get("predictions")
    holdout, anchors = evaluation.get("holdout") or {}, evaluation.get("anchors") or {}
    bundles = {name: model["bundle"] for name, model in models.items() if model and model["bundle"]}
    return {
        "first": evaluation["verdict"]["first"],
        "holdout": holdout.get("fingerprint"),
        "uses": holdout.get("uses"),
        "best": anchors.get("best"),
        "rollback": bool(anchors.get("rollback")),
        "metrics": {name: Score.model_validate(values) for name, values in evaluation["metrics"].items()},
        "bundles": bundles,
        "predictions": Predictions(digest=predictions["digest"], md5=md5) if predictions else None,
    }


def _seconds(retrain: Mapping[str, Any]) -> dict[str, float]:
    return {stage: float(value) for stage, value in (retrain.get("seconds") or {}).items()}


def _published(known: Known) -> dict[str, Any]:
    """Of a release or rollback; the version that a retrain proposes stands with its pull request."""
    main = known.main
    if known.name == "retrain":
        proposed = known.outcomes.get("propose") or {}
        return {"version": proposed.get("version"), "action": None}
    out: dict[str, Any] = {name: main.get(name) for name in ("action", "version", "tag")}
    if main.get("reason"):
        out["reasons"] = (str(main["reason"])[:LONGEST],)
    declared = known.reports.get("declaration")
    if declared and known.name == "release" and declared["version"] == main.get("version"):
        scores = (declared.get("metrics") or {}).items()
        out["metrics"] = {name: Score.model_validate(values) for name, values in scores}
        out["bundles"] = {"candidate": declared["bundle"]}
    return out


def _production(known: Known) -> int | None:
    """Before the run; a rollback knows from which version it goes back."""
    if known.name == "rollback":
        return known.main.get("from_version")
    if known.name == "release":
        declared = known.reports.get("declaration") or {}
        same = declared.get("version") == known.main.get("version")
        return (declared.get("replaces") or {}).get("version") if same else None
    return _retrain(known).get("production")


def _pull_request(known: Known) -> PullRequest | None:
    found = known.outcomes.get("rollback" if known.name == "rollback" else "propose") or {}
    if known.name == "release" or not found.get("action") or (found["action"] == "nothing" and not found.get("number")):
        return None
    return PullRequest.model_validate(found)


def _links(known: Known) -> Iterator[tuple[str, str]]:
    if known.origin.url:
        yield "run", known.origin.url
    about = _pull_request(known)
    if about is not None and about.url:
        yield "pull_request", about.url
    if known.name == "release" and known.main.get("url"):
        yield "release", str(known.main["url"])
