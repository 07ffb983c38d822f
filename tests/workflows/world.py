"""A copy of the template on the stand-in forge, and the people and clocks that make its workflows run."""

import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.core import declaration
from scripts.edges.hub.github import GitHub
from scripts.edges.repository import git
from scripts.edges.versions import dvc
from tests.github_server import Forge
from tests.layout import ROOT
from tests.workflows.act import Act, Event, Ran
from tests.workflows.reading import jobs, woken

KEPT = ("scripts", ".github", ".dvc", "models")
FILES = ("dvc.yaml", ".dvcignore", ".gitignore", "params.schema.json", "Makefile", "pyproject.toml")
FILES += ("requirements.txt", "requirements-dev.txt")
PERSON = "octocat"


@dataclass
class World:
    folder: Path
    forge: Forge
    act: Act
    template: bool = False
    clones: int = 0
    ran: list[tuple[str, Ran]] = field(default_factory=list)

    @property
    def inbox(self) -> Path:
        """Where the data come from: the source of params.yaml points here."""
        return self.folder / "inbox"

    def arrives(self, name: str, content: bytes) -> None:
        (self.inbox / name).write_bytes(content)

    def git(self, *arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=self.forge.bare, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def main(self) -> str:
        return self.git("rev-parse", "main")

    def show(self, path: str, commit: str = "main") -> str:
        return self.git("show", f"{commit}:{path}")

    def ledger(self) -> list[str]:
        return self.show("ledger.jsonl", "evergreen-ledger").splitlines()

    def pushes(
        self, files: Mapping[str, bytes | None], message: str = "A person's change", only: Iterable[str] = ()
    ) -> dict[str, Ran]:
        """A person's push to main, and all that it wakes."""
        before = self.main()
        self.forge.commit(files, message=message, actor=PERSON)
        return self.wakes(before, only)

    def merges(self, number: int, only: Iterable[str] = ("release", "retrain")) -> dict[str, Ran]:
        before = self.main()
        self.forge.merge(number, PERSON, "merge")
        return self.wakes(before, only)

    def wakes(self, before: str | None, only: Iterable[str] = ()) -> dict[str, Ran]:
        """Run what GitHub would start for a push to main."""
        listed = ("diff", "--name-only", before, "main") if before else ("ls-tree", "-r", "--name-only", "main")
        names = woken("push", self.git(*listed).splitlines())
        payload = {"ref": "refs/heads/main", "before": before or "0" * 40, "after": self.main()}
        return {name: self.run(name, "push", payload) for name in sorted(names) if not only or name in only}

    def cron(self, workflow: str) -> Ran:
        return self.run(workflow, "schedule", {"schedule": "23 5 * * *"}, actor="github-actions[bot]")

    def dispatch(self, workflow: str, job: str | None = None, **inputs: str) -> Ran:
        """Inputs are texts, as act wants them in the payload."""
        return self.run(workflow, "workflow_dispatch", {"ref": "refs/heads/main", "inputs": inputs}, job=job)

    def opens(self, files: Mapping[str, bytes | None], branch: str = "a-change") -> int:
        """A person's pull request; its number."""
        self.forge.commit(files, branch=branch, message="A person's change", actor=PERSON)
        hub = GitHub(self.forge.settings(self.forge.token("write-all", actor=PERSON)))
        return int(hub.write("POST", "{repo}/pulls", {"title": "A change", "head": branch, "base": "main"})["number"])

    def checked(self, number: int, job: str, fork: bool = False) -> Ran:
        """One job of ci.yml for a pull request, and those it needs. From a fork: no secret, and no right to write."""
        pull = next(pull for pull in self.forge.pulls if pull["number"] == number)
        head, base = pull["head"]["sha"], self.main()
        merged = self.git(
            "commit-tree", self.git("merge-tree", "--write-tree", base, head), "-p", base, "-p", head, "-m", ""
        )
        repository = {**self._repository(), "fork": fork}
        whole = {"number": number, "head": {"ref": pull["head"]["ref"], "sha": head, "repo": repository}}
        payload = {
            "action": "opened",
            "number": number,
            "pull_request": {**whole, "base": {"ref": "main", "sha": base}},
        }
        event = Event("pull_request", self._payload(payload, PERSON), merged, f"refs/pull/{number}/merge")
        kept = self.act.variables, self.act.secrets
        if fork:
            self.act.variables, self.act.secrets = {}, {}
        try:
            return self._ran("ci", event, self._tokens(read_only=fork), job)
        finally:
            self.act.variables, self.act.secrets = kept

    def run(
        self, workflow: str, event: str, payload: Mapping[str, Any], actor: str = PERSON, job: str | None = None
    ) -> Ran:
        on_main = Event(event, self._payload(payload, actor), self.main(), actor=actor)
        return self._ran(workflow, on_main, self._tokens(), job)

    def _ran(self, workflow: str, event: Event, tokens: Mapping[str, str], job: str | None) -> Ran:
        clone = self._clone(event.commit)
        ran = self.act.run(workflow, event, clone, tokens, job)
        shutil.rmtree(clone)
        self.ran.append((workflow, ran))
        return ran

    def _payload(self, payload: Mapping[str, Any], actor: str) -> dict[str, Any]:
        return {"repository": self._repository(), "sender": {"login": actor}, **payload}

    def _tokens(self, read_only: bool = False) -> dict[str, str]:
        """One for each job, with the rights that the workflow declares for it."""

        def rights(declared: Mapping[str, str]) -> dict[str, str]:
            return {scope: "read" if read_only else level for scope, level in declared.items()}

        return {one.id: self.forge.token(rights(one.body["permissions"])) for one in jobs() if not one.calls}

    def _repository(self) -> dict[str, Any]:
        owner, name = self.forge.repository.split("/")
        known = {"full_name": self.forge.repository, "name": name, "owner": {"login": owner}, "default_branch": "main"}
        return {**known, "is_template": self.template, "private": False, "visibility": "public", "fork": False}

    def _clone(self, commit: str) -> Path:
        """As a runner's checkout would be, so that act finds the workflows there and knows the repository."""
        self.clones += 1
        clone = self.folder / f"clone-{self.clones}"
        url = f"{self.forge.url}/{self.forge.repository}"
        for words in (
            ["init", "--quiet", "--initial-branch=main", str(clone)],
            ["-C", str(clone), "fetch", "--quiet", "--depth=1", f"file://{self.forge.bare}", commit],
            ["-C", str(clone), "checkout", "--quiet", "-B", "main", "FETCH_HEAD"],
            ["-C", str(clone), "remote", "add", "origin", url],
        ):
            subprocess.run(["git", *words], check=True, capture_output=True)
        return clone


def project(params: str) -> dict[str, bytes]:
    """What a new copy of the template consists of, with params of its own."""
    names = [name for name in git.files() if Path(name).parts[0] in KEPT or name in FILES]
    files = {name: (ROOT / name).read_bytes() for name in names}
    return files | {
        "params.yaml": params.encode(),
        "data.dvc": dvc.NOTHING.encode(),
        "models/production.json": declaration.render(declaration.none()).encode(),
        "models/production.zip.dvc": dvc.NO_FILE.encode(),
    }


@contextmanager
def world(folder: Path, params: str) -> Iterator[World]:
    """`{inbox}` in the params is filled with the folder that batches arrive in."""
    with Forge.started(folder / "forge") as forge:
        act = Act(folder / "act", forge.url, forge.api, forge.repository)
        made = World(folder, forge, act)
        made.inbox.mkdir()
        made.forge.commit(project(params.replace("path: inbox", f"path: {made.inbox}")))
        try:
            yield made
        except BaseException as error:
            error.add_note(f"The forge objected to: {forge.violations}")
            raise
        assert not forge.violations, forge.violations
