import re
from typing import Any

import pytest

from scripts.core.changes import Change, Changes
from scripts.core.report import pull_request
from scripts.core.report.pull_request import Links, Proposal
from scripts.core.standing import Note, note_of
from tests import reports
from tests.rendered import rendered
from tests.reports import HOSTILE

SHA = "0123456789abcdef0123456789abcdef01234567"
LINKS = Links("https://github.com/octo/evergreen", SHA, "https://ml")
NOTE = Note("key", reports.BUNDLE, "7f3c2a10", "https://github.com/octo/evergreen/actions/runs/1", 38.2)
ELEMENTS = {"p", "strong", "em", "code", "span", "br", "img", "a", "details", "summary", "ul", "li"} | {
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
}
CHANGES = Changes(
    params=(Change("train.parameters.max_iter", "100", "150"),),
    data=(Change("2013-06.parquet", "not there", "28,243 rows"),),
    code=("scripts/core/features.py",),
)


def proposal(**other: Any) -> Proposal:
    known: dict[str, Any] = {
        "declaration": reports.declared(),
        "evaluation": reports.evaluation(),
        "validation": reports.validation(),
        "drift": reports.drift(),
        "run": reports.run(),
        "manifest": reports.manifest(),
        "data": "3f2a9900.dir",
        "base": "a81c" * 10,
        "changes": CHANGES,
        "links": LINKS,
        "note": NOTE,
    }
    return Proposal(**known | other)


def test_the_title_says_the_verdict() -> None:
    said = pull_request.title(reports.declared(), reports.evaluation())
    assert said == "Promote v5: log loss 0.576 → 0.561 (better by 0.015, 95% interval 0.002 to 0.028)"


def test_the_title_of_a_first_model() -> None:
    said = pull_request.title(reports.declared(1), reports.evaluation(first=True))
    assert said == "Promote v1: log loss 0.561, the first model"


def test_a_score_rises_in_the_title() -> None:
    auc = reports.entry(0.7641, 0.7533, (0.001, 0.020), greater=True, decides=True)
    said = pull_request.title(reports.declared(), reports.evaluation(metrics={"roc_auc": auc}))
    assert said == "Promote v5: ROC AUC 0.753 → 0.764 (better by 0.011, 95% interval 0.001 to 0.020)"


def test_the_body_has_its_parts_in_the_order_of_a_decision() -> None:
    said = pull_request.body(proposal())
    parts = [
        "**PROMOTE.** log_loss better by 0.0149",
        "on the same 6,512 rows of 7 days (2013-06-24 to 2013-06-30)",
        "no guardrail and none of 3 slices is broken, the self-test passed.",
        "| **log loss** (decides) | 0.5759 | 0.5610 | −0.0149 | −0.0280 … −0.0020 | ▲ better |",
        "| ROC AUC |",
        "| brier score | 0.1912 | 0.1861 | −0.0051 |",
        f"/blob/{SHA}/reports/plots/differences.png?raw=true",
        "calibration.png",
        "**Why now:** 28,243 new rows of 20,000 (`new_rows`)<br>",
        "**Drift:** 2 of 5 columns (column_0, column_1), 21% by importance · production scores 0.5759",
        "**Trained on** 166,158 rows, 2013-01-01 to 2013-06-23 · **data** `3f2a9900` · **code** `a81ca81`",
        "28 checks passed, 1 warning (wind_gust: max_missing) · took 38 s",
        "<summary>Slices: 3 compared, 0 broken, 0 too small to judge</summary>",
        "<summary>Drift by column: 2 of 5 drifted</summary>",
        "<summary>What changed in params, data and code since v4</summary>",
        "| `train.parameters.max_iter` | `100` | `150` |",
        "- `scripts/core/features.py`",
        "<summary>How the verdict was reached</summary>",
        "**You:** merge to publish v5 · close to refuse",
        "[run](https://github.com/octo/evergreen/actions/runs/1)",
        "[MLflow](https://ml)",
        f"[full report](https://github.com/octo/evergreen/blob/{SHA}/reports/evaluation.json)",
        "<!-- evergreen: {",
    ]
    places = [said.find(part) for part in parts]
    assert -1 not in places, parts[places.index(-1)]
    assert places == sorted(places)


