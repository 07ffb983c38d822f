"""What is said of earlier releases: to a reviewer, in a terminal, on a page."""

from typing import Any

import pytest

from scripts.core.changes import Changes
from scripts.core.report import anchored, comparison, evaluation_page, pull_request, release_notes, run_page
from scripts.core.report.comparison import Compared
from scripts.core.report.run_page import Ran
from tests import bundles, genuine, reports
from tests.core.report.test_pull_request import proposal
from tests.rendered import rendered


def release(version: int, value: float | None, **other: Any) -> dict[str, Any]:
    known: dict[str, Any] = {"version": version, "bundle": f"sha256:{version}", "pinned": False, "taken_back": False}
    if value is None:
        blank = dict.fromkeys(("value", "difference", "interval", "better_than_production"))
        return {**known, **blank, "rows": 0, "fault": f"the anchor v{version} can't be scored: it is gone", **other}
    against, beside = 0.5610 - value, value - 0.5759
    known |= {"rows": 6512, "value": value, "difference": against, "interval": [against - 0.01, against + 0.01]}
    known |= {"better_than_production": {"difference": beside, "interval": [beside - 0.01, beside + 0.01]}}
    return {**known, "fault": None, **other}


def evaluation(*rows: dict[str, Any], verdict: str = "PROMOTE", **other: Any) -> dict[str, Any]:
    known: dict[str, Any] = {
        "tolerated": {"max_worse": None, "max_worse_relative": 0.02},
        "best": None,
        "broken": False,
    }
    known |= {"rollback": False, "unknown": None, "rows": list(rows)}
    return reports.evaluation(verdict, anchors={**known, **other})


DECLINED = evaluation(
    release(3, 0.53),
    release(2, 0.5412, pinned=True),
    release(1, None),
    release(5, 0.5, taken_back=True),
    best=3,
    broken=True,
    rollback=True,
    verdict="REJECT",
)
PLACE = release_notes.Place("https://github.com", "octo/evergreen")
COMMAND = "gh workflow run rollback.yml -f version=3 -f reason='better than v4 by 0.0459'"


def test_a_terminal_is_told_of_every_release_and_of_the_way_back() -> None:
    assert anchored.lines(DECLINED) == [
        "earlier releases on the same rows: v3 0.5300, v2 (pinned) 0.5412, v5 (taken back) 0.5000 (log loss)",
        "the anchor v1 can't be scored: it is gone",
        "released v3 is the best of all: better than production v4 by 0.0459 (interval 0.0359 to 0.0559), "
        "and than the candidate by 0.0310; to go back to it:",
        COMMAND,
    ]
    assert len(COMMAND) < 90, "a line of the terminal that can be copied"


def test_the_table_has_every_value_beside_production_and_candidate() -> None:
    assert anchored.table(DECLINED).splitlines() == [
        "|  | log loss | candidate − it | interval | it − v4 | interval |  |",
        "| --- | ---: | ---: | --- | ---: | --- | --- |",
        "| candidate | 0.5610 |  |  | −0.0149 | −0.0280 … −0.0020 |  |",
        "| production v4 | 0.5759 | −0.0149 | −0.0280 … −0.0020 |  |  |  |",
        "| v3 | 0.5300 | +0.0310 | +0.0210 … +0.0410 | −0.0459 | −0.0559 … −0.0359 "
        "| best of them; the candidate is worse by too much |",
        "| v2 | 0.5412 | +0.0198 | +0.0098 … +0.0298 | −0.0347 | −0.0447 … −0.0247 | pinned |",
        "| v1 | – | – | – | – | – | not compared |",
        "| v5 | 0.5000 | +0.0610 | +0.0510 … +0.0710 | −0.0759 | −0.0859 … −0.0659 | taken back: holds nothing up |",
    ]


def test_it_is_open_where_a_reader_must_not_pass_it_by() -> None:
    shut = anchored.folded(evaluation(release(3, 0.57), best=3))
    assert shut.startswith("<details><summary>Earlier releases on the same rows: 1 compared</summary>")
    assert "worse than the best of them by 2% at most: kept." in shut and "gh workflow" not in shut
    summary = anchored.folded(DECLINED).splitlines()[0]
    assert summary.startswith("<details open>") and "3 compared, v3 is the best of all" in summary
    assert "the candidate is worse than v3 by too much" in summary
    assert f"```sh\n{COMMAND}\n```" in anchored.folded(DECLINED)


def test_rows_that_were_left_out_and_a_rule_that_is_none_are_said() -> None:
    said = anchored.body(evaluation(release(3, 0.57, rows=6500), best=3, tolerated=None))
    assert "6,500 rows, as it was trained on the others" in said and "gate.anchor_max_worse is null" in said


@pytest.mark.parametrize("found", [reports.evaluation(), evaluation(), reports.evaluation(first=True)])
def test_where_there_is_nothing_nothing_is_said(found: dict[str, Any]) -> None:
    assert anchored.lines(found) == [] and anchored.folded(found) == anchored.table(found) == ""


def test_why_nobody_knows_is_said_everywhere() -> None:
    found = evaluation(unknown="git: this clone is shallow")
    said = "not all earlier releases were compared: git: this clone is shallow"
    assert anchored.lines(found) == [said] and said in anchored.folded(found)


def test_the_pull_request_the_runs_page_the_release_and_its_page_all_show_it() -> None:
    pull = pull_request.body(proposal(evaluation=DECLINED))
    ran = {"new": True, "verdict": "REJECT", "triggers": []}
    page = run_page.page(Ran("small", 4, ran, evaluation=DECLINED))
    made_of = genuine.material(bundles.hollow(), trusted=(), evaluation=DECLINED)
    notes = release_notes.notes(made_of, {}, PLACE, release_notes.Credit())
    html = evaluation_page.page(made_of)
    comment = comparison.comment(Compared(reports.evaluation(), DECLINED, Changes((), (), ())))
    for text in (pull, page, notes, html, comment):
        assert "Earlier releases on the same rows" in text and "released v3 is the best of all" in text
        assert "the anchor v1 can't be scored: it is gone" in text.replace("&#x27;", "'")
    assert "<td>production v4</td><td>0.5759</td>" in html
    assert "log loss" in rendered(pull).text
