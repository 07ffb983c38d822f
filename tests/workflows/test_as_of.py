"""A retrain that is to replay up to a day, as a person asks for it on the form. By `make test-flows`."""

import json
from pathlib import Path

import pytest

from tests.layout import ROOT
from tests.workflows.living import PARAMS, green, month
from tests.workflows.world import world

pytestmark = pytest.mark.flows
REFUSED = "--as-of: the source files can't be replayed. Leave it out."
QUICKER = (("max_iter: 150", "max_iter: 15"), ("resamples: 2000", "resamples: 1000"), ("threads: 2", "threads: 1"))


def replaying() -> str:
    """The template's own question, with a model that is fitted in a second, and no tracking."""
    params = (ROOT / "params.yaml").read_text("utf-8")
    for slow, quick in QUICKER:
        assert slow in params
        params = params.replace(slow, quick)
    assert params.count("\ntracking:\n") == 1
    return params.replace("\ntracking:\n", "\ntracking:\n  enabled: false\n")


def test_a_replay_up_to_a_day_is_one_run_with_all_months_before_it(tmp_path: Path) -> None:
    with world(tmp_path, replaying()) as copy:
        ran = green(copy.dispatch("retrain", as_of="2013-02-15"), "retrain", "record")
        run = json.loads(copy.show("reports/run.json"))
        assert run["batches"] == ["2013-01.parquet", "2013-02.parquet"] and run["verdict"] == "PROMOTE"
        (pull,) = copy.forge.pulls
        assert pull["state"] == "open" and pull["title"].startswith("Promote v1")
        (line,) = map(json.loads, copy.ledger())
        assert (line["event"], line["run"], line["verdict"]) == ("workflow_dispatch", run["run"], "PROMOTE")
        assert line["data"]["from"][:10] == "2013-01-01" and line["data"]["to"][:10] == "2013-02-28"
        assert line["pull_request"]["number"] == pull["number"]
        assert f"[#{pull['number']}]" in ran.summary and "v1 is proposed" in ran.summary
        assert "2013-02-28" in ran.summary


def test_a_source_that_can_t_be_replayed_says_so_and_changes_nothing(tmp_path: Path) -> None:
    with world(tmp_path, PARAMS) as copy:
        month(copy, 0)
        before = copy.main()
        ran = copy.dispatch("retrain", as_of="2013-02-15")
        assert ran.code != 0 and ran.jobs == {"retrain": "failure", "record": "success"}, ran.log[-6000:]
        assert ran.summary.count(REFUSED) == 1 and "Traceback" not in ran.log
        (line,) = map(json.loads, copy.ledger())
        assert (line["ended"], line["errors"]) == (2, [REFUSED])
        assert copy.main() == before and not copy.forge.pulls
