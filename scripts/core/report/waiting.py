"""The issue that stands in for a pull request where the repository's settings forbid Actions to open one."""

from urllib.parse import urlencode

from scripts.core.report.markdown import clip, link

TITLE = "A better model waits: let GitHub Actions open pull requests"
SETTING = (
    "Settings → Actions → General → Workflow permissions → Allow GitHub Actions to create and approve pull requests"
)
LONGEST = 2_000  # characters of a body within an address


def compare(repository: str, base: str, branch: str, title: str, body: str) -> str:
    """The address of GitHub's form for a new pull request, filled in as far as an address can hold."""
    filled = {"quick_pull": "1", "title": title, "body": body if len(body) <= LONGEST else ""}
    return f"{repository}/compare/{base}...{branch}?{urlencode({key: value for key, value in filled.items() if value})}"


def body(repository: str, base: str, branch: str, title: str, verdict: str, report: str) -> str:
    """`verdict` is a paragraph, `report` the pull request's whole body."""
    asked = link("open the pull request yourself", compare(repository, base, branch, title, verdict))
    setting = link("settings", f"{repository}/settings/actions")
    return clip(
        [
            f"A candidate won, and this repository does not let GitHub Actions open pull requests. Either {asked}, or "
            f"change the setting once, and the next run opens it ({setting}):\n\n> {SETTING}\n\n"
            "Where an organisation forbids it, a GitHub App's token works: see `EVERGREEN_APP_ID` in the README. "
            "This issue is kept up to date, and closed by the run that can open the pull request.",
            report,
        ],
        64_000,
    )
