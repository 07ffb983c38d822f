from tests.github_server import Forge
from tests.github_server.client import client


def test_dispatches_are_kept(forge: Forge) -> None:
    forge.commit({".github/workflows/retrain.yml": "on: push\n"})
    actions = client(forge)
    assert actions.post("dispatches", {"event_type": "promoted", "client_payload": {"version": 1}}).status == 204
    assert actions.post("dispatches", {"event_type": "x" * 101}).status == 422
    assert "is longer than 100 characters" in forge.violations.pop()
    assert actions.post("actions/workflows/retrain.yml/dispatches", {"ref": "main", "inputs": {"a": "b"}}).status == 204
    assert actions.post("actions/workflows/retrain.yml/dispatches", {"ref": "missing"}).status == 422
    assert actions.post("actions/workflows/missing.yml/dispatches", {"ref": "main"}).status == 404
    assert [one.get("event_type") or one["workflow"] for one in forge.dispatches] == ["promoted", "retrain.yml"]


def test_workflows_and_their_runs(forge: Forge) -> None:
    forge.commit({".github/workflows/retrain.yml": "on: push\n", ".github/dependabot.yml": "version: 2\n"})
    actions = client(forge)
    forge.ran("retrain.yml", "success", ago=3600)
    forge.ran("retrain.yml", "failure")
    forge.ran("retrain.yml", None)
    assert [one["path"] for one in actions.get("actions/workflows").value["workflows"]] == [
        ".github/workflows/retrain.yml"
    ]
    assert actions.get("actions/workflows/retrain.yml").value["state"] == "active"
    runs = actions.get("actions/workflows/retrain.yml/runs").value
    assert [run["conclusion"] for run in runs["workflow_runs"]] == [None, "failure", "success"]
    assert actions.get("actions/workflows/retrain.yml/runs", status="success").value["total_count"] == 1
    assert actions.get("actions/runs", branch="other").value["total_count"] == 0


def test_settings_of_actions(forge: Forge) -> None:
    person = client(forge, "admin", "octocat")
    assert person.get("actions/permissions").value["enabled"] is True
    forge.settings_of_repo.variables = {"RUNNER": "ubuntu-24.04"}
    forge.settings_of_repo.secrets = ("APPRISE_URLS",)
    assert person.get("actions/variables").value["variables"][0]["value"] == "ubuntu-24.04"
    assert [sorted(one) for one in person.get("actions/secrets").value["secrets"]] == [
        ["created_at", "name", "updated_at"]
    ]
    assert person.get("actions/organization-secrets").value["total_count"] == 0
    assert person.get("actions/organization-variables").value["total_count"] == 0
    for part in ("variables", "secrets"):
        assert (client(forge).get(f"actions/{part}").status, client(forge, None).get(f"actions/{part}").status) == (
            403,
            401,
        )
    assert person.get("actions/oidc/customization/sub").value["use_default"] is True
