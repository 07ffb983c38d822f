"""Hostile texts as columns, categories, batches, reasons, people and branches: shown everywhere, obeyed nowhere."""

import io
import json
import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from scripts.core.text import BREAK
from scripts.edges import outcome
from tests import reports, small
from tests.channels import Endpoint, endpoint
from tests.github_server import Forge
from tests.rendered import rendered
from tests.scratch import Scratch, scratch
from tests.surroundings import Ended, Place, copied, place

TOUCH = "touch OWNED"  # what must not be run
SHELL = f"$({TOUCH})`{TOUCH}`;{TOUCH}|{TOUCH}&&{TOUCH}"
COLUMNS = (
    f"a {SHELL}",
    "::set-env name=X::1 ::add-mask::e ##[error]x",
    "<script>alert(1)</script></details><img src=x onerror=alert(1)>",
    "@everyone @stranger <!channel> https://evil.example [x](javascript:alert(1))",
)
CATEGORY = "=cmd|' /C calc'!A0 | b | `c` | **d** ../../etc/passwd"
CATEGORIES = (
    "::error::owned",
    "<img src=x onerror=alert(1)> </table>",
    "@everyone <!here> | x |",
    f"{SHELL} ../../x",
    "\u202egnp.exe \x1b[31mred\x07\r",
    "```\n# fence\n<details>",
)
REASON = f"because {SHELL} @everyone <!channel> ::stop-commands::x\n::set-output name=a::b\n| a |\n<script>alert(1)"
LIVING = ("<script>alert", "<img src=x", "<!channel>", "<!here>", "@everyone", "@stranger ")


def params() -> str:
    given: dict[str, Any] = yaml.safe_load(small.params())
    kinds = {name: {"kind": "number"} for name in COLUMNS} | {CATEGORY: {"kind": "category"}}
    given["data"] |= {"columns": kinds, "source": {"kind": "files", "path": "inbox"}}
    given["gate"] |= {"slices": [CATEGORY], "slice_min_rows": 10}
    given["drift"] = {"sample": 500, "draws": 100, "html": True}
    given["release"], given["store"] = {"settle": 0}, {"timeout": 3}
    given["alerts"] = {
        kind: ["all"] for kind in ("validation_failed", "drift_found", "retrained", "proposed", "released")
    }
    return yaml.safe_dump(given, allow_unicode=False, sort_keys=False)


def month(number: int, categories: tuple[str, ...] = CATEGORIES, rows: int = 400) -> bytes:
    rng = np.random.default_rng(number)
    at = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(rows) * 30 / rows + 30 * number, "D")
    frame = pd.DataFrame({name: rng.normal(size=rows) + number for name in COLUMNS})
    frame[CATEGORY] = rng.choice(categories, rows)
    frame["row"] = [f"{number}-{index}" for index in range(rows)]
    frame["at"] = at.astype("datetime64[us]")
    frame["answer"] = (frame[COLUMNS[0]] - number + rng.normal(size=rows) > 0).astype(int)
    out = io.BytesIO()
    frame.to_parquet(out, index=False)
    return out.getvalue()


def shown(text: str) -> None:
    """A terminal, and the log of a workflow, show this and do nothing."""
    odd = {letter for letter in text if not letter.isprintable() and letter not in ("\n", BREAK)}
    assert not odd, sorted(map(ascii, odd))
    commands = [line for line in text.splitlines() if line.lstrip().startswith("::") or "##[" in line]
    assert not commands, commands


def words(markdown: str) -> None:
    """GitHub shows this as words: nothing in it is an element, a mention or a command, and no table is broken."""
    for living in LIVING:
        outside = re.sub(r"(`+).*?\1", "", markdown)  # in code nothing means anything
        assert living not in outside, (living, outside)
    page = rendered(markdown)
    assert not {"script", "iframe", "object"} & set(page.opened)
    assert page.opened["details"] == page.closed["details"]
    assert not [one for one in page.attributes if one[1].startswith("on") or "javascript:" in one[2]]
    pictures = [value for tag, name, value in page.attributes if (tag, name) == ("img", "src")]
    assert all("/blob/" in picture for picture in pictures), pictures
    tables(markdown)


def tables(markdown: str) -> None:
    """Every row of a table has as many cells as its head."""
    block: list[int] = []
    for line in [*markdown.splitlines(), ""]:
        if line.startswith("|"):
            block.append(len(re.findall(r"(?<!\\)\|", line)))
        else:
            assert len(set(block)) <= 1, block
            block = []


class Elements(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, attrs))


def page(html: str) -> None:
    found = Elements(html).found
    assert not [tag for tag, attrs in found if ("src", "x") in attrs or ("onerror", "alert(1)") in attrs]
    assert "<script>alert(1)" not in html


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Scratch:
    made = scratch(tmp_path_factory.mktemp("hostile") / "project", params(), {"2024-01.parquet": month(0)})
    done = made.run(sys.executable, "-m", "scripts.retrain", EVERGREEN_FORCE="true", EVERGREEN_REASON=REASON)
    (made.root.parent / "said.txt").write_text(done.stdout + done.stderr)
    return made


@pytest.fixture
def heard() -> Iterator[Endpoint]:
    with endpoint() as found:
        yield found


