"""The registry's alias `staging`: it points at the candidate that is proposed."""

import re
from collections.abc import Mapping
from pathlib import Path

from scripts.core.params import Params
from scripts.edges.registry import tracking
from scripts.edges.registry.mlflow_registry import Unrecorded

FILE = re.compile(r"sqlite:///(.+)")


def _uri(params: Params, environment: Mapping[str, str]) -> str:
    return environment.get("MLFLOW_TRACKING_URI") or params.tracking.uri


def address(params: Params, environment: Mapping[str, str]) -> str | None:
    """Where people look at MLflow, without user and password; None when it is no page."""
    uri = _uri(params, environment)
    if not params.tracking.enabled or not uri.startswith(("http://", "https://")):
        return None
    return re.sub(r"//[^/]*@", "//", uri)


def staged(params: Params, digest: str, environment: Mapping[str, str]) -> str | None:
    """A warning if the alias could not be set; nothing is asked of a file that an earlier runner had."""
    local = FILE.fullmatch(_uri(params, environment))
    if local is not None and not Path(local[1]).exists():
        return None
    with tracking.started(params) as recorder:
        said = recorder.alias(params.data.name, digest, "staging")
    return str(said) if isinstance(said, Unrecorded) else None
