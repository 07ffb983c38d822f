from html.parser import HTMLParser

import pytest

from scripts.core.report import evaluation_page
from tests import genuine, reports


class Page(HTMLParser):
    """What a browser would do: tags that are open, and what is loaded."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loaded += [value or "" for name, value in attributes if name in ("src", "href")]


def page(**changed: object) -> str:
    return evaluation_page.page(genuine.material(genuine.bundle_of(), **changed))


def test_the_page_needs_nothing_else() -> None:
    found = Page(page())
    assert found.loaded == ["data:image/png;base64,iVBORw=="]
    assert not {"script", "link", "iframe"} & set(found.tags)


def test_it_says_verdict_metrics_slices_and_rules() -> None:
    said = page()
    for words in ("<strong>PROMOTE</strong>", "log loss (decides)", "0.561", "▲ better", "origin = value 0", "kept"):
        assert words in said


def test_a_model_that_was_promoted_against_the_verdict_says_what_it_lacked() -> None:
    assert "What would have been needed" not in page()
    evaluation = reports.evaluation("REJECT")
    evaluation["guardrails"][0]["broken"] = True
    assert "<h2>What would have been needed</h2>\n<ul><li>roc_auc would have had to be" in page(evaluation=evaluation)


@pytest.mark.parametrize("words", reports.HOSTILE)
def test_hostile_words_make_no_tag(words: str) -> None:
    plain = Page(page()).tags
    evaluation = reports.evaluation()
    evaluation["slices"]["rows"][0]["value"] = words
    evaluation["verdict"]["reasons"] = [words]
    assert Page(page(evaluation=evaluation)).tags == plain


def test_it_is_the_same_each_time_and_the_first_model_has_nothing_beside_it() -> None:
    assert page() == page()
    assert "this model" in page(evaluation=reports.evaluation(first=True))
