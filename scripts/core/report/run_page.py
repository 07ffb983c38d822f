"""The page of a workflow's run: what arrived, what was decided and why, what a person does next."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.core.environment import Setting
from scripts.core.report import anchored, sections
from scripts.core.report.markdown import bullets, clip, code, details, escape, link, table
from scripts.core.report.pull_request import verdict

Report = Mapping[str, Any]
LIMIT = 900_000  # GitHub takes a mebibyte
STATES = {"fired": "**fired**", "quiet": "quiet", "off": "off", "unknown": "not known"}
CURE = "Mend what the lines name and push it, or run the workflow again: nothing was changed."


@dataclass(frozen=True)
class Ran:
    """One run. `retrain`, `record` and `proposed` are what these commands left in outcome/; None: they did not run."""

    name: str
    production: int  # version; 0: none
    retrain: Report | None
    record: Report | None = None
    proposed: Report | None = None
    evaluation: Report | None = None
    drift: Report | None = None
    missing: Sequence[Setting] = ()


def page(ran: Ran) -> str:
    if ran.retrain is not None and ran.retrain.get("code"):
        return failure(f"{ran.name}: the run failed", ran.retrain.get("lines") or ())
    found = ran.retrain or {}
    judged = ran.evaluation is not None and bool(found.get("new") and found.get("verdict"))
    return clip([f"## {escape(_heading(ran))}", *_found(ran, judged), *_after(ran)], LIMIT)


def failure(title: str, lines: Sequence[str]) -> str:
    """Each line word for word: it names what is wrong and the cure."""
    said = bullets(code(line) for line in lines) or "It gives no reason: see the log."
    return f"## {escape(title)}\n\n{said}\n\n{CURE}"


def _heading(ran: Ran) -> str:
    kept = f"production v{ran.production} stays" if ran.production else "there is no production model yet"
    done, found = ran.proposed or {}, ran.retrain or {}
    if done.get("action") in ("opened", "refreshed", "committed", "issue"):
        said = {"committed": "is production now", "issue": "waits for a setting"}.get(done["action"], "is proposed")
        return f"{ran.name}: v{done['version']} {said}"
    if not found.get("new"):
        return f"{ran.name}: nothing new, {kept}"
    if not found.get("verdict"):
        return f"{ran.name}: no reason to retrain, {kept}"
    return f"{ran.name}: {found['verdict']}, {kept}"


def _found(ran: Ran, judged: bool) -> Iterator[str]:
    found = ran.retrain or {}
    if judged and ran.evaluation is not None:
        yield verdict(ran.evaluation)
        yield explained("What would have been needed", found)
        yield sections.metrics(ran.evaluation)
    if found.get("triggers"):
        yield triggers(found["triggers"])
    drift = [text for text in (sections.drifted(ran.drift), sections.performance(ran.drift)) if text]
    if drift and found.get("new"):
        yield f"**Drift:** {' · '.join(drift)}"
    if found.get("new") and not found.get("verdict"):
        yield explained("While production waits", found)
    if judged and ran.evaluation is not None:
        yield anchored.folded(ran.evaluation)
        if slices := sections.slices(ran.evaluation):
            yield details("Slices", slices)
        yield details("How the verdict was reached", sections.judged(ran.evaluation))


def explained(title: str, found: Report) -> str:
    """See report/explain.py; the run has left its sentences, which name slices and columns."""
    said = [escape(each) for each in found.get("explained") or ()]
    return f"**{title}**\n\n{bullets(said)}" if said else ""


def triggers(found: Sequence[Report]) -> str:
    """Every trigger, and how far it is from firing."""
    rows = [
        [code(one["name"]), STATES.get(one["state"], escape(one["state"])), escape(one["says"]), _reached(one)]
        for one in found
    ]
    return table(["trigger", "", "", "of its limit"], rows, "lllr")


def _reached(one: Report) -> str:
    return "" if one.get("distance") is None else f"{max(0.0, one['distance']):.0%}"


def _after(ran: Ran) -> Iterator[str]:
    warnings = [*(ran.retrain or {}).get("warnings", ()), *(ran.record or {}).get("warnings", ())]
    warnings += (ran.proposed or {}).get("warnings", ())
    if warnings:
        yield "**Warnings**\n\n" + bullets(escape(warning) for warning in warnings)
    if ran.missing:
        rows = [[code(one.name), escape(one.gives), escape(one.without)] for one in ran.missing]
        yield details(
            f"Settings that are not set ({len(rows)}): everything works without them",
            table(["setting", "gives", "without it"], rows, "lll"),
        )
    yield f"**Next:** {_next(ran)}"


def _next(ran: Ran) -> str:
    done = ran.proposed or {}
    where = link(f"#{done['number']}", done["url"]) if done.get("number") and done.get("url") else "it"
    reason = escape(done.get("reason") or "").rstrip(".")
    if done.get("action") == "nothing" and done.get("number"):
        return f"{where} still waits: merge it, or close it."
    return {
        "opened": f"look at {where} and merge it, or close it.",
        "refreshed": f"look at {where} and merge it, or close it.",
        "carried": f"merge {where}: until then every run starts without these data and does the same again.",
        "issue": f"see {where}: a setting keeps pull requests from being opened.",
        "committed": f"nothing to do: v{done.get('version')} is released by the next job.",
        "closed": f"nothing to do: {where} was closed. {reason}.",
        "left": f"{reason}.",
    }.get(str(done.get("action")), f"nothing to do. {reason + '.' if reason else ''}".strip())
