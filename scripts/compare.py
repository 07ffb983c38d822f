"""Say what a person's pull request changes in the pipeline: write it to a file, or post it as one comment."""

import argparse
import json
from pathlib import Path
from typing import Any

from scripts.core import errors
from scripts.core.errors import USAGE, Mistake
from scripts.core.paths import EVALUATION
from scripts.core.report import comparison
from scripts.core.report.comparison import Compared
from scripts.edges import actions, outcome, project
from scripts.edges.actions import Job
from scripts.edges.hub import threads
from scripts.edges.hub.github import GitHub, Refused
from scripts.edges.repository import differences, history

KIND = "comparison"
DENIED = 403  # a fork's token may only read


def compared(base: str, job: Job) -> Compared:
    """Reports as the pipeline has just left them here, against those of the base."""
    ran = outcome.read("retrain") or {}
    return Compared(
        before=_evaluation(history.at(base, EVALUATION)),
        after=project.read_json(EVALUATION),
        changes=differences.since(base, "HEAD"),
        failed=tuple(ran.get("lines") or ()) if ran.get("code") else (),
        run=job.url,
    )


def _evaluation(content: bytes | None) -> Any | None:
    try:
        return json.loads(content) if content else None
    except ValueError:
        return None


def post(file: Path, number: int, job: Job) -> str:
    """One comment, however often; a token that may not comment leaves it to the run's page."""
    text = file.read_text("utf-8")
    try:
        url = threads.sticky(GitHub(job.github()), number, KIND, text, threads.LAG)
    except Refused as refused:
        if refused.status != DENIED:
            raise
        return "compare: this token may not comment (a fork's can't): the run's page says it"
    return f"compare: {url}"


def base_of(given: str | None, job: Job) -> str:
    known = (job.event_payload().get("pull_request") or {}).get("base") or {}
    return str(given or known.get("sha") or "origin/main")


def number_of(given: int | None, job: Job) -> int:
    number = given or (job.event_payload().get("pull_request") or {}).get("number")
    if not number:
        raise Mistake("--post: which pull request? Say --pr NUMBER.", code=USAGE)
    return int(number)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.compare", description=__doc__)
    parser.add_argument("--base", help="commit to compare with (else the pull request's base, or origin/main)")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the comment there")
    parser.add_argument("--post", type=Path, metavar="FILE", help="post what was written")
    parser.add_argument("--pr", type=int, metavar="NUMBER", help="number of the pull request")
    return parser.parse_args()


@errors.reported
def main() -> int:
    asked, job = arguments(), actions.job()
    if asked.post is not None:
        print(post(asked.post, number_of(asked.pr, job), job))
        return 0
    found = compared(base_of(asked.base, job), job)
    text = comparison.comment(found)
    job.say(text)
    job.tell("changed", str(bool(found.changes.any or found.failed)).lower())
    if asked.write is None:
        print(text)
    else:
        asked.write.parent.mkdir(parents=True, exist_ok=True)
        asked.write.write_text(text + "\n", "utf-8")
        print(f"compare: {asked.write} says what changes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
