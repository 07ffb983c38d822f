"""What the doctor asks GitHub; nothing is changed there."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from scripts.core.doctor.findings import Unseen
from scripts.core.doctor.hub import LOOP, Hub, Protection, Repository, Run
from scripts.core.doctor.trust import Form, Names
from scripts.core.errors import Mistake
from scripts.edges.hub.github import GitHub, Limited, Refused, Settings

Found = TypeVar("Found")
ADMIN = "Ask with the token of an administrator: GITHUB_TOKEN=$(gh auth token) python -m scripts.doctor"
NOWHERE = "0" * 40  # a commit that is in no repository
TAG = re.compile(r"v(\d+)")


def unseen(mistake: Mistake) -> Unseen:
    what, _, cure = str(mistake).partition(". ")
    if isinstance(mistake, Refused) and mistake.status == 403 and not isinstance(mistake, Limited):
        return Unseen(f"this token may not see it ({mistake.message})", f"{cure} Or: {ADMIN}")
    return Unseen(what, cure or "Try again later.", broken=isinstance(mistake, Refused) and mistake.status == 401)


@dataclass
class Asking:
    """One round of questions; when GitHub stops answering, the rest is not asked."""

    github: GitHub
    silent: Unseen | None = field(default=None)

    def ask(self, question: Callable[[], Found]) -> Found | Unseen:
        if self.silent is not None:
            return self.silent
        try:
            return question()
        except Refused as refused:
            return unseen(refused)
        except Mistake as mistake:
            self.silent = unseen(mistake)
            return self.silent
        except (LookupError, TypeError, ValueError, AttributeError):
            return Unseen("GitHub's answer is not understood", "Try again later.")

    def hub(self, app: GitHub | None) -> Hub:
        repository = self.ask(self._repository)
        if isinstance(repository, Unseen):
            return nothing(repository)
        branch = repository.branch
        return Hub(
            repository=repository,
            rights=self.ask(lambda: rights(self.github, branch)),
            app_rights=self.ask(lambda: rights(app, branch)) if app else None,
            may_open=self.ask(self._may_open),
            workflows=self.ask(self._workflows),
            last=self.ask(self._last),
            protection=self.ask(lambda: self._protection(branch)),
            form=self.ask(self._form),
            released=self.ask(self._released),
            given=self.ask(self._given),
        )

    def _repository(self) -> Repository | Unseen:
        found = self.github.get("{repo}")
        if found is None:
            name, token = self.github.settings.repository, self.github.settings.token
            said = f"{name} is not there, or {'the token may not' if token else 'only a token may'} see it"
            return Unseen(said, "Check GITHUB_REPOSITORY and GITHUB_TOKEN.", broken=bool(token))
        names = Names(found["owner"]["login"], found["owner"]["id"], found["name"], found["id"])
        return Repository(
            names=names,
            made=datetime.fromisoformat(found["created_at"]),
            pushed=datetime.fromisoformat(found["pushed_at"] or found["created_at"]),
            branch=found["default_branch"],
            private=bool(found["private"]),
            fork=bool(found["fork"]),
            template=bool(found.get("is_template")),
            archived=bool(found.get("archived")),
            auto_merge=found.get("allow_auto_merge"),
        )

    def _may_open(self) -> bool | Unseen:
        found = self.github.get("{repo}/actions/permissions/workflow")
        if found is None:
            return Unseen("whether Actions may open them is told to administrators alone", ADMIN)
        return bool(found["can_approve_pull_request_reviews"])

    def _workflows(self) -> dict[str, str]:
        found = self.github.pages("{repo}/actions/workflows", "workflows")
        return {each["path"].rpartition("/")[2]: each["state"] for each in found}

    def _last(self) -> Run | None:
        found = self.github.get("{repo}/actions/workflows/" + f"{LOOP[0]}/runs", status="success", per_page=1)
        runs = found["workflow_runs"] if found else []
        return Run(datetime.fromisoformat(runs[0]["updated_at"]), runs[0]["html_url"]) if runs else None

    def _protection(self, branch: str) -> Protection | Unseen:
        """By the old kind of rule, which shows its checks alone to who may only read, or by the new one."""
        found = self.github.get("{repo}/branches/" + branch)
        if found is None:
            return Unseen(f"there is no branch {branch}", "Push one.")
        rules = self._rules(branch)
        kinds = {rule["type"] for rule in rules}
        old = (found.get("protection") or {}).get("required_status_checks") or {}
        checks = [*old.get("contexts", []), *_checks(rules)]
        by_pull_request = True if "pull_request" in kinds else None if found["protected"] and not rules else False
        return Protection(bool(found["protected"] or kinds), by_pull_request, tuple(dict.fromkeys(checks)))

    def _rules(self, branch: str) -> list[Mapping[str, Any]]:
        return list(self.github.get("{repo}/rules/branches/" + branch) or [])

    def _form(self) -> Form:
        found = self.github.get("{repo}/actions/oidc/customization/sub") or {}
        default = bool(found.get("use_default", True))
        return Form(found.get("use_immutable_subject"), found.get("sub_claim_prefix"), default)

    def _released(self) -> set[int]:
        published = (each for each in self.github.pages("{repo}/releases") if not each["draft"])
        return {int(tag[1]) for each in published if (tag := TAG.fullmatch(each["tag_name"]))}

    def _given(self) -> set[str]:
        """Names of variables and secrets, those that an organisation shares included."""
        kinds = ("variables", "organization-variables", "secrets", "organization-secrets")
        return {name for kind in kinds for name in self._names(kind)}

    def _names(self, kind: str) -> list[str]:
        try:
            found = self.github.pages(f"{{repo}}/actions/{kind}", kind.rpartition("-")[2])
            return [each["name"] for each in found]
        except Refused as refused:
            if refused.status == 404 and kind.startswith("organization"):  # a person's repository has none
                return []
            raise


def _checks(rules: list[Mapping[str, Any]]) -> list[str]:
    required = [rule for rule in rules if rule["type"] == "required_status_checks"]
    return [check["context"] for rule in required for check in rule["parameters"]["required_status_checks"]]


def nothing(why: Unseen) -> Hub:
    """Of which nothing is known."""
    return Hub(why, why, None, why, why, why, why, why, why, why)


def rights(github: GitHub, branch: str) -> dict[str, bool] | Unseen:
    """What the token may write, found out by writes that can't succeed: they name what does not exist.

    GitHub looks at the permission first: 403 without it, 404 or 422 with it.
    """
    if not github.settings.token:
        return Unseen("there is no token", ADMIN)
    nobody = "evergreen/there-is-no-such-branch"
    attempts: Mapping[str, tuple[str, Mapping[str, Any]]] = {
        "contents": ("{repo}/git/refs", {"ref": f"refs/heads/{nobody}", "sha": NOWHERE}),
        "pull-requests": ("{repo}/pulls", {"title": "Doctor", "head": nobody, "base": branch}),
        "issues": ("{repo}/issues/999999999/comments", {"body": "Doctor"}),
        "statuses": ("{repo}/statuses/" + NOWHERE, {"state": "success", "context": "doctor"}),
    }
    return {name: _may(github, path, body) for name, (path, body) in attempts.items()}


def _may(github: GitHub, path: str, body: Mapping[str, Any]) -> bool:
    try:
        github.write("POST", path, body)
    except Refused as refused:
        return refused.status not in (401, 403) or "not permitted to create" in refused.message
    return True


def bounded(settings: Settings, patience: float) -> GitHub:
    """A client that rather gives up than waits for a rate limit."""
    waited = 0.0

    def sleep(seconds: float) -> None:
        import time

        nonlocal waited
        waited += seconds
        if waited > patience:
            raise Mistake(f"GitHub: asks to wait {seconds:.0f} s more. Try again later.")
        time.sleep(seconds)

    return GitHub(settings, sleep)
