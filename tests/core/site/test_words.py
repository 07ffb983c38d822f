from datetime import timedelta

import pytest

from scripts.core.site.words import ago, begun, direction, links, moment, signed, to_the_web
from tests import lived
from tests.lived import NOW, retrain


@pytest.mark.parametrize(
    ("url", "leads"),
    [
        ("https://github.com/o/r", True),
        ("http://ghe.example:8080/o/r?a=b#c", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("//evil.example/x", False),
        ("/etc/passwd", False),
        ("https:evil", False),
        ("https://a b", False),
        ("https://a\nb", False),
        ("https://[", False),
        ("", False),
    ],
)
def test_links_lead_to_the_web_and_nowhere_else(url: str, leads: bool) -> None:
    assert to_the_web(url) is leads
    (line,) = lived.ledger_of([retrain(1, 0, links={"run": url})]).lines
    assert bool(links(line)) is leads


def test_ages_are_counted_to_the_moment_that_is_given() -> None:
    assert ago(NOW - timedelta(hours=3), NOW) == "3 hours ago"
    assert ago(NOW + timedelta(hours=3), NOW) == "after this page was built, by 3 hours"


@pytest.mark.parametrize("text", ["", "yesterday", None, "2013-13-01"])
def test_what_is_no_time_is_not_known(text: str | None) -> None:
    assert moment(text) is None


def test_a_metric_that_is_not_known_has_no_direction() -> None:
    assert direction("roc_auc") == "greater is better" and direction("mine") == ""


@pytest.mark.parametrize("text", ["v3 is declared", "log_loss better", "9 new rows", "", "Odd scores"])
def test_a_name_at_the_beginning_of_a_sentence_stays_as_it_is(text: str) -> None:
    assert begun(text) == text and begun("odd scores") == "Odd scores"


def test_a_difference_has_its_sign() -> None:
    assert (signed(-0.0149), signed(0.002)) == ("−0.0149", "+0.002")
