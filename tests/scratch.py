"""A copy of the project to run commands in: its own git and DVC repository, small data, no network."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.core import declaration
from scripts.edges.repository import git
from scripts.edges.versions import dvc, pointers
from tests.layout import ROOT

KEPT = ("scripts", "dvc.yaml", ".dvc", ".dvcignore", "models", ".gitignore", "params.schema.json")
QUIET = {"OMP_WAIT_POLICY": "PASSIVE", "MLFLOW_TRACKING_URI": "", "GIT_TERMINAL_PROMPT": "0"}


@dataclass(frozen=True)
class Scratch:
    root: Path

    def run(self, *command: str, code: int | None = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            list(command),
            cwd=self.root,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert code is None or done.returncode == code, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | QUIET | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}

    def command(self, name: str, *arguments: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "-m", f"scripts.{name}", *arguments, code=code)

    def dvc(self, *arguments: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "-m", "dvc", *arguments, code=code)

    def retrain(self, *arguments: str) -> dict[str, Any]:
        return dict(json.loads(self.command("retrain", "--json", *arguments).stdout))

    def json(self, name: str) -> Any:
        return json.loads((self.root / name).read_text("utf-8"))

    def state(self) -> dict[str, bytes]:
        """Everything that a run may change and that counts: what git and DVC name, and the data."""
        names = ["data.dvc", "dvc.lock", "models/production.json", "models/production.zip.dvc", "params.yaml"]
        names += [str(path.relative_to(self.root)) for path in sorted((self.root / "data").glob("*"))]
        names += [str(path.relative_to(self.root)) for path in sorted((self.root / "models").glob("*.zip"))]
        return {name: (self.root / name).read_bytes() for name in names if (self.root / name).is_file()}


def scratch(root: Path, params: str, batches: Mapping[str, bytes] | None = None) -> Scratch:
    """A newborn copy with these params; `batches` wait in inbox/, where `data.source` may point."""
    root.mkdir(parents=True, exist_ok=True)
    for name in git.files():
        path = Path(name)
        if path.parts[0] in KEPT and (ROOT / path).is_file():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, root / path)
    (root / "models").mkdir(exist_ok=True)
    (root / "models/production.json").write_text(declaration.render(declaration.none()))
    (root / "models/production.zip.dvc").write_text(dvc.NO_FILE)
    (root / "data.dvc").write_text(dvc.NOTHING)
    (root / "models/anchors.dvc").write_text(pointers.folder({}, "anchors"))
    (root / "params.yaml").write_text(params)
    (root / "inbox").mkdir()
    for name, content in (batches or {}).items():
        (root / "inbox" / name).write_bytes(content)
    git.begin(root, "A new copy")
    return Scratch(root)
