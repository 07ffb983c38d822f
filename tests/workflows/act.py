"""One workflow file run for real by act, on this machine and apart from everything that is the caller's.

act looks at no `on:`, no `permissions`, no `concurrency` and no time-out. The filters are tested by reading; the rights
are those of the tokens that the stand-in forge hands out, one for each job.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.workflows.reading import FILES

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
STUBS = HERE / "stubs"
TOKEN = "no-rights-until-a-job-is-known"
SHIM = """\
#!/bin/bash
# Steps of act get a terminal, and one token serves all jobs: here a step gets a pipe and the token of its job.
set -o pipefail
if [ "$GITHUB_TOKEN" = "$EVERGREEN_STUBS_TOKEN" ] && [ -f "$EVERGREEN_STUBS_STATE/tokens/$GITHUB_JOB" ]; then
  GITHUB_TOKEN=$(cat "$EVERGREEN_STUBS_STATE/tokens/$GITHUB_JOB")
  export GITHUB_TOKEN
fi
/bin/bash "$@" < /dev/null 2>&1 | cat
exit "${PIPESTATUS[0]}"
"""


@dataclass(frozen=True)
class Event:
    name: str
    payload: Mapping[str, Any]
    commit: str
    ref: str = "refs/heads/main"
    actor: str = "octocat"


@dataclass(frozen=True)
class Ran:
    """How a workflow ended. `jobs`: how each job that ran ended, by id; one that was skipped is not among them."""

    code: int
    jobs: Mapping[str, str]
    steps: Mapping[tuple[str, str], str]
    summary: str
    log: str

    @property
    def green(self) -> bool:
        return self.code == 0 and set(self.jobs.values()) <= {"success"}


@dataclass
class Act:
    """`folder` is for everything that act writes; `server` and `api` are the forge's."""

    folder: Path
    server: str
    api: str
    repository: str
    variables: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    timeout: float = 600.0
    runs: int = 0

    def __post_init__(self) -> None:
        for name in ("home", "state/tokens", "state/cache", "state/artifacts", "actions", "bin", "temporary"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "bin/bash").write_text(SHIM)
        (self.folder / "bin/bash").chmod(0o755)
        node = shutil.which("node") or shutil.which("node", path=str(BIN))
        assert node is not None, "act runs actions with node"
        (self.folder / "bin/node").symlink_to(node)

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def notes(self, action: str) -> list[dict[str, Any]]:
        """What the stub of an action was asked for, oldest first."""
        path = self.state / "notes.jsonl"
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        return [note for line in lines if (note := json.loads(line))["action"] == action]

    def run(self, workflow: str, event: Event, clone: Path, tokens: Mapping[str, str], job: str | None = None) -> Ran:
        """`clone` is a fresh clone at the event's commit; `tokens` by the id of the job; `job`: with what it needs."""
        self.runs += 1
        for name, token in tokens.items():
            (self.state / "tokens" / name).write_text(token)
        payload = self.folder / f"event-{self.runs}.json"
        payload.write_text(json.dumps(event.payload))
        command = self._command(workflow, event, clone, payload) + (["-j", job] if job else [])
        with subprocess.Popen(
            command,
            cwd=clone,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                said, _ = process.communicate(timeout=self.timeout)
            except BaseException:
                begun = psutil.Process(process.pid).children(recursive=True)  # steps have process groups of their own
                os.killpg(process.pid, signal.SIGKILL)
                for each in begun:
                    with suppress(psutil.NoSuchProcess):
                        each.kill()
                raise
        (self.folder / f"log-{self.runs}-{workflow}.jsonl").write_text(said)
        return _read(process.returncode, said)

    def _command(self, workflow: str, event: Event, clone: Path, payload: Path) -> list[str]:
        flags = "--json --strict --log-prefix-job-id --no-skip-checkout --pull=false --action-offline-mode"
        known = {
            "GITHUB_SERVER_URL": self.server,
            "GITHUB_API_URL": self.api,
            "GITHUB_REPOSITORY": self.repository,
            "GITHUB_RUN_ID": str(1000 + self.runs),
            "GITHUB_REF": event.ref,
            "GITHUB_SHA": event.commit,
            "GITHUB_REF_NAME": event.ref.removeprefix("refs/heads/"),
            "EVERGREEN_STUBS_TOOLKIT": str(STUBS / "toolkit.js"),
            "EVERGREEN_STUBS_STATE": str(self.state),
            "EVERGREEN_STUBS_TOKEN": TOKEN,
            "EVERGREEN_STUBS_PYTHON": os.path.realpath(sys.executable),
            "EVERGREEN_STUBS_TOOLS": str(BIN),
            "EVERGREEN_STUBS_PACKAGES": next(path for path in sys.path if path.endswith("site-packages")),
            **self.environment,
        }
        command = [str(BIN / "act"), event.name, "-C", str(clone), "-W", f".github/workflows/{workflow}.yml"]
        command += [*flags.split(), "-e", str(payload), "--actor", event.actor, "--defaultbranch", "main"]
        command += ["-P", "ubuntu-latest=-self-hosted", "-s", f"GITHUB_TOKEN={TOKEN}"]
        for option in ("--env-file", "--secret-file", "--var-file", "--input-file"):
            command += [option, os.devnull]
        command += ["--cache-server-addr", "127.0.0.1", "--cache-server-path", str(self.folder / "cache")]
        command += ["--action-cache-path", str(self.folder / "actions")]
        command += [part for name, value in known.items() for part in ("--env", f"{name}={value}")]
        command += [part for name, value in self.variables.items() for part in ("--var", f"{name}={value}")]
        command += [part for name, value in self.secrets.items() for part in ("-s", f"{name}={value}")]
        return command + [part for pin, folder in stubs().items() for part in ("--local-repository", f"{pin}={folder}")]

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.pathsep.join([str(self.folder / "bin"), "/usr/local/bin", "/usr/bin", "/bin"]),
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder / "temporary"),
            "LANG": "C.UTF-8",
            "ACT_DISABLE_VERSION_CHECK": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_PAGER": "cat",
            "PAGER": "cat",
            "OMP_NUM_THREADS": "1",
            "OMP_WAIT_POLICY": "PASSIVE",
        }


def stubs() -> dict[str, Path]:
    """A folder for each action that is used, by the pin that the workflows use."""
    used = {pin for file in FILES for pin in re.findall(r"uses: (\S+@[0-9a-f]{40})", file.read_text("utf-8"))}
    return {pin: STUBS / re.split("[/@]", pin)[1] for pin in sorted(used)}


def _read(code: int, said: str) -> Ran:
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    results = {line["jobID"]: line["jobResult"] for line in lines if "jobResult" in line}
    steps = {(line["jobID"], line["step"]): line["stepResult"] for line in lines if "stepResult" in line}
    summary = "\n".join(line.get("content", "") for line in lines if line.get("command") == "summary")
    log = "\n".join(f"{line.get('jobID', '')}: {line.get('msg', '').rstrip()}" for line in lines)
    rest = "\n".join(line for line in said.splitlines() if not line.startswith("{"))
    return Ran(code, results, steps, summary, f"{log}\n{rest}")
