"""Put an earlier released model back: a pull request that restores its declaration. Nothing is trained."""

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from scripts.core import errors, rollback, text
from scripts.core.errors import OUTSIDE, USAGE, Mistake
from scripts.core.paths import DECLARATION, PRODUCTION_DVC
from scripts.core.report import rollback_request
from scripts.core.report.markdown import escape, link
from scripts.core.report.rollback_request import Rollback
from scripts.core.standing import TRAILER, Pull
from scripts.edges import actions, outcome
from scripts.edges.actions import Job
from scripts.edges.hub import pulls
from scripts.edges.hub.github import GitHub, Refused
from scripts.edges.hub.mainline import Mainline
from scripts.edges.hub.releases import Releases
from scripts.edges.repository import commits, history
from scripts.edges.repository.branches import Moved, Protected
from scripts.edges.repository.history import Declared

LAG = 15.0  # seconds that GitHub's lists may lie behind
TRIES = 3  # while others push to main


@dataclass(frozen=True)
class Asked:
    version: int
    reason: str
    dry_run: bool


@dataclass
class Task:
    asked: Asked
    job: Job
    main: Mainline  # with the token that opens pull requests
    own: GitHub  # with the job's
    warnings: list[str] = field(default_factory=list)

    def said(self, action: str, number: int | None = None, url: str | None = None, reason: str = "") -> dict[str, Any]:
        back, now = self.asked.version, self.main.declared.version
        about = {"version": back, "from_version": now, "number": number, "url": url}
        return {"action": action, **about, "reason": reason or self.asked.reason, "warnings": self.warnings}


def roll_back(task: Task) -> dict[str, Any]:
    target = chosen(task)
    files = restored(task, target)
    if task.main.params.promotion.mode == "release" and (done := committed(task, target, files)) is not None:
        return done
    return proposed(task, target, files)


def chosen(task: Task) -> Declared:
    found = task.main.declarations()
    releases = Releases(task.own).seen()
    declarations = [each.declaration for each in found]
    return found[rollback.chosen(task.asked.version, task.main.declared, declarations, releases)]


def restored(task: Task, target: Declared) -> dict[str, bytes | None]:
    """Both files, byte for byte as they were when that model was declared."""
    root = task.main.remote.root
    files = {path.as_posix(): history.at(target.commit, path, root) for path in (DECLARATION, PRODUCTION_DVC)}
    if lacking := [name for name, content in files.items() if content is None]:
        raise Mistake(f"{lacking[0]}: is not in {target.commit[:12]}. Choose another version.", code=OUTSIDE)
    return files


def committed(task: Task, target: Declared, files: Mapping[str, bytes | None]) -> dict[str, Any] | None:
    """Straight to main; None where that is protected."""
    for attempt in range(TRIES):
        commit = task.main.remote.built(task.main.tip, files, message(task, target))
        try:
            replace(task.main.remote, token=task.job.token).push(commit, task.main.branch, task.main.tip)
            task.job.tell("released", "true")  # a job's own push wakes no workflow: the release is called
            return task.said("committed", url=f"{task.job.server}/{task.job.repository}/commit/{commit}")
        except Protected as protected:
            task.warnings.append(f"promotion.mode: release: {protected} A pull request was made instead.")
            return None
        except Moved:
            if attempt == TRIES - 1:
                raise
            task.main = task.main.looked_again()
            chosen(task)  # what others pushed may have made it production already
    raise AssertionError


def proposed(task: Task, target: Declared, files: Mapping[str, bytes | None]) -> dict[str, Any]:
    """One pull request for each version that is gone back to, found before it is made."""
    branch, hub = rollback.branch(task.asked.version), task.main.hub
    standing = next((pull for pull in pulls.of_branch(hub, branch) if pull.open), None)
    pushed(task, branch, task.main.remote.built(task.main.tip, files, message(task, target)))
    title, body = rollback_request.title(request(task, target)), rollback_request.body(request(task, target))
    now = standing if standing else opened(task, branch, title, body)
    if standing is not None and (standing.title, standing.body.replace("\r\n", "\n").strip()) == (title, body.strip()):
        return task.said("nothing", standing.number, standing.url, f"#{standing.number} asks for it already")
    now = pulls.updated(hub, now, title, body)
    try:
        pulls.label(task.own, now, task.main.params.promotion.labels)
    except Mistake as mistake:
        task.warnings.append(str(mistake))
    return task.said("refreshed" if standing else "opened", now.number, now.url)


