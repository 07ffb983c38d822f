"""Digests that tell whether what makes a model has changed."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from scripts.core.params import Params
from scripts.core.text import rounded


def digest(sources: Mapping[str, bytes]) -> str:
    """One digest for files by name and content."""
    whole = sha256()
    for name in sorted(sources):
        whole.update(f"{name}\0{sha256(sources[name]).hexdigest()}\n".encode())
    return "sha256:" + whole.hexdigest()


def training_params(params: Params) -> dict[str, Any]:
    """The settings that make a model what it is, as a manifest has them.

    Where data come from is not among them, nor what a batch must be like: a changed limit makes no other model.
    """
    values = params.model_dump(mode="json", by_alias=True, include={"data", "train"})
    values["data"].pop("source")
    columns = values["data"]["columns"].items()
    values["data"]["columns"] = {name: {key: column[key] for key in ("kind", "feature")} for name, column in columns}
    return dict(rounded(values))


def gate_params(params: Params) -> dict[str, Any]:
    return dict(rounded(params.model_dump(mode="json", include={"gate"})["gate"]))


def params_digest(values: Mapping[str, Any]) -> str:
    return "sha256:" + sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def changed(params: Params, manifest: Mapping[str, Any], sources: str, gate: str | None) -> tuple[str, ...]:
    """Which of data, train, gate and code are not what made production; `gate` is the digest of the last run's gate."""
    now = training_params(params)
    differ = [block for block in ("data", "train") if now[block] != manifest["params"][block]]
    if gate is not None and gate != params_digest(gate_params(params)):
        differ.append("gate")
    if sources != manifest["code"]:
        differ.append("code")
    return tuple(differ)


def stage_sources(pipeline: Mapping[str, Any], stage: str) -> list[str]:
    """The project's own modules that a stage of dvc.yaml names among its deps."""
    return [path for path in pipeline["stages"][stage]["deps"] if path.endswith(".py")]


def run_id(inputs: Mapping[str, bytes]) -> str:
    """Names a run by what went into it, so that a run that was cut off and made again is one run."""
    return digest(inputs).removeprefix("sha256:")[:8]
