"""The page's workflow: off until a person switches it on, and what is published is what the ledger says."""

import json
from pathlib import Path

import pytest

from tests import small
from tests.workflows.act import Ran
from tests.workflows.living import PARAMS, green
from tests.workflows.world import World, world

pytestmark = pytest.mark.flows


def test_the_page_is_built_when_asked_for_and_published_once_switched_on(tmp_path: Path) -> None:
    with world(tmp_path, PARAMS) as copy:
        copy.arrives("month-0.parquet", small.month(0))
        green(copy.cron("retrain"), "retrain", "record")
        assert not ended(copy).jobs, "nothing is built that nobody asked for"
        ran = green(copy.dispatch("pages"), "page")
        assert "EVERGREEN_PAGES" in ran.summary and not copy.act.notes("deploy-pages")
        (artifact,) = (copy.act.state / "artifacts").glob("*/github-pages")
        assert told(copy, artifact)
        copy.act.variables["EVERGREEN_PAGES"] = "true"
        ran = green(ended(copy), "page", "publish")
        assert "EVERGREEN_PAGES" not in ran.summary
        assert told(copy, copy.act.state / "pages")


def ended(copy: World) -> Ran:
    """As when a retrain has ended."""
    about = {"name": "retrain", "head_branch": "main", "conclusion": "success"}
    return copy.run("pages", "workflow_run", {"action": "completed", "workflow_run": about})


def told(copy: World, folder: Path) -> bool:
    """Whether the page there tells of every run of the ledger."""
    page = (folder / "index.html").read_text("utf-8")
    return all(str(json.loads(line)["run"]) in page for line in copy.ledger())
