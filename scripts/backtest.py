"""Try policies of retraining on the history, as the pipeline would have met it: a table, a picture, the best params."""

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from scripts.core import errors
from scripts.core.backtest import backtest, history, report, suggestion, table
from scripts.core.backtest.history import History
from scripts.core.backtest.outcome import Outcome, frontier
from scripts.core.backtest.policies import NEVER
from scripts.core.backtest.table import Found
from scripts.core.checks import columns
from scripts.core.errors import Mistake
from scripts.core.params import Params
from scripts.core.paths import DATA, PARAMS
from scripts.core.plots.plot_backtest import Dot, Line, Picture, Role
from scripts.core.plots.plot_backtest import backtest as drawn
from scripts.core.tables import table as tables
from scripts.core.text import shown, to_json
from scripts.core.training import engine
from scripts.edges import files, project
from scripts.edges.batches import whole
from scripts.edges.progress import Progress
from scripts.stages import train, validate

FOLDER = Path("backtest")
MAKE = partial(train.bundled, made_by={})  # on another machine a module need not be a file; none changes here
JSON, PICTURE, PATCH = "backtest.json", "backtest.png", "params.diff"


@contextmanager
def batches(params: Params) -> Iterator[list[Path]]:
    """The files of data/; where the source is a replay, beside them those that it has not brought yet."""
    have = sorted(path for path in DATA.glob("*") if path.is_file() and not path.name.startswith("."))
    with tempfile.TemporaryDirectory(prefix="backtest-") as scratch:
        brought = whole.missing(params.data.source, have, Path(scratch))
        yield sorted([*have, *brought], key=lambda path: path.name)


def read(found: list[Path], params: Params) -> History:
    """Mistake for a batch that the pipeline would turn away."""
    schema = columns.schema(params.data, params.validate_, datetime.now(UTC))
    validation = validate.validated([validate.judge(path, params, schema) for path in found], params)
    if validation.failures:
        raise Mistake(*validate.lines(validation))
    with ExitStack() as stack:
        handles = {path.name: stack.enter_context(path.open("rb")) for path in found}
        frame = tables.read(handles, params.data)
    return History(history.batches(validate.report(validation)["batches"]), frame, params.data)


def tried(params: Params, progress: Progress) -> Found:
    progress("reading the history")
    needs = [name for name in (params.train.estimator, params.train.preprocess) if name is not None]
    with engine.started(params.compute, params.train.threads, needs) as run:
        with batches(params) as found:
            known = read(found, params)
        return backtest.backtest(known, params, run, MAKE, time.perf_counter, progress)


def picture(found: Found) -> bytes:
    """Never retrained, the current params, the best that params.yaml can say, and the oracle; a dot for each policy."""
    never = next(one for one in found.outcomes if one.name == NEVER)
    lines = [line("never", never, found), line("current", found.choice.current, found)]
    if found.choice.changes and found.choice.best.name != NEVER:
        lines.append(line("best", found.choice.best, found))
    best = frontier(found.outcomes, found.market)
    policies = [one for one in found.outcomes if one.gate is not None]
    return drawn(
        Picture(
            metric=found.market.metric.name,
            greater_is_better=found.market.metric.greater_is_better,
            batches=[Path(found.batches[place].name).stem for place in found.market.later],
            lines=[*lines, line("oracle", found.oracle, found)],
            dots=[
                Dot(one.called, bool(one.gate), one.retrains, one.mean, any(one is other for other in best))
                for one in policies
            ],
        )
    )


def line(role: Role, one: Outcome, found: Found) -> Line:
    return Line(role, one.name.partition(" (")[0], [one.scores.get(place) for place in found.market.later])


def kept(found: Found, params: Params, text: str, into: Path) -> list[str]:
    """Write the files; what to say of the patch."""
    into.mkdir(parents=True, exist_ok=True)
    files.write(into / JSON, to_json(report.report(found, params.triggers)).encode())
    files.write(into / PICTURE, picture(found))
    (into / PATCH).unlink(missing_ok=True)
    out = [f"Written   {into / JSON} · {into / PICTURE}"]
    if not found.choice.changes or found.choice.best.settings is None:
        return out
    wanted = found.choice.best.settings
    patch = suggestion.patch(text, wanted)
    if not patch:
        settings = suggestion.said(suggestion.differing(params.triggers, wanted))
        return [*out, "The best params, to be written by hand:", *settings]
    files.write(into / PATCH, patch.encode())
    return [*out, f"Patch     git apply {into / PATCH}   puts the best params into {PARAMS}"]


@errors.reported
def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.backtest", description=__doc__)
    parser.add_argument("--into", type=Path, default=FOLDER, help="folder of the report, the picture and the patch")
    asked = parser.parse_args()
    os.environ.setdefault(
        "OMP_WAIT_POLICY", "PASSIVE"
    )  # fits lie side by side: a thread that waits must not keep a core
    project.settled()
    params = project.read_params()
    with Progress() as progress:
        found = tried(params, progress)
    told = kept(found, params, PARAMS.read_text("utf-8"), asked.into)
    print(*map(shown, [*table.lines(found), "", *told]), sep="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
