"""Whether a model file gives the predictions that its bundle stores: asked of a process that is thrown away.

A crafted model can end the process that loads it, whatever types were trusted; this one has nothing to lose.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from scripts.core.bundle import Bundle
from scripts.core.errors import Mistake

SCRIPT = Path(__file__).with_name("load_once.py")
TOLERANCE = 1e-9  # of a probability, or of a value relative to its size
TIMEOUT = 300.0
KEPT = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TZ", "LANG")  # of the environment; nothing else, and no secret


@dataclass(frozen=True)
class Reproduced:
    rows: int
    difference: float


def reproduce(
    name: str, model: bytes, bundle: Bundle, trusted: Sequence[str], sources: Mapping[str, bytes]
) -> Reproduced:
    """Mistake unless the file makes the stored predictions again; `sources` are the modules that it may import."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "model.skops").write_bytes(model)
        (root / "rows.parquet").write_bytes(bundle.reference)
        for path, content in sources.items():
            (root / "code" / path).parent.mkdir(parents=True, exist_ok=True)
            (root / "code" / path).write_bytes(content)
        asked = {
            "model": str(root / "model.skops"),
            "rows": str(root / "rows.parquet"),
            "trusted": list(trusted),
            "path": [str(root / "code")] if sources else [],
            **_columns(bundle.manifest),
        }
        answer = _answer(name, asked, root)
    difference = answer["difference"]
    if difference is None or difference > TOLERANCE:
        raise Mistake(
            f"{name}: predicts otherwise in a clean process: by up to {difference} on {answer['rows']:,} stored rows "
            f"({TOLERANCE:g} is allowed). It was made with other library versions: retrain, and promote anew."
        )
    return Reproduced(answer["rows"], difference)


def _columns(manifest: Mapping[str, Any]) -> dict[str, Any]:
    classes = manifest["classes"]
    features = list(manifest["features"])
    if classes is None:
        return {"features": features, "labels": None, "predictions": ["prediction"]}
    if manifest["task"] == "binary":
        return {"features": features, "labels": [manifest["positive"]], "predictions": ["prediction"]}
    return {"features": features, "labels": classes, "predictions": [f"prediction_{label}" for label in classes]}


def _answer(name: str, asked: Mapping[str, Any], root: Path) -> Any:
    environment = {key: os.environ[key] for key in KEPT if key in os.environ} | {"OMP_NUM_THREADS": "1"}
    environment |= {"HOME": str(root), "TMPDIR": str(root)}
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-B", "-W", "ignore", str(SCRIPT)],
            input=json.dumps(asked) + "\n",
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _unloadable(name, f"no answer in {TIMEOUT:.0f} s") from None
    if done.returncode < 0:
        raise _unloadable(name, f"it ends the process (signal {-done.returncode})")
    try:
        return json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        said = done.stderr.strip().rpartition("\n")[2]
        raise _unloadable(name, " ".join(said.split())[:300] or "it says nothing") from None


def _unloadable(name: str, why: str) -> Mistake:
    return Mistake(
        f"{name}: can't be used in a clean process ({why}). Nothing is published: retrain, and promote anew."
    )
