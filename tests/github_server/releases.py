"""Releases: drafts that only writers see, tags made on publishing, and those that may never change again."""

from dataclasses import replace
from typing import Any

from tests.github_server import merging, shapes
from tests.github_server.answers import Answer, invalid, not_found, refused, too_long
from tests.github_server.assets import asset_shape
from tests.github_server.routes import Address, Call, route
from tests.github_server.state import Release, State, stamp

READ, WRITE = "contents=read", "contents=write"
BODY = 125_000


def shape(at: Address, release: Release) -> dict[str, Any]:
    url = at.repo(f"/releases/{release.id}")
    page = f"untagged-{release.id:020x}" if release.draft else release.tag
    archive = None if release.draft else at.repo(f"/{{kind}}/{release.tag}")
    return {
        "url": url,
        "assets_url": f"{url}/assets",
        "upload_url": f"{at.url}/api/uploads/repos/{at.repository}/releases/{release.id}/assets{{?name,label}}",
        "html_url": at.web(f"/releases/tag/{page}"),
        "id": release.id,
        "author": shapes.user(at, release.user),
        "node_id": shapes.node("RE", release.id),
        "tag_name": release.tag,
        "target_commitish": release.target,
        "name": release.name,
        "draft": release.draft,
        "immutable": release.immutable,
        "prerelease": release.prerelease,
        "created_at": stamp(release.created),
        "updated_at": stamp(release.updated),
        "published_at": stamp(release.published),
        "assets": [asset_shape(at, release, asset) for asset in release.assets],
        "tarball_url": archive.format(kind="tarball") if archive else None,
        "zipball_url": archive.format(kind="zipball") if archive else None,
        "body": release.body,
    }


def visible(call: Call, release: Release) -> bool:
    return not release.draft or call.may(WRITE)


def release_of(call: Call) -> Release:
    release = call.state.releases.get(call.number("release_id"))
    if release is None or not visible(call, release):
        raise not_found()
    return release


@route("GET", "releases", READ)
def listed(call: Call) -> Answer:
    items = [release for release in call.state.listed() if visible(call, release)]
    return call.paged(items, lambda release: shape(call.at, release), f"/repos/{call.at.repository}/releases")


@route("GET", "releases/latest", READ)
def latest(call: Call) -> Answer:
    release = call.state.latest_release()
    if release is None:
        raise not_found()
    return Answer(200, shape(call.at, release))


@route("GET", "releases/tags/{tag}", READ)
def by_tag(call: Call) -> Answer:
    """Never a draft, whoever asks."""
    for release in call.state.releases.values():
        if release.tag == call.names["tag"] and not release.draft:
            return Answer(200, shape(call.at, release))
    raise not_found()


@route("GET", "releases/{release_id}", READ)
def one(call: Call) -> Answer:
    return Answer(200, shape(call.at, release_of(call)))


@route("POST", "releases", WRITE)
def created(call: Call) -> Answer:
    state, given = call.state, call.given
    tag = call.text("Release", "tag_name")
    now = state.now()
    release = Release(
        state.id(),
        tag,
        given.get("target_commitish") or "main",
        given.get("name"),
        given.get("body"),
        draft=True,
        prerelease=given.get("prerelease", False),
        user=call.actor,
        created=now,
        updated=now,
    )
    _checked(call, release)
    if not given.get("draft", False):
        release = _published(state, release)
    state.keep(release)
    _marked(state, release, given.get("make_latest", "true"), born=True)
    return Answer(201, shape(call.at, state.releases[release.id]))


@route("PATCH", "releases/{release_id}", WRITE)
def changed(call: Call) -> Answer:
    state, given, before = call.state, call.given, release_of(call)
    fields = {"target_commitish": "target", "name": "name", "body": "body", "prerelease": "prerelease"}
    after = replace(before, **{own: given[name] for name, own in fields.items() if name in given})
    after = replace(after, tag=_tag_after(given, before))
    if before.immutable and (after.tag, after.target) != (before.tag, before.target):
        raise refused(422, "Cannot change the tag of an immutable release.")
    _checked(call, after)
    wanted = given.get("draft", before.draft)
    if before.draft and not wanted:
        after = _published(state, after)
    elif wanted and not before.draft:
        if before.immutable:
            raise refused(422, "An immutable release cannot become a draft.")
        after = replace(after, draft=True, published=None)
    if given.get("make_latest") == "true" and (after.draft or after.prerelease):
        raise invalid("Release", "invalid", "make_latest")
    state.keep(after)
    if after.draft and state.latest == after.id:
        state.latest = None
    _marked(state, after, given.get("make_latest"), born=before.draft)
    return Answer(200, shape(call.at, state.releases[after.id]))


def _tag_after(given: dict[str, Any], before: Release) -> str:
    """A draft that is changed without its tag loses it: GitHub may rename it."""
    if "tag_name" in given:
        return str(given["tag_name"])
    if before.draft and given.get("draft", True):
        return f"untagged-{before.id:020x}"
    return before.tag


def _checked(call: Call, release: Release) -> None:
    if len(release.body or "") > BODY:
        raise too_long("Release", "body", BODY)
    others = (other for other in call.state.releases.values() if other.id != release.id)
    if any(other.tag == release.tag and not other.draft for other in others):
        raise invalid("Release", "already_exists", "tag_name")
    if release.tag in call.state.burnt and not release.immutable:
        raise invalid("Release", "custom", "tag_name", "tag_name was used by an immutable release")
    if call.state.bare.sha(release.target) is None:
        raise invalid("Release", "invalid", "target_commitish")


def _published(state: State, release: Release) -> Release:
    """The tag is made where the release points, unless it is there already."""
    if f"refs/tags/{release.tag}" not in state.bare.refs():
        state.bare.set(f"refs/tags/{release.tag}", str(state.bare.sha(release.target)))
        merging.settle(state)
    immutable = state.settings.immutable_releases
    if immutable:
        state.burnt.add(release.tag)
    return replace(release, draft=False, published=state.now(), immutable=immutable)


def _marked(state: State, release: Release, wanted: str | None, born: bool) -> None:
    if release.draft or release.prerelease:
        return
    if (wanted or ("true" if born else "false")) == "true":
        state.latest = release.id
    elif born and wanted == "false" and state.latest is None:
        others = [one for one in state.releases.values() if one.id != release.id and not one.draft]
        state.latest = max(others, key=lambda one: one.published or 0.0).id if others else None


@route("DELETE", "releases/{release_id}", WRITE)
def deleted(call: Call) -> Answer:
    call.state.forget(release_of(call))
    return Answer(204)
