from urllib.parse import parse_qs, urlsplit

from scripts.core.report import waiting

REPOSITORY, BRANCH = "https://github.com/octo/evergreen", "evergreen/candidate"


def test_the_form_is_filled_in() -> None:
    url = waiting.compare(REPOSITORY, "main", BRANCH, "Promote v5: a → b & c", "**PROMOTE.** #1\nline")
    assert urlsplit(url).path == "/octo/evergreen/compare/main...evergreen/candidate"
    found = parse_qs(urlsplit(url).query)
    assert found == {"quick_pull": ["1"], "title": ["Promote v5: a → b & c"], "body": ["**PROMOTE.** #1\nline"]}


def test_an_address_stays_short_enough_to_be_followed() -> None:
    assert len(waiting.compare(REPOSITORY, "main", BRANCH, "t" * 256, "b" * 60_000)) < 8_000


def test_the_issue_names_the_setting_and_holds_the_report() -> None:
    said = waiting.body(REPOSITORY, "main", BRANCH, "Promote v5", "**PROMOTE.**", "the whole report")
    assert waiting.SETTING in said
    assert f"[settings]({REPOSITORY}/settings/actions)" in said
    assert said.endswith("the whole report")
    assert len(waiting.body(REPOSITORY, "main", BRANCH, "t", "v", "x" * 65_000)) <= 65_000
