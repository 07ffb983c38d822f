"""What GitHub and the remote hold when something is to be proposed: the main branch, the standing branch, its PRs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from scripts.core import declaration
from scripts.core.declaration import Declaration
from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.paths import DECLARATION
from scripts.core.standing import BRANCH, TRAILER, Pull
from scripts.edges import project
from scripts.edges.actions import Job
from scripts.edges.hub import pulls
from scripts.edges.hub.github import GitHub, Settings
from scripts.edges.repository import commits, git
from scripts.edges.repository.branches import Moved, Remote


@dataclass(frozen=True)
class World:
    """`hub` and `remote` have the token that opens pull requests, `own` and `main_remote` the job's."""

    job: Job
    app: bool  # whether the two tokens differ: then checks of the pull request run by themselves
    hub: GitHub
    own: GitHub
    remote: Remote
    main_remote: Remote
    main: str  # name of the default branch
    tip: str  # its commit
    production: Declaration  # as it declares it
    head: str | None  # commit of the standing branch
    foreign: Sequence[str]  # commits there that are a person's
    pulls: Sequence[Pull]  # of the standing branch, newest first

    @property
    def web(self) -> str:
        """The repository's address."""
        return f"{self.job.server}/{self.job.repository}"

    @classmethod
    def seen(cls, job: Job, environment: Mapping[str, str]) -> Self:
        given = environment.get("EVERGREEN_TOKEN") or None
        hub, own = GitHub(job.github(given)), GitHub(job.github())
        remote = Remote(Path(), "origin", job.server, hub.settings.token)
        main_remote = replace(remote, token=job.token)
        repository = hub.get("{repo}")
        if repository is None:
            said = f"GITHUB_REPOSITORY: {job.repository} is not there, or the token may not see it. Check both."
            raise Mistake(said, code=OUTSIDE)
        main = str(repository["default_branch"])
        app = given is not None and given != job.token
        blank = cls(
            job, app, hub, own, remote, main_remote, main, "", declaration.none(), head=None, foreign=(), pulls=()
        )
        return blank.looked_again()

    def looked_again(self) -> Self:
        tip, head = self.remote.tip(self.main), self.remote.tip(BRANCH)
        if tip is None:
            raise Mistake(f"git: the remote has no branch {self.main}. Push it first.", code=OUTSIDE)
        found = pulls.of_branch(self.hub, BRANCH)
        merged = head in {pull.head for pull in found if pull.merged}
        foreign = [] if head is None or merged else commits.foreign(tip, head, TRAILER, self.remote.root)
        declared = self.remote.read(tip, DECLARATION.as_posix())
        text = declared.decode(errors="replace") if declared is not None else declaration.render(declaration.none())
        production = declaration.parse(text, f"{self.main}:{DECLARATION}")
        return replace(self, tip=tip, head=head, pulls=found, foreign=foreign, production=production)

    @classmethod
    def alone(cls, job: Job) -> Self:
        """Without GitHub: what this folder says."""
        nobody = GitHub(Settings("OWNER/NAME", None))
        here = Remote(Path())
        job = replace(job, repository="OWNER/NAME")
        production = project.read_declaration()
        return cls(job, False, nobody, nobody, here, here, "main", git.commit() or "", production, None, (), ())

    def pushed(self, commit: str) -> str:
        """The commit that the standing branch is at from now on: this one, or the one there that says the same."""
        root = self.remote.root
        if self.head is not None and commits.same(self.head, commit, root):
            return self.head
        try:
            self.remote.push(commit, BRANCH, self.head)
        except Moved:
            raise
        except Mistake:
            if self.remote.tip(BRANCH) != commit:  # else the push arrived, and only its answer got lost
                raise
        return commit
