from scripts.core.site.rows import HEAD, table
from scripts.core.site.runs import runs
from tests import lived
from tests.lived import life
from tests.rendered import Page


def test_each_run_is_a_row_and_a_reason_that_unfolds() -> None:
    lines = lived.ledger_of(life()).lines
    text = table(runs(lines), len(lines))
    found = Page()
    found.feed(text)
    assert found.opened["details"] == len(life()) - 1 and found.opened["tbody"] == len(life()) - 1
    assert [(tag, value) for tag, name, value in found.attributes if value == "columnheader"] == [
        ("th", "columnheader")
    ] * len(HEAD)
    assert '<td role="cell" data-name="Score">log loss 0.5200 → 0.5100</td>' in text
    assert "1 release that had nothing to do is left out." in text


def test_a_sign_stands_beside_each_colour() -> None:
    text = table(runs(lived.ledger_of(life()).lines), 12)
    assert text.count('class="outcome bad"><span class="mark" role="img" aria-label="failed">✗</span> failed<') == 1


def test_no_run_yet() -> None:
    assert table([], 0) == "<p>None yet.</p>"
