"""Telling the repository that serves the model of a release. Who is not told can look for the latest release."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from scripts.core.errors import Mistake
from scripts.edges.hub.github import GitHub, Settings

EVENT = "evergreen-release"


def told(settings: Settings, repository: str, token: str | None, payload: Mapping[str, Any]) -> str | None:
    """Send a repository_dispatch, once; why it was not sent, or may not have arrived."""
    if token is None:
        return f"DEPLOY_REPOSITORY: {repository} is not told: EVERGREEN_TOKEN is not set, and no other may write there."
    hub = GitHub(replace(settings, repository=repository, token=token))
    try:
        hub.write("POST", "{repo}/dispatches", {"event_type": EVENT, "client_payload": dict(payload)})
    except Mistake as mistake:
        return f"DEPLOY_REPOSITORY: {repository} was not told: {mistake}"
    return None
