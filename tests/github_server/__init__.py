"""A stand-in for GitHub on this machine: stateful, with tokens, git over HTTP, and faults at any request.

    with Forge.started(tmp_path) as forge:
        token = forge.token({"contents": "read", "pull-requests": "write"})
        github = GitHub(forge.settings(token), sleep=forge.pass_time)
        forge.commit({"a.txt": "a"}, branch="evergreen/candidate")
        forge.faults = [Fault(at=3, kind="502_after")]
        ...
        assert forge.pulls[0]["title"] == "Promote v1"
        assert forge.violations == []

Of a GitHub Enterprise Server's shape: the API is at <url>/api/v3, uploads at <url>/api/uploads, GraphQL at
<url>/api/graphql. The fixture `forge` of tests/conftest.py does the first and the last line.
"""

from tests.github_server.faults import KINDS, Fault
from tests.github_server.forge import Forge

__all__ = ["KINDS", "Fault", "Forge"]
