"""Who promoted a model: the pull request that a commit of main came from, and who merged it."""

from collections.abc import Mapping
from typing import Any

from scripts.core.errors import Mistake
from scripts.core.report.release_notes import Credit
from scripts.edges.hub.github import PAGE, GitHub


def of(github: GitHub, commit: str) -> Credit:
    """Nobody where none of the newest pull requests made this commit, or where GitHub does not say."""
    try:
        listed = github.get("{repo}/pulls", state="closed", sort="updated", direction="desc", per_page=PAGE)
        number = next((int(one["number"]) for one in listed or () if _made(one, commit)), None)
        found = None if number is None else github.get(f"{{repo}}/pulls/{number}")
    except (Mistake, LookupError, TypeError, ValueError):
        return Credit()
    merger = (found or {}).get("merged_by") or {}
    return Credit(merger.get("login"), number)


def _made(one: Mapping[str, Any], commit: str) -> bool:
    return bool(one.get("merged_at")) and one.get("merge_commit_sha") == commit
