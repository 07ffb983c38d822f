"""The loop on GitHub by the workflow files as they are: a copy is born, its first model merged, released and used."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

from tests import small
from tests.layout import ROOT
from tests.workflows.living import PARAMS, green
from tests.workflows.world import World, world


def test_from_birth_to_a_model_in_use(tmp_path: Path) -> None:
    with world(tmp_path, PARAMS) as copy:
        copy.arrives("month-0.parquet", small.month(0))
        born(copy)
        merged(copy)
        downloaded(copy, tmp_path / "model")


def born(copy: World) -> None:
    """The first push, with no secret and no setting: data on main, objects in the store, a pull request, a line."""
    began = copy.main()
    ran = copy.wakes(None, only=("retrain",))["retrain"]
    green(ran, "retrain", "record")
    assert "Settings that are not set" in ran.summary and "APPRISE_URLS" in ran.summary
    changed = copy.git("diff", "--name-only", began, "main").splitlines()
    assert {"data.dvc", "dvc.lock", "reports/run.json"} <= set(changed)
    assert not {name for name in changed if name.startswith("models/")}
    (pull,) = copy.forge.pulls
    assert pull["state"] == "open" and pull["title"].startswith("Promote v1")
    assert pull["user"]["login"] == "github-actions[bot]"
    (line,) = copy.ledger()
    assert json.loads(line)["verdict"] == "PROMOTE"
    assert copy.git("ls-tree", "-r", "--name-only", "dvc-store").count("files/md5") >= 4
    assert {push.actor for push in copy.forge.pushes} == {"github-actions[bot]"}


def merged(copy: World) -> None:
    ran = copy.merges(copy.forge.pulls[0]["number"])
    assert set(ran) == {"release"}
    green(ran["release"], "release")
    (release,) = copy.forge.releases
    assert (release["tag_name"], release["draft"], release["latest"]) == ("v1", False, True)
    (attested,) = copy.act.notes("attest")
    assert set(attested["files"]) == set(copy.forge.assets("v1")) - {"SHA256SUMS"}


def downloaded(copy: World, folder: Path) -> None:
    """By a person who has no token."""
    words = ["-m", "scripts.download", "--repo", copy.forge.repository, "--output", str(folder)]
    environment = {"GITHUB_API_URL": copy.forge.api, "GITHUB_SERVER_URL": copy.forge.url, "PATH": "/usr/bin:/bin"}
    subprocess.run([sys.executable, *words], cwd=ROOT, env=environment, check=True, capture_output=True)
    model = (folder / "small-1.skops").read_bytes()
    assert hashlib.sha256(model).hexdigest() in (folder / "SHA256SUMS").read_text()


def test_the_template_itself_waits_for_its_copies(tmp_path: Path) -> None:
    with world(tmp_path, PARAMS) as template:
        template.template = True
        for workflow in ("retrain", "release"):
            ran = template.cron(workflow)
            assert ran.code == 0 and not ran.jobs, ran.log
        assert template.forge.writes == [] and template.forge.pushes == []
