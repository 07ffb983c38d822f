"""An independent client gets along with the forge: PyGithub, which knows nothing of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from github import Auth, Github, GithubException
from github.Repository import Repository

from tests.github_server import Forge


@pytest.fixture
def repository(forge: Forge) -> Iterator[Repository]:
    with Github(
        auth=Auth.Token(forge.token("admin", "octocat")),
        base_url=forge.api,
        retry=None,
        seconds_between_requests=0,
        seconds_between_writes=0,
    ) as known:
        assert known.get_user().login == "octocat"
        assert known.get_rate_limit().rate.remaining == 5000
        yield known.get_repo(forge.repository)


def test_a_pull_request_from_its_branch_to_its_merge(forge: Forge, repository: Repository) -> None:
    repository.create_git_ref("refs/heads/side", repository.get_branch("main").commit.sha)
    forge.commit({"a.txt": "a"}, branch="side")
    pull = repository.create_pull(base="main", head="side", title="Add a", body="b")
    pull.add_to_labels("evergreen")
    pull.create_issue_comment("first").edit("second")
    pull.get_commits()[0].create_status("success", context="gate")
    assert [file.filename for file in pull.get_files()] == ["a.txt"]
    assert repository.compare("main", "side").ahead_by == 1
    assert [one.number for one in repository.get_pulls(head="octo:side")] == [pull.number]
    assert pull.mergeable and pull.merge(merge_method="squash").merged
    assert repository.get_contents("a.txt").decoded_content == b"a"  # type: ignore[union-attr]
    assert forge.comments[0]["body"] == "second"
    assert repository.get_commit(forge.pulls[0]["head"]["sha"]).get_combined_status().state == "success"


def test_a_release_with_a_file(forge: Forge, repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"model")
    release = repository.create_git_release("v1", "One", "notes", draft=True)
    asset = release.upload_asset(str(tmp_path / "model.bin"), label="", content_type="application/octet-stream")
    assert (asset.state, asset.size) == ("uploaded", 5)
    release.update_release("One", "notes", draft=False, tag_name="v1")
    assert repository.get_latest_release().tag_name == "v1"
    assert [one.name for one in repository.get_release("v1").get_assets()] == ["model.bin"]
    assert forge.assets("v1") == {"model.bin": b"model"}
    with pytest.raises(GithubException, match="already_exists"):
        repository.create_git_release("v1", "Two", "notes")


def test_an_issue_and_a_dispatch(forge: Forge, repository: Repository) -> None:
    repository.create_label("drift", "ff0000", "Data has moved")
    issue = repository.create_issue("Drift", "much", labels=["drift"])
    issue.edit(state="closed")
    assert [one.number for one in repository.get_issues(state="closed", labels=["drift"])] == [issue.number]
    assert repository.create_repository_dispatch("promoted", {"version": 1})
    assert forge.dispatches[0]["event_type"] == "promoted"
