from pathlib import Path

import pytest

from scripts.core.errors import Mistake
from scripts.core.settings.loop_params import Store as Settings
from scripts.edges import actions
from scripts.edges.repository import git
from scripts.edges.stores import stores
from scripts.edges.stores.branch_store import Branch
from scripts.edges.stores.store_folder import Folder
from scripts.edges.stores.store_s3 import Bucket

LAPTOP, WORKFLOW = actions.job({}), actions.job({"GITHUB_RUN_ID": "7", "GITHUB_TOKEN": "secret-token"})
SETTINGS = Settings(timeout=30, warn_mb=7)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    (tmp_path / "clone/.dvc").mkdir(parents=True)
    (tmp_path / "clone/file").touch()
    git.begin(tmp_path / "clone", "a project")
    return tmp_path / "clone"


def add_origin(clone: Path) -> None:
    with (clone / ".git/config").open("a") as config:
        config.write(f'[remote "origin"]\n\turl = {clone.as_uri()}\n')


def test_a_url_names_the_store_wherever_it_runs(tmp_path: Path) -> None:
    given = {"DVC_REMOTE_URL": "s3://bucket/folder", "DVC_ENDPOINT_URL": "", "AWS_REGION": "eu-west-1"}
    for job in (LAPTOP, WORKFLOW):
        place = stores.chosen(given, job, SETTINGS, tmp_path)
        assert place == Bucket("s3://bucket/folder", None, "eu-west-1", 30)
    given |= {"DVC_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_DEFAULT_REGION": "us-east-2"}
    assert stores.chosen(given, LAPTOP, SETTINGS) == Bucket("s3://bucket/folder", "http://127.0.0.1:9", "us-east-2", 30)
    assert stores.chosen({"DVC_REMOTE_URL": "kept"}, WORKFLOW, SETTINGS, tmp_path) == Folder(tmp_path / "kept")
    assert stores.chosen({"DVC_REMOTE_URL": "file:///kept"}, LAPTOP, SETTINGS, tmp_path) == Folder(Path("/kept"))


def test_with_nothing_set_it_is_the_branch_in_a_workflow_and_a_folder_on_a_laptop(clone: Path) -> None:
    assert stores.chosen({"DVC_REMOTE_URL": ""}, LAPTOP, SETTINGS, clone) == Folder(clone / ".dvc/local-store")
    with pytest.raises(Mistake, match="no remote origin"):
        stores.chosen({}, WORKFLOW, SETTINGS, clone)
    add_origin(clone)
    place = stores.chosen({}, WORKFLOW, SETTINGS, clone)
    assert isinstance(place, Branch) and place.warn_mb == 7 and place.remote.token == "secret-token"
    assert "secret-token" not in repr(place)
    assert isinstance(stores.chosen({}, LAPTOP, SETTINGS, clone), Folder)
    (clone / ".git/refs/heads/dvc-store").write_text((clone / ".git/refs/heads/main").read_text())
    assert isinstance(stores.chosen({}, LAPTOP, SETTINGS, clone), Branch), "a person's clone finds what workflows keep"


@pytest.mark.parametrize(
    ("url", "endpoint", "said"),
    [
        ("gs://bucket/x", "", "neither s3://BUCKET/FOLDER nor a folder"),
        ("https://user:secret-word@host/x", "", "keys have no place in an address"),
        ("s3://bucket/x", "https://user:secret-word@host", "keys have no place in an address"),
    ],
)
def test_an_address_that_is_none_is_told_without_what_is_secret(url: str, endpoint: str, said: str) -> None:
    with pytest.raises(Mistake) as raised:
        stores.chosen({"DVC_REMOTE_URL": url, "DVC_ENDPOINT_URL": endpoint}, LAPTOP, SETTINGS)
    (line,) = raised.value.lines
    assert said in line and "secret-word" not in line and raised.value.code == 2


def test_dvc_is_told_of_it_and_a_persons_settings_stay(clone: Path) -> None:
    config = clone / stores.CONFIG
    stores.configure(Bucket("s3://bucket/x", "http://127.0.0.1:9"), clone)
    first = config.read_text()
    assert "verify = true" in first and "endpointurl = http://127.0.0.1:9" in first and "remote = evergreen" in first
    assert "key" not in first and "secret" not in first and "token" not in first
    config.write_text(first + "[cache]\n    type = copy\n['remote \"mine\"']\n    url = /mine\n")
    stores.configure(Folder(clone / "kept"), clone)
    second = config.read_text()
    assert "type = copy" in second and "url = /mine" in second and f"url = {clone}/kept" in second
    assert "s3://" not in second and second.count("evergreen") == 2
    config.write_text("[core\n")
    with pytest.raises(Mistake, match=r"config\.local: can't be read"):
        stores.configure(Folder(clone), clone)
