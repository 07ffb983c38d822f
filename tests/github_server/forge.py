"""The forge: a running server with its state, what people do on its pages, and views of what is there."""

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scripts.edges.hub.github import Settings
from tests.github_server import actions, git_http, issues, merging, pulls, releases, server, statuses
from tests.github_server.bare import Bare
from tests.github_server.description import description
from tests.github_server.desk import Desk
from tests.github_server.faults import Fault
from tests.github_server.routes import Address
from tests.github_server.server import Request
from tests.github_server.state import ACTIONS, HUMAN, Asset, Issue, Push, RepoSettings, State, stamp
from tests.github_server.tokens import Token, permissions


class Forge:
    """Use it as `with Forge.started(folder) as forge:`. Views are what the API would show, as dictionaries."""

    def __init__(self, bare: Bare, repository: str) -> None:
        self.state = State(bare, repository)
        self.desk = Desk(self.state)
        self._serial = itertools.count(1)

    @classmethod
    @contextmanager
    def started(cls, folder: Path, repository: str = "octo/evergreen") -> Iterator["Forge"]:
        """A server with a bare repository in `folder`, whose `main` holds a README."""
        description()  # says at once when it can't be had
        forge = cls(Bare.begin(git_http.folder_of(folder, repository)), repository)
        with server.serving(forge.desk.noted, forge.desk.carried) as url:
            forge.desk.url = url
            yield forge

    # Where it is, and who may come in

    @property
    def url(self) -> str:
        return self.desk.url

    @property
    def at(self) -> Address:
        return self.desk.at

    @property
    def api(self) -> str:
        return self.at.api

    @property
    def repository(self) -> str:
        return self.state.repository

    @property
    def bare(self) -> Path:
        return self.state.bare.path

    @property
    def git_url(self) -> str:
        return f"{self.url}/{self.repository}.git"

    def token(
        self,
        given: Mapping[str, str] | str = "write-all",
        actor: str = ACTIONS,
        repositories: tuple[str, ...] = (),
    ) -> str:
        """A new token with permissions as in a workflow, read-all, write-all, or admin; of this repository alone, and
        of others where they are named."""
        text = f"ghs_{next(self._serial):04d}{'x' * 28}"
        among = frozenset(name.lower() for name in (self.repository, *repositories))
        self.desk.tokens[text] = Token(text, actor, permissions(given), among)
        return text

    def settings(self, token: str | None, timeout: float = 20.0) -> Settings:
        return Settings(self.repository, token, self.api, self.url, timeout, pace=0)

    def environment(self, token: str, **more: str) -> dict[str, str]:
        """What a job of GitHub Actions finds in its environment; names in `more` come on top."""
        known = {
            "ACTIONS": "true",
            "REPOSITORY": self.repository,
            "SERVER_URL": self.url,
            "API_URL": self.api,
            "RUN_ID": "4711",
            "RUN_ATTEMPT": "1",
            "EVENT_NAME": "schedule",
            "ACTOR": HUMAN,
            "REF_NAME": "main",
            "TOKEN": token,
        }
        return {f"GITHUB_{name}": value for name, value in known.items()} | more

    # What a person sets, and what people do

    @property
    def settings_of_repo(self) -> RepoSettings:
        return self.state.settings

    @property
    def lag(self) -> float:
        """Seconds that the list of releases lies behind."""
        return self.state.lag

    @lag.setter
    def lag(self, seconds: float) -> None:
        self.state.lag = seconds

    def pass_time(self, seconds: float) -> None:
        """Put the forge's clock on: instead of sleeping."""
        self.state.ahead += seconds

    def commit(
        self,
        files: Mapping[str, str | bytes | None],
        branch: str = "main",
        message: str = "Change files",
        actor: str = HUMAN,
    ) -> str:
        """A commit on a branch, made anew from main where it is missing; rules don't apply."""
        with self.state.lock:
            bare = self.state.bare
            tip = bare.branch(branch)
            commit = bare.written(tip or bare.branch("main"), files, message, actor)
            bare.set(f"refs/heads/{branch}", commit, tip)
            merging.settle(self.state)
            return commit

    def seed(self, root: Path, revision: str = "HEAD", branch: str = "main") -> str:
        """Make a branch what a repository on this machine holds; the commit."""
        with self.state.lock:
            source = f"{root.resolve()}"
            self.state.bare.git("fetch", "--quiet", "--force", source, f"{revision}:refs/heads/{branch}")
            merging.settle(self.state)
            return str(self.state.bare.branch(branch))

    def tip(self, branch: str = "main") -> str | None:
        return self.state.bare.branch(branch)

    def tags(self) -> dict[str, str]:
        return {ref[10:]: sha for ref, sha in self.state.bare.refs().items() if ref.startswith("refs/tags/")}

    def read(self, path: str, revision: str = "main") -> bytes | None:
        """A file as a branch, a tag or a commit has it."""
        sha = self.state.bare.sha(revision)
        return self.state.bare.read(sha, path) if sha else None

    def merge(self, number: int, actor: str = HUMAN, method: str = "merge") -> str:
        """Press the button; the new commit on the base."""
        with self.state.lock:
            return merging.merged(self.state, self._issue(number), method, actor)

    def close(self, number: int, actor: str = HUMAN) -> None:
        with self.state.lock:
            issues.set_state(self.state, self._issue(number), "closed", actor)

    def ran(self, workflow: str, conclusion: str | None = "success", event: str = "schedule", ago: float = 0.0) -> None:
        """A run of a workflow on main, begun so many seconds ago; None: it is under way."""
        with self.state.lock:
            given = {
                "path": f".github/workflows/{workflow}",
                "sha": self.tip(),
                "event": event,
                "status": "completed" if conclusion else "in_progress",
                "conclusion": conclusion,
                "created": stamp(self.state.now() - ago),
            }
            self.state.runs.append(actions.run_shape(self.at, self.state, len(self.state.runs) + 1, given))

    def _issue(self, number: int) -> Issue:
        return self.state.issues[number]

    # What there is

    @property
    def pulls(self) -> list[dict[str, Any]]:
        """Oldest first; open and closed."""
        with self.state.lock:
            merging.settle(self.state)
            return [self._pull(issue) for issue in self.state.issues.values() if issue.pull]

    def _pull(self, issue: Issue) -> dict[str, Any]:
        pull = issue.pull
        assert pull is not None
        more = {"merged": pull.merged_at is not None, "merged_by": pull.merged_by, "closed_by": issue.closed_by}
        return pulls.simple(self.at, self.state, issue) | more

    @property
    def issues(self) -> list[dict[str, Any]]:
        """Without pull requests; oldest first."""
        with self.state.lock:
            mine = [issue for issue in self.state.issues.values() if not issue.pull]
            return [issues.shape(self.at, self.state, issue) for issue in mine]

    @property
    def comments(self) -> list[dict[str, Any]]:
        """Of issues and pull requests; `number` says of which."""
        with self.state.lock:
            every = list(self.state.comments.values())
            return [issues.comment_shape(self.at, self.state, one) | {"number": one.issue} for one in every]

    @property
    def statuses(self) -> list[dict[str, Any]]:
        """In the order in which they came; `sha` says of which commit."""
        with self.state.lock:
            return [statuses.shape(self.at, one) | {"sha": one.sha} for one in self.state.statuses]

    @property
    def labels(self) -> list[str]:
        return [label.name for label in self.state.labels.values()]

    @property
    def releases(self) -> list[dict[str, Any]]:
        """As they are now, drafts included; oldest first. `latest` is added."""
        with self.state.lock:
            newest = self.state.latest_release()
            every = list(self.state.releases.values())
            return [releases.shape(self.at, one) | {"latest": one is newest} for one in every]

    @property
    def latest(self) -> str | None:
        """The tag of the latest release."""
        newest = self.state.latest_release()
        return newest.tag if newest else None

    def assets(self, tag: str) -> dict[str, bytes]:
        """The files of the public release of a tag."""
        for release in self.state.releases.values():
            if release.tag == tag and not release.draft:
                return {asset.name: asset.content for asset in release.assets if asset.state == "uploaded"}
        return {}

    @property
    def starters(self) -> list[Asset]:
        """Uploads that broke off and were left behind."""
        every = (asset for release in self.state.releases.values() for asset in release.assets)
        return [asset for asset in every if asset.state != "uploaded"]

    @property
    def dispatches(self) -> list[dict[str, Any]]:
        return self.state.dispatches

    @property
    def pushes(self) -> list[Push]:
        """By HTTP alone."""
        return self.state.pushes

    @property
    def requests(self) -> list[Request]:
        return self.desk.requests

    @property
    def writes(self) -> list[Request]:
        """Requests of the API that change something."""
        return [one for one in self.desk.requests if one.kind == "api" and one.verb not in ("GET", "HEAD")]

    @property
    def violations(self) -> list[str]:
        """What was not as GitHub describes its API."""
        return self.desk.violations

    # What goes wrong

    @property
    def faults(self) -> list[Fault]:
        return self.desk.faults

    @faults.setter
    def faults(self, faults: list[Fault]) -> None:
        self.desk.faults = list(faults)

    def count(self, *kinds: str) -> int:
        """How many requests of these kinds there have been since the count began."""
        return sum(self.desk.counts[kind] for kind in kinds or ("api", "web"))

    def begin_count(self) -> None:
        """Count from 1 again, with an empty log and no faults."""
        with self.state.lock:
            self.desk.requests.clear()
            self.desk.counts.clear()
            self.desk.faults = []
