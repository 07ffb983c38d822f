"""GitHub Actions: what a job knows of itself, and the files in which it says what it found."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.core.errors import USAGE, Mistake
from scripts.edges.hub.github import Settings


@dataclass(frozen=True)
class Job:
    """What is known of this run; on a laptop most of it is None."""

    repository: str | None  # OWNER/NAME
    server: str
    api: str
    run: str | None  # id of the workflow's run
    attempt: int
    event: str | None  # schedule, push, workflow_dispatch, pull_request
    actor: str | None
    commit: str | None
    branch: str | None
    workflow: str | None
    payload: Path | None
    summary: Path | None
    output: Path | None
    token: str | None

    @property
    def url(self) -> str | None:
        """Where the run can be looked at."""
        if self.repository is None or self.run is None:
            return None
        return f"{self.server}/{self.repository}/actions/runs/{self.run}"

    @property
    def in_actions(self) -> bool:
        return self.run is not None

    def github(self, token: str | None = None) -> Settings:
        """Settings for GitHub's API; with another token than the job's where one is given."""
        if self.repository is None:
            raise Mistake(
                "GITHUB_REPOSITORY: is not set. Say which repository: GITHUB_REPOSITORY=OWNER/NAME", code=USAGE
            )
        return Settings(self.repository, token or self.token, self.api, self.server)

    def event_payload(self) -> Any:
        """What GitHub sent with the event; an empty object where there is none."""
        try:
            return json.loads(self.payload.read_text("utf-8")) if self.payload else {}
        except (OSError, ValueError):
            return {}

    def say(self, markdown: str) -> None:
        """Add to the run's page."""
        if self.summary is not None:
            with self.summary.open("a", encoding="utf-8") as file:
                file.write(markdown.rstrip("\n") + "\n\n")

    def tell(self, name: str, value: str) -> None:
        """Set an output of this step: one line."""
        if self.output is not None:
            with self.output.open("a", encoding="utf-8") as file:
                file.write(f"{name}={' '.join(value.split())}\n")


def job(environment: Mapping[str, str] = os.environ) -> Job:
    def known(name: str) -> str | None:
        return environment.get(name) or None

    def path(name: str) -> Path | None:
        return Path(environment[name]) if environment.get(name) else None

    return Job(
        repository=known("GITHUB_REPOSITORY"),
        server=(known("GITHUB_SERVER_URL") or "https://github.com").rstrip("/"),
        api=(known("GITHUB_API_URL") or "https://api.github.com").rstrip("/"),
        run=known("GITHUB_RUN_ID"),
        attempt=int(known("GITHUB_RUN_ATTEMPT") or 1),
        event=known("GITHUB_EVENT_NAME"),
        actor=known("GITHUB_ACTOR"),
        commit=known("GITHUB_SHA"),
        branch=known("GITHUB_REF_NAME"),
        workflow=known("GITHUB_WORKFLOW"),
        payload=path("GITHUB_EVENT_PATH"),
        summary=path("GITHUB_STEP_SUMMARY"),
        output=path("GITHUB_OUTPUT"),
        token=known("GITHUB_TOKEN"),
    )
