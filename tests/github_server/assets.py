"""Files of releases: sent to the upload address, fetched through a redirect to a storage that takes no token."""

import re
from dataclasses import replace
from typing import Any

from tests.github_server import shapes
from tests.github_server.answers import Answer, Stop, invalid, not_found, refused
from tests.github_server.routes import Address, Call, route
from tests.github_server.state import Asset, Release, State, stamp

READ, WRITE = "contents=read", "contents=write"
UPLOAD = "releases/{release_id}/assets"


def asset_shape(at: Address, release: Release, asset: Asset) -> dict[str, Any]:
    page = f"untagged-{release.id:020x}" if release.draft else release.tag
    return {
        "url": at.repo(f"/releases/assets/{asset.id}"),
        "id": asset.id,
        "node_id": shapes.node("RA", asset.id),
        "name": asset.name,
        "label": asset.label,
        "uploader": shapes.user(at, asset.user),
        "content_type": asset.content_type,
        "state": asset.state,
        "size": len(asset.content),
        "digest": asset.digest,
        "download_count": asset.downloads,
        "created_at": stamp(asset.created),
        "updated_at": stamp(asset.created),
        "browser_download_url": at.web(f"/releases/download/{page}/{asset.name}"),
    }


def _release(call: Call) -> Release:
    release = call.state.releases.get(call.number("release_id"))
    if release is None or (release.draft and not call.may(WRITE)):
        raise not_found()
    return release


@route("GET", UPLOAD, READ)
def listed(call: Call) -> Answer:
    release = _release(call)
    path = f"/repos/{call.at.repository}/releases/{release.id}/assets"
    return call.paged(release.assets, lambda asset: asset_shape(call.at, release, asset), path)


@route("POST", UPLOAD, WRITE)
def uploaded(call: Call) -> Answer:
    return store(call, "uploaded")


def store(call: Call, state: str) -> Answer:
    """`state` is starter when the upload broke off: the name is taken all the same."""
    release = _release(call)
    name = re.sub(r"[^A-Za-z0-9._+@-]+", ".", call.query.get("name", "")).strip(".")
    if release.immutable:
        raise refused(422, "Cannot upload assets to an immutable release.")
    if not name:
        raise invalid("ReleaseAsset", "missing_field", "name")
    if any(asset.name == name for asset in release.assets):
        raise _taken()
    content = call.body if isinstance(call.body, bytes) else b""
    kind = call.headers.get("content-type", "application/octet-stream")
    label = call.query.get("label", "")
    asset = Asset(call.state.id(), name, label, kind, content, call.actor, call.state.now(), state)
    call.state.keep(replace(release, assets=(*release.assets, asset)))
    return Answer(201, asset_shape(call.at, release, asset))


def _taken() -> Stop:
    stop = invalid("ReleaseAsset", "already_exists", "name")
    stop.answer.value["request_id"] = "F00D:1"
    return stop


def _asset(call: Call) -> tuple[Release, Asset]:
    found = call.state.asset(call.number("asset_id"))
    if found is None or (found[0].draft and not call.may(WRITE)):
        raise not_found()
    return found


@route("GET", "releases/assets/{asset_id}", READ)
def one(call: Call) -> Answer:
    release, asset = _asset(call)
    if "application/octet-stream" not in call.headers.get("accept", ""):
        return Answer(200, asset_shape(call.at, release, asset))
    if asset.state != "uploaded":
        raise not_found()
    return Answer(302, headers={"Location": signed(call.at, asset)})


@route("PATCH", "releases/assets/{asset_id}", WRITE)
def changed(call: Call) -> Answer:
    release, asset = _asset(call)
    name, label = call.given.get("name", asset.name), call.given.get("label", asset.label)
    if release.immutable:
        raise refused(422, "Cannot update assets of an immutable release.")
    if any(other.name == name and other.id != asset.id for other in release.assets):
        raise _taken()
    after = replace(asset, name=name, label=label)
    call.state.keep(replace(release, assets=tuple(after if one.id == asset.id else one for one in release.assets)))
    return Answer(200, asset_shape(call.at, release, after))


@route("DELETE", "releases/assets/{asset_id}", WRITE)
def deleted(call: Call) -> Answer:
    release, asset = _asset(call)
    if release.immutable:
        raise refused(422, "Cannot delete assets of an immutable release.")
    call.state.keep(replace(release, assets=tuple(one for one in release.assets if one.id != asset.id)))
    return Answer(204)


def signed(at: Address, asset: Asset) -> str:
    """Where the bytes are: on another host name, with the permission in the address."""
    return f"{at.url.replace('127.0.0.1', 'localhost')}/storage/{asset.id}?sig={shapes.node('S', asset.id)}"


def download(at: Address, state: State, tag: str, name: str) -> Answer:
    """The address that people click on."""
    for release in state.releases.values():
        if release.tag == tag and not release.draft and not state.settings.private:
            for asset in release.assets:
                if asset.name == name and asset.state == "uploaded":
                    return Answer(302, headers={"Location": signed(at, asset)})
    return Answer(404, raw=b"Not Found")


def latest_download(at: Address, state: State, name: str) -> Answer:
    release = state.latest_release()
    if release is None:
        return Answer(404, raw=b"Not Found")
    return Answer(302, headers={"Location": at.web(f"/releases/download/{release.tag}/{name}")})


def stored(state: State, number: int, signature: str, headers: dict[str, str]) -> Answer:
    """The storage's answer: whole, or from the byte that is asked for."""
    if "authorization" in headers:
        return Answer(400, raw=b"Only one auth mechanism allowed")
    found = state.asset(number)
    if found is None or signature != shapes.node("S", number):
        return Answer(403, raw=b"Signature did not match")
    release, asset = found
    content, more = asset.content, {"Content-Type": "application/octet-stream", "Accept-Ranges": "bytes"}
    match = re.fullmatch(r"bytes=(\d+)-(\d*)", headers.get("range", ""))
    state.releases[release.id] = replace(
        release, assets=tuple(replace(one, downloads=one.downloads + (one.id == number)) for one in release.assets)
    )
    if match is None:
        return Answer(200, raw=content, headers=more)
    start, end = int(match[1]), int(match[2] or len(content) - 1)
    if start >= len(content):
        return Answer(416, raw=b"", headers={"Content-Range": f"bytes */{len(content)}"})
    end = min(end, len(content) - 1)
    more["Content-Range"] = f"bytes {start}-{end}/{len(content)}"
    return Answer(206, raw=content[start : end + 1], headers=more)
