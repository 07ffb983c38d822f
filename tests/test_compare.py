import json
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts import compare
from scripts.edges import outcome
from scripts.edges.hub.github import GitHub, Settings
from tests import reports
from tests.github_server import Forge
from tests.github_server.client import client
from tests.repository import Repository


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A person's branch whose pipeline has run; the commit that it began at."""
    repository = Repository.begun(tmp_path / "work")
    files = {
        "params.yaml": "train: {seed: 0}\n",
        "scripts/x.py": "1",
        "reports/evaluation.json": json.dumps(reports.evaluation()),
        "reports/validation.json": json.dumps(reports.validation()),
    }
    found = repository.commit("Base", files)
    after = reports.evaluation("HOLD")
    after["metrics"]["log_loss"]["candidate"] = 0.5550
    after["models"]["candidate"]["bundle"] = "sha256:another"
    repository.commit("Mine", {"params.yaml": "train: {seed: 1}\n", "scripts/x.py": "2"})
    (repository.root / "reports/evaluation.json").write_text(json.dumps(after))
    monkeypatch.chdir(repository.root)
    for name in ("GITHUB_EVENT_PATH", "GITHUB_STEP_SUMMARY", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    return found


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def typed(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["compare", *words])
        code = compare.main()
        said = capsys.readouterr()
        return code, said.out, said.err

    return typed


def test_what_changes_is_said(base: str, run: Any) -> None:
    code, said, _ = run("--base", base)
    assert code == 0
    assert said.startswith("### With these changes the verdict is HOLD (was PROMOTE)")
    assert "| log loss | 0.5610 | 0.5550 | −0.0060 | ▲ |" in said
    assert "| `train.seed` | `0` | `1` |" in said
    assert "- `scripts/x.py`" in said


def test_the_base_is_that_of_the_event(base: str, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 3, "base": {"sha": base}}}))
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(event))
    page = tmp_path / "page.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    told = tmp_path / "told"
    monkeypatch.setenv("GITHUB_OUTPUT", str(told))
    assert run("--write", "outcome/comment.md")[0] == 0
    assert told.read_text() == "changed=true\n"
    written = Path("outcome/comment.md").read_text("utf-8")
    assert "| `train.seed` | `0` | `1` |" in written
    assert page.read_text("utf-8").strip() == written.strip()


def test_a_pull_request_that_changes_nothing_here_says_so_to_the_workflow(
    base: str, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "told"
    monkeypatch.setenv("GITHUB_OUTPUT", str(told))
    Repository(Path.cwd()).git("checkout", "-q", "--force", base)
    run("--base", base)
    assert told.read_text() == "changed=false\n"


def test_a_base_that_was_not_fetched_is_told(base: str, run: Any) -> None:
    code, _, said = run("--base", "0" * 40)
    assert code == 3 and "Fetch all of the history" in said


def test_a_pipeline_that_broke_off_says_why(base: str, run: Any) -> None:
    outcome.write("retrain", {"code": 1, "lines": ["data/x.csv: column 'a' has text. Fix the source."]})
    assert "- `data/x.csv: column 'a' has text. Fix the source.`" in run("--base", base)[1]


@pytest.fixture
def hub(forge: Forge, base: str, monkeypatch: pytest.MonkeyPatch) -> Forge:
    def of(settings: Settings) -> GitHub:
        return GitHub(forge.settings(settings.token), sleep=forge.pass_time)

    monkeypatch.setattr(compare, "GitHub", of)
    forge.commit({"a": "b"}, branch="mine")
    client(forge).post("pulls", {"title": "Mine", "head": "mine", "base": "main", "body": ""})
    for name, value in forge.environment(forge.token({"pull-requests": "write"})).items():
        monkeypatch.setenv(name, value)
    Path("comment.md").write_text("first")
    return forge


def test_there_is_one_comment(hub: Forge, run: Any) -> None:
    for text in ("first", "second"):
        Path("comment.md").write_text(text)
        assert run("--post", "comment.md", "--pr", "1")[0] == 0
    (comment,) = hub.comments
    assert comment["body"] == "<!-- evergreen:comparison -->\nsecond"


def test_the_number_is_that_of_the_event(hub: Forge, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    event = tmp_path / "event.json"
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(event))
    assert run("--post", "comment.md")[0] == 2
    event.write_text(json.dumps({"pull_request": {"number": 1}}))
    assert run("--post", "comment.md")[0] == 0
    assert len(hub.comments) == 1


def test_a_forks_token_leaves_it_to_the_runs_page(hub: Forge, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", hub.token({"pull-requests": "read"}))
    code, said, _ = run("--post", "comment.md", "--pr", "1")
    assert code == 0 and "may not comment" in said
    assert hub.comments == []
