"""How long the last retrains took on this machine: kept beside DVC's temporary files, and no harm if it is lost.

It is no report: a time that differs from run to run would make every run's reports differ.
"""

import json
from contextlib import suppress
from math import isfinite
from pathlib import Path

from scripts.core.errors import Mistake
from scripts.core.report.explain import LAST
from scripts.core.text import to_json
from scripts.edges import files

FILE = Path(".dvc/tmp/evergreen-took.json")


def known(file: Path = FILE) -> list[float]:
    """Seconds, the newest last; none where they can't be read."""
    try:
        found = json.loads(file.read_text("utf-8"))
        return [float(each) for each in found if isfinite(each)]
    except (OSError, ValueError, TypeError):
        return []


def keep(seconds: float, file: Path = FILE) -> None:
    """The run goes on where it can't be written."""
    with suppress(Mistake):
        files.write(file, to_json([*known(file), round(seconds, 1)][-LAST:]).encode())
