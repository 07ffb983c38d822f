"""What is wrong with the repository on GitHub: its settings, its workflows, what the token may do."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from scripts.core.doctor.findings import Finding, Part, Unseen
from scripts.core.doctor.trust import Form, Names

GITHUB = Part("GitHub")
NEEDED = ("contents", "pull-requests", "issues", "statuses")  # what the loop writes with
LOOP = ("retrain.yml", "release.yml", "rollback.yml", "ci.yml")
ASLEEP_AFTER = timedelta(days=60)  # without activity GitHub stops the schedules of a public repository
DROWSY_AFTER = timedelta(days=45)
ACTIONS_SETTINGS = "Settings > Actions > General > Workflow permissions"


@dataclass(frozen=True)
class Repository:
    names: Names
    made: datetime
    pushed: datetime
    branch: str  # the default one
    private: bool
    fork: bool
    template: bool
    archived: bool
    auto_merge: bool | None  # None: GitHub does not say it to this token

    @property
    def full_name(self) -> str:
        return f"{self.names.owner}/{self.names.name}"


@dataclass(frozen=True)
class Protection:
    """Of the branch main."""

    protected: bool
    by_pull_request: bool | None  # whether a push is refused; None: not to be seen
    checks: tuple[str, ...]  # that must pass


@dataclass(frozen=True)
class Run:
    ended: datetime
    url: str


@dataclass(frozen=True)
class Hub:
    """Each answer, or why there is none."""

    repository: Repository | Unseen
    rights: Mapping[str, bool] | Unseen  # what the token may write
    app_rights: Mapping[str, bool] | Unseen | None  # the App's token; None: there is none
    may_open: bool | Unseen  # whether Actions may open pull requests
    workflows: Mapping[str, str] | Unseen  # file -> state
    last: Run | Unseen | None  # the last retrain that succeeded; None: none yet
    protection: Protection | Unseen
    form: Form | Unseen
    released: Collection[int] | Unseen  # versions that are published
    given: Collection[str] | Unseen  # names of variables and secrets


@dataclass(frozen=True)
class Here:
    """What the findings also depend on."""

    now: datetime
    in_actions: bool
    every: timedelta | None  # of the cron of retrain.yml
    mode: str  # promotion.mode
    auto_merge: bool  # promotion.auto_merge
    app: bool | None  # whether a GitHub App opens pull requests; None: not known
    version: int | None  # that this clone declares


def findings(hub: Hub, here: Here) -> list[Finding]:
    if isinstance(hub.repository, Unseen):
        return [GITHUB.unknown("repository", hub.repository)]
    repository = hub.repository
    return [
        _repository(repository),
        *_token(hub, here),
        *_opening(hub, here),
        *_merging(repository, here),
        *_workflows(hub.workflows, repository),
        *_last(hub.last, repository, here),
        *_protection(hub.protection, repository, here),
        *_released(hub.released, here),
    ]


def _repository(repository: Repository) -> Finding:
    seen = "private" if repository.private else "public"
    said = f"{repository.full_name}, {seen}"
    if repository.archived:
        return GITHUB.fail("repository", f"{said}, archived: nothing can be written", "Settings > Unarchive.")
    if repository.template:
        return GITHUB.ok("repository", f"{said}: the template itself, which does not run the loop")
    if repository.fork:
        cure = "Use the template for a loop of its own; a fork is for changes to the original."
        return GITHUB.warn("repository", f"{said}, a fork: no schedule runs until a person allows it", cure)
    return GITHUB.ok("repository", said)


def _token(hub: Hub, here: Here) -> Iterator[Finding]:
    yield _rights("token", hub.rights, here, needed=False)
    if hub.app_rights is not None:
        yield _rights("App's token", hub.app_rights, here, needed=True)


def _rights(what: str, rights: Mapping[str, bool] | Unseen, here: Here, needed: bool) -> Finding:
    if isinstance(rights, Unseen):
        return GITHUB.unknown(what, rights)
    lacking = [name for name in NEEDED if not rights.get(name)]
    may = [name for name in NEEDED if rights.get(name)]
    if not lacking:
        return GITHUB.ok(what, f"may write {', '.join(may)}")
    said = f"may not write {', '.join(lacking)}"
    if needed and {"contents", "pull-requests"} & set(lacking):
        return GITHUB.fail(what, said, f"Give the App {_lines(lacking)} and accept it where it is installed.")
    if here.in_actions or needed:
        return GITHUB.ok(what, f"{said}: jobs that do ask for it themselves")
    return GITHUB.warn(what, said, f"To propose or release from here: a token with {_lines(lacking)}.")


def _lines(rights: list[str]) -> str:
    return ", ".join(f"{name}: write" for name in rights)


def _opening(hub: Hub, here: Here) -> Iterator[Finding]:
    what = "pull requests"
    if here.mode == "release":
        yield GITHUB.ok(what, "are not opened: promotion.mode is release")
    elif here.app:
        yield GITHUB.ok(what, "are opened by the GitHub App")
    elif isinstance(hub.may_open, Unseen):
        yield GITHUB.unknown(what, hub.may_open)
    elif hub.may_open:
        yield GITHUB.ok(what, "Actions may open them")
    else:
        cure = f"{ACTIONS_SETTINGS}: tick “Allow GitHub Actions to create and approve pull requests”."
        yield GITHUB.fail(what, "Actions may not open them: a candidate that won becomes an issue instead", cure)


def _merging(repository: Repository, here: Here) -> Iterator[Finding]:
    if here.auto_merge and repository.auto_merge is False:
        cure = "Settings > General > Pull Requests: tick “Allow auto-merge”, or promotion.auto_merge: false."
        yield GITHUB.fail("auto-merge", "promotion.auto_merge is on, and the repository forbids it", cure)


def _workflows(states: Mapping[str, str] | Unseen, repository: Repository) -> Iterator[Finding]:
    if isinstance(states, Unseen):
        yield GITHUB.unknown("workflows", states)
        return
    idle = [name for name in LOOP if states.get(name) != "active"]
    for name in idle:
        yield _idle(name, states.get(name), repository)
    if not idle:
        yield GITHUB.ok("workflows", f"{', '.join(LOOP)} are switched on")


def _idle(name: str, state: str | None, repository: Repository) -> Finding:
    if state is None:
        cure = f"Bring .github/workflows/{name} back to {repository.branch}: git checkout -- .github/workflows/{name}"
        return GITHUB.fail("workflows", f"{name} is not on {repository.branch}", cure)
    why = {
        "disabled_inactivity": "stopped by GitHub after 60 days without activity",
        "disabled_fork": "off, because this is a fork",
        "disabled_manually": "switched off by a person",
    }.get(state, state)
    cure = f"gh workflow enable {name}, or Actions > {name} > Enable workflow."
    if state == "disabled_inactivity" or not (repository.fork or repository.template):
        return GITHUB.fail("workflows", f"{name} is {why}", cure)
    return GITHUB.warn("workflows", f"{name} is {why}", cure)


def _last(last: Run | Unseen | None, repository: Repository, here: Here) -> Iterator[Finding]:
    what = "last retrain"
    if isinstance(last, Unseen):
        yield GITHUB.unknown(what, last)
    elif last is None:
        if repository.template:
            yield GITHUB.ok(what, "none, as it should be in the template")
        else:
            yield GITHUB.warn(
                what, "none has succeeded yet", "Start one: gh workflow run retrain.yml -f reason='the first'"
            )
    else:
        yield _age(here.now - last.ended, last, here)
    if not repository.private and here.now - repository.pushed > DROWSY_AFTER:
        days = max(0, (ASLEEP_AFTER - (here.now - repository.pushed)).days)
        cure = "Push anything, or switch it on again: gh workflow enable retrain.yml."
        yield GITHUB.warn("schedule", f"nothing was pushed for long: GitHub stops the cron in {days} days", cure)


def _age(age: timedelta, last: Run, here: Here) -> Finding:
    said = f"{_ago(age)} ({last.url})"
    if here.every is None or age <= 2 * here.every + timedelta(days=1):
        return GITHUB.ok("last retrain", said)
    cure = "See Actions > retrain for what failed, or whether the schedule was dropped; start one by hand there."
    return GITHUB.fail("last retrain", f"{said}, and one is due every {_days(here.every)}", cure)


def _ago(age: timedelta) -> str:
    hours = int(age.total_seconds() // 3600)
    return f"{age.days} days ago" if age.days > 1 else f"{hours} hours ago" if hours else "just now"


def _days(every: timedelta) -> str:
    return f"{every.days} days" if every.days > 1 else "day" if every.days == 1 else f"{every.seconds // 3600} hours"


def _protection(found: Protection | Unseen, repository: Repository, here: Here) -> Iterator[Finding]:
    what = f"branch {repository.branch}"
    if isinstance(found, Unseen):
        yield GITHUB.unknown(what, found)
    elif not found.protected:
        cure = f"Settings > Rules > Rulesets: require the check “ci” on {repository.branch}."
        yield GITHUB.warn(what, "is not protected: whoever may push can change production unseen", cure)
    elif found.by_pull_request and here.mode == "release":
        cure = "promotion.mode: pull_request, or let the App bypass the rule."
        yield GITHUB.fail(what, "takes changes by pull request alone, and promotion.mode is release", cure)
    else:
        checks = f"{', '.join(found.checks)} must pass" if found.checks else "no check is required"
        rides = "; what runs find rides in the pull request" if found.by_pull_request else ""
        yield GITHUB.ok(what, f"is protected: {checks}{rides}")


def _released(released: Collection[int] | Unseen, here: Here) -> Iterator[Finding]:
    if isinstance(released, Unseen):
        yield GITHUB.unknown("release", released)
    elif not here.version:
        yield GITHUB.ok("release", f"v{max(released)} is the newest" if released else "none yet: there is no model yet")
    elif here.version in released:
        yield GITHUB.ok("release", f"v{here.version} is published")
    else:
        cure = "gh workflow run release.yml publishes what main declares."
        yield GITHUB.warn("release", f"v{here.version} is declared here and not published", cure)
