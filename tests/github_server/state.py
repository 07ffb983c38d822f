"""What the forge remembers of its repository; git itself is in the bare repository beside it."""

import hashlib
import itertools
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from tests.github_server.bare import Bare

ACTIONS, HUMAN = "github-actions[bot]", "octocat"


@dataclass
class RepoSettings:
    """What a person sets in the repository's settings."""

    allow_actions_prs: bool = True
    protected_main: bool = False
    immutable_releases: bool = False
    private: bool = False
    is_template: bool = False
    fork: bool = False
    has_issues: bool = True
    allow_auto_merge: bool = False
    required_checks: tuple[str, ...] = ()  # contexts that must succeed before a merge
    variables: dict[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()  # names


@dataclass
class Pull:
    """The part of an issue that makes it a pull request."""

    head: str
    base: str
    head_sha: str  # as last seen; kept when the branch is gone
    base_sha: str
    draft: bool = False
    merged_at: float | None = None
    merged_by: str | None = None
    merge_commit: str | None = None
    auto_merge: str | None = None  # the method
    auto_merge_by: str = HUMAN


@dataclass
class Issue:
    number: int
    id: int
    title: str
    body: str | None
    user: str
    created: float
    updated: float
    labels: list[str] = field(default_factory=list)
    state: str = "open"
    closed: float | None = None
    closed_by: str | None = None
    pull: Pull | None = None


@dataclass
class Comment:
    id: int
    issue: int
    body: str
    user: str
    created: float
    updated: float


@dataclass
class Label:
    id: int
    name: str
    color: str = "ededed"
    description: str | None = None
    default: bool = False


@dataclass(frozen=True)
class Status:
    id: int
    sha: str
    state: str
    context: str
    description: str | None
    target_url: str | None
    user: str
    created: float


@dataclass(frozen=True)
class Asset:
    id: int
    name: str
    label: str | None
    content_type: str
    content: bytes = field(repr=False)
    user: str
    created: float
    state: str = "uploaded"  # or starter: an upload that broke off
    downloads: int = 0

    @cached_property
    def digest(self) -> str | None:
        return f"sha256:{hashlib.sha256(self.content).hexdigest()}" if self.state == "uploaded" else None


@dataclass(frozen=True)
class Release:
    id: int
    tag: str
    target: str
    name: str | None
    body: str | None
    draft: bool
    prerelease: bool
    user: str
    created: float
    updated: float
    published: float | None = None
    immutable: bool = False
    assets: tuple[Asset, ...] = ()


@dataclass(frozen=True)
class Push:
    """One ref of a push that went through."""

    ref: str
    old: str | None
    new: str | None
    actor: str


@dataclass
class State:
    """Everything; changed under `lock` alone."""

    bare: Bare
    repository: str
    settings: RepoSettings = field(default_factory=RepoSettings)
    lag: float = 0.0  # seconds that the list of releases lies behind
    lock: threading.RLock = field(default_factory=threading.RLock)
    issues: dict[int, Issue] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)
    statuses: list[Status] = field(default_factory=list)
    releases: dict[int, Release] = field(default_factory=dict)
    latest: int | None = None  # the release marked as latest
    burnt: set[str] = field(default_factory=set)  # tags of immutable releases, deleted ones included
    dispatches: list[dict[str, Any]] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)  # of workflows, as the API shows them
    pushes: list[Push] = field(default_factory=list)
    others: set[str] = field(default_factory=set)  # further repositories, which take dispatches
    lists: list[tuple[float, tuple[Release, ...]]] = field(default_factory=list)
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(1001))
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    ahead: float = 0.0  # seconds that the forge's clock is ahead of the machine's

    def now(self) -> float:
        return time.time() + self.ahead

    def id(self) -> int:
        return next(self.ids)

    def keep(self, release: Release) -> Release:
        """Put a release in, new or changed; the list of releases shows it after the lag."""
        self.releases[release.id] = replace(release, updated=self.now())
        self._listed()
        return self.releases[release.id]

    def forget(self, release: Release) -> None:
        del self.releases[release.id]
        if self.latest == release.id:
            self.latest = None
        self._listed()

    def _listed(self) -> None:
        self.lists.append((self.now(), tuple(self.releases.values())))

    def listed(self) -> list[Release]:
        """Releases as the list shows them: newest first, and late by the lag."""
        limit = self.now() - self.lag
        seen = [releases for when, releases in self.lists if when <= limit]
        return sorted(seen[-1], key=lambda release: -release.id) if seen else []

    def latest_release(self) -> Release | None:
        """The one marked as latest; else the newest that is public."""
        if self.latest is not None:
            return self.releases[self.latest]
        public = [release for release in self.releases.values() if not release.draft and not release.prerelease]
        return max(public, key=lambda release: (release.published or 0.0, release.id), default=None)

    def asset(self, number: int) -> tuple[Release, Asset] | None:
        for release in self.releases.values():
            for asset in release.assets:
                if asset.id == number:
                    return release, asset
        return None

    def label(self, name: str) -> Label:
        """The label of that name, made when it is missing: names differ by more than case."""
        key = name.lower()
        if key not in self.labels:
            self.labels[key] = Label(self.id(), name)
        return self.labels[key]

    def combined(self, sha: str) -> list[Status]:
        """The newest status of each context."""
        newest = {status.context: status for status in self.statuses if status.sha == sha}
        return list(newest.values())


def stamp(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
