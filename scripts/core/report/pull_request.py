"""The pull request that proposes a candidate: a reviewer decides from the first screen, the rest is folded."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from scripts.core.changes import Changes
from scripts.core.declaration import Declaration
from scripts.core.report import anchored, sections
from scripts.core.report.markdown import LONGEST, clip, code, details, escape, link, name, plain
from scripts.core.report.numbers import ARROW, deciding, decimals, duration, fixed, gain, spoken
from scripts.core.settings.param_types import parse_span
from scripts.core.standing import Note

Report = Mapping[str, Any]
TITLE, BODY = 256, 65_000  # GitHub's limits: 256 and 65,536 characters
APPROVE = (
    "press **Approve workflows to run** if you want the checks to run: this was opened with the workflow's own token"
)


@dataclass(frozen=True)
class Links:
    repository: str  # its address
    commit: str  # the branch's, where the pictures are
    mlflow: str | None = None

    def file(self, path: str) -> str:
        return f"{self.repository}/blob/{self.commit}/{path}"

    def picture(self, file: str, about: str, width: int = 420) -> str:
        address = self.file(f"reports/plots/{file}?raw=true")
        return f'<img src="{address}" alt="{about}" width="{width}" align="top">'


@dataclass(frozen=True)
class Proposal:
    """Everything that a pull request speaks of; reports are the files of reports/, the manifest is the candidate's."""

    declaration: Declaration
    evaluation: Report
    validation: Report | None
    drift: Report | None
    run: Report | None
    manifest: Report
    data: str  # digest of the table
    base: str  # commit of the main branch
    changes: Changes
    links: Links
    note: Note
    approve: bool = False  # whether a person must press a button before the checks run


def title(declaration: Declaration, evaluation: Report) -> str:
    """Promote v5: log loss 0.576 → 0.561 (better by 0.015, 95% interval 0.002 to 0.028)"""
    found = deciding(evaluation)
    if found is None:
        return f"Promote v{declaration.version}"
    metric, entry = plain(spoken(found[0]), LONGEST), found[1]
    places, turned = decimals(entry), gain(entry)
    if turned is None or entry["production"] is None:
        value = fixed(entry["candidate"], max(3, places) if abs(entry["candidate"]) < 10 else places)
        return f"Promote v{declaration.version}: {metric} {value}, the first model"
    by, low, high = (fixed(value, places) for value in turned)
    level = f"{100 * evaluation['method']['confidence']:g}%"
    values = f"{fixed(entry['production'], places)} {ARROW} {fixed(entry['candidate'], places)}"
    said = f"{metric} {values} (better by {by}, {level} interval {low} to {high})"
    return f"Promote v{declaration.version}: {said}"[:TITLE]


def body(proposal: Proposal) -> str:
    first = [
        verdict(proposal.evaluation),
        sections.metrics(proposal.evaluation),
        _pictures(proposal),
        "\n".join([*_why(proposal), _trained(proposal)]),
    ]
    you = f"**You:** {' · '.join(_you(proposal))}"
    return clip([*first, *_folded(proposal)], BODY, f"{you}\n\n{proposal.note}")


def verdict(evaluation: Report) -> str:
    """The verdict, its reasons, and that nothing else is broken."""
    found, slices = evaluation["verdict"], evaluation["slices"]
    broken = sum(one["broken"] for one in (*evaluation["guardrails"], *evaluation["limits"])) + len(slices["broken"])
    reasons = "; ".join(escape(reason) for reason in found["reasons"])
    rest = []
    if not broken:
        kept = "no limit" if found["first"] else "no guardrail"
        whole = f"none of {slices['compared']:,} slices" if slices["compared"] and not found["first"] else ""
        rest.append(f"{kept}{' and ' + whole if whole else ''} is broken")
    if evaluation["self_tests"] and all(test["passed"] for test in evaluation["self_tests"]):
        rest.append("the self-test passed")
    same = "" if found["first"] else f", on the same {evaluation['holdout']['rows']:,} rows"
    said = f"**{escape(found['verdict'])}.** {reasons}{same}{judged_on(evaluation)}"
    return f"{said}; {', '.join(rest)}." if rest else f"{said}."


