"""Look at this clone, at the repository on GitHub and at all outside, and say what is missing and how to mend it."""

import argparse
import os
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from scripts.core import environment, errors, text
from scripts.core.alerts import trial
from scripts.core.doctor import clone, hub, origin, outside, page, trust
from scripts.core.doctor.findings import Finding, Unseen, counted
from scripts.core.doctor.hub import Here, Hub
from scripts.core.doctor.outside import Services, Tried
from scripts.core.errors import FAILED, Mistake
from scripts.core.params import Params, Tracking
from scripts.core.settings.loop_params import Alerts, Store
from scripts.edges.actions import Job, job
from scripts.edges.doctor import bounded, doctor_github, doctor_local, doctor_services
from scripts.edges.hub.github import Settings
from scripts.edges.repository import git
from scripts.edges.stores import stores

PATIENCE = 75.0  # seconds that everything outside may take together
ONE = 6.0  # seconds that one request to GitHub or MLflow may take
WAIT = 8.0  # seconds of pauses between attempts that GitHub may take together
ANSWER = 20.0  # seconds that the store may take
SILENT = Unseen(f"no answer in {PATIENCE:.0f} s", "Look whether it runs, and try again.")
LAPTOP = "Elsewhere than on GitHub: GITHUB_REPOSITORY=OWNER/NAME GITHUB_TOKEN=$(gh auth token) python -m scripts.doctor"


@dataclass(frozen=True)
class Examined:
    title: str
    findings: list[Finding]
    policy: Mapping[str, Any] | None


def examined(job: Job, given: Mapping[str, str], send: bool) -> Examined:
    seen = doctor_local.look()
    questions: dict[str, Callable[[], Any]] = {
        "hub": lambda: asked(job, given),
        **services(seen.params, job, given, send),
    }
    answers = bounded.answers(questions, PATIENCE)
    found: Hub = answers.get("hub") or doctor_github.nothing(SILENT)
    tried = Services(answers.get("store", SILENT), answers.get("mlflow", SILENT), answers.get("alerts", SILENT))
    known = (
        found.given if not isinstance(found.given, Unseen) else {name for name in environment.NAMES if given.get(name)}
    )
    subject, policy = trusted(found, job, known, given)
    return Examined(
        f"Evergreen · doctor · {seen.params.data.name if seen.params else 'params.yaml is wrong'}",
        [
            *clone.findings(seen.clone),
            *clone.versions(seen.versions),
            *hub.findings(found, here(seen.params, seen.clone.version, job, known)),
            *subject,
            *outside.findings(tried),
            *outside.settings(known, not isinstance(found.given, Unseen)),
        ],
        policy,
    )


def asked(job: Job, given: Mapping[str, str]) -> Hub:
    if job.repository is None:
        return doctor_github.nothing(Unseen("this clone does not say which repository it belongs to", LAPTOP))
    settings = Settings(job.repository, job.token, job.api, job.server, timeout=ONE, pace=0.0)
    app = given.get("EVERGREEN_TOKEN")
    asking = doctor_github.Asking(doctor_github.bounded(settings, WAIT))
    return asking.hub(doctor_github.bounded(replace(settings, token=app), WAIT) if app else None)


def services(params: Params | None, job: Job, given: Mapping[str, str], send: bool) -> dict[str, Callable[[], Any]]:
    uri = given.get("MLFLOW_TRACKING_URI") or (params.tracking.uri if params else Tracking().uri)
    off = Tried("tracking.enabled is false", "nothing is recorded")
    test = trial(params.data.name if params else "evergreen", datetime.now(UTC)) if send else None
    told = params.alerts if params else Alerts()
    wanted = told.model_dump(exclude={"timeout", "most"}) if given.get("APPRISE_URLS") else {}
    wait = min(told.timeout, ANSWER)
    return {
        "store": lambda: stored(params.store if params else Store(), job, given),
        "mlflow": lambda: off if params and not params.tracking.enabled else doctor_services.mlflow(uri, ONE, given),
        "alerts": lambda: doctor_services.channels(given.get("APPRISE_URLS", ""), wanted, test, wait),
    }


def stored(store: Store, job: Job, given: Mapping[str, str]) -> Tried:
    try:
        place = stores.chosen(given, job, store.model_copy(update={"timeout": min(store.timeout, ANSWER)}))
    except Mistake as mistake:
        return Tried("the store", *doctor_services.said(mistake, "DVC_REMOTE_URL"))
    return doctor_services.store(place)


def here(params: Params | None, version: int | None, job: Job, known: Collection[str]) -> Here:
    return Here(
        now=datetime.now(UTC),
        in_actions=job.in_actions,
        every=doctor_local.every(),
        mode=params.promotion.mode if params else "pull_request",
        auto_merge=bool(params and params.promotion.auto_merge),
        app={"EVERGREEN_APP_ID", "EVERGREEN_APP_KEY"} <= set(known),
        version=version,
    )


def trusted(
    found: Hub, job: Job, known: Collection[str], given: Mapping[str, str]
) -> tuple[list[Finding], Mapping[str, Any] | None]:
    """Nothing where no role of AWS has anything to do: another endpoint, keys, or a repository that is not known."""
    keys = "AWS_ACCESS_KEY_ID" in known and "AWS_ROLE_ARN" not in known  # a role's jobs have passing keys too
    if isinstance(found.repository, Unseen) or "DVC_ENDPOINT_URL" in known or keys:
        return [], None
    form = trust.Form() if isinstance(found.form, Unseen) else found.form
    subjects = trust.subjects(found.repository.names, found.repository.made.date(), form, job.server)
    policy = trust.policy(subjects, given.get("AWS_ROLE_ARN"), job.server)
    return [trust.finding(subjects, form)], policy


def located(known: Job, environment: Mapping[str, str]) -> Job:
    """With the repository that the clone came from, where the environment names none.

    Only of the server that the environment names, GitHub's own by default: no other is sent a token.
    """
    token = known.token or environment.get("GH_TOKEN") or None
    url = git.origin()
    found = origin.parsed(url) if known.repository is None and url else None
    if found is None or found[0] != known.server:
        return replace(known, token=token)
    api = environment.get("GITHUB_API_URL") or origin.api_of(known.server)
    return replace(known, repository=found[1], api=api, token=token)


@errors.reported
def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.doctor", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the findings for machines")
    parser.add_argument(
        "--send-test-alert", action="store_true", help="send a test through every channel of APPRISE_URLS"
    )
    asked_for = parser.parse_args()
    send = asked_for.send_test_alert or os.environ.get("EVERGREEN_SEND_ALERT") == "true"
    where = located(job(), os.environ)
    result = examined(where, os.environ, send)
    if asked_for.json:
        print(text.to_json(page.machines(result.findings, result.policy)), end="")
    else:
        print(*page.lines(result.title, result.findings, result.policy), sep="\n")
    where.say(page.markdown(result.title, result.findings, result.policy))
    return FAILED if counted(result.findings)["fail"] else 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # what still waits for an answer ends here
