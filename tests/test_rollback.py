import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from scripts import rollback
from scripts.edges import outcome
from scripts.edges.hub import mainline
from tests.github_server import KINDS, Fault, Forge
from tests.releasing import ONE, PLAIN, THREE, TWO, Project, begun, unhurried

FILES = ("models/production.json", "models/production.zip.dvc")


@pytest.fixture
def project(forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """v1 and v2 are released, v2 is production."""
    made = begun(forge, tmp_path / "clone", monkeypatch)
    made.public(1, ONE)
    made.public(2, TWO)
    monkeypatch.setenv("GITHUB_TOKEN", forge.token({"contents": "write", "pull-requests": "write", "issues": "write"}))
    monkeypatch.setattr(rollback, "GitHub", mainline.GitHub)
    return made


def roll_back(project: Project, *arguments: str, code: int = 0) -> dict[str, Any]:
    outcome.begin()
    project.patch.setattr(sys, "argv", ["rollback", *(arguments or ("--to", "1", "--reason", "worse in Newark"))])
    assert rollback.main() == code
    return outcome.read("rollback") or {}


def test_a_pull_request_puts_both_files_back_as_they_were(project: Project) -> None:
    found = roll_back(project)
    assert (found["action"], found["version"], found["from_version"]) == ("opened", 1, 2)
    (pull,) = project.forge.pulls
    assert (pull["number"], pull["title"]) == (found["number"], "Roll back to v1 (from v2)")
    assert (pull["head"]["ref"], pull["base"]["ref"]) == ("evergreen/rollback-v1", "main")
    for words in ("worse in Newark", "asked for by octocat", "| log loss | 0.1000 | 0.2000 |", "Nothing is trained"):
        assert words in pull["body"]
    then = project.repository.git("log", "--format=%H", "--grep=Promote v1")
    for path in FILES:
        assert project.forge.read(path, "evergreen/rollback-v1") == project.forge.read(path, then)
    changed = project.repository.git("fetch", "-q", str(project.forge.bare), "evergreen/rollback-v1")
    assert changed == ""
    assert project.repository.git("diff", "--name-only", "main", "FETCH_HEAD").split() == list(FILES)


def test_merged_it_ends_like_a_revert(project: Project) -> None:
    releases = [one["id"] for one in project.forge.releases]
    project.forge.merge(roll_back(project)["number"])
    found = project.release()
    assert (found["action"], found["version"], project.forge.latest) == ("made_latest", 1, "v1")
    assert [one["id"] for one in project.forge.releases] == releases, "nothing new was made"


def test_asked_again_there_is_one_pull_request(project: Project) -> None:
    first = roll_back(project)
    project.forge.begin_count()
    again = roll_back(project)
    assert (again["action"], again["number"]) == ("nothing", first["number"])
    assert project.forge.writes == []
    other = roll_back(project, "--to", "1", "--reason", "another reason")
    assert (other["action"], other["number"]) == ("refreshed", first["number"])
    assert len(project.forge.pulls) == 1
    assert "another reason" in project.forge.pulls[0]["body"]


def test_main_that_moved_on_is_followed(project: Project) -> None:
    roll_back(project)
    project.commit("Meanwhile", {"README.md": "words"})
    roll_back(project)
    assert project.forge.read("README.md", "evergreen/rollback-v1") == b"words"
    assert len(project.forge.pulls) == 1


def test_a_persons_commits_on_the_branch_are_never_overwritten(project: Project) -> None:
    roll_back(project)
    mine = project.forge.commit({"NOTES.md": "mine"}, branch="evergreen/rollback-v1")
    project.commit("Meanwhile", {"README.md": "words"})
    found = roll_back(project)
    assert project.forge.tip("evergreen/rollback-v1") == mine
    assert "commits of a person's" in found["warnings"][0]


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("2", "v2 is production already"),
        ("7", "v7 was never declared. Choose one of v1."),
        ("zero", "is no version"),
        ("-1", "is no version"),
    ],
)
def test_what_can_not_be_gone_back_to_is_refused(project: Project, capsys: Any, to: str, words: str) -> None:
    project.forge.begin_count()
    roll_back(project, f"--to={to}", "--reason", "x", code=2)
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1
    assert project.forge.writes == [] and project.forge.pulls == []


def test_a_version_that_was_declared_and_never_released_is_refused(project: Project, capsys: Any) -> None:
    project.declare(3, THREE)
    project.revert()
    roll_back(project, "--to", "3", "--reason", "x", code=2)
    assert "v3 was never released" in capsys.readouterr().err


def test_an_empty_reason_is_refused(project: Project, capsys: Any) -> None:
    roll_back(project, "--to", "1", "--reason", " \x1b ", code=2)
    assert "--reason: is empty" in capsys.readouterr().err