def opened(task: Task, branch: str, title: str, body: str) -> Pull:
    try:
        return pulls.created(task.main.hub, branch, task.main.branch, title, body, LAG)
    except Refused as refused:
        if not pulls.forbidden(refused):
            raise
        url = f"{task.job.server}/{task.job.repository}/compare/{task.main.branch}...{branch}?expand=1"
        cure = "allow it under Settings, Actions, General, “Allow GitHub Actions to create and approve pull requests”"
        said = f"this repository keeps Actions from opening pull requests. The branch is pushed: open it at {url}"
        raise Mistake(f"rollback: {said}, or {cure}.", code=OUTSIDE) from None


def pushed(task: Task, branch: str, commit: str) -> None:
    """The branch says what this commit says; a person's own commits on it are never overwritten."""
    remote, main = task.main.remote, task.main
    head = remote.tip(branch)
    if head is not None and (commits.same(head, commit, remote.root)):
        return
    if head is not None and commits.foreign(main.tip, head, TRAILER, remote.root):
        task.warnings.append(f"{branch}: has commits of a person's, and was left as it is.")
        return
    try:
        remote.push(commit, branch, head)
    except Moved:
        raise
    except Mistake:
        if remote.tip(branch) != commit:  # else the push arrived, and only its answer got lost
            raise


def request(task: Task, target: Declared) -> Rollback:
    web = f"{task.job.server}/{task.job.repository}"
    return Rollback(task.main.declared, target.declaration, task.asked.reason, web, task.job.actor, task.job.url)


def message(task: Task, target: Declared) -> str:
    subject = rollback_request.title(request(task, target))
    return f"{subject}\n\n{task.asked.reason}\n\n{TRAILER}: {task.job.run or 'by hand'}\n"


def shown(found: Mapping[str, Any]) -> str:
    """For the run's page."""
    words = {"opened": "opened", "refreshed": "renewed", "nothing": "nothing to do", "committed": "committed"}
    where = link(f"#{found['number']}" if found["number"] else "main", found["url"])
    lines = [f"### Rollback to v{found['version']}: {words[found['action']]} {where}", f"{escape(found['reason'])}"]
    return "\n\n".join([*lines, *(f"> {escape(warning)}" for warning in found["warnings"])])


def arguments() -> Asked:
    parser = argparse.ArgumentParser(prog="python -m scripts.rollback", description=__doc__)
    parser.add_argument("--to", required=True, metavar="N", help="version to go back to: one that was released")
    parser.add_argument("--reason", required=True, help="why, for the pull request and the ledger")
    parser.add_argument("--dry-run", action="store_true", help="print what would be done, and write nothing")
    given = parser.parse_args()
    number = given.to.removeprefix("v")
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise Mistake(f"--to: {given.to!r} is no version. Write a number, as in --to 4.", code=USAGE)
    reason = " ".join("".join(letter if letter.isprintable() else " " for letter in given.reason).split())
    if not reason:
        raise Mistake("--reason: is empty. Say why, for whoever reads the history.", code=USAGE)
    return Asked(int(number), reason[:1000], given.dry_run)


@errors.reported
def main() -> int:
    asked, job = arguments(), actions.job()
    token = os.environ.get("EVERGREEN_TOKEN") or None
    if asked.dry_run:
        task = Task(asked, job, Mainline.seen(job, token=token), GitHub(job.github()))
        print(rollback_request.body(request(task, chosen(task))))
        return 0
    with outcome.kept("rollback") as found:
        task = Task(asked, job, Mainline.seen(job, token=token), GitHub(job.github()))
        found |= roll_back(task)
    job.say(shown(found))
    for warning in found["warnings"]:
        print(f"Warning: {text.shown(warning)}")
    print(f"rollback: {found['action']}: v{found['from_version']} to v{found['version']} · {found['url']}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
