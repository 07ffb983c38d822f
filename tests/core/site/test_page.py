import hashlib
import json
import re
from base64 import b64encode
from typing import Any

import pytest

from scripts.core.ledger import Ledger, parse
from scripts.core.site.page import Told, page
from scripts.core.site.words import Link
from tests import lived
from tests.lived import NOW, life
from tests.rendered import Page

PLOTLY = "window.Plotly = {react: function () {}}; // <!-- not a comment"
VOID = {"meta", "link"}


def html(*lines: dict[str, Any], reports: tuple[Link, ...] = ()) -> str:
    return page(Told("flights", NOW, lived.ledger_of(list(lines)), reports), PLOTLY)


def read(text: str) -> Page:
    found = Page()
    found.feed(text)
    return found


@pytest.mark.parametrize(
    "lines",
    [
        [],
        life()[:1],
        life(),
        lived.hostile(),
        [{"time": lived.moment(0), "id": "x", "command": "retrain"}],
        lived.many(60),
    ],
    ids=["empty", "one", "life", "hostile", "old", "many"],
)
def test_a_page_is_well_formed_and_has_landmarks(lines: list[dict[str, Any]]) -> None:
    found = read(html(*lines))
    assert {name: found.opened[name] - found.closed[name] for name in found.opened if name not in VOID} == {
        name: 0 for name in found.opened if name not in VOID
    }
    assert [found.opened[name] for name in ("html", "main", "header", "footer", "h1")] == [1] * 5
    ids = [value for _, name, value in found.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {value for _, name, value in found.attributes if name == "aria-labelledby"} <= set(ids)


def test_numbers_and_reasons_are_on_the_page_without_any_script() -> None:
    text = re.sub(r"<script.*?</script>", "", html(*life()), flags=re.DOTALL)
    for number in ("0.4800", "0.4700", "0.5100", "0.5000", "0.4600"):
        assert number in text
    assert text.count('<tbody role="rowgroup">') == len(life()) - 1
    assert "9 new rows of 5 (2). log_loss better by 0.01 (95% interval 0.001 to 0.02)." in text
    assert (
        "data/x.parquet: is bad. Mend it." in text and "Built 2026-07-24 05:23 UTC from the ledger, 12 lines." in text
    )


def test_texts_of_the_ledger_do_nothing() -> None:
    text = html(*lived.hostile())
    found = read(text)
    assert found.opened["img"] == 0 and found.opened["script"] == 3 == text.count("</script>")
    leads = [value for tag, name, value in found.attributes if tag == "a" and name == "href"]
    assert {value for value in leads if not value.startswith(("#", lived.WEB))} == set()
    assert not any(name.startswith("on") for _, name, _ in found.attributes)
    assert "\u202e" not in text and "\x00" not in text


def test_only_these_scripts_may_run_and_nothing_is_loaded() -> None:
    text = html(*life())
    (rules,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', text)
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digests = [f"'sha256-{b64encode(hashlib.sha256(each.encode()).digest()).decode()}'" for each in scripts]
    assert len(scripts) == 2 and f"script-src {' '.join(digests)};" in rules
    assert rules.startswith("default-src 'none'; ") and "connect-src" not in rules and "img-src data:;" in rules
    assert "<!--" not in text, "a comment that begins inside of a script swallows its end"
    assert "script-src 'none'" in html(), "a page without a chart has no script"


def test_the_chart_has_words_and_a_table_for_who_does_not_see_it() -> None:
    found = read(html(*life()))
    assert ("div", "role", "img") in found.attributes
    said = [value for tag, name, value in found.attributes if tag == "div" and name == "aria-label"]
    assert said[0].startswith("Production's log loss over 5 runs") and said[1] == "log loss in numbers"
    assert ("th", "scope", "col") in found.attributes and ("th", "scope", "row") in found.attributes


def test_the_figure_on_the_page_is_the_ledgers() -> None:
    (block,) = re.findall(r'<script type="application/json" id="figure">(.*?)</script>', html(*life()), re.DOTALL)
    assert json.loads(block)["data"][0]["y"] == [0.49, 0.48, 0.52, 0.51, 0.47]


def test_reports_that_lie_beside_it_and_lines_that_cannot_be_read() -> None:
    assert '<a href="reports/drift.html">drift.html</a>' in html(reports=(Link("drift.html", "reports/drift.html"),))
    told = Told("x", NOW, Ledger((), parse(b"<<<<<<< HEAD\n").broken))
    assert "ledger.jsonl:1: can" in page(told, "")


def test_older_runs_are_folded_and_the_page_stays_small() -> None:
    text = html(*lived.many(200))
    assert "150 older runs" in text and len(text) < 600_000


def test_the_same_ledger_at_the_same_moment_is_the_same_page() -> None:
    assert html(*life()) == html(*life())