@pytest.fixture
def here(
    ran: Scratch,
    forge: Forge,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    heard: Endpoint,
) -> Place:
    found = copied(ran, forge, tmp_path / "work", monkeypatch, capsys)
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"title": REASON, "number": 1, "head": {"ref": SHELL}}}))
    monkeypatch.setenv("DVC_REMOTE_URL", str(tmp_path / "store"))
    monkeypatch.setenv("APPRISE_URLS", f"json://{heard.host}/x")
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(event))
    monkeypatch.setenv("GITHUB_ACTOR", REASON.replace("\n", " "))
    return found


def run(where: Place, *command: str, code: int = 0) -> Ended:
    ended = where.run(*command)
    assert ended.code == code, ended
    shown(ended.out)
    shown("\n".join(ended.lines))
    return ended


def harmless(where: Place, heard: Endpoint) -> None:
    """All that was left anywhere."""
    forge = where.forge
    for text in [*forge.pulls, *forge.issues, *forge.comments, *forge.releases]:
        words(str(text["body"]))
        assert not any(living in str(text.get("title")) for living in LIVING)
    for summary in where.pages:
        if summary.exists():
            words(summary.read_text("utf-8"))
    for _, post in heard.posts:
        assert not any(living in f"{post['title']}{post['message']}" for living in LIVING), post
    for path in where.root.parent.rglob("*.html"):
        page(path.read_text("utf-8"))
    for tag in [release["tag_name"] for release in forge.releases]:
        for name, content in forge.assets(tag).items():
            if name.endswith(".html"):
                page(content.decode())
            elif name.endswith(".md"):
                words(content.decode())
    for folder in (where.root, where.root.parent, Path("/tmp")):
        assert not list(folder.glob("OWNED*"))
    assert not list(where.root.rglob("OWNED*"))


def test_hostile_reports_are_shown_and_obeyed_nowhere(
    forge: Forge,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    heard: Endpoint,
) -> None:
    """Without the pipeline: reports that name what hostile data would make them name."""
    names = (*COLUMNS, *CATEGORIES)
    rows = [reports.slice_(category, CATEGORY) for category in names]
    slices = {"compared": len(names), "max_worse": 0.05, "broken": [], "too_small": [], "rows": rows}
    here = place(forge, tmp_path / "work", monkeypatch, capsys, slices=slices)
    drift = {**reports.drift(), "columns": [reports.column(name, drifted=True) for name in names], "drifted": names}
    (here.root / "reports/drift.json").write_text(json.dumps(drift))
    fired = [reports.trigger("manual", "fired", f"asked for: {REASON}", 1.0)]
    ran = reports.run(new=True, verdict="PROMOTE", code=0, reason=REASON, triggers=fired, warnings=[*names])
    outcome.write("retrain", ran)
    monkeypatch.setenv("APPRISE_URLS", f"json://{heard.host}/x")
    monkeypatch.setenv("GITHUB_ACTOR", REASON.replace("\n", " "))
    for command in (
        ("propose",),
        ("propose", "--dry-run"),
        ("compare", "--base", "HEAD"),
        ("ledger", "add"),
        ("alert",),
    ):
        run(here, *command)
    run(here, "ledger", "list")
    run(here, "ledger", "why", "4711-1-retrain")
    assert "OWNED" in forge.pulls[0]["body"] and heard.posts
    harmless(here, heard)


@pytest.mark.faults
def test_a_run_of_hostile_data_is_shown_and_obeyed_nowhere(here: Place, ran: Scratch, heard: Endpoint) -> None:
    shown((ran.root.parent / "said.txt").read_text())
    run(here, "handover", "pack", "../handover")
    run(here, "record", "--from", "../handover")
    run(here, "propose")
    run(here, "compare", "--base", "HEAD")
    run(here, "ledger", "add")
    run(here, "alert")
    here.forge.merge(1)
    run(here, "release")
    run(here, "ledger", "add")
    run(here, "alert")
    run(here, "ledger", "list")
    run(here, "ledger", "why", "4711-1-retrain")
    run(here, "download", "--repo", "octo/evergreen", "--all")
    run(here, "rollback", "--to", "1", "--reason", REASON, code=2)
    run(here, "doctor", code=here.run("doctor").code)
    assert here.forge.releases and heard.posts
    harmless(here, heard)


@pytest.mark.faults
def test_bad_hostile_data_are_told_in_words(here: Place, heard: Endpoint) -> None:
    broken = pd.read_parquet(io.BytesIO(month(1)))
    broken[COLUMNS[1]] = "::add-mask::x"
    broken[COLUMNS[2]] = "##[error]\r\n::debug::x\x1b[2J"
    broken.to_parquet(here.root / "inbox/2024-02.parquet", index=False)
    scratched = Scratch(here.root)
    done = scratched.run(sys.executable, "-m", "scripts.retrain", code=None)
    assert done.returncode == 1, done.stderr
    shown(done.stdout + done.stderr)
    assert "add-mask" in done.stderr and "[error]" in done.stderr, done.stderr
    run(here, "ledger", "add")
    run(here, "alert")
    assert heard.posts
    harmless(here, heard)


@pytest.mark.parametrize(
    "name",
    [f"{SHELL}.csv", "../../x.csv", "::set-env name=a::b.csv", "<img src=x>.csv", "@everyone.parquet", "-rf.csv"],
)
def test_a_batch_with_a_hostile_name_is_refused(name: str, tmp_path: Path) -> None:
    from scripts.core.errors import Mistake
    from scripts.edges.batches import batch

    with pytest.raises(Mistake) as mistake:
        batch.checked(name)
    shown(str(mistake.value))
