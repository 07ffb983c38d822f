"""Bad tokens, settings, clones and a GitHub that is ill: a defined exit code, one line with the cure, no change."""

import functools
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.core.errors import OUTSIDE, USAGE
from scripts.edges import outcome
from scripts.edges.hub import github
from tests.github_server import Fault, Forge
from tests.releasing import ONE, begun
from tests.surroundings import Ended, Place, place, shallow

READ_ONLY = {"contents": "read", "pull-requests": "read", "issues": "read", "actions": "read"}
ROLLBACK = ("--to", "1", "--reason", "worse in use")


@pytest.fixture
def here(forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Place:
    """A clone with a candidate that won; nothing was released yet."""
    return place(forge, tmp_path / "work", monkeypatch, capsys)


@pytest.fixture
def declared(
    forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Place:
    """A clone whose main declares v1, which is not published yet."""
    project = begun(forge, tmp_path / "work", monkeypatch)
    project.declare(1, ONE)
    monkeypatch.setenv("GITHUB_TOKEN", forge.token("write-all"))
    hurried = functools.partial(github.GitHub, sleep=forge.pass_time)
    monkeypatch.setattr("scripts.rollback.GitHub", hurried)
    monkeypatch.setattr("scripts.compare.GitHub", hurried)
    return Place(forge, project.repository, monkeypatch, capsys)


def refused(where: Place, ended: Ended, code: int, *words: str) -> None:
    assert ended.code == code, ended
    assert len(ended.lines) == 1, ended
    assert all(word in ended.lines[0] for word in words), ended.lines[0]
    assert ended.out == ""


def unchanged(where: Place, command: Callable[[], Ended], code: int, *words: str) -> None:
    before = where.state()
    refused(where, command(), code, *words)
    assert where.state() == before


# Tokens and settings


def no_token(where: Place) -> None:
    where.patch.delenv("GITHUB_TOKEN")


def wrong_token(where: Place) -> None:
    where.patch.setenv("GITHUB_TOKEN", "ghs_wrong")


def poor_token(where: Place) -> None:
    where.patch.setenv("GITHUB_TOKEN", where.forge.token(READ_ONLY))


def poorer_token(where: Place) -> None:
    where.patch.setenv("GITHUB_TOKEN", where.forge.token({"contents": "read"}))


def another_repository(where: Place) -> None:
    where.patch.setenv("GITHUB_REPOSITORY", "octo/nowhere")


def no_repository(where: Place) -> None:
    where.patch.delenv("GITHUB_REPOSITORY")


def limited(where: Place) -> None:
    where.forge.faults = [Fault(1, "429_retry_after", times=1000)]


def secondary(where: Place) -> None:
    where.forge.faults = [Fault(1, "secondary_403", times=1000)]


def ill(where: Place) -> None:
    where.forge.faults = [Fault(1, "502_after", times=1000)]


def a_page(where: Place) -> None:
    where.forge.faults = [Fault(1, "html_200", times=1000)]


def cut_history(where: Place) -> None:
    shallow(where.root, where.forge.git_url)


Spoiled = tuple[Callable[[Place], None], int, tuple[str, ...]]
CASES: dict[str, Spoiled] = {
    "no token": (no_token, OUTSIDE, ("GITHUB_TOKEN",)),
    "a wrong token": (wrong_token, OUTSIDE, ("401", "GITHUB_TOKEN")),
    "a token that may only read": (poor_token, OUTSIDE, ("contents: write",)),
    "a repository that is not there": (another_repository, OUTSIDE, ("GITHUB_REPOSITORY", "octo/nowhere")),
    "no repository": (no_repository, USAGE, ("GITHUB_REPOSITORY=OWNER/NAME",)),
    "a rate limit": (limited, OUTSIDE, ("rate limit (429)", "Try again later")),
    "a secondary limit": (secondary, OUTSIDE, ("rate limit (403)", "Try again later")),
    "a 502": (ill, OUTSIDE, ("answered 502", "Try again later")),
    "a page instead of JSON": (a_page, OUTSIDE, ("no JSON", "Try again later")),
    "a shallow clone": (cut_history, OUTSIDE, ("shallow", "git fetch --unshallow", "fetch-depth: 0")),
}


@pytest.mark.parametrize("case", CASES)
def test_a_proposal_is_refused_and_nothing_is_changed(case: str, here: Place) -> None:
    spoil, code, words = CASES[case]
    spoil(here)
    unchanged(here, lambda: here.run("propose"), code, *words)
    assert (outcome.read("propose") or {})["code"] == code


@pytest.mark.parametrize("case", CASES)
def test_a_release_is_refused_and_nothing_is_changed(case: str, declared: Place) -> None:
    spoil, code, words = CASES[case]
    spoil(declared)
    unchanged(declared, lambda: declared.run("release"), code, *words)


def test_a_permission_that_is_missing_is_named_by_its_line(here: Place) -> None:
    poorer_token(here)
    unchanged(here, lambda: here.run("propose"), OUTSIDE, "pull-requests: read", "`permissions:`")


def test_the_ledger_of_a_token_that_may_not_write(here: Place) -> None:
    for spoil, word in ((poor_token, "contents: write"), (no_token, "GITHUB_TOKEN")):
        spoil(here)
        unchanged(here, lambda: here.run("ledger", "add"), OUTSIDE, "evergreen-ledger", word)


def test_where_pull_requests_are_forbidden_an_issue_names_the_setting(here: Place) -> None:
    here.forge.settings_of_repo.allow_actions_prs = False
    ended = here.run("propose")
    assert ended.code == 0 and here.forge.pulls == []
    [issue] = here.forge.issues
    assert "Allow GitHub Actions to create and approve pull requests" in issue["body"]
    assert "/compare/main...evergreen/candidate" in issue["body"]


def test_a_fork_whose_token_may_only_read_is_no_failure(here: Place) -> None:
    poorer_token(here)
    (here.root / "comment.md").write_text("what changes")
    before = here.state()
    ended = here.run("compare", "--post", "comment.md", "--pr", "1")
    assert ended.code == 0 and "may not comment" in ended.out
    assert here.state() == before
    wrong_token(here)
    refused(here, here.run("compare", "--post", "comment.md", "--pr", "1"), OUTSIDE, "401", "GITHUB_TOKEN")


# The clone


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("params.yaml", USAGE),
        ("data.dvc", OUTSIDE),
        ("dvc.lock", OUTSIDE),
        ("models/production.json", OUTSIDE),
        ("models/production.zip.dvc", OUTSIDE),
    ],
)
@pytest.mark.parametrize("command", ["propose", "promote", "retrain", "ingest"])
def test_in_the_middle_of_a_merge_nothing_begins(file: str, code: int, command: str, here: Place) -> None:
    path = here.root / file
    text = path.read_text()
    path.write_text(f"{text}<<<<<<< HEAD\n{text}=======\n{text}>>>>>>> other\n")
    line = text.count("\n") + 1
    said = f"{file}:{line}: has a conflict marker. Finish the merge first."
    kept = {each: each.read_bytes() for each in (here.root / "models").glob("*.zip")}
    unchanged(here, lambda: here.run(command), code, said)
    assert {each: each.read_bytes() for each in (here.root / "models").glob("*.zip")} == kept


