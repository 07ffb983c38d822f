"""How users, repositories and commits look in GitHub's answers."""

import base64
import zlib
from functools import cache
from typing import Any
from urllib.parse import quote

from tests.github_server.bare import Bare
from tests.github_server.routes import Address
from tests.github_server.state import RepoSettings

BORN = "2026-01-05T09:00:00Z"
_USER_LINKS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
_REPO_LINKS = {
    "archive": "/{archive_format}{/ref}",
    "assignees": "/assignees{/user}",
    "blobs": "/git/blobs{/sha}",
    "branches": "/branches{/branch}",
    "collaborators": "/collaborators{/collaborator}",
    "comments": "/comments{/number}",
    "commits": "/commits{/sha}",
    "compare": "/compare/{base}...{head}",
    "contents": "/contents/{+path}",
    "contributors": "/contributors",
    "deployments": "/deployments",
    "downloads": "/downloads",
    "events": "/events",
    "forks": "/forks",
    "git_commits": "/git/commits{/sha}",
    "git_refs": "/git/refs{/sha}",
    "git_tags": "/git/tags{/sha}",
    "hooks": "/hooks",
    "issue_comment": "/issues/comments{/number}",
    "issue_events": "/issues/events{/number}",
    "issues": "/issues{/number}",
    "keys": "/keys{/key_id}",
    "labels": "/labels{/name}",
    "languages": "/languages",
    "merges": "/merges",
    "milestones": "/milestones{/number}",
    "notifications": "/notifications{?since,all,participating}",
    "pulls": "/pulls{/number}",
    "releases": "/releases{/id}",
    "stargazers": "/stargazers",
    "statuses": "/statuses/{sha}",
    "subscribers": "/subscribers",
    "subscription": "/subscription",
    "tags": "/tags",
    "teams": "/teams",
    "trees": "/git/trees{/sha}",
}


def number_of(name: str) -> int:
    """A stable id for a name."""
    return zlib.crc32(name.encode()) % 90_000_000 + 1000


def node(kind: str, number: int) -> str:
    return f"{kind}_{base64.urlsafe_b64encode(number.to_bytes(6, 'big')).decode().rstrip('=')}"


@cache
def user(at: Address, login: str) -> dict[str, Any]:
    url, number = f"{at.api}/users/{quote(login)}", number_of(login)
    links = {name: url + rest for name, rest in _USER_LINKS.items()}
    return {
        "login": login,
        "id": number,
        "node_id": node("U", number),
        "avatar_url": f"{at.url}/avatars/{number}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{at.url}/{login.replace('[bot]', '')}",
        **links,
        "type": "Bot" if login.endswith("[bot]") else "User",
        "site_admin": False,
    }


@cache
def minimal(at: Address) -> dict[str, Any]:
    """A repository in few words."""
    owner, name = at.repository.split("/")
    number = number_of(at.repository)
    return {
        "id": number,
        "node_id": node("R", number),
        "name": name,
        "full_name": at.repository,
        "private": False,
        "owner": user(at, owner),
        "html_url": at.web(),
        "description": None,
        "fork": False,
        "url": at.repo(),
        **{f"{word}_url": at.repo(rest) for word, rest in _REPO_LINKS.items()},
    }


def repository(at: Address, settings: RepoSettings, push: bool) -> dict[str, Any]:
    path = f"{at.repository}.git"
    return {
        **minimal(at),
        "private": settings.private,
        "fork": settings.fork,
        "visibility": "private" if settings.private else "public",
        "is_template": settings.is_template,
        "git_url": f"git://{at.url.split('//')[1]}/{path}",
        "ssh_url": f"git@localhost:{path}",
        "clone_url": f"{at.url}/{path}",
        "svn_url": at.web(),
        "mirror_url": None,
        "homepage": None,
        "language": "Python",
        "forks_count": 0,
        "forks": 0,
        "stargazers_count": 0,
        "watchers_count": 0,
        "watchers": 0,
        "size": 108,
        "default_branch": "main",
        "open_issues_count": 0,
        "open_issues": 0,
        "topics": [],
        "license": None,
        "has_issues": settings.has_issues,
        "has_projects": True,
        "has_wiki": True,
        "has_pages": False,
        "has_downloads": True,
        "has_discussions": False,
        "archived": False,
        "disabled": False,
        "allow_forking": True,
        "web_commit_signoff_required": False,
        "pushed_at": BORN,
        "created_at": BORN,
        "updated_at": BORN,
        "permissions": {"admin": False, "maintain": False, "push": push, "triage": False, "pull": True},
    }


def full_repository(at: Address, settings: RepoSettings, push: bool) -> dict[str, Any]:
    """With what only the question for one repository tells."""
    more = {"network_count": 0, "subscribers_count": 0, "temp_clone_token": None}
    merging = {"allow_squash_merge": True, "allow_merge_commit": True, "allow_rebase_merge": True}
    if not push:
        return repository(at, settings, push) | more
    auto = {"allow_auto_merge": settings.allow_auto_merge, "delete_branch_on_merge": False}
    auto |= {"allow_update_branch": False, "use_squash_pr_title_as_default": False}
    return repository(at, settings, push) | more | merging | auto


def reactions(url: str) -> dict[str, Any]:
    """Nobody has reacted."""
    kinds = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")
    return {"url": f"{url}/reactions", "total_count": 0, **dict.fromkeys(kinds, 0)}


_UNSIGNED = {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}


def commit(at: Address, bare: Bare, sha: str) -> dict[str, Any]:
    known = bare.commit(sha)
    roles = {
        role: {"name": known[role], "email": known[f"{role}_email"], "date": _utc(known[when])}
        for role, when in (("author", "authored"), ("committer", "committed"))
    }
    return {
        "url": at.repo(f"/commits/{sha}"),
        "sha": sha,
        "node_id": node("C", number_of(sha)),
        "html_url": at.web(f"/commit/{sha}"),
        "comments_url": at.repo(f"/commits/{sha}/comments"),
        "commit": {
            "url": at.repo(f"/git/commits/{sha}"),
            **roles,
            "message": known["message"],
            "comment_count": 0,
            "tree": {"sha": known["tree"], "url": at.repo(f"/git/trees/{known['tree']}")},
            "verification": _UNSIGNED,
        },
        "author": user(at, known["author"]) if " " not in known["author"] else None,
        "committer": user(at, known["committer"]) if " " not in known["committer"] else None,
        "parents": [_parent(at, parent) for parent in known["parents"]],
    }


def _parent(at: Address, sha: str) -> dict[str, str]:
    return {"sha": sha, "url": at.repo(f"/commits/{sha}"), "html_url": at.web(f"/commit/{sha}")}


def _utc(text: str) -> str:
    from datetime import UTC, datetime

    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def files(at: Address, bare: Bare, base: str, head: str) -> list[dict[str, Any]]:
    """What a comparison or a pull request changes, file by file."""
    return [
        {
            "sha": file["sha"],
            "filename": file["name"],
            "status": file["status"],
            "additions": file["plus"],
            "deletions": file["minus"],
            "changes": file["plus"] + file["minus"],
            "blob_url": at.web(f"/blob/{head}/{quote(file['name'])}"),
            "raw_url": at.web(f"/raw/{head}/{quote(file['name'])}"),
            "contents_url": at.repo(f"/contents/{quote(file['name'])}?ref={head}"),
        }
        for file in bare.files(base, head)
    ]
