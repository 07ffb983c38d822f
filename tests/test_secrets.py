"""Planted secrets are in no output, report, page, ledger, alert, request body, commit or exception, whatever breaks."""

import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from scripts.edges.stores import stores
from scripts.edges.versions import dvc
from tests import canaries, small
from tests.canaries import CANARIES, Echo, echo
from tests.github_server import Fault, Forge
from tests.github_server.tokens import Token, permissions
from tests.scratch import Scratch, scratch
from tests.surroundings import Place, copied, place

OPENED = stores.opened
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("ingest",),
    ("handover", "pack", "../handover"),
    ("record", "--from", "../handover"),
    ("propose",),
    ("propose", "--dry-run"),
    ("promote",),
    ("release",),
    ("rollback", "--to", "1", "--reason", "worse in use"),
    ("compare", "--base", "HEAD"),
    ("compare", "--post", "data.dvc", "--pr", "1"),
    ("ledger", "add"),
    ("ledger", "list", "--json"),
    ("alert",),
    ("alert", "--test"),
    ("store", "configure"),
    ("store", "push"),
    ("store", "pull"),
    ("store", "check"),
    ("store", "migrate", "--to", "s3://other/place"),
    ("download", "--repo", "octo/evergreen"),
    ("doctor", "--send-test-alert"),
    ("doctor", "--json"),
)


@pytest.fixture
def talkative() -> Iterator[Echo]:
    with echo() as found:
        yield found


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Scratch:
    """A project that has judged its first candidate."""
    params = small.params().replace(
        "tracking: {enabled: false}", "tracking: {timeout: 1, retries: 0}\nrelease: {settle: 0}"
    )
    batches = {"2024-01.parquet": small.month(0)}
    made = scratch(tmp_path_factory.mktemp("ran") / "project", params, batches)
    made.run(sys.executable, "-m", "scripts.retrain", MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    return made


@pytest.fixture
def planted(
    forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], talkative: Echo
) -> Place:
    """A clone with a candidate that nobody can load."""
    found = place(forge, tmp_path / "work", monkeypatch, capsys)
    monkeypatch.setattr(stores, "opened", OPENED)
    (found.root / "data.dvc").write_text(dvc.NOTHING)
    (found.root / "data").mkdir()
    return plant(found, talkative, "{kind: sql, url: ")


@pytest.fixture
def whole(
    ran: Scratch,
    forge: Forge,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    talkative: Echo,
) -> Place:
    return plant(copied(ran, forge, tmp_path / "work", monkeypatch, capsys), talkative, "{kind: files, path: ")


def plant(where: Place, service: Echo, source: str) -> Place:
    """Every secret that there can be, and every service one that repeats what it is told."""
    forge = where.forge
    for name in ("github", "app"):
        text, among = CANARIES[name], frozenset({forge.repository.lower()})
        forge.desk.tokens[text] = Token(text, "github-actions[bot]", permissions("write-all"), among)
    for name, value in secrets(service.host).items():
        where.patch.setenv(name, value)
    lines = (where.root / "params.yaml").read_text().splitlines()
    assert any(source in line for line in lines)
    mine = "  source: {kind: url, url: '${DATA_URL}', retries: 0}"
    lines = [mine if source in line else line for line in lines] + ["store: {timeout: 3}"]
    (where.root / "params.yaml").write_text("\n".join(lines) + "\n")
    origin = forge.git_url.replace("://", f"://user:{quote(CANARIES['origin'], safe='')}@")
    where.repository.git("remote", "set-url", "origin", origin)
    where.patch.setattr("scripts.doctor.ONE", 2.0)
    where.patch.setattr("scripts.doctor.ANSWER", 3.0)
    return where


def secrets(host: str) -> dict[str, str]:
    def quoted(name: str) -> str:
        return quote(CANARIES[name], safe="")

    channels = [f"json://user:{quoted('apprise')}@{host}/{quoted('path')}", f"nonsense-{CANARIES['apprise']}"]
    return {
        "GITHUB_TOKEN": CANARIES["github"],
        "EVERGREEN_TOKEN": CANARIES["app"],
        "DVC_REMOTE_URL": "s3://bucket/folder",
        "DVC_ENDPOINT_URL": f"http://user:{quoted('endpoint')}@{host}",
        "AWS_ACCESS_KEY_ID": CANARIES["key"],
        "AWS_SECRET_ACCESS_KEY": CANARIES["aws"],
        "AWS_SESSION_TOKEN": CANARIES["session"],
        "MLFLOW_TRACKING_URI": f"http://user:{quoted('password')}@{host}",
        "APPRISE_URLS": "\n".join([*channels, f"nosuch://{quoted('path')}"]),
        "DATA_URL": f"http://user:{quoted('data')}@{host}/{quoted('data')}/rows.csv?signature={quoted('data')}",
        "DEPLOY_REPOSITORY": "octo/deploy",
    }


