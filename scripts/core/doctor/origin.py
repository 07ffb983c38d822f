"""Which repository a remote's URL names."""

import re

FORMS = (
    re.compile(r"https?://(?:[^/@]*@)?(?P<host>[\w.:-]+)/(?P<name>[\w.-]+/[\w.-]+?)(?:\.git)?/?"),
    re.compile(r"ssh://(?:[^/@]*@)?(?P<host>[\w.-]+)(?::\d+)?/(?P<name>[\w.-]+/[\w.-]+?)(?:\.git)?/?"),
    re.compile(r"(?:[\w.-]+@)(?P<host>[\w.-]+):(?P<name>[\w.-]+/[\w.-]+?)(?:\.git)?/?"),
)


def parsed(url: str) -> tuple[str, str] | None:
    """The server (https://HOST) and OWNER/NAME; None for a folder, or for what no forge is at."""
    for form in FORMS:
        if found := form.fullmatch(url.strip()):
            scheme = "http" if url.startswith("http://") else "https"
            return f"{scheme}://{found['host']}", found["name"]
    return None


def api_of(server: str) -> str:
    return "https://api.github.com" if server == "https://github.com" else f"{server}/api/v3"
