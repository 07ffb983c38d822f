"""actionlint with shellcheck, zizmor as its strictest persona, and the schemas: 0 findings."""

import os
import subprocess
import sys
from pathlib import Path

from tests.layout import ROOT
from tests.workflows.reading import FOLDER, SETUP

BIN = Path(sys.executable).parent
WORKFLOWS = sorted(str(path) for path in FOLDER.glob("*.yml"))


def run(*command: str) -> str:
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        cwd=ROOT,
        env=os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},  # shellcheck is beside actionlint
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def test_actionlint_with_shellcheck() -> None:
    assert (BIN / "shellcheck").exists()
    run("actionlint", "-no-color", *WORKFLOWS)


def test_zizmor_as_an_auditor() -> None:
    settings = ("--offline", "--no-progress", "--strict-collection", "--persona", "auditor", "--color", "never")
    assert "No findings to report" in run("zizmor", *settings, ".github")


def test_schema_of_workflows() -> None:
    run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)


def test_schema_of_the_action_and_of_dependabot() -> None:
    run("check-jsonschema", "--builtin-schema", "vendor.github-actions", str(SETUP))
    run("check-jsonschema", "--builtin-schema", "vendor.dependabot", str(ROOT / ".github/dependabot.yml"))
