"""Git refs, branches, commits, comparisons and files, as the API shows them."""

import base64
import hashlib
from typing import Any

from tests.github_server import merging, shapes
from tests.github_server.answers import Answer, not_found, refused
from tests.github_server.bare import GitError
from tests.github_server.routes import Address, Call, route

READ, WRITE = "contents=read", "contents=write"


def ref_shape(call: Call, ref: str, sha: str) -> dict[str, Any]:
    kind = call.state.bare.git("cat-file", "-t", sha).strip()
    part = "commits" if kind == "commit" else "tags"
    return {
        "ref": ref,
        "node_id": shapes.node("REF", shapes.number_of(ref)),
        "url": call.at.repo(f"/git/{ref}"),
        "object": {"sha": sha, "type": kind, "url": call.at.repo(f"/git/{part}/{sha}")},
    }


def _guarded(call: Call, ref: str) -> None:
    """Refuse what the repository's rules forbid."""
    if ref == "refs/heads/main" and call.state.settings.protected_main:
        raise refused(422, "Protected branch update failed: changes must be made through a pull request.")
    if ref.removeprefix("refs/tags/") in call.state.burnt and ref.startswith("refs/tags/"):
        raise refused(422, "Repository rule violations found: Cannot change the tag of an immutable release.")


@route("GET", "git/ref/{ref}", READ)
def one(call: Call) -> Answer:
    ref = f"refs/{call.names['ref']}"
    sha = call.state.bare.refs().get(ref)
    if sha is None:
        raise not_found()
    return Answer(200, ref_shape(call, ref, sha))


@route("GET", "git/matching-refs/{ref}", READ)
def matching(call: Call) -> Answer:
    start = f"refs/{call.names['ref']}"
    return Answer(
        200, [ref_shape(call, ref, sha) for ref, sha in call.state.bare.refs().items() if ref.startswith(start)]
    )


@route("POST", "git/refs", WRITE)
def created(call: Call) -> Answer:
    ref, sha = call.text("Reference", "ref"), call.text("Reference", "sha")
    if not ref.startswith("refs/") or ref.count("/") < 2:
        raise refused(422, f"Reference name '{ref}' is not valid: it must start with 'refs/' and hold two slashes.")
    if ref in call.state.bare.refs():
        raise refused(422, "Reference already exists")
    _guarded(call, ref)
    _set(call, ref, sha)
    return Answer(201, ref_shape(call, ref, sha), {"Location": call.at.repo(f"/git/{ref}")})


def _set(call: Call, ref: str, sha: str) -> None:
    try:
        call.state.bare.git("cat-file", "-e", sha)
        call.state.bare.set(ref, sha)
    except GitError:
        raise refused(422, "Object does not exist") from None
    merging.settle(call.state)


@route("PATCH", "git/refs/{ref}", WRITE)
def changed(call: Call) -> Answer:
    ref, sha = f"refs/{call.names['ref']}", call.text("Reference", "sha")
    old = call.state.bare.refs().get(ref)
    if old is None:
        raise refused(422, "Reference does not exist")
    _guarded(call, ref)
    if call.state.bare.sha(sha) is None:
        raise refused(422, "Object does not exist")
    if not call.given.get("force") and not call.state.bare.holds(sha, old):
        raise refused(422, "Update is not a fast forward")
    _set(call, ref, sha)
    return Answer(200, ref_shape(call, ref, sha))


@route("DELETE", "git/refs/{ref}", WRITE)
def deleted(call: Call) -> Answer:
    ref = f"refs/{call.names['ref']}"
    if ref not in call.state.bare.refs():
        raise refused(422, "Reference does not exist")
    _guarded(call, ref)
    call.state.bare.delete(ref)
    merging.settle(call.state)
    return Answer(204)


def _protected(call: Call, name: str) -> bool:
    return name == "main" and call.state.settings.protected_main


def _protection(call: Call, name: str) -> dict[str, Any]:
    on = _protected(call, name)
    checks: dict[str, Any] = {"enforcement_level": "non_admins" if on else "off", "contexts": [], "checks": []}
    return {"enabled": on, "required_status_checks": checks}


@route("GET", "branches", READ)
def branches(call: Call) -> Answer:
    heads = {ref[11:]: sha for ref, sha in call.state.bare.refs().items() if ref.startswith("refs/heads/")}

    def shape(item: tuple[str, str]) -> dict[str, Any]:
        name, sha = item
        tip = {"sha": sha, "url": call.at.repo(f"/commits/{sha}")}
        return {"name": name, "commit": tip, "protected": _protected(call, name)}

    return call.paged(list(heads.items()), shape, f"/repos/{call.at.repository}/branches")


@route("GET", "branches/{branch}", READ)
def branch(call: Call) -> Answer:
    name = call.names["branch"]
    sha = call.state.bare.branch(name)
    if sha is None:
        raise refused(404, "Branch not found")
    url = call.at.repo(f"/branches/{name}")
    return Answer(
        200,
        {
            "name": name,
            "commit": shapes.commit(call.at, call.state.bare, sha),
            "_links": {"self": url, "html": call.at.web(f"/tree/{name}")},
            "protected": _protected(call, name),
            "protection": _protection(call, name),
            "protection_url": f"{url}/protection",
        },
    )


