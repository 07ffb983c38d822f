"""A job that is cut off behind any of its writes and done again ends as if nothing had happened."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.core import bundle
from scripts.edges.registry import mlflow_jobs, mlflow_worker
from tests import bundles

WRITES = (
    "create_experiment",
    "create_run",
    "log_batch",
    "log_artifact",
    "log_artifacts",
    "create_logged_model",
    "log_model_artifacts",
    "finalize_logged_model",
    "log_outputs",
    "create_registered_model",
    "create_model_version",
    "set_registered_model_alias",
    "set_terminated",
)
BOUNDARIES = 17  # writes of one record: some of the above happen more than once


class Killed(BaseException):
    pass


class Mortal:
    """A client that acts and then dies behind its n-th write."""

    def __init__(self, client: Any, lives: int) -> None:
        self.client, self.lives = client, lives

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.client, name)
        if name not in WRITES:
            return method

        def write(*args: Any, **named: Any) -> Any:
            result = method(*args, **named)
            self.lives -= 1
            if self.lives == 0:
                raise Killed(name)
            return result

        return write


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("jobs")
    (folder / "candidate.zip").write_bytes(bundles.hollow())
    (folder / "plots").mkdir()
    (folder / "plots" / "roc.png").write_bytes(b"png")
    (folder / "evaluation.json").write_text("{}")
    return folder


@pytest.fixture(scope="module")
def client(place: Path) -> Iterator[Any]:
    patch = pytest.MonkeyPatch()
    patch.chdir(place)
    patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    patch.setenv("MLFLOW_LOGGING_LEVEL", "ERROR")
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"):  # MLflow sets them; other tests must not see that
        patch.setenv(name, "sqlite:///mlflow.db")
    yield mlflow_worker.opened({"uri": "sqlite:///mlflow.db", "timeout": 5})
    patch.undo()


def job(place: Path, name: str) -> dict[str, Any]:
    """A record of its own experiment and registered model."""
    model = {"name": name, "bundle": str(place / "candidate.zip"), "digest": bundle.digest(bundles.hollow())}
    return {
        "job": "record",
        "run": "7f3c2a",
        "experiment": name,
        "started": 1_000,
        "ended": 9_000,
        "params": {f"data.{number}": "x" for number in range(150)},
        "metrics": {"candidate.log_loss": 0.5, "seconds.train": 6.0},
        "tags": {"evergreen.verdict": "PROMOTE"},
        "artifacts": [str(place / "evaluation.json"), str(place / "plots")],
        "model": {**model, "trusted": [], "aliases": ["candidate", "staging"]},
    }


def seen(client: Any, name: str) -> dict[str, Any]:
    """All that the registry shows of a record, without ids and times."""
    experiment = client.get_experiment_by_name(name).experiment_id
    runs = client.search_runs([experiment])
    models = client.search_logged_models([experiment])
    registered = client.get_registered_model(name)
    return {
        "runs": [(run.info.status, run.data.params, run.data.metrics, run.data.tags) for run in runs],
        "artifacts": [[file.path for file in client.list_artifacts(run.info.run_id)] for run in runs],
        "outputs": [len(run.outputs.model_outputs) for run in runs],
        "models": [(str(model.status), model.tags.get("evergreen.bundle"), len(model.metrics)) for model in models],
        "versions": [version.tags for version in client.search_model_versions(f"name = '{name}'")],
        "aliases": {name: int(version) for name, version in registered.aliases.items()},
    }


def test_a_record_is_whole(client: Any, place: Path) -> None:
    mlflow_jobs.done(client, job(place, "whole"))
    found = seen(client, "whole")
    status, params, metrics, tags = found["runs"][0]
    assert status == "FINISHED"
    assert len(params) == 150
    assert metrics == {"candidate.log_loss": 0.5, "seconds.train": 6.0}
    assert tags["evergreen.run"] == "7f3c2a"
    assert found["artifacts"] == [["evaluation.json", "plots"]]
    assert found["outputs"] == [1]
    assert found["models"] == [("READY", bundle.digest(bundles.hollow()), 2)]
    assert found["aliases"] == {"candidate": 1, "staging": 1}


def test_boundaries_are_all_of_them(client: Any, place: Path) -> None:
    mortal = Mortal(client, 1_000)
    mlflow_jobs.done(mortal, job(place, "counted"))  # type: ignore[arg-type]
    assert 1_000 - mortal.lives == BOUNDARIES


@pytest.mark.parametrize("boundary", range(1, BOUNDARIES + 1))
def test_a_record_that_was_cut_off_is_completed(client: Any, place: Path, boundary: int) -> None:
    name = f"cut-{boundary}"
    with pytest.raises(Killed):
        mlflow_jobs.done(Mortal(client, boundary), job(place, name))  # type: ignore[arg-type]
    mlflow_jobs.done(client, job(place, name))
    if not client.get_experiment_by_name("untouched"):
        mlflow_jobs.done(client, job(place, "untouched"))
    assert seen(client, name) == seen(client, "untouched")


def test_a_complete_run_is_left_as_it_is(client: Any, place: Path) -> None:
    first = mlflow_jobs.done(client, job(place, "twice"))
    second = mlflow_jobs.done(client, job(place, "twice") | {"metrics": {"candidate.log_loss": 0.9}})
    assert second == first
    assert seen(client, "twice")["runs"][0][2]["candidate.log_loss"] == 0.5


def test_a_bundle_is_registered_once(client: Any, place: Path) -> None:
    mlflow_jobs.done(client, job(place, "once"))
    mlflow_jobs.done(client, job(place, "once") | {"run": "another"})
    found = seen(client, "once")
    assert len(found["runs"]) == 2
    assert len(found["versions"]) == 1


def test_an_alias_goes_to_the_version_with_the_bundle(client: Any, place: Path) -> None:
    record = job(place, "aliased")
    other = bundles.hollow("another model")
    (place / "other.zip").write_bytes(other)
    mlflow_jobs.done(client, record)
    newer = {**record["model"], "bundle": str(place / "other.zip"), "digest": bundle.digest(other)}
    mlflow_jobs.done(client, record | {"run": "newer", "model": newer})
    asked = {"job": "alias", "name": "aliased", "alias": "production"}
    assert mlflow_jobs.done(client, {**asked, "digest": record["model"]["digest"]}) == {"version": "1"}
    assert mlflow_jobs.done(client, {**asked, "digest": bundle.digest(other)}) == {"version": "2"}
    assert seen(client, "aliased")["aliases"] == {"candidate": 2, "staging": 2, "production": 2}


def test_an_alias_for_a_bundle_that_is_not_there_says_so(client: Any, place: Path) -> None:
    answer = mlflow_jobs.done(client, {"job": "alias", "name": "nobody", "digest": "sha256:ab", "alias": "production"})
    assert "nobody has no version with the bundle sha256:ab" in answer["reason"]


def test_a_bundle_that_was_altered_is_not_registered(client: Any, place: Path) -> None:
    altered = bytearray(bundles.hollow())
    altered[-40] ^= 1
    (place / "altered.zip").write_bytes(bytes(altered))
    record = job(place, "altered")
    with pytest.raises(Exception, match=r"altered\.zip"):
        mlflow_jobs.done(client, record | {"model": {**record["model"], "bundle": str(place / "altered.zip")}})
    assert not client.search_model_versions("name = 'altered'")
