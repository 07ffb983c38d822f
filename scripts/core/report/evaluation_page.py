"""evaluation.html: how a model was judged, on one page that needs nothing else."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from scripts.core.paths import PLOTS
from scripts.core.report import anchored, explain
from scripts.core.report.material import Material
from scripts.core.report.numbers import READINGS, between, decimals, fixed, signed, spoken
from scripts.core.text import number

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1f2328; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.6rem } h2 { font-size: 1.2rem; margin-top: 2rem }
table { border-collapse: collapse; display: block; overflow-x: auto }
th, td { padding: .3rem .7rem; border-bottom: 1px solid #d1d9e0; text-align: right; white-space: nowrap }
th:first-child, td:first-child { text-align: left }
img { max-width: 100% } .quiet { color: #59636e } code { font-size: .9em }
"""
PICTURES = (
    ("differences.png", "Each metric's difference with its interval"),
    ("calibration.png", "Calibration"),
    ("curves.png", "Curves"),
    ("slices.png", "Slices"),
    ("drift.png", "Drift"),
)


def page(made_of: Material) -> str:
    title = escape(f"{made_of.name} v{made_of.version}")
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f'<meta name="viewport" content="width=device-width">\n<style>{STYLE}</style>\n</head>\n<body>\n'
        f"<h1>{title}</h1>\n{chr(10).join(_parts(made_of))}\n</body>\n</html>\n"
    )


def _parts(made_of: Material) -> Iterator[str]:
    evaluation = made_of.evaluation
    verdict, holdout = evaluation["verdict"], evaluation["holdout"]
    reasons = "; ".join(escape(reason) for reason in verdict["reasons"])
    yield f"<p><strong>{escape(verdict['verdict'])}</strong> {reasons}.</p>"
    when = f", {holdout['from']} to {holdout['to']}" if holdout["from"] else ""
    yield f'<p class="quiet">Judged on {holdout["rows"]:,} rows{escape(when)}; {holdout["leaked"]:,} left out.</p>'
    if needed := "".join(f"<li>{escape(each)}.</li>" for each in explain.needed(evaluation)):
        yield f"<h2>What would have been needed</h2>\n<ul>{needed}</ul>"
    yield f"<h2>Metrics</h2>\n{_metrics(evaluation)}"
    yield from _anchors(evaluation)
    for file, about in PICTURES:
        if (content := made_of.reports.get((PLOTS / file).as_posix())) is not None:
            yield f'<h2>{about}</h2>\n<img alt="{about}" src="{_uri(content)}">'
    if evaluation["slices"]["rows"]:
        yield f"<h2>Slices, row by row</h2>\n{_slices(evaluation)}"
    yield f"<h2>Guardrails, limits, self-tests</h2>\n{_rules(evaluation)}"
    yield f'<p class="quiet">Bundle <code>{escape(made_of.bundle.digest)}</code></p>'


def _anchors(evaluation: Mapping[str, Any]) -> Iterator[str]:
    header, rows = anchored.cells(evaluation)
    said = [
        *([anchored.rule(evaluation)] if rows else []),
        anchored.rollback(evaluation),
        *anchored.lacking(evaluation),
    ]
    if any(said):
        yield "<h2>Earlier releases on the same rows</h2>"
    if rows:
        yield _table(header, rows)
    yield from (f"<p>{escape(each)}</p>" for each in said if each)


def _uri(content: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def _metrics(evaluation: Mapping[str, Any]) -> str:
    production = evaluation["models"]["production"]
    level = f"{100 * evaluation['method']['confidence']:g}%"
    header = ["metric", f"v{production['version']}" if production else "–", "this model", f"{level} interval"]
    header += ["difference", f"{level} interval", ""]
    return _table(header, [_metric(metric, entry) for metric, entry in evaluation["metrics"].items()])


def _metric(metric: str, entry: Mapping[str, Any]) -> list[str]:
    places = decimals(entry, 1)
    ends = entry.get("candidate_interval")
    alone = "–" if ends is None else f"{fixed(ends[0], places)} … {fixed(ends[1], places)}"
    return [
        spoken(metric) + (" (decides)" if entry["decides"] else ""),
        fixed(entry["production"], places),
        fixed(entry["candidate"], places),
        alone,
        signed(entry["difference"], places),
        between(entry["interval"], places),
        READINGS.get(entry.get("reading") or "", ""),
    ]


def _slices(evaluation: Mapping[str, Any]) -> str:
    header = ["slice", "rows", "before", "this model", "difference", "interval", ""]
    return _table(header, [_slice(one) for one in evaluation["slices"]["rows"]])


def _slice(one: Mapping[str, Any]) -> list[str]:
    values = ["–" if one[side] is None else number(one[side]) for side in ("production", "candidate")]
    state = {"ok": "", "broken": "broken", "too_small": "too small to judge"}[one["state"]]
    difference = [signed(one["difference"], 4), between(one["interval"], 4)]
    return [f"{one['column']} = {one['value']}", f"{one['rows']:,}", *values, *difference, state]


def _rules(evaluation: Mapping[str, Any]) -> str:
    rows = []
    for one in evaluation["guardrails"]:
        allowed = " and ".join(
            said
            for said in (
                "" if one["limit"] is None else number(one["limit"]),
                "" if one["relative"] is None else f"{one['relative']:.3g} of what it was",
            )
            if said
        )
        rows.append([f"{spoken(one['metric'])}: worse by {allowed} at most", "broken" if one["broken"] else "kept"])
    for one in evaluation["limits"]:
        rows.append([f"{spoken(one['metric'])}: {number(one['limit'])}", "broken" if one["broken"] else "kept"])
    for one in evaluation["self_tests"]:
        rows.append([f"self-test: {one['name']}", "passed" if one["passed"] else "failed"])
    return _table(["rule", ""], rows)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = "\n".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table>\n<tr>{head}</tr>\n{body}\n</table>"
