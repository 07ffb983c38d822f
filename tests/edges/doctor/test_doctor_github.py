import time
from pathlib import Path

import pytest

from scripts.core.doctor.findings import Unseen
from scripts.core.doctor.hub import NEEDED, Hub, Repository, Run
from scripts.edges.doctor import doctor_github
from scripts.edges.doctor.doctor_github import Asking
from scripts.edges.hub.github import GitHub
from tests.github_server import Fault, Forge

WORKFLOWS = {f".github/workflows/{name}": "on: push\n" for name in ("retrain.yml", "release.yml")}


@pytest.fixture
def hub(forge: Forge, tmp_path: Path) -> Forge:
    forge.commit(WORKFLOWS)
    return forge


def asked(forge: Forge, token: str | None, app: str | None = None) -> Hub:
    def client(given: str | None) -> GitHub:
        return GitHub(forge.settings(given, timeout=2.0), sleep=forge.pass_time)

    return Asking(client(token)).hub(client(app) if app else None)


def test_an_administrator_sees_everything(hub: Forge) -> None:
    hub.ran("retrain.yml", ago=3600)
    hub.ran("retrain.yml", "failure", ago=60)
    found = asked(hub, hub.token("admin"))
    assert isinstance(found.repository, Repository) and found.repository.full_name == "octo/evergreen"
    assert found.rights == dict.fromkeys(NEEDED, True) and found.app_rights is None
    assert found.may_open is True
    assert found.workflows == {"retrain.yml": "active", "release.yml": "active"}
    assert isinstance(found.last, Run) and "/actions/runs/1" in found.last.url
    assert found.released == set()
    assert not isinstance(found.form, Unseen) and found.form.default
    assert not isinstance(found.protection, Unseen) and not found.protection.protected


def test_nothing_is_changed(hub: Forge) -> None:
    before = hub.tip(), hub.tags(), hub.state.bare.refs()
    asked(hub, hub.token("admin"), hub.token("write-all"))
    assert (hub.tip(), hub.tags(), hub.state.bare.refs()) == before
    assert (hub.pulls, hub.issues, hub.comments, hub.statuses, hub.releases) == ([], [], [], [], [])
    assert {request.status for request in hub.writes} <= {403, 404, 422}


def test_a_token_says_itself_what_it_may_not_do(hub: Forge) -> None:
    found = asked(hub, hub.token({"contents": "write", "statuses": "write", "actions": "read"}))
    assert found.rights == {"contents": True, "pull-requests": False, "issues": False, "statuses": True}
    assert isinstance(found.may_open, Unseen) and "GITHUB_TOKEN=" in found.may_open.cure
    assert found.last is None


def test_without_actions_read_the_missing_line_is_named(hub: Forge) -> None:
    found = asked(hub, hub.token({"contents": "read"}))
    assert isinstance(found.last, Unseen) and isinstance(found.workflows, Unseen)
    assert "actions: read" in found.workflows.cure


def test_a_setting_that_forbids_pull_requests_is_not_taken_for_a_missing_right(hub: Forge) -> None:
    hub.settings_of_repo.allow_actions_prs = False
    found = asked(hub, hub.token("admin"))
    assert found.may_open is False
    assert isinstance(found.rights, dict) and found.rights["pull-requests"]


def test_the_names_of_settings_are_an_administrators_to_see(hub: Forge) -> None:
    hub.settings_of_repo.variables = {"DVC_REMOTE_URL": "s3://bucket"}
    hub.settings_of_repo.secrets = ("APPRISE_URLS",)
    assert asked(hub, hub.token("admin")).given == {"DVC_REMOTE_URL", "APPRISE_URLS"}
    assert isinstance(asked(hub, hub.token("write-all")).given, Unseen)


def test_a_protected_main(hub: Forge) -> None:
    hub.settings_of_repo.protected_main = True
    found = asked(hub, hub.token("read-all"))
    assert not isinstance(found.protection, Unseen) and found.protection.protected


def test_without_a_token_a_public_repository_is_seen_and_a_private_one_is_not(hub: Forge) -> None:
    found = asked(hub, None)
    assert isinstance(found.repository, Repository)
    assert isinstance(found.rights, Unseen) and "no token" in found.rights.why
    hub.settings_of_repo.private = True
    found = asked(hub, None)
    assert isinstance(found.repository, Unseen) and not found.repository.broken


def test_a_wrong_token_and_a_repository_that_is_not_there_are_faults(hub: Forge) -> None:
    found = asked(hub, "ghs_nonsense")
    assert isinstance(found.repository, Unseen) and found.repository.broken
    assert "GITHUB_TOKEN" in found.repository.cure
    hub.settings_of_repo.private = True
    stranger = hub.token("write-all")
    hub.desk.tokens[stranger] = hub.desk.tokens[stranger].__class__(stranger, "x", {}, frozenset())
    found = asked(hub, stranger)
    assert isinstance(found.repository, Unseen) and found.repository.broken


@pytest.mark.parametrize("kind", ["502_after", "cut_before", "html_200", "429", "secondary_403"])
def test_a_github_that_does_not_answer_is_unknown_and_not_asked_on(hub: Forge, kind: str) -> None:
    hub.faults = [Fault(1, kind, times=1000)]
    client = doctor_github.bounded(hub.settings(hub.token("admin"), timeout=1.0), 0.5)
    began = time.monotonic()
    found = Asking(client).hub(None)
    assert isinstance(found.repository, Unseen) and not found.repository.broken
    assert found.rights == found.last == found.repository
    assert time.monotonic() - began < 5
    assert hub.count() <= 4


def test_a_github_that_falls_silent_half_way_leaves_the_rest_unknown(hub: Forge) -> None:
    hub.faults = [Fault(3, "429", times=1000)]
    found = Asking(doctor_github.bounded(hub.settings(hub.token("admin")), 0.5)).hub(None)
    assert isinstance(found.repository, Repository)
    assert isinstance(found.released, Unseen) and isinstance(found.given, Unseen)
    assert hub.count() <= 5
