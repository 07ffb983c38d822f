"""A model that is to be scored, or the reason why it can't be: a model's fault becomes the verdict, not a crash."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from scripts.core.bundle import MODEL, Bundle, digest, unpack
from scripts.core.errors import Mistake
from scripts.core.settings.data_params import Data
from scripts.core.training import model as models

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Seat:
    name: str  # candidate or production
    digest: str | None
    bundle: Bundle | None = None
    model: Any = None
    fault: str | None = None

    @property
    def model_digest(self) -> str | None:
        return None if self.bundle is None else self.bundle.manifest["digests"][MODEL]

    @property
    def classes(self) -> list[Any]:
        return [] if self.bundle is None else self.bundle.manifest["classes"] or []


def seated(
    name: str, file: str, content: bytes | None, expected: str | None, trusted: Sequence[str], data: Data
) -> Seat:
    """`content` None: there is no such file. Nothing is parsed before its digest is what is `expected`."""
    if not content:
        state = "is missing" if content is None else "is empty"
        return Seat(name, expected, fault=f"the {name} can't be scored: {file} {state}. Run dvc pull, or dvc repro")
    found = Seat(name, digest(content))

    def load() -> Seat:
        opened = unpack(content, expected, file)
        fits(opened.manifest, data)
        recognises(opened.manifest, data)
        return replace(found, bundle=opened, model=models.load(opened.model, trusted))

    return _guarded(found, load)


def fits(manifest: Any, data: Data) -> None:
    """Mistake unless the model answers this table's question from columns that this table has."""
    for part, now in (("task", data.task), ("target", data.target)):
        if manifest[part] != now:
            raise Mistake(f"it was made for the {part} {manifest[part]!r}, params.yaml says {now!r}")
    for column, kind in manifest["features"].items():
        if column not in data.columns:
            raise Mistake(f"it needs the column {column!r}: put it back under data.columns, with feature: false")
        if data.columns[column].kind != kind:
            raise Mistake(f"it knows the column {column!r} as a {kind}, params.yaml as a {data.columns[column].kind}")


def recognises(manifest: Any, data: Data) -> None:
    """Mistake unless the rows that the model was trained on can be told by this table's columns."""
    special = {data.id: "id", data.time: "time"}
    for column, kind in manifest["identity"].items():
        now = special.get(column) or (data.columns[column].kind if column in data.columns else None)
        if now != kind:
            was = f"it knows its training rows by the column {column!r}, a {kind}"
            is_now = "which params.yaml does not have" if now is None else f"which is a {now} in params.yaml"
            raise Mistake(f"{was}, {is_now}: put it back as it was, with feature: false")


def predictions(seat: Seat, frame: "pd.DataFrame", data: Data, classes: Sequence[Any] | None) -> tuple[Seat, Any]:
    """The seat and its predictions; with a fault, None."""
    if seat.bundle is None or seat.fault is not None:
        return seat, None
    seen = as_seen(seat.bundle.manifest["features"], data)
    answers: list[Any] = []

    def ask() -> Seat:
        answers.append(models.predict(seat.model, frame, seen, classes))
        return seat

    asked = _guarded(seat, ask)
    return asked, answers[0] if answers else None


def as_seen(features: Any, data: Data) -> Data:
    """The table with the features that a model was trained on, whatever params.yaml says of them today."""
    columns = {name: column.model_copy(update={"feature": name in features}) for name, column in data.columns.items()}
    return data.model_copy(update={"columns": columns})


def _guarded(seat: Seat, act: Callable[[], Seat]) -> Seat:
    try:
        return act()
    except Mistake as mistake:
        why = " ".join(mistake.lines)
    except Exception as error:  # whatever is wrong with a model, it must not be promoted, and the reports must say so
        why = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
    return replace(seat, fault=f"the {seat.name} can't be scored: {why}")
