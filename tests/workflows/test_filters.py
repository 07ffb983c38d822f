"""Which change wakes which workflow: nothing else that runs here looks at `on:`."""

import pytest

from scripts.edges.repository import git
from tests.workflows.reading import NAMES, jobs, matches, woken, workflow

PROMOTION = ["models/production.json", "models/production.zip.dvc"]
RECORD = ["data.dvc", "dvc.lock", "reports/drift.json", "reports/run.json", "reports/plots/drift.png"]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["README.md"], {"ci"}),
        (["dvc.lock"], {"ci"}),
        (["reports/run.json", "reports/plots/drift.png"], {"ci"}),
        (["data.dvc"], {"ci", "retrain"}),
        (["params.yaml"], {"ci", "retrain"}),
        (["dvc.yaml"], {"ci", "retrain"}),
        (["scripts/ingest.py"], {"ci", "retrain"}),
        (["scripts/core/gate/verdict.py"], {"ci", "retrain"}),
        (["tests/scripts/ingest.py", "docs/params.yaml"], {"ci"}),
        (PROMOTION, {"ci", "release"}),
        (["models/production.json.orig"], {"ci"}),
        (PROMOTION + RECORD, {"ci", "release", "retrain"}),
    ],
    ids=lambda value: "-".join(sorted(value)) if isinstance(value, set) else ",".join(value),
)
def test_a_push_to_main_wakes_what_it_concerns(files: list[str], expected: set[str]) -> None:
    assert woken("push", files) == expected


def test_the_first_push_of_a_copy_wakes_all_that_a_push_can() -> None:
    assert woken("push", git.files()) == {"ci", "retrain", "release"}


def test_a_push_to_another_branch_wakes_nothing() -> None:
    assert woken("push", git.files(), branch="evergreen/candidate") == set()
    assert woken("push", git.files(), branch="evergreen-ledger") == set()
    assert woken("push", git.files(), branch="dvc-store") == set()


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("pull_request", {"ci"}),
        ("merge_group", {"ci"}),
        ("schedule", {"retrain", "release"}),
        ("workflow_dispatch", set(NAMES)),
        ("workflow_call", {"release"}),
        ("pull_request_target", set()),
        ("workflow_run", {"pages"}),
        ("issue_comment", set()),
        ("repository_dispatch", set()),
    ],
)
def test_other_events(event: str, expected: set[str]) -> None:
    assert woken(event) == expected


def test_schedules_keep_away_from_the_full_hour_and_from_each_other() -> None:
    minutes = [entry["cron"].split()[0] for name in NAMES for entry in workflow(name)["on"].get("schedule", [])]
    assert len(minutes) == len(set(minutes)) == 2
    assert all(minute.isdigit() and int(minute) % 15 for minute in minutes)


def test_a_template_does_not_run_what_its_copies_run() -> None:
    for name in woken("schedule"):
        first = next(job for job in jobs() if job.workflow == name)
        assert first.body["if"] == "github.event_name == 'workflow_dispatch' || !github.event.repository.is_template"


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("scripts/**", "scripts/core/a.py", True),
        ("scripts/**", "scripts/a.py", True),
        ("scripts/**", "tests/scripts/a.py", False),
        ("scripts/*", "scripts/core/a.py", False),
        ("data.dvc", "data.dvc", True),
        ("data.dvc", "dataxdvc", False),
        ("data.dvc", "old/data.dvc", False),
    ],
)
def test_patterns_match_as_on_github(pattern: str, path: str, expected: bool) -> None:
    assert matches(pattern, path) is expected
