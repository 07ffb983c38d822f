"""The rules of the house for workflows, which neither act nor a linter holds."""

import re
from collections import defaultdict
from pathlib import Path

import pytest

from scripts.core import environment
from tests.layout import ROOT
from tests.workflows import reading
from tests.workflows.reading import FILES, NAMES, SETUP, Job, all_steps, job, jobs, named, texts, workflow

PIN = re.compile(r"uses: (?P<action>[\w.-]+/[\w./-]+)@(?P<commit>[0-9a-f]{40}) # (?P<version>v\d+\.\d+\.\d+)")
GRANT = re.compile(r"^ {6}[a-z-]+: (read|write)\b(?P<rest>.*)$")
MLFLOW = {"MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN"}
S3 = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
SECRETS = {  # what each job is shown, and no more
    "ci.lint": set(),
    "ci.tests": set(),
    "ci.pipeline": S3 | {"DATA_URL"},
    "ci.comment": set(),
    "ci.ci": set(),
    "ci.doctor": S3 | MLFLOW | {"APPRISE_URLS", "DATA_URL", "EVERGREEN_APP_KEY"},
    "pages.page": set(),
    "pages.publish": set(),
    "retrain.retrain": S3 | MLFLOW | {"DATA_URL"},
    "retrain.record": S3 | MLFLOW | {"APPRISE_URLS", "EVERGREEN_APP_KEY", "DATA_URL"},
    "retrain.release": S3 | MLFLOW | {"APPRISE_URLS", "EVERGREEN_APP_KEY"},
    "release.release": S3 | MLFLOW | {"APPRISE_URLS", "EVERGREEN_APP_KEY"},
    "rollback.rollback": S3 | {"APPRISE_URLS", "EVERGREEN_APP_KEY"},
    "rollback.release": S3 | MLFLOW | {"APPRISE_URLS", "EVERGREEN_APP_KEY"},
}
WRITES = {
    "retrain.record": {"contents", "pull-requests", "issues", "statuses"},
    "retrain.release": {"contents"},
    "release.release": {"contents"},
    "rollback.rollback": {"contents", "pull-requests", "issues"},
    "rollback.release": {"contents"},
    "ci.comment": {"pull-requests"},
    "pages.publish": {"pages"},
}
NO_COMMAND = ("ci.ci", "pages.publish")  # jobs that run nothing of the project's


@pytest.mark.parametrize("name", NAMES)
def test_a_workflow_grants_nothing_to_all_of_its_jobs(name: str) -> None:
    assert workflow(name)["permissions"] == {}
    assert not named("secrets", workflow(name).get("env", {}))


@pytest.mark.parametrize("one", jobs(), ids=str)
def test_a_job_may_write_what_it_must_and_no_more(one: Job) -> None:
    assert one.writes == WRITES.get(str(one), set())
    assert not one.writes or one.workflow != "ci" or one.id == "comment"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_grant_has_its_reason(path: Path) -> None:
    granted = [found for line in path.read_text("utf-8").splitlines() if (found := GRANT.match(line))]
    assert all(re.fullmatch(r" # \S.{8,}", found["rest"]) for found in granted)


@pytest.mark.parametrize("one", jobs(), ids=str)
def test_a_job_has_a_time_out_a_runner_and_rights_of_its_own(one: Job) -> None:
    assert "permissions" in one.body
    if one.calls:
        return  # those of the called workflow hold
    assert one.body["runs-on"] == "${{ vars.EVERGREEN_RUNNER || 'ubuntu-latest' }}"
    assert 1 <= int(one.body["timeout-minutes"]) <= 300


@pytest.mark.parametrize("one", [one for one in jobs() if "contents" in one.writes and not one.calls], ids=str)
def test_what_writes_runs_one_at_a_time_and_to_its_end(one: Job) -> None:
    assert one.body["concurrency"] == {"group": "evergreen-write", "cancel-in-progress": "false"}


@pytest.mark.parametrize("name", NAMES)
def test_a_whole_workflow_never_holds_the_group_that_its_jobs_wait_for(name: str) -> None:
    assert "evergreen-write" not in list(texts(workflow(name).get("concurrency", {})))


def test_training_is_not_cut_short_by_the_next() -> None:
    assert job("retrain.retrain").body["concurrency"] == {"group": "evergreen-train", "cancel-in-progress": "false"}


