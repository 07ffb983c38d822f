"""MLflow: one run per retrain, and the candidate in its registry. Down or slow, nobody waits for it.

A process of its own talks to it (mlflow_worker.py), so that MLflow is imported while a model is still being
trained, and so that whatever hangs can be ended.
"""

import json
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote

from scripts.core.params import Params

STARTING = 40.0  # seconds to import MLflow and make the tables of a new store, on a slow and busy machine
LONGEST = 100.0  # seconds that nothing here may outlast


@dataclass(frozen=True)
class Settings:
    uri: str
    timeout: float  # seconds for one request
    retries: int


@dataclass(frozen=True)
class Model:
    """The candidate's bundle, and the aliases that point at it from now on."""

    name: str
    bundle: Path
    digest: str
    trusted: tuple[str, ...]  # types in the model file, besides those that the repository knows
    aliases: tuple[str, ...]


@dataclass(frozen=True)
class Record:
    """One run, as MLflow shows it. Times are seconds since 1970; artifacts are files and directories."""

    run: str
    experiment: str
    started: float
    ended: float
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    artifacts: Sequence[Path] = ()
    model: Model | None = None


@dataclass(frozen=True)
class Recorded:
    """MLflow's id of the run and of its experiment, or the version that an alias points at now."""

    run: str | None = None
    experiment: str | None = None
    version: str | None = None


@dataclass(frozen=True)
class Unrecorded:
    """Why MLflow knows nothing of it: a warning, never a failure."""

    uri: str
    reason: str

    def __str__(self) -> str:
        return f"MLflow ({self.uri}) was left out: {self.reason}. Nothing else depends on it."


@dataclass
class Worker:
    """Start it early; ask it once. Leaving the block ends it."""

    settings: Settings
    root: Path = Path()
    began: float = field(default_factory=time.monotonic)

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "scripts.edges.registry.mlflow_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            cwd=self.root,
        )
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(asdict(self.settings)) + "\n")
        self.process.stdin.flush()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def record(self, record: Record) -> Recorded | Unrecorded:
        """Create the run or complete it; a run of this id that is complete is left as it is."""
        times = {"started": int(record.started * 1000), "ended": int(record.ended * 1000)}
        return self._ask({"job": "record", **asdict(record), **times})

    def alias(self, name: str, digest: str, alias: str) -> Recorded | Unrecorded:
        """Point the alias at the version that holds the bundle of this digest."""
        return self._ask({"job": "alias", "name": name, "digest": digest, "alias": alias})

    def _ask(self, job: Mapping[str, Any]) -> Recorded | Unrecorded:
        patience = self._patience()
        try:
            out, errors = self.process.communicate(json.dumps(job, default=str) + "\n", timeout=patience)
            answer = json.loads(out) if out else {"reason": _last_line(errors) or "its process ended"}
        except subprocess.TimeoutExpired:
            answer = {"reason": f"no answer in {patience:.0f} s"}
        if "reason" in answer:
            return Unrecorded(masked(self.settings.uri), without_secrets(answer["reason"], self.settings.uri))
        return Recorded(**answer)

    def _patience(self) -> float:
        starting = max(0.0, STARTING - (time.monotonic() - self.began))
        return min(LONGEST, starting + self.settings.timeout * (self.settings.retries + 2))


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]


def masked(text: str) -> str:
    """The text without user and password of any URL in it."""
    return re.sub(r"(\w://)[^\s'\"]*@", r"\1***@", text)


def without_secrets(text: str, uri: str) -> str:
    """One line without what stands before the @ of this URI, in whatever form a library quotes it."""
    found = re.match(r"[\w+.-]+://(?:[^@]*?:)?(.*)@", uri)
    for secret in {found[1], unquote(found[1])} if found and found[1] else ():
        text = text.replace(secret, "***")
    return masked(" ".join(text.split()))


def params_of(params: Params) -> dict[str, str]:
    """What decides the outcome, by dotted name: data without its columns, train, gate."""
    blocks = params.model_dump(mode="json", by_alias=True, include={"data", "train", "gate"})
    del blocks["data"]["columns"]
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in _flat(blocks)}
    return {name: masked(text) for name, text in texts.items()}


def _flat(block: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    out: list[tuple[str, Any]] = []
    for name, value in block.items():
        inside = isinstance(value, dict) and value
        out += _flat(value, f"{prefix}{name}.") if inside else [(prefix + name, value)]
    return out


def metrics_of(
    evaluation: Mapping[str, Any], drift: Mapping[str, Any] | None, seconds: Mapping[str, float]
) -> dict[str, float]:
    """candidate.*, production.*, difference.* of every metric; drift.*; seconds.*. Unknowns are left out."""
    sides = ("candidate", "production", "difference")
    found = {f"{side}.{name}": row[side] for side in sides for name, row in evaluation["metrics"].items()}
    if drift is not None:
        found |= {"drift.share": drift["share"], "drift.weighted_share": drift["weighted_share"]}
    found |= {f"seconds.{name}": value for name, value in seconds.items()}
    return {name: float(value) for name, value in found.items() if value is not None}


def tags_of(
    evaluation: Mapping[str, Any],
    validation: Mapping[str, Any],
    *,
    data: str,
    commit: str | None,
    dirty: bool,
    triggers: Sequence[str],
) -> dict[str, str]:
    """Where the run comes from and how it ended. `data` is the digest of the table."""
    verdict, batches = evaluation["verdict"], validation["batches"]
    found = {
        "evergreen.bundle": evaluation["models"]["candidate"]["bundle"],
        "evergreen.verdict": verdict["verdict"],
        "evergreen.reasons": "; ".join(verdict["reasons"]),
        "evergreen.triggers": ", ".join(triggers),
        "evergreen.data": data,
        "evergreen.data.from": min((batch["from"] for batch in batches if batch["from"]), default=None),
        "evergreen.data.to": max((batch["to"] for batch in batches if batch["to"]), default=None),
        "evergreen.dirty": json.dumps(dirty),
        "mlflow.source.name": "scripts.retrain",
        "mlflow.source.type": "LOCAL",
        "mlflow.source.git.commit": commit,
    }
    return {name: value for name, value in found.items() if value is not None}
