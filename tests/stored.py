"""A small project as the store sees it: what git names, in DVC's cache and in the work tree; no DVC, no git."""

import json
from collections.abc import Mapping
from pathlib import Path

import yaml

from scripts.core import objects
from scripts.core.objects import Object
from scripts.edges.stores.store import Store
from scripts.edges.versions.cache import Cache

PIPELINE = """\
stages:
  train:
    cmd: python train.py
    outs: [models/candidate.zip]
  evaluate:
    cmd: python evaluate.py
    metrics:
    - reports/metrics.json: {cache: false}
    outs:
    - reports/evaluation.json: {cache: false}
    - reports/predictions.parquet
"""
BATCHES = {"2024-01.parquet": b"january" * 100, "2024-02.parquet": b"february" * 90}
OUTPUTS = {"models/candidate.zip": b"candidate", "reports/predictions.parquet": b"predictions"}
BY_GIT = {"reports/metrics.json": b"{}", "reports/evaluation.json": b'{"verdict": 1}'}
PRODUCTION = b"production"


def listing(batches: Mapping[str, bytes]) -> bytes:
    """The list of a folder's files, as DVC writes it."""
    entries = [{"md5": objects.digest(content), "relpath": name} for name, content in sorted(batches.items())]
    return json.dumps(entries, sort_keys=True).encode()


def pointer(path: str, content: bytes, batches: Mapping[str, bytes] | None = None) -> str:
    out: dict[str, object] = {"md5": objects.digest(content), "size": len(content), "hash": "md5", "path": path}
    if batches is not None:
        size = sum(map(len, batches.values()))
        out |= {"md5": f"{objects.digest(content)}.dir", "size": size, "nfiles": len(batches)}
    return yaml.safe_dump({"outs": [out]}, sort_keys=False)


def lock(stages: Mapping[str, Mapping[str, bytes]], deps: Mapping[str, Mapping[str, str]] | None = None) -> str:
    def stage(name: str, outs: Mapping[str, bytes]) -> dict[str, object]:
        read = [{"path": path, "hash": "md5", "md5": md5} for path, md5 in (deps or {}).get(name, {}).items()]
        made = [
            {"path": path, "hash": "md5", "md5": objects.digest(content), "size": len(content)}
            for path, content in outs.items()
        ]
        return {"cmd": f"python {name}.py", "deps": read, "outs": made}

    return yaml.safe_dump({"schema": "2.0", "stages": {name: stage(name, outs) for name, outs in stages.items()}})


def named(root: Path, batches: Mapping[str, bytes] = BATCHES) -> None:
    """The part that a clone has: pointers and reports, no data."""
    (root / "models").mkdir(parents=True, exist_ok=True)
    (root / "reports").mkdir(exist_ok=True)
    (root / ".dvc").mkdir(exist_ok=True)
    (root / ".dvc/config").write_text("[core]\n    no_scm = true\n    analytics = false\n")
    (root / "data.dvc").write_text(pointer("data", listing(batches), batches))
    (root / "models/production.zip.dvc").write_text(pointer("production.zip", PRODUCTION))
    (root / "dvc.yaml").write_text(PIPELINE)
    (root / "dvc.lock").write_text(lock({"train": {}, "evaluate": {**OUTPUTS, **BY_GIT}}))
    for name, content in BY_GIT.items():
        (root / name).write_bytes(content)


def lay_out(root: Path, batches: Mapping[str, bytes] = BATCHES) -> None:
    """All of it, as a run leaves it."""
    named(root, batches)
    cache = Cache(root / ".dvc/cache")
    (root / "data").mkdir(exist_ok=True)
    for name, content in contents(batches).items():
        (root / name).write_bytes(content)
        cache.write(objects.digest(content), content)
    whole = listing(batches)
    cache.write(f"{objects.digest(whole)}.dir", whole)


def contents(batches: Mapping[str, bytes] = BATCHES) -> dict[str, bytes]:
    """What DVC keeps, by path."""
    data = {f"data/{name}": content for name, content in batches.items()}
    return {**data, "models/production.zip": PRODUCTION, **OUTPUTS}


def found(root: Path, batches: Mapping[str, bytes] = BATCHES) -> dict[str, bytes]:
    """What of it lies in the work tree."""
    return {name: (root / name).read_bytes() for name in contents(batches) if (root / name).exists()}


def one(store: Store, path: str) -> Object:
    return next(each for each in store.named() if each.path == path)