def test_a_hostile_reason_is_only_text(project: Project) -> None:
    reason = "@everyone <script>alert(1)</script> | ![x](http://evil.example/x)\n::set-env name=A::b"
    roll_back(project, "--to", "1", "--reason", reason)
    body = project.forge.pulls[0]["body"]
    assert "@everyone" not in body and "<script>" not in body and "![x](" not in body
    message = project.repository.git("log", "-1", "--format=%B", "--all", "--grep=Roll back")
    assert "\n::set-env" not in message


def test_mode_release_commits_to_main_and_nothing_is_proposed(
    forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = begun(forge, tmp_path / "clone", monkeypatch, params=f"{PLAIN}promotion: {{mode: release}}\n")
    made.public(1, ONE)
    made.public(2, TWO)
    monkeypatch.setattr(rollback, "GitHub", mainline.GitHub)
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "told"))
    found = roll_back(made)
    assert (tmp_path / "told").read_text() == "released=true\n"
    assert (found["action"], found["url"]) == ("committed", f"{forge.url}/octo/evergreen/commit/{forge.tip()}")
    assert forge.pulls == []
    assert made.declared().version == 1
    made.release()
    assert forge.latest == "v1"


def test_mode_release_falls_back_to_a_pull_request_where_main_is_protected(
    forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = begun(forge, tmp_path / "clone", monkeypatch, params=f"{PLAIN}promotion: {{mode: release}}\n")
    made.public(1, ONE)
    made.public(2, TWO)
    monkeypatch.setattr(rollback, "GitHub", mainline.GitHub)
    monkeypatch.setenv("GITHUB_TOKEN", forge.token("write-all"))
    forge.settings_of_repo.protected_main = True
    found = roll_back(made)
    assert found["action"] == "opened"
    assert "protected" in found["warnings"][0]


def cleared(project: Project) -> None:
    """As before the rollback."""
    forge = project.forge
    forge.faults = []
    forge.state.issues.clear()
    forge.state.labels.clear()
    if forge.tip("evergreen/rollback-v1"):
        forge.state.bare.delete("refs/heads/evergreen/rollback-v1")
    forge.begin_count()


def right(project: Project) -> bool:
    (pull, *others) = project.forge.pulls or [None]
    same = project.forge.read(FILES[0], "evergreen/rollback-v1") == project.forge.read(FILES[0], "v1")
    return bool(pull and not others and pull["title"] == "Roll back to v1 (from v2)" and same)


def struck(project: Project, fault: Fault) -> str:
    cleared(project)
    project.forge.faults = [fault]
    project.patch.setattr(sys, "argv", ["rollback", "--to", "1", "--reason", "worse in Newark"])
    code = rollback.main()
    project.forge.faults = []
    if right(project):
        return "at once"
    if code == 0:
        return "said it was done, and was not"
    rollback.main()
    return "after one clean run" if right(project) else "lost"


@pytest.mark.parametrize(("kind", "at"), [("502_after", 8), ("cut_after", 9), ("429", 3)])
def test_a_fault_is_overcome_or_mended_by_the_next_run(project: Project, kind: str, at: int) -> None:
    assert struck(project, Fault(at=at, kind=kind)) in ("at once", "after one clean run")


@pytest.mark.faults
@pytest.mark.parametrize("kind", KINDS)
def test_any_fault_at_any_request_ends_with_one_pull_request(project: Project, kind: str) -> None:
    cleared(project)
    roll_back(project)
    last = project.forge.count()
    unhurried(project.forge, project.patch, timeout=1.0)
    ends = Counter(struck(project, Fault(at=at, kind=kind)) for at in range(1, last + 1))
    print(f"rollback, {kind}: {ends.total()} cases: " + ", ".join(f"{count} {how}" for how, count in ends.items()))
    assert set(ends) <= {"at once", "after one clean run"}


def test_where_actions_may_open_none_the_branch_is_there_and_the_cure_is_said(project: Project, capsys: Any) -> None:
    project.forge.settings_of_repo.allow_actions_prs = False
    roll_back(project, code=3)
    said = capsys.readouterr().err
    assert "/compare/main...evergreen/rollback-v1?expand=1" in said and "Allow GitHub Actions" in said
    assert project.forge.tip("evergreen/rollback-v1")


def test_dry_run_writes_nothing(project: Project, capsys: Any) -> None:
    project.forge.begin_count()
    roll_back(project, "--to", "1", "--reason", "x", "--dry-run")
    assert "back in the place of v2" in capsys.readouterr().out
    assert project.forge.writes == [] and project.forge.tip("evergreen/rollback-v1") is None


def test_the_branch_that_is_left_of_an_earlier_rollback_is_used_again(project: Project) -> None:
    project.forge.merge(roll_back(project)["number"])
    project.repository.git("pull", "-q", str(project.forge.bare), "main")
    project.declare(3, THREE)
    project.release()
    found = roll_back(project)
    assert found["action"] == "opened"
    assert [pull["state"] for pull in project.forge.pulls] == ["closed", "open"]
