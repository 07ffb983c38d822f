"""The default branch as GitHub has it now, whatever is checked out: what is released is what main declares."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Self

from scripts.core import declaration, publication
from scripts.core import params as settings
from scripts.core.declaration import Declaration, Replaced
from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.params import Params
from scripts.core.paths import DECLARATION, PARAMS
from scripts.edges.actions import Job
from scripts.edges.hub.github import GitHub
from scripts.edges.repository import history
from scripts.edges.repository.branches import Remote
from scripts.edges.repository.history import Declared


@dataclass(frozen=True)
class Mainline:
    hub: GitHub
    remote: Remote
    branch: str
    tip: str

    @classmethod
    def seen(cls, job: Job, root: Path = Path(), token: str | None = None) -> Self:
        hub = GitHub(job.github(token))
        repository: Mapping[str, str] | None = hub.get("{repo}")
        if repository is None:
            said = f"GITHUB_REPOSITORY: {job.repository} is not there, or the token may not see it. Check both."
            raise Mistake(said, code=OUTSIDE)
        remote, branch = Remote(root, "origin", job.server, hub.settings.token), str(repository["default_branch"])
        return cls(hub, remote, branch, "").looked_again()

    def looked_again(self) -> Self:
        tip = self.remote.tip(self.branch)
        if tip is None:
            raise Mistake(f"git: the remote has no branch {self.branch}. Push it first.", code=OUTSIDE)
        return replace(self, tip=tip)

    def read(self, path: Path) -> str:
        content = history.at(self.tip, path, self.remote.root)
        if content is None:
            raise Mistake(f"{path}: is not on the branch {self.branch}. Commit it.", code=OUTSIDE)
        return content.decode(errors="replace")

    @cached_property
    def declared(self) -> Declaration:
        return declaration.parse(self.read(DECLARATION), DECLARATION.as_posix())

    @cached_property
    def params(self) -> Params:
        return settings.parse(self.read(PARAMS), PARAMS.as_posix())

    def declarations(self) -> list[Declared]:
        return history.declarations(self.tip, self.remote.root)

    def beginnings(self, now: Declaration) -> tuple[tuple[Declared, Replaced | None], ...]:
        """Where on the branch this model came to be declared, newest first, and what production was before that."""
        found = self.declarations()
        places = publication.beginnings(now, [each.declaration for each in found])
        return tuple((found[place], before) for place, before in places)