def test_the_first_screen_is_short() -> None:
    first = pull_request.body(proposal()).split("<details>")[0]
    assert len(first.splitlines()) <= 15


def test_the_note_comes_back() -> None:
    assert note_of(pull_request.body(proposal())) == NOTE


def test_a_first_model_has_nothing_beside_it() -> None:
    said = pull_request.body(
        proposal(
            declaration=reports.declared(1),
            evaluation=reports.evaluation(first=True),
            drift={"production": 0, "columns": [], "drifted": [], "performance": None, "prediction": None},
            changes=Changes(),
        )
    )
    assert "log_loss 0.5610 on 6,512 rows of 7 days (2013-06-24 to 2013-06-30); no limit is broken" in said
    assert "| **log loss** (decides) | 0.5610 | 0.5410 … 0.5810 |" in said
    assert "since v" not in said and "Drift by column" not in said


def test_who_opened_it_with_the_workflows_token_is_told_what_to_press() -> None:
    assert "Approve workflows to run" in pull_request.body(proposal(approve=True))
    assert "Approve workflows to run" not in pull_request.body(proposal())


def test_reasons_of_another_run_are_not_given() -> None:
    """A later run that trained nothing has left its triggers in run.json."""
    said = pull_request.body(proposal(run=reports.run(verdict=None)))
    assert "new rows of" not in said


def wide(count: int = 1000) -> Proposal:
    names = [f"{HOSTILE[number % len(HOSTILE)]} {number} {'wide ' * 20}" for number in range(count)]
    drift = reports.drift()
    drift["columns"] = [reports.column(name, drifted=number % 2 == 0) for number, name in enumerate(names)]
    drift["drifted"] = names[::2]
    evaluation = reports.evaluation()
    rows = [reports.slice_(name, column=name) for name in names]
    evaluation["slices"] |= {"rows": rows, "compared": count, "broken": [], "too_small": names}
    evaluation["verdict"]["reasons"] += list(HOSTILE)
    evaluation["self_tests"][0]["name"] = names[0]
    changed = tuple(Change(name, name, name) for name in names)
    warnings = [{"batch": None, "column": names[3], "rule": names[4], "message": names[5]}]
    return proposal(
        evaluation=evaluation,
        drift=drift,
        changes=Changes(params=changed, data=changed, code=tuple(names)),
        validation=reports.validation(warnings=warnings),
        run=reports.run(triggers=[reports.trigger("manual", "fired", f"asked for: {text}", 1) for text in HOSTILE]),
    )


def test_a_thousand_columns_and_slices_stay_within_githubs_limit() -> None:
    assert len(pull_request.body(wide())) <= 65_000
    assert "more columns stand in" in pull_request.body(wide())


def test_hostile_names_do_nothing() -> None:
    said = pull_request.body(wide())
    assert note_of(said) == NOTE
    page = rendered(said)
    assert not re.search(r"@\w|(?<!\w)#\d|\w://|www\.", page.text)
    assert page.opened["details"] == page.closed["details"] == page.opened["summary"] == 4
    assert set(page.opened) <= ELEMENTS and page.opened["img"] == 5
    addresses = [value for _, name, value in page.attributes if name in ("href", "src")]
    assert all(address.startswith(("https://github.com/octo/evergreen/", "https://ml")) for address in addresses)
    assert not any(name.startswith("on") for _, name, _ in page.attributes)
    assert len(page.comments) == 1
    for block in re.findall(r"(?:^\|.*\n?)+", said, re.M):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1, block[:300]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_title_is_one_line_and_not_too_long(text: str) -> None:
    metrics = {text + "x" * 500: reports.evaluation()["metrics"]["log_loss"]}
    for first in (True, False):
        found = reports.evaluation(first=first, metrics=metrics)
        said = pull_request.title(reports.declared(10**9), found)
        assert len(said) <= pull_request.TITLE and said.isprintable()
