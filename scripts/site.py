"""Build one page that shows the model's state, its history and every run, from the ledger: site/index.html."""

import argparse
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from scripts.core import errors, ledger, text
from scripts.core.errors import USAGE, Mistake
from scripts.core.ledger import Ledger
from scripts.core.paths import DRIFT, DRIFT_HTML, EVALUATION, METRICS, PARAMS, PLOTS, RUN, VALIDATION
from scripts.core.report.markdown import escape
from scripts.core.site import state
from scripts.core.site.page import Told, page
from scripts.core.site.words import Link
from scripts.edges import actions, files, project
from scripts.edges.actions import Job
from scripts.edges.repository import ledger as branch

OUT, PAGE = Path("site"), "index.html"
SWITCH = "EVERGREEN_PAGES"
OFF = (
    "Pages are off: the page is an artifact of this run. To have it published after every run, choose GitHub Actions "
    f"as the source in Settings, Pages, and set the repository variable `{SWITCH}` to `true`. The page of a private "
    "repository may be public."
)
REPORTS = (DRIFT_HTML, EVALUATION, METRICS, DRIFT, VALIDATION)  # never rows: predictions stay where they are


def read(job: Job, file: Path | None) -> Ledger:
    """Of a file, or as `python -m scripts.ledger` knows it; lines that can't be read are told on stderr."""
    if file is None:
        found = branch.read(job)
        warnings, known = found.warnings, found.ledger
    else:
        known = ledger.parse(content(file), file.name)
        warnings = tuple(map(str, known.broken))
    for warning in warnings:
        print(text.shown(warning), file=sys.stderr)
    return known


def content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        cure = "Name a file of lines, such as the branch evergreen-ledger has"
        raise Mistake(f"{file}: can't be read ({error.strerror}). {cure}.", code=USAGE) from None


def reports(known: Ledger) -> Iterator[Path]:
    """Reports that lie here, when they are of the newest run that the ledger tells of."""
    newest = next((line.run for line in reversed(known.lines) if line.run and line.new), None)
    if newest is not None and (project.read_json(RUN) or {}).get("run") == newest:
        yield from (path for path in (*REPORTS, *sorted(PLOTS.glob("*.png"))) if path.is_file())


def built(known: Ledger, out: Path, now: datetime) -> Path:
    """The page, and copies of the reports that it leads to."""
    from plotly.offline import get_plotlyjs

    found = tuple(reports(known))
    for path in found:
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        files.write(out / path, path.read_bytes())
    links = tuple(Link(path.name, path.as_posix()) for path in found)
    name = project.read_params().data.name if PARAMS.exists() else "Evergreen"
    out.mkdir(parents=True, exist_ok=True)
    files.write(out / PAGE, page(Told(name, now, known, links), get_plotlyjs()).encode())
    return out / PAGE


@errors.reported
def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.site", description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT, metavar="FOLDER", help=f"where the page goes ({OUT}/)")
    parser.add_argument("--ledger", type=Path, metavar="FILE", help="lines to build it from (the ledger's branch)")
    given, job, now = parser.parse_args(), actions.job(), datetime.now(UTC)
    known = read(job, given.ledger)
    path = built(known, given.out, now)
    said = state.headline(known.lines, now)
    job.say("\n\n".join([f"## The page\n\n{escape(said)}", *([] if os.environ.get(SWITCH) == "true" else [OFF])]))
    print(f"{path}: {len(known.lines):,} lines, {path.stat().st_size / 1e6:.1f} MB. {text.shown(said)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
