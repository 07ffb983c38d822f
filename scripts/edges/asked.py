"""What a person asks of a retrain: on the command line, or on the form of the workflow."""

import argparse
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scripts.core.errors import USAGE, Mistake

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Asked:
    reason: str | None  # why to retrain whatever the triggers say; None: only if one fires
    ingest: bool
    json: bool
    as_of: str | None  # day (YYYY-MM-DD) up to whose month the replayed source is brought
    dry_run: bool  # judge, and write nothing outside of this folder


def of_a_retrain(about: str, environment: Mapping[str, str], words: list[str] | None = None) -> Asked:
    """`words` are the command line's (None: this process's); what stands there goes before the form."""
    parser = argparse.ArgumentParser(prog="python -m scripts.retrain", description=about)
    parser.add_argument("--force", action="store_true", help="retrain whatever the triggers say; needs --reason")
    parser.add_argument("--reason", help="why, for the record")
    parser.add_argument("--no-ingest", action="store_true", help="take data/ as it is")
    parser.add_argument("--json", action="store_true", help="print the result for machines")
    parser.add_argument("--as-of", metavar="DAY", help="bring all months up to this day's (replayed data only)")
    parser.add_argument("--dry-run", action="store_true", help="judge, and write nothing outside of this folder")
    parser.set_defaults(**_form(environment))
    given = parser.parse_args(words)
    reason = " ".join((given.reason or "").split()) or None
    if given.force != bool(reason):
        raise Mistake("--force and --reason go together: say why, as in --force --reason 'new labels'.", code=USAGE)
    if given.as_of and not DAY.fullmatch(given.as_of):
        raise Mistake(f"--as-of: {given.as_of!r} is no day. Write it as in 2013-06-30.", code=USAGE)
    return Asked(reason, not given.no_ingest, given.json, given.as_of or None, given.dry_run)


def _form(environment: Mapping[str, str]) -> dict[str, Any]:
    """What was filled in travels by the environment, never by a shell's text; a reason alone forces nothing."""
    force = environment.get("EVERGREEN_FORCE") == "true"
    return {
        "force": force,
        "reason": environment.get("EVERGREEN_REASON") if force else None,
        "as_of": environment.get("EVERGREEN_AS_OF") or None,
        "dry_run": environment.get("EVERGREEN_DRY_RUN") == "true",
    }
