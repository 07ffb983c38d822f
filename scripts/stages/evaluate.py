"""Score candidate and production on the hold-out rows of data/ and write the verdict; never fails because of it."""

import io
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from scripts.core import bundle, declaration, errors, params, paths, text
from scripts.core.declaration import Declaration
from scripts.core.gate import anchor_list, anchors, reuse
from scripts.core.gate.anchor_list import Anchor, Anchors
from scripts.core.gate.contest import Contest, contest
from scripts.core.gate.seat import Seat, seated
from scripts.core.params import Gate, Params
from scripts.core.plots import plots
from scripts.core.settings.data_params import Data
from scripts.core.settings.param_types import span_text
from scripts.core.tables import rows, table


def holdout(files: Mapping[str, BinaryIO], data: Data) -> pd.DataFrame:
    """The hold-out rows with all columns; only the batches that hold some are read whole."""
    deciding = [data.time] if data.time else rows.identity(data)
    light = table.read(files, data, [*deciding, data.target])
    mask = rows.split(light, data).holdout
    if not mask.any() or set(light.columns) >= set(table.declared(data)):
        return light[mask].reset_index(drop=True)
    names = set(light[table.BATCH][mask].astype(str))
    inside = light[table.BATCH].astype(str).isin(names).to_numpy()
    for handle in files.values():
        handle.seek(0)
    whole = table.read({name: handle for name, handle in files.items() if name in names}, data)
    return whole[mask[inside]].reset_index(drop=True)


def seats(
    candidate: bytes | None, production: bytes | None, declared: Declaration, given: Params
) -> tuple[Seat, Seat | None]:
    """An empty production that nothing is declared of is none: the candidate is the first model."""
    trusted, data = given.train.trusted, given.data
    challenger = seated("candidate", str(paths.CANDIDATE), candidate, None, trusted, data)
    if declared.bundle is None and not production:
        return challenger, None
    return challenger, seated("production", str(paths.PRODUCTION), production, declared.bundle or "", trusted, data)


def earlier(listed: Anchors, contents: Mapping[str, bytes | None], given: Params) -> list[tuple[Anchor, Seat]]:
    """Each release, and its model or why there is none."""
    trusted, data = given.train.trusted, given.data
    return [(each, anchors.seated(each, contents.get(each.file), trusted, data)) for each in listed.anchors]


def report(
    found: Contest, declared: Declaration, gate: Gate, predictions: bytes, unknown: str | None = None
) -> dict[str, Any]:
    """`unknown`: why nobody can tell which releases there were."""
    judged = found.judgement.to_dict()
    judged["anchors"]["unknown"] = unknown
    production = found.production and {"version": declared.version, **_model(found.production)}
    return {
        "verdict": judged.pop("verdict"),
        "models": {"candidate": _model(found.candidate), "production": production},
        "holdout": _rows(found),
        **judged,
        "method": {
            "confidence": reuse.stricter(gate, found.worn).confidence,
            "resamples": gate.resamples,
            "min_improvement": gate.min_improvement,
            "block": span_text(gate.block) if gate.block else None,
            "seed": gate.seed,
            "distribution": "student_t",
            "degrees_of_freedom": found.truth.effective - 1,
            "gate": gate.model_dump(mode="json"),
            "classes": found.scored.classes,
            "positive": found.scored.positive,
            "faults": [each.fault for each in (found.candidate, found.production) if each and each.fault],
        },
        "predictions": {"file": str(paths.PREDICTIONS), "digest": bundle.digest(predictions)},
    }


def _model(seat: Seat) -> dict[str, Any]:
    return {"bundle": seat.digest, "model": seat.model_digest}


def _rows(found: Contest) -> dict[str, Any]:
    times = None if found.times is None or found.times.empty else found.times
    return {
        "rows": len(found.frame),
        "blocks": None if found.scored.blocks is None else found.judgement.evidence.blocks,
        "from": None if times is None else times.min().isoformat(),
        "to": None if times is None else times.max().isoformat(),
        "fingerprint": rows.fingerprint_of(found.hashes),
        "leaked": found.leaked,
        "uses": found.worn,
    }


def parquet(found: Contest) -> bytes:
    """One row per compared row, with what both models and earlier releases said; `block` is what was resampled."""
    scored = found.scored
    columns: dict[str, Any] = {"row": found.hashes}
    columns |= {} if found.times is None else {"time": found.times.to_numpy()}
    columns |= {"target": scored.target, "block": found.truth.blocks}
    columns |= {f"slice_{name}": pa.array(its.astype(str), pa.string()) for name, its in scored.slices.items()}
    for name, said in (("candidate", scored.candidate), ("production", scored.production)):
        if said is not None:
            columns |= _columns(name, said, scored.classes)
    for each in found.heard:
        if each.answers is not None:
            columns |= _columns(f"anchor_v{each.anchor.version}", each.answers, scored.classes)
    out = io.BytesIO()
    pyarrow.parquet.write_table(pa.table(columns), out)
    return out.getvalue()


def _columns(name: str, said: Any, classes: Sequence[Any] | None) -> dict[str, Any]:
    return {name: said} if classes is None else {f"{name}_{label}": said[:, n] for n, label in enumerate(classes)}


def numbers(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """For `dvc metrics`."""
    wanted = ("candidate", "production", "difference")
    return {name: {key: one[key] for key in wanted} for name, one in evaluation["metrics"].items()}


def pictures(evaluation: Mapping[str, Any], found: Contest) -> dict[str, bytes]:
    scored = found.scored
    known = plots.Predictions(scored.target, scored.classes, scored.candidate, scored.production, found.truth.positive)
    return plots.evaluation(evaluation, known)


def known(uses: bytes | None) -> tuple[reuse.Use, ...]:
    """Verdicts taken before. The file is this stage's own, kept from run to run; without it there were none."""
    return () if uses is None else reuse.parse(uses.decode("utf-8", "replace"), str(paths.HOLDOUT))


def content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


@errors.reported
def main() -> int:
    given = params.parse(paths.PARAMS.read_bytes())
    declared = declaration.parse(paths.DECLARATION.read_text("utf-8"))
    with ExitStack() as stack:
        found = {path.name: path for path in paths.DATA.iterdir() if path.suffix in table.SUFFIXES}
        frame = holdout({name: stack.enter_context(path.open("rb")) for name, path in found.items()}, given.data)
    both = seats(content(paths.CANDIDATE), content(paths.PRODUCTION), declared, given)
    listed = anchor_list.beside(content(paths.ANCHORS / anchor_list.FILE), declared, given.gate)
    others = earlier(listed, {each.file: content(paths.ANCHORS / each.file) for each in listed.anchors}, given)
    result = contest(frame, *both, given.data, given.gate, known(content(paths.HOLDOUT)), others)
    predictions = parquet(result)
    evaluation = report(result, declared, given.gate, predictions, listed.unknown)
    paths.PLOTS.mkdir(parents=True, exist_ok=True)
    paths.PREDICTIONS.write_bytes(predictions)
    for name, picture in pictures(evaluation, result).items():
        (paths.PLOTS / name).write_bytes(picture)
    paths.HOLDOUT.write_text(reuse.render(result.uses), "utf-8")
    paths.METRICS.write_text(text.to_json(numbers(evaluation)), "utf-8")
    paths.EVALUATION.write_text(text.to_json(evaluation), "utf-8")
    print(f"evaluate: {result.judgement.verdict}: {result.judgement.reasons[0]}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
