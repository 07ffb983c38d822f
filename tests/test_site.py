"""The page as people get it: built by the command, and looked at in a browser."""

import json
from pathlib import Path

import pytest

from scripts import site
from scripts.core.paths import DRIFT_HTML, PLOTS, PREDICTIONS, RUN
from scripts.core.site.style import DARK
from tests import browser, lived
from tests.ledgering import Place, Said, place
from tests.lived import hostile, life, many

PAGE = Path("site/index.html")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Place:
    monkeypatch.delenv(site.SWITCH, raising=False)
    return place(tmp_path, monkeypatch, capsys)


def build(here: Place, lines: list[dict[str, object]], *arguments: str, code: int = 0) -> Said:
    (here.root / "lines.jsonl").write_bytes(lived.written(lines))
    said = here.run(site.main, "--ledger", "lines.jsonl", *arguments)
    assert said.code == code, said
    return said


def test_the_page_in_a_browser_says_what_the_ledger_says(here: Place) -> None:
    build(here, [*life()[:-1], *hostile(), life()[-1]])
    found = browser.seen(here.root / PAGE)
    assert found.console == []
    wide, phone = found.frames
    for frame in (wide, phone):
        assert frame["page"] <= frame["window"], "the page is wider than the window"
        assert frame["narrowest"] >= 40, "letters stand below each other"
        assert 0 < frame["wide"] <= frame["window"]
        assert frame["values"][:2] == ["✓ v1", "0.4800"]
        figure = {each["name"]: each["y"] for each in frame["figure"]}
        assert figure["production"] == [0.49, 0.48, 0.48, 0.52, 0.51, 0.47]
        assert figure["candidate, promoted"] == [0.48, 0.51, 0.46]
        assert len(frame["outcomes"]) == len(life()) - 1 + len(hostile())
        assert "log loss · lower is better" in frame["chart"].replace("\xa0", " ")
    assert wide["background"] != "rgba(0, 0, 0, 0)"


@pytest.mark.flows
@pytest.mark.parametrize("lines", [[], life()[:1], life()[7:8], many(2000)], ids=["empty", "one", "bare", "many"])
def test_a_ledger_of_any_length(here: Place, lines: list[dict[str, object]]) -> None:
    build(here, lines)
    found = browser.seen(here.root / PAGE)
    assert found.console == []
    assert all(frame["page"] <= frame["window"] for frame in found.frames)
    assert PAGE.stat().st_size < 8_000_000


@pytest.mark.flows
def test_at_night(here: Place) -> None:
    build(here, life())
    found = browser.seen(here.root / PAGE, (390,), "--blink-settings=preferredColorScheme=0")
    (frame,) = found.frames
    assert frame["background"] == f"rgb({', '.join(str(int(DARK['page'][n : n + 2], 16)) for n in (1, 3, 5))})"
    assert frame["line"] == DARK["production"] and found.console == []


@pytest.mark.flows
def test_without_scripts_all_but_the_chart_is_there(here: Place) -> None:
    build(here, life())
    found = browser.seen(here.root / PAGE, (390,), scripts=False)
    (frame,) = found.frames
    assert frame["values"][0] == "✓ v1" and len(frame["reasons"]) == len(life()) - 1
    assert "its numbers are in the table below" in frame["chart"] and not frame["figure"]
    assert all("sandboxed" in line for line in found.console)


@pytest.mark.flows
def test_on_paper(here: Place) -> None:
    build(here, life())
    browser.run(here.root / PAGE, f"--print-to-pdf={here.root / 'page.pdf'}", "--blink-settings=preferredColorScheme=0")
    assert (here.root / "page.pdf").read_bytes().startswith(b"%PDF")


def test_the_ledgers_branch_is_what_is_shown(here: Place) -> None:
    from scripts.edges.repository import ledger as edge

    edge.append(edge.Local(), "ledger.jsonl", lambda before: lived.written(life()) + b"<<<<<<< HEAD\n", "Ledger")
    said = here.run(site.main)
    assert said.code == 0 and said.out.startswith("site/index.html: 12 lines, 4.")
    assert said.errors.count("\n") == 1 and "ledger.jsonl:13: can't be read" in said.errors
    assert "run2" in PAGE.read_text("utf-8") and "<h1>small</h1>" in PAGE.read_text("utf-8")


def test_an_empty_ledger_is_a_page_and_no_mistake(here: Place) -> None:
    said = here.run(site.main, "--out", "elsewhere/deep")
    assert said.code == 0 and said.errors == ""
    assert "No run has left a line yet" in Path("elsewhere/deep/index.html").read_text("utf-8")


def test_a_file_that_is_not_there_is_one_line(here: Place) -> None:
    said = here.run(site.main, "--ledger", "gone.jsonl")
    assert said.code == 2 and said.errors.startswith("gone.jsonl: can't be read (No such file") and not PAGE.exists()


def test_reports_of_the_newest_run_come_along_and_rows_never(here: Place) -> None:
    for path in (DRIFT_HTML, PREDICTIONS, PLOTS / "slices.png"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    RUN.write_text(json.dumps({"run": "run3"}))
    build(here, life())
    assert not Path("site/reports").exists(), "they are of an older run"
    RUN.write_text(json.dumps({"run": "run4"}))
    build(here, life())
    assert {path.name for path in Path("site/reports").rglob("*.*")} == {"drift.html", "slices.png"}
    assert '<a href="reports/drift.html">' in PAGE.read_text("utf-8")


@pytest.mark.parametrize("switch", ["", "true"])
def test_the_runs_page_says_whether_it_is_published(here: Place, monkeypatch: pytest.MonkeyPatch, switch: str) -> None:
    here.on_github("9001", "workflow_dispatch", "pages")
    monkeypatch.setenv(site.SWITCH, switch)
    build(here, life())
    assert here.summary.startswith("## The page\n\nv1 is production; ")
    assert ("set the repository variable `EVERGREEN_PAGES` to `true`" in here.summary) is not bool(switch)
