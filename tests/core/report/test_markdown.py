import re

import pytest

from scripts.core.report import markdown
from tests.rendered import read, rendered
from tests.reports import HOSTILE


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_stays_text_on_one_line(text: str) -> None:
    said = markdown.escape(text)
    assert "\n" not in said and "\x1b" not in said and "\u202e" not in said
    assert not re.search(r"<(?!/?span>)", said), "no HTML but our own"
    assert not re.search(r"@\w|(?<!&)#\d|\w://|www\.|GH-\d", said), "no mention, no reference, no link"
    assert not re.search(r"(?<!\\)[`*\[\]|~]", said), "no markup"
    assert not said.startswith(("::", "=", "#", "-", "+"))


@pytest.mark.parametrize(
    "text", [*HOSTILE, "1. one", "* two", "> three", "a_b_c and _d_", "$x$ and \\\\", "&lt;b&gt;", "Setext\n==="]
)
def test_a_person_reads_what_was_written(text: str) -> None:
    for said in (markdown.escape(text), markdown.table(["", ""], [[markdown.escape(text), ""]], "ll")):
        page = rendered(said)
        assert read(page) == markdown.plain(text)
        assert set(page.opened) <= {"p", "span", "table", "thead", "tbody", "tr", "th", "td"}
        assert page.code == [] and page.comments == []


@pytest.mark.parametrize("text", HOSTILE)
def test_code_is_read_word_for_word(text: str) -> None:
    for said in (markdown.code(text), markdown.table(["", ""], [[markdown.code(text), ""]], "ll")):
        assert rendered(said).code == [markdown.plain(text)]


def test_plain_words_stay_as_they_are() -> None:
    for text in ("log_loss better by 0.0149 (95% interval 0.0020 to 0.0280)", "origin_delay_3h", "wind = 3.5 m/s"):
        assert markdown.escape(text) == text


def test_a_long_name_is_cut_off_before_it_is_escaped() -> None:
    assert markdown.name("|" * 500) == "&#124;" * (markdown.LONGEST - 1) + "…"


@pytest.mark.parametrize("text", HOSTILE)
def test_code_holds_whatever_it_is_given(text: str) -> None:
    said = markdown.code(text)
    fence = re.match(r"`+", said)
    assert fence is not None and said.endswith(fence[0])
    inside = said[len(fence[0]) : -len(fence[0])]
    assert fence[0] not in re.findall("`+", inside)
    assert "\n" not in said


def test_nothing_is_no_code() -> None:
    assert markdown.code(" \n") == ""


@pytest.mark.parametrize("text", HOSTILE)
def test_a_table_keeps_its_shape(text: str) -> None:
    said = markdown.table(["a", "b"], [[markdown.escape(text), markdown.code(text)]], "lr").splitlines()
    assert len(said) == 3
    assert len({len(re.findall(r"(?<!\\)\|", line)) for line in said}) == 1


def test_a_summary_can_not_end_its_fold() -> None:
    said = markdown.details("</summary></details>", "text")
    assert said.count("</summary>") == said.count("</details>") == 1


def test_an_address_can_not_leave_its_link() -> None:
    said = markdown.link("run", "https://x/a) [b](javascript:1)\n<c>")
    assert re.fullmatch(r"\[run\]\([^()\s<>\[\]]+\)", said)


def test_what_does_not_fit_is_left_out_and_said() -> None:
    parts = ["first", "x" * 500, "", "third"]
    whole = markdown.clip(parts, 10_000, "last")
    assert whole == "\n\n".join(["first", "x" * 500, "third", "last"])
    said = markdown.clip(parts, 300, "last")
    assert len(said) <= 300
    assert said.startswith("first\n\nthird\n\n*Some parts were too long") and said.endswith("\n\nlast")
