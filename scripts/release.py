"""Publish the model that main declares, unless it is published, and let it be the latest release."""

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scripts.core import errors, publication, text
from scripts.core.errors import OUTSIDE, Mistake
from scripts.core.paths import OUTCOME
from scripts.core.publication import Decision, MakeLatest, Nothing, Publish, Refuse, Seen, Situation
from scripts.core.report import release_files, release_notes
from scripts.core.report.markdown import escape, link
from scripts.core.report.material import Material
from scripts.core.report.release_notes import Credit, Place
from scripts.edges import actions, evidence, outcome, reproduction
from scripts.edges.actions import Job
from scripts.edges.hub import authorship, deployment
from scripts.edges.hub.assets import Wanted
from scripts.edges.hub.mainline import Mainline
from scripts.edges.hub.publisher import Publisher
from scripts.edges.hub.releases import Page, Releases
from scripts.edges.registry import tracking
from scripts.edges.registry.mlflow_registry import Unrecorded
from scripts.edges.repository.history import Declared
from scripts.edges.stores import stores


@dataclass
class Task:
    job: Job
    main: Mainline
    environment: Mapping[str, str]
    warnings: list[str] = field(default_factory=list)

    @property
    def settle(self) -> float:
        return self.main.params.release.settle

    @property
    def releases(self) -> Releases:
        return Releases(self.main.hub, self.settle)

    @property
    def place(self) -> Place:
        return Place(self.job.server, self.main.hub.settings.repository)


def situation(task: Task) -> Situation:
    declared = task.main.declared
    if not declared.version:
        return Situation(declared, (), (), (), None, None)
    found, releases = task.main.beginnings(declared), task.releases
    return Situation(
        declared,
        commits=tuple(each.commit for each, _ in found),
        before=tuple(before for _, before in found),
        releases=releases.seen(),
        latest=releases.latest(),
        tagged=releases.tagged(publication.tag_of(declared.version)),
    )


def carry_out(task: Task, now: Situation, decision: Decision) -> dict[str, Any]:
    """Make it so; what is said of it to the commands after this one."""
    if isinstance(decision, Refuse):
        raise Mistake(decision.reason, code=OUTSIDE)
    if isinstance(decision, MakeLatest):
        task.releases.make_latest(decision.release)
        return told(task, now, "made_latest", decision.release, decision.reason)
    if isinstance(decision, Publish):
        return published(task, now, decision)
    release = next((seen for seen in now.releases if seen.id == now.latest), None) if now.declared.version else None
    late = heard_of(task, now, release) if release is not None and release.ours else None
    return said(now, "nothing", release, f"{decision.reason}; {late}" if late else decision.reason)


def published(task: Task, now: Situation, decision: Publish) -> dict[str, Any]:
    params = task.main.params
    store = stores.opened(task.environment, task.job, params.store, task.main.remote.root)
    declared = Declared(decision.commit, now.declared)
    made_of = evidence.gather(declared, store, params.train.trusted, params.release.predictions, task.main.remote.root)
    files = release_files.files(made_of)
    credit = authorship.of(task.main.hub, decision.commit)
    done = Publisher(
        github=task.main.hub,
        page=page(made_of, files, decision, task.place, credit),
        files={name: Wanted(name, file.content) for name, file in files.items()},
        prove=lambda contents: proven(made_of, contents),
        settle=params.release.settle,
    ).publish()
    if not done.ours:
        return said(now, "nothing", done.release, f"{decision.tag} was published by another run meanwhile")
    to_attest(task.job, files[release_files.SUMS].content)
    return told(task, now, "published", done.release, decision.reason) | {"assets": sorted(files)}


def to_attest(job: Job, sums: bytes) -> None:
    """The digests of what was published now, for the step that signs where it comes from."""
    OUTCOME.mkdir(exist_ok=True)
    (OUTCOME / release_files.SUMS).write_bytes(sums)
    job.tell("published", "true")


def page(
    made_of: Material, files: Mapping[str, release_files.File], decision: Publish, place: Place, credit: Credit
) -> Page:
    notes = release_notes.notes(made_of, files, place, credit)
    return Page(decision.tag, decision.commit, release_notes.title(made_of), notes, made_of.bundle.digest)


def proven(made_of: Material, contents: Mapping[str, bytes]) -> None:
    """The model as it came back from GitHub must make the stored predictions again."""
    name = made_of.model_file
    reproduction.reproduce(name, contents[name], made_of.bundle, made_of.trusted, made_of.sources)


def told(task: Task, now: Situation, action: str, release: Seen, reason: str) -> dict[str, Any]:
    heard_of(task, now, release)
    return said(now, action, release, reason)