def judged_on(evaluation: Report) -> str:
    """of 7 days (2013-06-24 to 2013-06-30)"""
    holdout, block = evaluation["holdout"], evaluation["method"]["block"]
    blocks = ""
    if holdout["blocks"] and block:
        kind = "days" if parse_span(block) == timedelta(days=1) else f"blocks of {block}"
        blocks = f" of {holdout['blocks']:,} {kind}"
    when = f" ({holdout['from'][:10]} to {holdout['to'][:10]})" if holdout["from"] else ""
    return f"{blocks}{when}"


def _pictures(proposal: Proposal) -> str:
    links = proposal.links
    one = links.picture("differences.png", "each metric's difference with its interval")
    return f"{one} {links.picture('calibration.png', 'calibration of the models')}"


def _why(proposal: Proposal) -> Iterator[str]:
    """What triggered the run, and drift, each on a line of its own."""
    if why := sections.why_now(proposal.run):
        yield f"**Why now:** {why}<br>"
    if drift := [text for text in (sections.drifted(proposal.drift), sections.performance(proposal.drift)) if text]:
        yield f"**Drift:** {' · '.join(drift)}<br>"


def _trained(proposal: Proposal) -> str:
    rows = proposal.manifest["trained_on"]
    when = f", {rows['from'][:10]} to {rows['to'][:10]}" if rows.get("from") else ""
    parts = [
        f"**Trained on** {rows['rows']:,} rows{when}",
        f"**data** {code(proposal.data[:8])}",
        f"**code** {code(proposal.base[:7])}",
    ]
    if proposal.validation is not None:
        parts.append(_checks(proposal.validation))
    if proposal.note.seconds:
        parts.append(f"took {duration(proposal.note.seconds)}")
    return " · ".join(parts)


def _checks(validation: Report) -> str:
    warned = len(validation["warnings"])
    said = f"{validation['checks'] - warned:,} checks passed"
    if not warned:
        return said
    first = validation["warnings"][0]
    about = name(first["column"] or first["batch"] or "table")
    return f"{said}, {warned:,} warning{'s' * (warned != 1)} ({about}: {escape(first['rule'])})"


def _folded(proposal: Proposal) -> Iterator[str]:
    evaluation, links = proposal.evaluation, proposal.links
    slices, drift = evaluation["slices"], proposal.drift
    yield anchored.folded(evaluation)
    if slices["rows"]:
        summary = f"Slices: {slices['compared']:,} compared, {len(slices['broken']):,} broken"
        summary += f", {len(slices['too_small']):,} too small to judge"
        picture = links.picture("slices.png", "each slice's difference with its interval", 700)
        yield details(summary, f"{picture}\n\n{sections.slices(evaluation)}")
    if drift and drift["columns"]:
        summary = f"Drift by column: {len(drift['drifted']):,} of {len(drift['columns']):,} drifted"
        picture = links.picture("drift.png", "drift of each column", 700)
        yield details(summary, f"{picture}\n\n{sections.columns(drift)}")
    if replaced := proposal.declaration.replaces:
        summary = f"What changed in params, data and code since v{replaced.version}"
        yield details(summary, sections.changes(proposal.changes))
    curves = links.picture("curves.png", "curves of the models", 700)
    yield details("How the verdict was reached", f"{sections.judged(evaluation)}\n\n{curves}")


def _you(proposal: Proposal) -> Iterator[str]:
    links = proposal.links
    yield f"merge to publish v{proposal.declaration.version}"
    yield "close to refuse (it stays closed until data, params or margin change)"
    if proposal.approve:
        yield APPROVE
    if run := proposal.note.url:
        yield link("run", run)
        yield link("drift report", f"{run}#artifacts")
    if links.mlflow:
        yield link("MLflow", links.mlflow)
    yield link("full report", links.file("reports/evaluation.json"))
