"""Measure how far data/ has moved from what production learned; drift is a result, so only unreadable input fails."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from scripts.core import bundle, declaration, errors, params, paths, text
from scripts.core.drift import drift_page, drift_report, new_rows
from scripts.core.drift.measured import NOTHING, Report, found, kinds, measured, reference
from scripts.core.gate.seat import Seat, fits
from scripts.core.params import Params
from scripts.core.plots.plot_drift import drift as drawn
from scripts.core.tables import table
from scripts.core.training import model as models


def production(content: bytes, declared: str, given: Params) -> Seat:
    """The model, with a fault if it can't answer for this table; Mistake if it can't be read at all."""
    opened = bundle.unpack(content, declared, str(paths.PRODUCTION))
    seat = Seat("production", declared, opened, models.load(opened.model, given.train.trusted))
    try:
        fits(opened.manifest, given.data)
    except errors.Mistake as mistake:
        return replace(seat, fault=str(mistake))
    return seat


def compared(
    files: Mapping[str, BinaryIO], content: bytes, declared: declaration.Declaration, given: Params
) -> tuple[Report, bytes]:
    """drift.json and drift.html. Without a production model not even data/ is read."""
    title = f"{given.data.name}: drift"
    if declared.bundle is None:
        return NOTHING, drift_page.note(title, "There is no production model yet, so there is nothing to compare with.")
    seat = production(content, declared.bundle, given)
    assert seat.bundle is not None
    same, _ = kinds(seat.bundle.manifest["features"], given.data)
    new = new_rows.read(files, given.data, seat.bundle, list(same), given.drift)
    report = found(declared.version, new)
    if not new.rows:
        return report, drift_page.note(
            title, f"No row is newer than those that production v{declared.version} has seen."
        )
    then = reference(seat.bundle.reference, given.drift)
    report |= measured(seat, then, new, given)
    if not given.drift.html:
        return report, drift_page.note(title, "This page is switched off in params.yaml: drift.html is false.")
    return report, drift_report.page(given.data.name, report, then, new.sample, given.data.time)


def summary(report: Report) -> str:
    if not report["columns"]:
        return f"drift: nothing to compare: production v{report['production']}, {report['new']['rows'] or 0:,} new rows"
    drifted, score = len(report["drifted"]), report["performance"]
    words = f"drift: {drifted} of {len(report['columns'])} columns drifted, weighted {report['weighted_share']:.2f}"
    return words + (f"; {score['metric']} {text.number(score['now'])} on new rows" if score else "")


def content(path: Path) -> bytes:
    if not path.is_file():
        raise errors.Mistake(f"{path}: is missing. Bring it back: dvc pull {path}.")
    return path.read_bytes()


@errors.reported
def main() -> int:
    given = params.parse(paths.PARAMS.read_bytes())
    declared = declaration.parse(paths.DECLARATION.read_text("utf-8"))
    there = {path.name: path for path in sorted(paths.DATA.iterdir()) if path.suffix in table.SUFFIXES}
    with ExitStack() as stack:
        files = {name: stack.enter_context(path.open("rb")) for name, path in there.items()}
        packed = content(paths.PRODUCTION) if declared.bundle else b""
        report, page = compared(files, packed, declared, given)
    report = text.rounded(report)
    paths.PLOTS.mkdir(parents=True, exist_ok=True)
    paths.DRIFT.write_text(text.to_json(report), "utf-8")
    paths.DRIFT_HTML.write_bytes(page)
    (paths.PLOTS / "drift.png").write_bytes(drawn(report))
    print(summary(report))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