@route("GET", "branches/{branch}/protection", "administration=read")
def protection(call: Call) -> Answer:
    name = call.names["branch"]
    if call.state.bare.branch(name) is None or not _protected(call, name):
        raise refused(404, "Branch not protected")
    url = call.at.repo(f"/branches/{name}/protection")
    reviews = {
        "url": f"{url}/required_pull_request_reviews",
        "dismiss_stale_reviews": False,
        "require_code_owner_reviews": False,
        "require_last_push_approval": False,
        "required_approving_review_count": 1,
    }
    off = {"enabled": False}
    value = {"url": url, "required_pull_request_reviews": reviews, "allow_force_pushes": off, "allow_deletions": off}
    return Answer(200, value | {"enforce_admins": {"url": f"{url}/enforce_admins", "enabled": False}})


@route("GET", "rules/branches/{branch}", "metadata=read")
def rules(call: Call) -> Answer:
    """Protection here is of the older kind, which rules don't tell."""
    return Answer(200, [])


@route("GET", "commits", READ)
def commits(call: Call) -> Answer:
    sha = call.state.bare.sha(call.query.get("sha", "main"))
    if sha is None:
        raise not_found()
    names = ["--", call.query["path"]] if call.query.get("path") else []
    items = call.state.bare.commits(sha, *names)
    path = f"/repos/{call.at.repository}/commits"
    return call.paged(items, lambda item: shapes.commit(call.at, call.state.bare, item), path)


@route("GET", "commits/{ref}", READ)
def commit(call: Call) -> Answer:
    bare, ref = call.state.bare, call.names["ref"]
    sha = bare.sha(ref)
    if sha is None:
        raise refused(422, f"No commit found for SHA: {ref}")
    value = shapes.commit(call.at, bare, sha)
    parents = value["parents"]
    base = parents[0]["sha"] if parents else bare.git("hash-object", "-t", "tree", "--stdin").strip()
    files = shapes.files(call.at, bare, base, sha)
    plus, minus = sum(file["additions"] for file in files), sum(file["deletions"] for file in files)
    stats = {"total": plus + minus, "additions": plus, "deletions": minus}
    return Answer(200, value | {"stats": stats, "files": files})


@route("GET", "compare/{basehead}", READ)
def compare(call: Call) -> Answer:
    bare = call.state.bare
    names = call.names["basehead"].split("...")
    shas = [bare.sha(name.rpartition(":")[2]) for name in names]
    if len(shas) != 2 or None in shas:
        raise not_found()
    base, head = str(shas[0]), str(shas[1])
    start = bare.merge_base(base, head)
    if start is None:
        raise refused(404, f"No common ancestor between {names[0]} and {names[1]}.")
    ahead, behind = bare.between(base, head)
    words = {(False, False): "identical", (True, False): "ahead", (False, True): "behind", (True, True): "diverged"}
    return Answer(200, _comparison(call, base, head, start) | _counts(words[bool(ahead), bool(behind)], ahead, behind))


def _counts(word: str, ahead: int, behind: int) -> dict[str, Any]:
    return {"status": word, "ahead_by": ahead, "behind_by": behind, "total_commits": ahead}


def _comparison(call: Call, base: str, head: str, start: str) -> dict[str, Any]:
    bare, at = call.state.bare, call.at
    url, web = at.repo(f"/compare/{base}...{head}"), at.web(f"/compare/{base}...{head}")
    shown = [shapes.commit(at, bare, sha) for sha in bare.commits(head, f"^{base}")[::-1]]
    return {
        "url": url,
        "html_url": web,
        "permalink_url": web,
        "diff_url": f"{web}.diff",
        "patch_url": f"{web}.patch",
        "base_commit": shapes.commit(at, bare, base),
        "merge_base_commit": shapes.commit(at, bare, start),
        "commits": shown,
        "files": shapes.files(at, bare, start, head),
    }


@route("GET", "contents/{path}", READ)
def contents(call: Call) -> Answer:
    path, ref = call.names["path"], call.query.get("ref", "main")
    sha = call.state.bare.sha(ref)
    data = call.state.bare.read(sha, path) if sha else None
    if data is None:
        raise not_found()
    if "raw" in call.headers.get("accept", ""):
        return Answer(200, raw=data, headers={"Content-Type": "application/vnd.github.raw; charset=utf-8"})
    return Answer(200, _file(call.at, path, ref, data))


def _file(at: Address, path: str, ref: str, data: bytes) -> dict[str, Any]:
    sha = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    links = {
        "url": at.repo(f"/contents/{path}?ref={ref}"),
        "git_url": at.repo(f"/git/blobs/{sha}"),
        "html_url": at.web(f"/blob/{ref}/{path}"),
    }
    return {
        "type": "file",
        "encoding": "base64",
        "size": len(data),
        "name": path.rpartition("/")[2],
        "path": path,
        "content": base64.encodebytes(data).decode(),
        "sha": sha,
        **links,
        "download_url": at.web(f"/raw/{ref}/{path}"),
        "_links": {"self": links["url"], "git": links["git_url"], "html": links["html_url"]},
    }