@pytest.mark.parametrize("one", jobs(), ids=str)
def test_a_job_is_shown_the_secrets_that_it_needs(one: Job) -> None:
    assert named("secrets", one.body) == SECRETS[str(one)]
    assert not named("secrets", one.body.get("env", {})), "a secret belongs to the step that needs it"


@pytest.mark.parametrize("one", [one for one in jobs() if not one.calls], ids=str)
def test_a_secret_is_handed_over_by_the_environment_or_to_an_action(one: Job) -> None:
    for step in one.steps:
        rest = {key: value for key, value in step.items() if key not in ("env", "with")}
        assert not named("secrets", rest)


@pytest.mark.parametrize("caller", [one for one in jobs() if one.calls], ids=str)
def test_a_called_workflow_gets_what_it_asks_for_and_may_no_more_than_its_caller(caller: Job) -> None:
    called = job("release.release")
    assert caller.body["uses"] == "./.github/workflows/release.yml"
    assert set(caller.body["secrets"]) == set(workflow("release")["on"]["workflow_call"]["secrets"])
    assert caller.body["permissions"] == called.body["permissions"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_actions_are_pinned_by_commit_with_the_version_beside_it(path: Path) -> None:
    lines = [line for line in path.read_text("utf-8").splitlines() if re.search(r"\buses:", line)]
    assert lines
    assert all(PIN.search(line) or "uses: ./.github/" in line for line in lines)


def test_one_action_has_one_version_and_one_commit() -> None:
    pins = defaultdict(set)
    for path in FILES:
        for found in PIN.finditer(path.read_text("utf-8")):
            pins[found["action"]].add((found["commit"], found["version"]))
    assert {action: len(used) for action, used in pins.items()} == dict.fromkeys(pins, 1)
    commits = [commit for used in pins.values() for commit, _ in used]
    assert len(commits) == len(set(commits))


def test_a_checkout_leaves_no_token_behind() -> None:
    checkouts = [step for _, step in all_steps() if step.get("uses", "").startswith("actions/checkout@")]
    assert len(checkouts) == len([one for one in jobs() if not one.calls and str(one) not in NO_COMMAND])
    assert all(step["with"]["persist-credentials"] == "false" for step in checkouts)


@pytest.mark.parametrize(
    ("where", "step"), [(w, s) for w, s in all_steps() if "run" in s], ids=lambda value: str(value)[:40]
)
def test_a_step_is_one_command(where: str, step: dict[str, str]) -> None:
    command = step["run"].strip()
    assert len(command.splitlines()) <= 5
    assert "${{" not in command, "values reach the shell by the environment"
    assert not re.search(r"(^|\s)(if|for|while|case|until|eval)\s|&&|\|\||;|<<|\$\(|`|\|", command)


def test_commands_exist() -> None:
    called = {
        found[1] for _, step in all_steps() if (found := re.match(r"python -m scripts\.(\w+)", step.get("run", "")))
    }
    assert {name for name in called if not (ROOT / f"scripts/{name}.py").is_file()} == set()
    targets = {found[1] for _, step in all_steps() if (found := re.match(r"make (\w+)", step.get("run", "")))}
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert all(f"\n{target}:" in makefile for target in targets)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_owner_no_bucket_and_no_foreign_code_with_rights(path: Path) -> None:
    text = path.read_text("utf-8")
    assert "pull_request_target" not in text and ("workflow_run" not in text or path.stem == "pages")
    assert "secrets: inherit" not in text and "toJSON(secrets)" not in text
    assert not re.search(r"s3://|github\.com/", text)


def test_what_runs_after_another_workflow_takes_nothing_over_from_it() -> None:
    on, text = workflow("pages")["on"], (reading.FOLDER / "pages.yml").read_text("utf-8")
    assert set(on) == {"workflow_run", "workflow_dispatch"}
    ended = [workflow(name) for name in on["workflow_run"]["workflows"]]
    assert on["workflow_run"]["branches"] == ["main"] and on["workflow_run"]["types"] == ["completed"]
    assert {one["name"] for one in ended} == {"retrain", "release", "rollback"}
    assert not any("pull_request" in one["on"] for one in ended), "a fork could begin it"
    assert "github.event.workflow_run" not in text and "download-artifact" not in text
    assert job("pages.page").steps[0]["with"]["ref"] == "main"


def test_the_page_is_published_only_where_a_person_switched_it_on() -> None:
    on = "vars.EVERGREEN_PAGES == 'true'"
    assert job("pages.publish").body["if"] == on
    assert job("pages.page").body["if"] == f"{on} || github.event_name == 'workflow_dispatch'"
    assert job("pages.publish").body["environment"]["name"] == "github-pages"
    assert [step["uses"].split("@")[0] for step in job("pages.publish").steps] == ["actions/deploy-pages"]


@pytest.mark.parametrize("one", [one for one in jobs() if not one.calls], ids=str)
def test_no_failure_is_swallowed(one: Job) -> None:
    assert "continue-on-error" not in {*one.body, *(key for step in one.steps for key in step)}
    assert not any("always()" in step.get("if", "") for step in one.steps), "who cancels means it: !cancelled()"


@pytest.mark.parametrize("name", ["retrain.record", "release.release", "rollback.rollback"])
def test_the_ledger_and_the_alerts_hear_of_failures(name: str) -> None:
    *_, ledger, alert = job(name).steps
    said = f"--command {name.split('.')[0]}"  # a run that fails early leaves nothing to tell it by
    assert ledger["run"] == f"python -m scripts.ledger add {said}" and alert["run"] == f"python -m scripts.alert {said}"
    assert "!cancelled()" in ledger["if"] and "!cancelled()" in alert["if"]
    assert "!cancelled()" in job("retrain.record").body["if"]


def test_the_one_required_check_waits_for_every_other() -> None:
    gate = job("ci.ci").body
    asks = {one.id for one in jobs() if one.workflow == "ci"} - {"ci", "comment", "doctor"}
    assert set(gate["needs"]) == asks
    assert "always()" in gate["if"], "a required check that is skipped counts as passed"


def test_what_a_person_typed_reaches_commands_by_the_environment() -> None:
    typed = {name for one in NAMES for name in (workflow(one)["on"]["workflow_dispatch"] or {}).get("inputs", {})}
    assert typed == {"reason", "as_of", "version", "force", "dry_run", "send_alert"}
    handed_over = {name for _, step in all_steps() for name in named("inputs", step.get("env", {}))}
    assert typed <= handed_over
    assert not any(named("inputs", step.get("run", "")) for _, step in all_steps())


def test_the_settings_are_those_that_the_docs_and_the_doctor_know() -> None:
    read = {name for path in FILES for name in named("vars", reading.read(path)) | named("secrets", reading.read(path))}
    assert read == set(environment.NAMES)


@pytest.mark.parametrize(
    ("where", "name", "counted"),
    [
        ("retrain.record", "Propose", ("APPRISE_URLS", "DATA_URL", "EVERGREEN_APP_KEY")),
        ("ci.doctor", "Doctor", ("DATA_URL", "EVERGREEN_APP_KEY")),
    ],
)
def test_who_says_what_is_missing_knows_of_all_and_sees_what_it_uses(
    where: str, name: str, counted: tuple[str, ...]
) -> None:
    step = next(step for step in job(where).steps if step["name"] == name)
    for secret in counted:
        assert step["env"][secret] == f"${{{{ secrets.{secret} && 'given' }}}}"
    assert set(environment.NAMES) <= set(step["env"]) | set(workflow(where.split(".")[0])["env"])


def test_setup_is_where_every_job_begins() -> None:
    for one in jobs():
        if one.calls or str(one) in NO_COMMAND:
            continue
        assert one.steps[0]["uses"].startswith("actions/checkout@")
        assert one.steps[1]["uses"] == "./.github/actions/setup"


def test_inputs_of_setup_are_used_and_known() -> None:
    declared = set(reading.read(SETUP)["inputs"])
    given = {
        name
        for _, step in all_steps()
        if step.get("uses") == "./.github/actions/setup"
        for name in step.get("with", {})
    }
    assert given == declared == named("inputs", reading.read(SETUP)["runs"])


def test_dependabot_watches_actions_and_packages() -> None:
    updates = reading.read(ROOT / ".github/dependabot.yml")["updates"]
    assert {update["package-ecosystem"] for update in updates} == {"github-actions", "pip"}
    assert "/.github/actions/setup" in updates[0]["directories"]