def heard_of(task: Task, now: Situation, release: Seen) -> str | None:
    """Registry and deployment hear of it, now or when a run before was ended too early; that the latter was told.

    Whoever can't be reached is worth a warning, and blocks nothing.
    """
    assert now.declared.bundle is not None
    if (warning := aliased(task, now.declared.bundle)) is not None:
        task.warnings.append(warning)
    return deployed(task, now, release)


def deployed(task: Task, now: Situation, release: Seen) -> str | None:
    """Tell whoever serves the model, unless it has heard already; that it was told, if so.

    The release's notes remember it, written after it was sent: a run that is ended in between is made good by the next
    one, at worst by telling twice, and who could not be reached is told as soon as it can be.
    """
    repository = task.environment.get("DEPLOY_REPOSITORY")
    if not repository or release.told == (heard := publication.heard(repository, now.commits[0])):
        return None
    payload = {"version": now.declared.version, "bundle": now.declared.bundle, "url": release.url}
    token = task.environment.get("EVERGREEN_TOKEN") or None
    if (warning := deployment.told(task.main.hub.settings, repository, token, payload)) is not None:
        task.warnings.append(warning)
        return None
    try:
        if release.ours:
            task.releases.remember(release, heard)
    except Mistake as mistake:
        again = "was told, and will be told again, as the release's notes could not be written"
        task.warnings.append(f"DEPLOY_REPOSITORY: {repository} {again}: {mistake}")
    return f"{repository} is told of it now"


def aliased(task: Task, bundle: str) -> str | None:
    """The registry's alias follows what is declared; without a server there is nobody to be told."""
    params = task.main.params
    if not task.environment.get("MLFLOW_TRACKING_URI") and params.tracking.uri.startswith("sqlite:"):
        return None
    with tracking.started(params) as recorder:
        answer = recorder.alias(params.data.name, bundle, "production")
    return str(answer) if isinstance(answer, Unrecorded) else None


def said(now: Situation, action: str, release: Seen | None, reason: str) -> dict[str, Any]:
    version = now.declared.version or None
    return {
        "action": action,
        "version": version,
        "tag": publication.tag_of(version) if version else None,
        "url": release.url if release else None,
        "reason": reason,
        "assets": [],
    }


def surplus(decision: Decision) -> tuple[int, ...]:
    return decision.surplus if isinstance(decision, Nothing | MakeLatest) else ()


def tidy(task: Task, now: Situation, decision: Decision) -> None:
    """Delete drafts that nobody will publish."""
    drafts = surplus(decision)
    if isinstance(decision, Publish):
        seen = task.releases.seen()
        drafts = (*publication.drafts_of(seen, decision.tag), *publication.abandoned(seen, decision.tag))
    for draft in drafts:
        task.releases.remove(draft)


def release(task: Task, found: dict[str, Any]) -> None:
    """`found` is filled as far as this comes, and kept whatever happens."""
    now = situation(task)
    decision = publication.decide(now)
    if isinstance(decision, Refuse):
        found |= said(now, "refused", None, decision.reason)
    found |= carry_out(task, now, decision)
    found["warnings"] = task.warnings
    tidy(task, now, decision)


def line(found: Mapping[str, Any]) -> str:
    shown = f" · {found['url']}" if found["url"] else ""
    return f"release: {found['action'].replace('_', ' ')}: {found['reason']}{shown}"


def shown(found: Mapping[str, Any], warnings: Sequence[str]) -> str:
    """For the run's page."""
    words = {"published": "published", "made_latest": "the latest release again", "nothing": "nothing to do"}
    tag = link(found["tag"], found["url"]) if found["url"] else found["tag"] or ""
    lines = [f"### Release: {f'{tag} ' if tag else ''}{words[found['action']]}", f"{escape(found['reason'])}."]
    return "\n\n".join([*lines, *(f"> {escape(warning)}" for warning in warnings)])


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.release", description=__doc__)
    parser.add_argument("--dry-run", action="store_true", help="print what would be done, and write nothing")
    return parser.parse_args()


@errors.reported
def main() -> int:
    asked, job = arguments(), actions.job()
    task = Task(job, Mainline.seen(job), os.environ)
    if asked.dry_run:
        decision = publication.decide(situation(task))
        print(f"release: {type(decision).__name__}: {decision.reason}")
        return 0
    with outcome.kept("release") as found:
        release(task, found)
    job.say(shown(found, task.warnings))
    for warning in task.warnings:
        print(f"Warning: {text.shown(warning)}")
    print(text.shown(line(found)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