def test_a_conflict_on_main_itself_is_never_released(declared: Place) -> None:
    text = (declared.root / "models/production.json").read_text()
    declared.forge.commit({"models/production.json": f"<<<<<<< HEAD\n{text}=======\n{text}>>>>>>> other\n"})
    unchanged(declared, lambda: declared.run("release"), OUTSIDE, "models/production.json: can't be read")
    unchanged(declared, lambda: declared.run("rollback", *ROLLBACK), OUTSIDE, "models/production.json: can't be read")


def test_a_declaration_that_is_broken_here_is_told_before_anything_is_done(here: Place) -> None:
    (here.root / "models/production.json").write_text("{")
    unchanged(here, lambda: here.run("propose"), OUTSIDE, "models/production.json: can't be read", "git checkout")


def test_a_dirty_tree_does_not_reach_what_is_proposed(here: Place) -> None:
    (here.root / "scripts/core/features.py").write_text("changed\n")
    (here.root / "params.yaml").write_text((here.root / "params.yaml").read_text() + "# mine\n")
    assert here.run("propose").code == 0
    [pull] = here.forge.pulls
    changed = {file["name"] for file in here.forge.state.bare.files(str(here.forge.tip()), pull["head"]["sha"])}
    assert changed == {"models/production.json", "models/production.zip.dvc"}


# The template, and before the first release


def test_the_template_itself_and_a_copy_before_its_first_model_release_nothing(here: Place) -> None:
    here.forge.settings_of_repo.is_template = True
    before = here.state()
    ended = here.run("release")
    assert ended.code == 0 and "declares no model yet" in ended.out
    assert here.state() == before


def test_before_the_first_release_there_is_nothing_to_go_back_to(here: Place) -> None:
    unchanged(here, lambda: here.run("rollback", *ROLLBACK), USAGE, "v1 was never declared")


def test_a_version_that_is_declared_and_was_never_released_is_no_way_back(declared: Place) -> None:
    unchanged(declared, lambda: declared.run("rollback", *ROLLBACK), USAGE, "v1")


def test_before_the_first_release_there_is_nothing_to_download(here: Place) -> None:
    unchanged(here, lambda: here.run("download", "--repo", "octo/evergreen"), OUTSIDE, "octo/evergreen", "release")


def test_an_empty_ledger_says_so(here: Place) -> None:
    ended = here.run("ledger", "list")
    assert ended.code == 0 and "The ledger is empty" in ended.out
