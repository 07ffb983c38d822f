"""What is written to MLflow, and how; each job can be done again at any time and ends the same."""

import platform
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from scripts.core import bundle, mlflow_format
from scripts.core.training.model import OWN, TRUSTED

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from mlflow.entities.model_registry import ModelVersion

RUN, BUNDLE = "evergreen.run", "evergreen.bundle"


def done(client: "MlflowClient", job: Mapping[str, Any]) -> dict[str, Any]:
    return {"record": record, "alias": alias}[job["job"]](client, job)


def record(client: "MlflowClient", job: Mapping[str, Any]) -> dict[str, Any]:
    """One run per retrain: a complete one stays as it is, one that a kill left unfinished is completed."""
    experiment = _experiment(client, job["experiment"])
    run = _run(client, experiment, job)
    if run.info.status != "FINISHED":
        _describe(client, run.info.run_id, job)
        model = _register(client, run, job["model"]) if job["model"] else None
        _measure(client, run.info.run_id, job, model)
        client.set_terminated(run.info.run_id, "FINISHED", end_time=job["ended"])
    return {"run": run.info.run_id, "experiment": experiment}


def alias(client: "MlflowClient", job: Mapping[str, Any]) -> dict[str, Any]:
    version = _version(client, job["name"], job["digest"])
    if version is None:
        return {"reason": f"{job['name']} has no version with the bundle {job['digest'][:19]}"}
    client.set_registered_model_alias(job["name"], job["alias"], str(version.version))
    return {"version": str(version.version)}


def _experiment(client: "MlflowClient", name: str) -> str:
    found = client.get_experiment_by_name(name)
    return str(found.experiment_id if found else client.create_experiment(name))


def _run(client: "MlflowClient", experiment: str, job: Mapping[str, Any]) -> "Run":
    found = client.search_runs([experiment], f"tags.`{RUN}` = '{job['run']}'", max_results=1)
    if found:
        return found[0]
    return client.create_run(experiment, job["started"], {RUN: job["run"]}, job["run"])


def _describe(client: "MlflowClient", run_id: str, job: Mapping[str, Any]) -> None:
    from mlflow.entities import Param, RunTag

    params = [Param(*item) for item in job["params"].items()]
    for start in range(0, len(params), 100):  # a server takes no more at once
        client.log_batch(run_id, params=params[start : start + 100])
    client.log_batch(run_id, tags=[RunTag(*item) for item in job["tags"].items()])
    for path in map(Path, job["artifacts"]):
        if path.is_dir():
            client.log_artifacts(run_id, str(path), path.name)
        else:
            client.log_artifact(run_id, str(path))


def _measure(client: "MlflowClient", run_id: str, job: Mapping[str, Any], model: str | None) -> None:
    """The metrics, on the run and on the model."""
    from mlflow.entities import Metric

    metrics = [Metric(name, value, job["ended"], 0, model_id=model) for name, value in job["metrics"].items()]
    client.log_batch(run_id, metrics=metrics)


def _register(client: "MlflowClient", run: "Run", model: Mapping[str, Any]) -> str:
    """MLflow's id of the model, which is a version of the registered model from now on."""
    version = _version(client, model["name"], model["digest"]) or _new_version(client, run, model)
    for name in model["aliases"]:
        client.set_registered_model_alias(model["name"], name, str(version.version))
    return str(version.source).removeprefix("models:/")


def _version(client: "MlflowClient", name: str, digest: str) -> "ModelVersion | None":
    found = client.search_model_versions(f"name = '{name}' AND tags.`{BUNDLE}` = '{digest}'")
    return max(found, key=lambda version: int(version.version), default=None)


def _logged(client: "MlflowClient", run: "Run", model: Mapping[str, Any]) -> str:
    """The id of the model in MLflow's format, uploaded; one that a kill left half-way is uploaded again."""
    experiment, run_id, tags = run.info.experiment_id, run.info.run_id, {BUNDLE: model["digest"]}
    found = client.search_logged_models([experiment], f"tags.`{BUNDLE}` = '{model['digest']}'", max_results=1)
    logged = found[0] if found else client.create_logged_model(experiment, model["name"], run_id, tags)
    identity = {
        "model_id": logged.model_id,
        "model_uuid": logged.model_id,
        "run_id": run_id,
        "artifact_path": logged.artifact_location,
    }
    with TemporaryDirectory() as folder:
        _write(Path(folder), model, identity)
        client.log_model_artifacts(logged.model_id, folder)
    client.finalize_logged_model(logged.model_id, "READY")
    _link(client, run, logged.model_id)
    return str(logged.model_id)


def _link(client: "MlflowClient", run: "Run", model: str) -> None:
    from mlflow.entities import LoggedModelOutput

    linked = run.outputs.model_outputs if run.outputs else []
    if model not in [output.model_id for output in linked]:
        client.log_outputs(run.info.run_id, [LoggedModelOutput(model, 0)])


def _write(folder: Path, model: Mapping[str, Any], identity: Mapping[str, str]) -> None:
    from mlflow.version import VERSION

    unpacked = bundle.unpack(Path(model["bundle"]).read_bytes(), model["digest"], model["bundle"])
    trusted = [*TRUSTED, *OWN, *model["trusted"]]
    versions = {"python": platform.python_version(), "mlflow": VERSION}
    files = mlflow_format.folder(unpacked, trusted, versions, _sources(), identity)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _sources() -> dict[str, bytes]:
    scripts = Path(__file__).parents[2]
    files = [scripts / "__init__.py", *sorted((scripts / "core").rglob("*.py"))]
    return {path.relative_to(scripts.parent).as_posix(): path.read_bytes() for path in files}


def _new_version(client: "MlflowClient", run: "Run", model: Mapping[str, Any]) -> "ModelVersion":
    logged = _logged(client, run, model)
    if not client.search_registered_models(f"name = '{model['name']}'"):
        client.create_registered_model(model["name"])
    return client.create_model_version(
        model["name"],
        f"models:/{logged}",
        run.info.run_id,
        tags={BUNDLE: model["digest"]},
        await_creation_for=10,
        model_id=logged,
    )
