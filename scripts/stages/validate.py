"""Check every batch in data/, and the table they make, into reports/validation.json; fails when a check fails."""

import re
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scripts.core import errors, params, paths, text
from scripts.core.checks import checks, columns, whole
from scripts.core.params import Params
from scripts.core.tables.findings import Checked, Finding, finding, place
from scripts.core.tables.raw import raw
from scripts.core.tables.table import SUFFIXES

NAME = re.compile(r"[\w .,+=()-]+")  # what neither a shell nor a report takes for anything else
SAID = 20  # failures that are printed; the report has all


@dataclass(frozen=True)
class Validation:
    batches: Sequence[checks.Batch]
    checked: Checked

    @property
    def failures(self) -> list[Finding]:
        return [found for found in self.checked if found is not None and found.level == "fail"]

    @property
    def warnings(self) -> list[Finding]:
        return [found for found in self.checked if found is not None and found.level == "warn"]

    @property
    def rows(self) -> int:
        return sum(batch.rows for batch in self.batches)


def judge(path: Path, given: Params, schema: columns.Schema) -> checks.Batch:
    """Read and judged one at a time, so that memory does not grow with the table."""
    if path.suffix not in SUFFIXES:
        return checks.unreadable(path.name, f"{place(path.name)} is no .csv and no .parquet file. Move it elsewhere.")
    if not NAME.fullmatch(path.name):
        cure = "Rename it: letters, digits, blanks and . , + = - ( )."
        return checks.unreadable(path.name, f"{place(path.name)} has other signs in its name than a batch may. {cure}")
    try:
        with path.open("rb") as handle:
            table = raw(path.name, handle, given.data)
        return checks.judge(path.name, table, given.data, given.validate_, schema)
    except errors.Mistake as mistake:
        return checks.unreadable(path.name, str(mistake))
    except OSError as error:
        cure = "Bring the batch again; `dvc checkout` does, if it was there before."
        return checks.unreadable(path.name, f"{place(path.name)} can't be opened ({error.strerror}). {cure}")


def validated(batches: Sequence[checks.Batch], given: Params) -> Validation:
    if not batches:
        cure = "Run `python -m scripts.ingest`, or put a CSV or Parquet file there."
        return Validation([], [finding((None, None), "batches", "holds no batch", cure)])
    of_batches = [found for batch in batches for found in batch.checked]
    return Validation(batches, [*of_batches, *whole.check(batches, given.data, given.validate_)])


def report(validation: Validation) -> dict[str, Any]:
    return {
        "passed": not validation.failures,
        "rows": validation.rows,
        "checks": len(validation.checked),
        "batches": [
            {"name": b.name, "rows": b.rows, "labelled": b.labelled, "from": b.first, "to": b.last}
            for b in validation.batches
        ],
        "failures": [asdict(found) for found in validation.failures],
        "warnings": [asdict(found) for found in validation.warnings],
    }


def lines(validation: Validation) -> list[str]:
    messages = [found.message for found in validation.failures]
    rest = len(messages) - SAID
    return messages[:SAID] + ([f"and {rest:,} more: see {paths.VALIDATION}"] if rest > 0 else [])


def summary(validation: Validation) -> str:
    warned, batches = len(validation.warnings), len(validation.batches)
    passed = len(validation.checked) - warned
    return (
        f"validate: {validation.rows:,} rows in {batches:,} batch{'es' * (batches != 1)}, "
        f"{passed:,} checks passed, {warned:,} warning{'s' * (warned != 1)}"
    )


@errors.reported
def main() -> int:
    given = params.parse(paths.PARAMS.read_bytes())
    now = datetime.now(UTC)  # only to find stamps that are still to come; what was not in the future stays so
    schema = columns.schema(given.data, given.validate_, now)
    found = sorted(path for path in paths.DATA.glob("*") if not path.name.startswith("."))
    validation = validated([judge(path, given, schema) for path in found], given)
    paths.VALIDATION.parent.mkdir(exist_ok=True)
    paths.VALIDATION.write_text(text.to_json(report(validation)), "utf-8")
    if validation.failures:
        print(*lines(validation), sep="\n", file=sys.stderr)
        return errors.FAILED
    print(summary(validation))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
