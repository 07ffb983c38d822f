"""Bring new batches from data.source into data/, and move data.dvc."""

import argparse
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from scripts.core import errors
from scripts.core.errors import USAGE, Mistake
from scripts.core.params import Params
from scripts.core.paths import DATA
from scripts.core.settings.data_params import Data
from scripts.core.text import to_json
from scripts.edges import files, lock, project
from scripts.edges.batches.batch import SUFFIXES, Batch, rows
from scripts.edges.batches.download import shown
from scripts.edges.batches.sources import SOURCES, Have, Offers
from scripts.edges.versions import record

VARIABLE = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True)
class Landed:
    name: str
    rows: int
    bytes: int
    replaced: bool

    def __str__(self) -> str:
        verb = "replaced" if self.replaced else "arrived"
        return f"{self.name} {verb}: {self.rows:,} row{'s' * (self.rows > 1)}, {max(1, self.bytes // 1000):,} kB"


@dataclass(frozen=True)
class Arrived:
    """What a run brought. Exhausted: the source offered nothing at all, not even what we have."""

    batches: tuple[Landed, ...]
    unchanged: int
    exhausted: bool

    def __str__(self) -> str:
        if self.batches:
            return "\n".join(map(str, self.batches))
        return f"Nothing new: {'no further batch' if self.exhausted else f'{self.unchanged} unchanged'}."


def track(folder: str) -> None:
    from scripts.edges.versions import dvc

    dvc.add(folder)


def ingest(
    root: Path,
    params: Params,
    accept_changed: bool = False,
    add: Callable[[str], None] = track,
    environment: Mapping[str, str] = os.environ,
) -> Arrived:
    """All batches are fetched and checked before the first is put in place, and data.dvc moves last.

    So a run that was killed is ended by the next one.
    """
    record.complete(root)
    source, secrets = _filled(root, params.data.source, environment)
    have = _have(root, params.data)
    with _hiding(secrets), files.staging(root / DATA) as stage:
        arrived = _fetched(SOURCES[source.kind](source, params.data, have), params.data, have, stage, accept_changed)
        stage.place()
    if not record.current(root):
        add(str(DATA))
    return arrived


def _fetched(offers: Offers, data: Data, have: Have, stage: files.Stage, accept_changed: bool) -> Arrived:
    landed: list[Landed] = []
    refused: list[str] = []
    unchanged = 0
    for offer in offers:
        mine = have.files.get(offer.name)
        if not isinstance(offer, Batch) or (mine and mine.read_bytes() == offer.content):
            unchanged += 1
        elif mine and not accept_changed:
            refused.append(_changed(offer.name))
        else:
            try:
                landed.append(Landed(offer.name, rows(offer, data), len(offer.content), mine is not None))
                stage.write(offer.name, offer.content)
            except Mistake as mistake:
                refused += mistake.lines
    if refused:
        raise Mistake(*refused)
    return Arrived(tuple(landed), unchanged, exhausted=not landed and not unchanged)


def _changed(name: str) -> str:
    return (
        f"data/{name}: the source has other content under this name now."
        " To take it: python -m scripts.ingest --accept-changed. To keep both: rename it at the source."
    )


def _have(root: Path, data: Data) -> Have:
    folder = root / DATA
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    batches = {path.name: path for path in found if path.name.endswith(SUFFIXES) and path.is_file()}
    return Have(batches, lambda: _newest(batches, data))


def _newest(batches: Mapping[str, Path], data: Data) -> datetime | None:
    if data.time is None or not batches:
        return None
    from scripts.core.tables.table import read

    with ExitStack() as stack:
        handles = {name: stack.enter_context(path.open("rb")) for name, path in batches.items()}
        times = read(handles, data, [data.time])[data.time].dropna()
    return times.max().to_pydatetime() if len(times) else None


def _filled(root: Path, source: Any, environment: Mapping[str, str]) -> tuple[Any, frozenset[str]]:
    """The source with ${NAME} filled in and its path seen from the root; the values to be hidden."""
    filled: dict[str, str] = {}
    secrets: set[str] = set()
    for field in {"path", "url"} & type(source).model_fields.keys():
        text = getattr(source, field)
        for name in VARIABLE.findall(text):
            secrets.add(value := _value(name, field, environment))
            text = text.replace(f"${{{name}}}", value)
        filled[field] = text
    if "path" in filled and "://" not in filled["path"]:
        filled["path"] = str(root / Path(filled["path"]).expanduser())
    return source.model_copy(update=filled), frozenset(secrets)


def _value(name: str, field: str, environment: Mapping[str, str]) -> str:
    if not environment.get(name):
        raise Mistake(
            f"params.yaml: data.source.{field}: ${{{name}}} is not set. Set it in the environment.",
            code=USAGE,
        )
    return environment[name]


@contextmanager
def _hiding(secrets: frozenset[str]) -> Iterator[None]:
    """Mistakes without the values that came from the environment."""
    forms = {form for secret in secrets for form in (secret, quote(secret), quote(secret, safe=""), quote_plus(secret))}
    forms |= {shown(secret) for secret in secrets if "://" in secret}  # its path may be what nobody may know
    try:
        yield
    except Mistake as mistake:
        lines = list(mistake.lines)
        for form in sorted(forms, key=len, reverse=True):
            lines = [line.replace(form, "***") for line in lines]
        raise Mistake(*lines, code=mistake.code) from None


@errors.reported
def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.ingest", description=__doc__)
    parser.add_argument("--accept-changed", action="store_true", help="take batches that changed at the source")
    parser.add_argument("--json", action="store_true", help="print the result for machines")
    arguments = parser.parse_args()
    project.settled()
    params, declared = project.read_params(), project.read_declaration()
    with lock.held():
        arrived = ingest(Path(), params, arguments.accept_changed)
        project.lay_empty(declared)  # from here on `dvc repro` finds all it names
    print(to_json(asdict(arrived)).rstrip() if arguments.json else arrived)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