def well(where: Place) -> None:
    """All that a model needs is there; MLflow and the channels of alerts are not."""
    where.patch.setenv("DVC_REMOTE_URL", str(where.root.parent / "store"))
    where.patch.delenv("DVC_ENDPOINT_URL")


def ill(where: Place) -> None:
    where.forge.faults = [Fault(1, "502_after", times=10_000)]


def a_page(where: Place) -> None:
    where.forge.faults = [Fault(1, "html_200", times=10_000, among=("api", "web", "git"))]


def cut(where: Place) -> None:
    where.forge.faults = [Fault(1, "cut_before", times=10_000, among=("api", "web", "git"))]


def limited(where: Place) -> None:
    where.forge.faults = [Fault(1, "429_retry_after", times=10_000)]


def not_allowed(where: Place) -> None:
    for name in ("github", "app"):
        token = where.forge.desk.tokens[CANARIES[name]]
        where.forge.desk.tokens[CANARIES[name]] = Token(token.text, token.actor, {}, token.repositories)


def not_known(where: Place) -> None:
    where.forge.desk.tokens.clear()


FAULTS = {
    "well": well,
    "not allowed": not_allowed,
    "ill": ill,
    "a page": a_page,
    "cut": cut,
    "limited": limited,
    "not known": not_known,
}


def sinks(where: Place, said: dict[str, str]) -> dict[str, bytes]:
    """All that a person or another service may come to see."""
    forge = where.forge
    found = {name: text.encode() for name, text in said.items()}
    for path in (*where.root.rglob("*"), *where.root.parent.glob("*.md"), *(where.root.parent / "handover").rglob("*")):
        inside = path.relative_to(where.root.parent).parts
        if path.is_file() and inside[1:2] != (".git",):  # a person's own configuration names the origin
            found[path.relative_to(where.root.parent).as_posix()] = path.read_bytes()
    for number, request in enumerate(forge.requests):
        found[f"request {number} {request.verb}"] = f"{request.path}?{request.query}\n".encode() + request.data
    objects = subprocess.run(
        ["git", "cat-file", "--batch", "--batch-all-objects"], cwd=forge.bare, capture_output=True, check=True
    )
    return found | {"the repository on GitHub": objects.stdout}


def everything(where: Place) -> dict[str, str]:
    """What each command said; exceptions as a log would show them."""
    said: dict[str, str] = {}
    for command in COMMANDS:
        name = " ".join(command)
        if command == ("release",) and where.forge.pulls:
            where.forge.merge(1)
        try:
            ended = where.run(*command)
            said[name] = "\n".join([ended.out, *ended.lines])
            assert ended.code in (0, 1, 2, 3)
        except Exception:  # is for other tests to forbid; here it must only keep secrets
            said[name] = traceback.format_exc()
    return said


def test_canaries_are_found_in_every_form() -> None:
    for name, secret in CANARIES.items():
        for text in canaries.forms(secret):
            assert any(f"x: {name} as" in line for line in canaries.leaks({"x": f"a{text}b".encode()}))
        for before in ("", "u:", "x-access-token:"):
            whole = canaries.base64.b64encode(f"{before}{secret}".encode())
            assert canaries.leaks({"x": whole}), "inside of a longer text"
    assert canaries.leaks({"x": b"nothing"}) == []


@pytest.mark.parametrize("fault", ["well", "not allowed"])
def test_no_secret_is_found_anywhere(fault: str, planted: Place, talkative: Echo) -> None:
    FAULTS[fault](planted)
    kept_back(planted)
    asked = " ".join(talkative.asked)
    assert "GET /kanarie-data" in asked and "POST /kanarie-path" in asked, "services were asked"


@pytest.mark.faults
def test_no_secret_is_found_anywhere_in_a_whole_run(whole: Place, talkative: Echo) -> None:
    well(whole)
    said = kept_back(whole)
    assert "GET /api/2.0/mlflow" in " ".join(talkative.asked)
    assert [release["tag_name"] for release in whole.forge.releases] == ["v1"], said["release"]
    assert whole.forge.read("ledger.jsonl", "evergreen-ledger")


@pytest.mark.faults
@pytest.mark.parametrize("status", [200, 401, 500])
@pytest.mark.parametrize("fault", FAULTS)
def test_no_secret_is_found_anywhere_whatever_breaks(fault: str, status: int, whole: Place, talkative: Echo) -> None:
    talkative.status = status
    FAULTS[fault](whole)
    kept_back(whole)


def kept_back(where: Place) -> dict[str, str]:
    said = everything(where)
    found = canaries.leaks(sinks(where, said))
    where.forge.violations.clear()
    assert found == [], "\n".join(found)
    return said
