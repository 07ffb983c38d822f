"""act and the stubs as they are used here: apart from the caller, one token a job, and strict about inputs."""

import re
import subprocess
import textwrap
from pathlib import Path

import psutil
import pytest
import yaml

from tests.workflows.act import Act, Event, Ran, stubs
from tests.workflows.reading import all_steps, job

EVENT = Event("push", {"repository": {"default_branch": "main"}}, "0" * 40)
PINS = {re.split("[/@]", pin)[1]: pin for pin in stubs()}
HEAD = "on: push\njobs:\n"
PROBE = """\
  one:
    runs-on: ubuntu-latest
    steps:
      - run: env
        env:
          GITHUB_TOKEN: ${{ github.token }}
      - run: test ! -t 0 -a ! -t 1 -a ! -t 2
      - run: mkdir -p out/.hidden && echo seen > out/seen && echo hidden > out/.hidden/file
      - uses: UPLOAD
        with: {name: out, path: out/}
  two:
    needs: one
    runs-on: ubuntu-latest
    steps:
      - uses: DOWNLOAD
        with: {name: out, path: in/}
      - run: cat in/seen && test ! -e in/.hidden
      - run: echo "my token is $GITHUB_TOKEN"
        env:
          GITHUB_TOKEN: ${{ github.token }}
      - run: echo "told by a step" >> "$GITHUB_STEP_SUMMARY"
  three:
    if: github.event.repository.default_branch == 'other'
    runs-on: ubuntu-latest
    steps:
      - run: exit 1
"""


@pytest.fixture
def act(tmp_path: Path) -> Act:
    return Act(tmp_path / "act", "http://127.0.0.1:1", "http://127.0.0.1:1/api/v3", "octo/evergreen")


def run(act: Act, jobs: str, **tokens: str) -> Ran:
    clone = act.folder.parent / "clone"
    (clone / ".github/workflows").mkdir(parents=True)
    text = HEAD + jobs.replace("UPLOAD", PINS["upload-artifact"]).replace("DOWNLOAD", PINS["download-artifact"])
    (clone / ".github/workflows/probe.yml").write_text(text)
    subprocess.run(["git", "init", "--quiet", str(clone)], check=True)
    return act.run("probe", EVENT, clone, tokens)


def test_every_action_has_a_stub() -> None:
    used = {step["uses"] for _, step in all_steps() if "@" in step.get("uses", "")}
    assert used == set(stubs())
    assert all((folder / "action.yml").is_file() for folder in stubs().values())


def test_a_run_is_apart_from_its_caller(act: Act, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_CANARY", "of the caller")
    ran = run(act, PROBE, one="token-of-one", two="token-of-two")
    assert ran.green and dict(ran.jobs) == {"one": "success", "two": "success"}, ran.log
    assert "A_CANARY" not in ran.log
    assert f"HOME={act.folder / 'home'}" in ran.log
    assert "GITHUB_TOKEN=token-of-one" in ran.log and "my token is token-of-two" in ran.log
    assert ran.summary.strip() == "told by a step"


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("run: exit 7", "exit"),
        ("{uses: DOWNLOAD, with: {name: lost, path: in/}}", "no artifact named lost"),
        ("{uses: UPLOAD, with: {name: out, path: ., nmae: out}}", "unknown inputs: INPUT_NMAE"),
        ("{uses: UPLOAD, with: {name: out, path: none/, if-no-files-found: error}}", "no files were found"),
    ],
)
def test_what_fails_is_red(act: Act, step: str, said: str) -> None:
    ran = run(act, f"  one:\n    runs-on: ubuntu-latest\n    steps:\n      - {step}\n")
    assert ran.code != 0 and dict(ran.jobs) == {"one": "failure"}
    assert said in ran.log


@pytest.mark.parametrize(("code", "result"), [(0, "success"), (1, "failure")])
def test_the_one_required_check_fails_with_what_it_needs(act: Act, code: int, result: str) -> None:
    gate = {**job("ci.ci").body, "needs": ["needed", "left_out"], "timeout-minutes": 5}
    other = {"runs-on": "ubuntu-latest", "steps": [{"run": f"exit {code}"}]}
    jobs = {"needed": other, "left_out": {**other, "if": "github.event_name == 'schedule'"}, "ci": gate}
    ran = run(act, textwrap.indent(yaml.safe_dump(jobs), "  "))
    assert dict(ran.jobs) == {"needed": result, "ci": result}, ran.log


def test_a_run_that_hangs_is_ended_with_all_that_it_started(act: Act) -> None:
    act.timeout = 3.0
    with pytest.raises(subprocess.TimeoutExpired):
        run(act, "  one:\n    runs-on: ubuntu-latest\n    steps:\n      - run: exec sleep 987654\n")
    left = [process for process in psutil.process_iter() if "987654" in _words(process)]
    assert not psutil.wait_procs(left, timeout=10)[1], "killed, they are gone as soon as the kernel comes to it"


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
