"""Later runs, people who decide otherwise, other ways of promoting, and other stores. By `make test-flows`."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import s3_server, small
from tests.workflows.living import PARAMS, green, in_production, month
from tests.workflows.world import World, world

pytestmark = pytest.mark.flows
RELEASING = "promotion: {mode: release}\n"


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, PARAMS) as made:
        yield made


def lines(copy: World) -> list[dict[str, Any]]:
    return [json.loads(line) for line in copy.ledger()]


def verdicts(copy: World) -> list[str | None]:
    return [line.get("verdict") for line in lines(copy)]


def opened(copy: World) -> list[dict[str, Any]]:
    return [pull for pull in copy.forge.pulls if pull["state"] == "open"]


def test_where_actions_may_open_no_pull_request_an_issue_asks_a_person(copy: World) -> None:
    copy.forge.settings_of_repo.allow_actions_prs = False
    month(copy, 0)
    ran = copy.wakes(None, only=("retrain", "release"))
    green(ran["retrain"], "retrain", "record")
    green(ran["release"], "release")
    assert copy.forge.pulls == [] and copy.forge.releases == []
    (issue,) = copy.forge.issues
    assert "Allow GitHub Actions to create and approve pull requests" in issue["body"]
    copy.forge.settings_of_repo.allow_actions_prs = True
    green(copy.cron("retrain"), "retrain", "record")
    assert len(opened(copy)) == 1 and copy.forge.issues[0]["state"] == "closed"


def test_runs_that_find_nothing_write_nothing(copy: World) -> None:
    in_production(copy)
    green(copy.cron("retrain"), "retrain", "record")  # production is new to it
    before, pulls, releases = copy.main(), copy.forge.pulls, copy.forge.releases
    copy.forge.begin_count()
    writes = len(copy.forge.writes)
    ran = green(copy.cron("retrain"), "retrain", "record")
    green(copy.cron("release"), "release")
    assert copy.main() == before and copy.forge.pulls == pulls and copy.forge.releases == releases
    assert len(copy.forge.writes) == writes
    assert "nothing new" in ran.log.lower()


def test_new_data_renew_the_pull_request_and_lose_it_again(copy: World) -> None:
    in_production(copy)
    month(copy, 1, strength=-2.0)
    green(copy.cron("retrain"), "retrain", "record")
    (second,) = opened(copy)
    assert second["title"].startswith("Promote v2")
    month(copy, 2, strength=-2.0)
    green(copy.cron("retrain"), "retrain", "record")
    (renewed,) = opened(copy)
    assert renewed["number"] == second["number"] and renewed["head"]["sha"] != second["head"]["sha"]
    month(copy, 3, strength=2.0)
    green(copy.cron("retrain"), "retrain", "record")
    assert verdicts(copy)[-1] in ("HOLD", "REJECT") and not opened(copy)
    closed = next(pull for pull in copy.forge.pulls if pull["number"] == second["number"])
    assert closed["closed_by"] == "github-actions[bot]" and copy.forge.latest == "v1"


def test_a_pull_request_that_a_person_closed_stays_closed(copy: World) -> None:
    month(copy, 0)
    green(copy.cron("retrain"), "retrain", "record")
    (pull,) = opened(copy)
    copy.forge.close(pull["number"])
    green(copy.dispatch("retrain", reason="once more", force="true"), "retrain", "record")
    assert not opened(copy) and len(copy.forge.pulls) == 1


def test_a_failing_batch_ends_red_and_is_recorded_all_the_same(copy: World) -> None:
    copy.arrives("month-0.parquet", small.month(0).replace(b"answer", b"anvwer"))
    before = copy.main()
    ran = copy.cron("retrain")
    assert ran.code != 0 and ran.jobs == {"retrain": "failure", "record": "success"}, ran.log[-6000:]
    assert copy.main() == before and not copy.forge.pulls
    (line,) = lines(copy)
    assert "answer" in json.dumps(line)


def test_a_dry_run_writes_nothing(copy: World) -> None:
    month(copy, 0)
    before = copy.main()
    ran = green(copy.dispatch("retrain", dry_run="true"), "retrain")
    assert copy.main() == before and not copy.forge.pushes and not copy.forge.writes
    assert "dry run" in ran.summary.lower()


def test_mode_release_publishes_in_one_run_and_rolls_back_in_one(tmp_path: Path) -> None:
    with world(tmp_path, PARAMS + RELEASING) as copy:
        month(copy, 0)
        green(copy.cron("retrain"), "retrain", "record", "release")
        month(copy, 1, strength=-2.0)
        green(copy.cron("retrain"), "retrain", "record", "release")
        assert copy.forge.latest == "v2" and not copy.forge.pulls
        green(
            copy.dispatch("rollback", version="1", reason="$(touch owned) `id` ${{ github.token }}"),
            "rollback",
            "release",
        )
        assert copy.forge.latest == "v1" and not copy.forge.pulls
        assert json.loads(copy.show("models/production.json"))["version"] == 1


def test_rollback_and_revert_end_alike(copy: World) -> None:
    in_production(copy)
    month(copy, 1, strength=-2.0)
    green(copy.cron("retrain"), "retrain", "record")
    first = copy.show("models/production.json")
    green(copy.merges(opened(copy)[0]["number"], only=("release",))["release"], "release")
    second, pointer = copy.show("models/production.json"), copy.show("models/production.zip.dvc")
    assert copy.forge.latest == "v2"
    assets = copy.forge.assets("v1")

    green(copy.dispatch("rollback", version="1", reason="worse in use"), "rollback")
    green(copy.merges(opened(copy)[0]["number"], only=("release",))["release"], "release")
    assert copy.forge.latest == "v1" and copy.show("models/production.json") == first

    forward = {"models/production.json": f"{second}\n".encode(), "models/production.zip.dvc": f"{pointer}\n".encode()}
    ran = copy.pushes(forward, 'Revert "Roll back to v1"', only=("release", "retrain"))
    assert set(ran) == {"release"}
    green(ran["release"], "release")
    assert copy.forge.latest == "v2" and copy.forge.assets("v1") == assets
    assert [release["tag_name"] for release in copy.forge.releases] == ["v1", "v2"]


def test_a_lost_event_is_repaired_by_the_next_schedule(copy: World) -> None:
    month(copy, 0)
    green(copy.cron("retrain"), "retrain", "record")
    copy.forge.merge(opened(copy)[0]["number"])
    assert copy.forge.releases == []
    green(copy.cron("release"), "release")
    assert copy.forge.latest == "v1"


def test_a_person_s_change_is_tried_and_gets_one_comment(copy: World) -> None:
    in_production(copy)
    params = copy.show("params.yaml").replace("C: 1.0", "C: 0.01")
    number = copy.opens({"params.yaml": params.encode()})
    green(copy.checked(number, "comment"), "pipeline", "comment")
    green(copy.checked(number, "comment"), "pipeline", "comment")
    (comment,) = [comment for comment in copy.forge.comments if comment["number"] == number]
    assert "0.01" in comment["body"]
    assert copy.main() == copy.forge.tip("main") and len(copy.ledger()) == 2


def test_a_change_of_words_gets_no_comment(copy: World) -> None:
    in_production(copy)
    number = copy.opens({"README.md": b"# Ours\n"})
    ran = copy.checked(number, "comment")
    green(ran, "pipeline")
    assert not [comment for comment in copy.forge.comments if comment["number"] == number]


def test_a_fork_s_change_needs_no_secret_and_writes_nothing(copy: World) -> None:
    month(copy, 0)
    copy.act.secrets["APPRISE_URLS"] = "json://canary-of-a-secret.invalid"
    number = copy.opens({"params.yaml": copy.show("params.yaml").encode() + b"\n"})
    writes = len(copy.forge.writes)
    ran = copy.checked(number, "comment", fork=True)
    assert ran.code == 0 and not ran.jobs, ran.log
    assert len(copy.forge.writes) == writes and "canary" not in ran.log


@pytest.mark.parametrize("by", ["keys", "role"])
def test_the_store_is_a_bucket(copy: World, by: str, tmp_path: Path) -> None:
    with s3_server.served(tmp_path / "s3") as server:
        copy.act.variables |= {"DVC_REMOTE_URL": "s3://bucket/evergreen", "DVC_ENDPOINT_URL": server.endpoint}
        if by == "keys":
            copy.act.secrets |= {"AWS_ACCESS_KEY_ID": s3_server.KEY, "AWS_SECRET_ACCESS_KEY": s3_server.SECRET}
        else:
            copy.act.variables["AWS_ROLE_ARN"] = "arn:aws:iam::123456789012:role/evergreen"
            copy.act.environment |= {"EVERGREEN_STUBS_AWS_KEY": s3_server.KEY}
            copy.act.environment |= {"EVERGREEN_STUBS_AWS_SECRET": s3_server.SECRET}
        in_production(copy)
        assert len(list((server.root / "bucket/evergreen/files/md5").rglob("*"))) > 4
    assert copy.forge.tip("dvc-store") is None
    assert all(s3_server.SECRET not in ran.log for _, ran in copy.ran)


def test_an_app_opens_the_pull_request(copy: World) -> None:
    month(copy, 0)
    copy.act.variables["EVERGREEN_APP_ID"] = "Iv23liExample"
    copy.act.secrets["EVERGREEN_APP_KEY"] = "a-private-key"
    rights = {"contents": "write", "pull-requests": "write", "issues": "write"}
    copy.act.environment["EVERGREEN_STUBS_APP_TOKEN"] = copy.forge.token(rights, actor="evergreen[bot]")
    green(copy.cron("retrain"), "retrain", "record")
    assert opened(copy)[0]["user"]["login"] == "evergreen[bot]"
    assert copy.act.notes("create-github-app-token")[0]["asked"] == rights
    by = {push.ref: push.actor for push in copy.forge.pushes}
    assert by["refs/heads/main"] == "github-actions[bot]" and by["refs/heads/evergreen/candidate"] == "evergreen[bot]"


def test_the_doctor_is_called_by_a_person(copy: World) -> None:
    ran = copy.dispatch("ci", job="doctor")
    assert set(ran.jobs) == {"doctor"}
    assert "Evergreen · doctor" in ran.log and "AWS_ROLE_ARN" in ran.summary


def test_what_is_down_blocks_nothing_and_secrets_stay_secret(tmp_path: Path) -> None:
    params = PARAMS.replace("tracking: {enabled: false}", "tracking: {timeout: 2}")
    with world(tmp_path, params) as copy:
        copy.act.variables["MLFLOW_TRACKING_URI"] = "http://127.0.0.1:9"
        copy.act.secrets |= {
            "APPRISE_URLS": "json://someone:canary-of-alerts@127.0.0.1:9/",
            "DATA_URL": "https://canary-of-data.invalid/table.csv",
            "MLFLOW_TRACKING_USERNAME": "canary-of-a-user",
            "MLFLOW_TRACKING_PASSWORD": "canary-of-mlflow",
        }
        in_production(copy)
        said = "".join(ran.log + ran.summary for _, ran in copy.ran)
        assert "127.0.0.1:9" in said or "MLflow" in said
        sent = b"".join(request.data for request in copy.forge.requests)
        kept = subprocess.run(
            ["git", "cat-file", "--batch-all-objects", "--batch"], cwd=copy.forge.bare, capture_output=True, check=True
        ).stdout
        artifacts = b"".join(path.read_bytes() for path in (copy.act.state / "artifacts").rglob("*") if path.is_file())
        for where in (said.encode(), sent, kept, artifacts):
            assert b"canary" not in where


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"AWS_ROLE_ARN": "no-arn"}, "role-to-assume: is no ARN of a role"),
        ({"DVC_REMOTE_URL": "s3://bucket/evergreen", "DVC_ENDPOINT_URL": "http://127.0.0.1:9"}, "does not answer"),
    ],
    ids=["role", "store"],
)
def test_what_is_refused_ends_red_and_is_written_down(copy: World, settings: dict[str, str], said: str) -> None:
    month(copy, 0)
    copy.act.variables |= settings
    copy.act.secrets |= {"AWS_ACCESS_KEY_ID": s3_server.KEY, "AWS_SECRET_ACCESS_KEY": s3_server.SECRET}
    before = copy.main()
    ran = copy.cron("retrain")
    assert ran.code != 0 and ran.jobs["record"] == "failure"
    assert said in ran.log and "alerts: broken" in ran.log and "Traceback" not in ran.log
    assert copy.main() == before and len(copy.ledger()) == 1 and not copy.forge.pulls


def test_where_main_is_protected_the_record_rides_in_the_pull_request(copy: World) -> None:
    copy.forge.settings_of_repo.protected_main = True
    month(copy, 0)
    before = copy.main()
    green(copy.cron("retrain"), "retrain", "record")
    assert copy.main() == before
    ran = copy.merges(opened(copy)[0]["number"])
    assert set(ran) == {"release", "retrain"}
    green(ran["release"], "release")
    green(ran["retrain"], "retrain", "record")
    assert copy.forge.latest == "v1" and not opened(copy)
    assert "batch" in copy.show("reports/run.json") and copy.show("data.dvc") != copy.show("data.dvc", before)


def test_where_main_is_protected_data_without_a_winner_ride_too(copy: World) -> None:
    in_production(copy)
    green(copy.cron("retrain"), "retrain", "record")  # production is new to it
    copy.forge.settings_of_repo.protected_main = True
    month(copy, 1, strength=2.0)
    before = copy.main()
    ran = green(copy.cron("retrain"), "retrain", "record")
    (pull,) = opened(copy)
    assert copy.main() == before and pull["title"].startswith("Record data to ")
    assert verdicts(copy)[-1] in ("HOLD", "REJECT") and f"merge [#{pull['number']}]" in ran.summary
    green(copy.cron("retrain"), "retrain", "record")
    assert [one["number"] for one in opened(copy)] == [pull["number"]]
    ran_after = copy.merges(pull["number"])
    assert set(ran_after) == {"retrain"} and not opened(copy)
    green(ran_after["retrain"], "retrain", "record")
    assert "nothing new" in ran_after["retrain"].log.lower() and not opened(copy)
