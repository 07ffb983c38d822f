"""The whole doctor: on a laptop, with GitHub, and with everything outside dead."""

import json
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import doctor
from scripts.core import environment
from tests import small
from tests.github_server import Forge
from tests.layout import ROOT
from tests.scratch import Scratch, scratch

NAMES = (
    "GITHUB_REPOSITORY",
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "GITHUB_RUN_ID",
    "GITHUB_STEP_SUMMARY",
    "EVERGREEN_SEND_ALERT",
)


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scratch:
    for name in (*NAMES, *environment.NAMES):
        monkeypatch.delenv(name, raising=False)
    found = scratch(tmp_path / "project", small.params().replace("tracking: {enabled: false}", ""))
    shutil.copy(ROOT / "requirements.txt", found.root)
    monkeypatch.chdir(found.root)
    return found


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_a_laptop_without_token_or_network_gets_its_list_and_a_way_to_see_more(copy: Scratch) -> None:
    done = copy.run("python", "-m", "scripts.doctor", code=0)
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 100
    assert [line for line in lines if line and not line.startswith(" ")][1:] == [
        "Clone",
        "Versions",
        "GitHub",
        "Outside",
        "Settings",
    ]
    said = " ".join(done.stdout.split())
    assert "? repository" in said and "GITHUB_TOKEN=$(gh auth token) python -m scripts.doctor" in said
    assert all(name in done.stdout for name in environment.NAMES)
    assert "Statement" not in done.stdout
    assert copy.run("git", "status", "--porcelain").stdout.split() == ["??", "requirements.txt"]


def test_what_fails_ends_with_1_and_machines_read_it(
    copy: Scratch, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (copy.root / "models/production.json").write_text("{")
    monkeypatch.setattr("sys.argv", ["doctor", "--json"])
    assert doctor.main() == 1
    found = json.loads(capsys.readouterr().out)
    assert not found["healthy"]
    [fault] = [each for each in found["findings"] if each["state"] == "fail"]
    assert (
        fault["what"] == "models/production.json"
        and fault["cure"] == "Restore it: git checkout -- models/production.json"
    )


def test_with_an_administrators_token_the_list_is_whole(
    copy: Scratch, forge: Forge, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    forge.settings_of_repo.allow_actions_prs = False
    forge.settings_of_repo.variables = {"EVERGREEN_APP_ID": "1"}
    forge.commit(
        {f".github/workflows/{name}": "on: push\n" for name in ("retrain.yml", "release.yml", "rollback.yml", "ci.yml")}
    )
    page = tmp_path / "summary.md"
    for name, value in forge.environment(forge.token("admin"), GITHUB_STEP_SUMMARY=str(page)).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.argv", ["doctor"])
    assert doctor.main() == 1
    said = capsys.readouterr().out
    assert "✗ EVERGREEN_APP_ID" in said and "does nothing without EVERGREEN_APP_KEY" in said
    assert "✗ pull requests" in said and "Settings > Actions > General" in said
    assert "✓ workflows" in said
    assert "repo:octo/evergreen:ref:refs/heads/main" in said and "sts:AssumeRoleWithWebIdentity" in said
    assert max(map(len, said.splitlines())) <= 100
    assert "| ✗ | GitHub | pull requests |" in page.read_text()
    assert forge.pulls == []


def test_the_repository_comes_from_origin_and_no_other_server_gets_the_token(
    copy: Scratch, forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy.run("git", "remote", "add", "origin", forge.git_url)
    monkeypatch.setenv("GH_TOKEN", forge.token("read-all"))
    here = {"GH_TOKEN": "secret"}
    assert doctor.located(doctor.job({}), here).repository is None
    found = doctor.located(doctor.job({"GITHUB_SERVER_URL": forge.url}), here)
    assert (found.repository, found.api, found.token) == ("octo/evergreen", forge.api, "secret")


def test_when_everything_outside_is_dead_the_end_comes_in_time(
    copy: Scratch, silent: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = {
        "GITHUB_REPOSITORY": "octo/evergreen",
        "GITHUB_API_URL": f"http://{silent}",
        "GITHUB_TOKEN": "ghs_canary",
        "DVC_REMOTE_URL": "s3://bucket/folder",
        "DVC_ENDPOINT_URL": f"http://{silent}",
        "AWS_ACCESS_KEY_ID": "canarykey",
        "AWS_SECRET_ACCESS_KEY": "canarysecret",
        "MLFLOW_TRACKING_URI": f"http://{silent}",
        "APPRISE_URLS": f"json://{silent}/canary",
    }
    for name, value in dead.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(doctor, "PATIENCE", 3.0)
    monkeypatch.setattr(doctor, "ONE", 1.0)
    monkeypatch.setattr(doctor, "ANSWER", 1.0)
    monkeypatch.setattr("sys.argv", ["doctor", "--send-test-alert"])
    began = time.monotonic()
    assert doctor.main() == 1
    assert time.monotonic() - began < 8
    said = capsys.readouterr().out
    assert "✗ MLflow" in said and "no answer in time" in said
    assert "✗ alerts" in said
    assert "canary" not in said


@pytest.mark.faults
def test_with_its_own_bounds_it_ends_within_two_minutes(copy: Scratch, silent: str) -> None:
    began = time.monotonic()
    copy.run(
        "python",
        "-m",
        "scripts.doctor",
        "--send-test-alert",
        code=1,
        GITHUB_REPOSITORY="octo/evergreen",
        GITHUB_API_URL=f"http://{silent}",
        GITHUB_TOKEN="ghs_1",
        DVC_REMOTE_URL="s3://bucket/folder",
        DVC_ENDPOINT_URL=f"http://{silent}",
        AWS_ACCESS_KEY_ID="canarykey",
        AWS_SECRET_ACCESS_KEY="canarysecret",
        MLFLOW_TRACKING_URI=f"http://{silent}",
        APPRISE_URLS=f"mailto://user:pass@{silent}?from=a@b.example",
    )
    assert time.monotonic() - began < 120
