from scripts.core import environment
from scripts.core.environment import NAMES, SETTINGS


def test_every_setting_says_what_it_gives_and_what_happens_without() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert all(setting.gives and setting.without for setting in SETTINGS)
    assert all(set(setting.needs) <= set(NAMES) for setting in SETTINGS)


def test_the_table_has_a_row_for_each() -> None:
    rows = environment.table().splitlines()[2:]
    assert [row.split("`")[1] for row in rows] == list(NAMES)
    assert all(row.count(" | ") == 3 for row in rows)


def test_what_is_missing_and_what_is_half_given() -> None:
    given = {"AWS_ROLE_ARN", "APPRISE_URLS"}
    assert [setting.name for setting in environment.missing(given)] == [name for name in NAMES if name not in given]
    assert [(one.name, lacks) for one, lacks in environment.half_given(given)] == [
        ("AWS_ROLE_ARN", ("DVC_REMOTE_URL",))
    ]
    assert environment.half_given({*given, "DVC_REMOTE_URL"}) == []
    assert environment.missing(NAMES) == []
