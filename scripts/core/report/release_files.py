"""The files of a release: whoever makes them gets the same bytes."""

import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from scripts.core import mlflow_format
from scripts.core.bundle import MANIFEST, archive
from scripts.core.paths import DRIFT_HTML, EVALUATION, METRICS, PREDICTIONS
from scripts.core.report import evaluation_page, model_card
from scripts.core.report.material import LOCKED, Material, example
from scripts.core.text import to_json

SUMS = "SHA256SUMS"


@dataclass(frozen=True)
class File:
    content: bytes
    about: str


def files(made_of: Material) -> dict[str, File]:
    """By name, in the order in which people want them; the sums of all others come last."""
    found = {
        made_of.model_file: File(made_of.bundle.model, "the model: rows in, predictions out"),
        made_of.archive: File(_served(made_of), "the model in MLflow's format, to be served"),
        "MODEL_CARD.md": File(model_card.card(made_of).encode(), "what it is, what it was trained and judged on"),
        "evaluation.html": File(evaluation_page.page(made_of).encode(), "how it was judged, with pictures"),
        **_reports(made_of),
        MANIFEST: File(to_json(made_of.bundle.manifest).encode(), "columns, settings, versions and digests"),
    }
    return {**found, SUMS: File(sums({name: file.content for name, file in found.items()}), "to check the others with")}


def _reports(made_of: Material) -> dict[str, File]:
    """Those that there are."""
    known = (
        ("evaluation.json", made_of.reports, EVALUATION, "the same for machines"),
        ("metrics.json", made_of.reports, METRICS, "only the metrics"),
        ("predictions.parquet", made_of.stored, PREDICTIONS, "what both models said of every hold-out row"),
        ("drift.html", made_of.stored, DRIFT_HTML, "how the newest rows differ from those before"),
        ("requirements.txt", made_of.reports, LOCKED, "the packages it was made with, with hashes"),
    )
    return {name: File(held[path.as_posix()], about) for name, held, path, about in known if path.as_posix() in held}


def _served(made_of: Material) -> bytes:
    """MLflow's folder as a zip; its example is a made-up row, not one of the table."""
    out = io.BytesIO()
    example(made_of.bundle).to_parquet(out, index=False)
    shown = replace(made_of.bundle, reference=out.getvalue())
    lock = made_of.reports.get(LOCKED.as_posix(), b"").decode(errors="replace")
    sources = made_of.sources if made_of.needs_sources else {}
    return archive(mlflow_format.folder(shown, made_of.trusted, versions(lock), sources))


def versions(lock: str) -> dict[str, str]:
    """Of Python and MLflow, as the lock file has them: no matter where it is read."""
    python = re.search(r"--python-version[ =](\S+)", lock)
    mlflow = re.search(r"^mlflow==([^\s;\\]+)", lock, re.MULTILINE)
    return {"python": python[1] if python else "3.11", "mlflow": mlflow[1] if mlflow else "3"}


def sums(contents: Mapping[str, bytes]) -> bytes:
    """As `sha256sum --check` reads them."""
    lines = (f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(contents.items()))
    return "".join(lines).encode()


def parsed(content: str) -> dict[str, str]:
    """Digests (sha256:...) by name, of what sums() wrote."""
    found = re.findall(r"^([0-9a-f]{64}) [ *](\S.*)$", content, re.MULTILINE)
    return {name: f"sha256:{digest}" for digest, name in found}


def size(count: int) -> str:
    """For people: 4.8 MB."""
    for unit, unit_size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= unit_size:
            return f"{count / unit_size:.1f} {unit}"
    return f"{count} bytes"
