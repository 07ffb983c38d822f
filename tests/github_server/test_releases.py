import hashlib
from typing import Any

import pytest
import requests

from tests.github_server import Fault, Forge
from tests.github_server.client import Client, Reply, client


@pytest.fixture
def actions(forge: Forge) -> Client:
    return client(forge)


def draft(actions: Client, tag: str = "v1", **more: Any) -> dict[str, Any]:
    made = actions.post("releases", {"tag_name": tag, "draft": True} | more)
    assert made.status == 201
    return dict(made.value)


def upload(actions: Client, release: dict[str, Any], name: str, content: bytes) -> Reply:
    url = release["upload_url"].partition("{")[0]
    return actions.post(url, content, name=name)


def publish(actions: Client, release: dict[str, Any], **more: Any) -> Reply:
    change = {"tag_name": release["tag_name"], "draft": False} | more
    return actions.patch(f"releases/{release['id']}", change)


def test_draft_upload_publish(forge: Forge, actions: Client) -> None:
    release = draft(actions, name="One", target_commitish=forge.tip())
    asset = upload(actions, release, "model.skops", b"bytes").value
    assert (asset["state"], asset["size"]) == ("uploaded", 5)
    assert asset["digest"] == f"sha256:{hashlib.sha256(b'bytes').hexdigest()}"
    assert forge.tags() == {}
    done = publish(actions, release).value
    assert (done["draft"], done["tag_name"], done["assets"][0]["name"]) == (False, "v1", "model.skops")
    assert forge.tags() == {"v1": forge.tip()}
    assert actions.get("releases/latest").value["id"] == release["id"]
    assert actions.get("releases/tags/v1").value["id"] == release["id"]
    assert forge.assets("v1") == {"model.skops": b"bytes"}


def test_the_tag_is_made_where_the_release_points(forge: Forge, actions: Client) -> None:
    first = forge.tip()
    forge.commit({"later.txt": "x"})
    publish(actions, draft(actions, target_commitish=first))
    assert forge.tags()["v1"] == first
    assert actions.post("releases", {"tag_name": "v2", "target_commitish": "missing"}).status == 422


def test_drafts_are_hidden_by_tag_and_from_readers(forge: Forge, actions: Client) -> None:
    release = draft(actions)
    assert actions.get("releases/tags/v1").status == 404
    assert [one["id"] for one in actions.get("releases").value] == [release["id"]]
    reader = client(forge, {"contents": "read"})
    for who in (reader, client(forge, None)):
        assert who.get("releases").value == []
        assert who.get(f"releases/{release['id']}").status == 404
    assert reader.get("releases/latest").status == 404


def test_two_drafts_of_one_tag_are_possible_and_two_releases_are_not(actions: Client) -> None:
    one, two = draft(actions), draft(actions)
    assert publish(actions, one).status == 200
    assert publish(actions, two).value["errors"][0]["code"] == "already_exists"


def test_the_list_lies_behind(forge: Forge, actions: Client) -> None:
    forge.lag = 10
    release = draft(actions)
    assert actions.get("releases").value == []
    assert actions.get(f"releases/{release['id']}").status == 200
    forge.pass_time(11)
    assert [one["draft"] for one in actions.get("releases").value] == [True]
    publish(actions, release)
    assert [one["draft"] for one in actions.get("releases").value] == [True]
    forge.pass_time(11)
    assert [one["draft"] for one in actions.get("releases").value] == [False]


def test_a_draft_changed_without_its_tag_loses_it(actions: Client) -> None:
    release = draft(actions)
    assert actions.patch(f"releases/{release['id']}", {"body": "b"}).value["tag_name"].startswith("untagged-")


def test_which_release_is_the_latest(forge: Forge, actions: Client) -> None:
    one, two = draft(actions, "v1"), draft(actions, "v2")
    publish(actions, one)
    publish(actions, two)
    assert forge.latest == "v2"
    actions.patch(f"releases/{one['id']}", {"make_latest": "true"})
    assert actions.get("releases/latest").value["tag_name"] == "v1"
    publish(actions, draft(actions, "v3"), make_latest="false")
    assert forge.latest == "v1"
    actions.delete(f"releases/{one['id']}")
    assert forge.latest == "v3"
    assert actions.patch(f"releases/{draft(actions, 'v4')['id']}", {"make_latest": "true"}).status == 422


def test_a_name_is_taken_once_also_by_an_upload_that_broke_off(forge: Forge, actions: Client) -> None:
    release = draft(actions)
    upload(actions, release, "a.txt", b"a")
    assert upload(actions, release, "a.txt", b"a").value["errors"][0]["code"] == "already_exists"
    forge.begin_count()
    forge.faults = [Fault(1, "502_after")]
    assert upload(actions, release, "b.txt", b"b").status == 502
    left = actions.get(f"releases/{release['id']}/assets").value[1]
    assert (left["name"], left["state"], left["digest"]) == ("b.txt", "starter", None)
    assert actions.ask("GET", f"releases/assets/{left['id']}", accept="application/octet-stream").status == 404
    assert upload(actions, release, "b.txt", b"b").status == 422
    assert actions.delete(f"releases/assets/{left['id']}").status == 204
    assert upload(actions, release, "b.txt", b"b").status == 201


def test_bytes_come_from_a_storage_that_takes_no_token(forge: Forge, actions: Client) -> None:
    release = draft(actions)
    asset = upload(actions, release, "a.txt", b"0123456789").value
    moved = actions.ask("GET", f"releases/assets/{asset['id']}", accept="application/octet-stream")
    assert moved.status == 302
    assert actions.get(moved.headers["Location"]).status == 400
    nobody = client(forge, None)
    whole = nobody.get(moved.headers["Location"])
    assert (whole.content, whole.headers["Accept-Ranges"]) == (b"0123456789", "bytes")
    assert nobody.get(moved.headers["Location"].partition("?")[0]).status == 403
    public = asset["browser_download_url"]
    assert nobody.get(public).status == 404
    url = publish(actions, release).value["assets"][0]["browser_download_url"]
    assert nobody.get(url).headers["Location"] == moved.headers["Location"]
    assert nobody.get(forge.at.web("/releases/latest/download/a.txt")).headers["Location"] == url


def test_a_download_goes_on_where_it_broke_off(forge: Forge, actions: Client) -> None:
    asset = upload(actions, draft(actions), "a.txt", b"0123456789").value
    place = actions.ask("GET", f"releases/assets/{asset['id']}", accept="application/octet-stream").headers["Location"]

    def part(wanted: str) -> requests.Response:
        return requests.get(place, headers={"Range": f"bytes={wanted}"}, timeout=5)

    assert (part("4-").status_code, part("4-").content) == (206, b"456789")
    assert part("4-").headers["Content-Range"] == "bytes 4-9/10"
    assert part("2-3").content == b"23"
    assert part("10-").status_code == 416


def test_immutable_releases_burn_their_tag(forge: Forge, actions: Client) -> None:
    forge.settings_of_repo.immutable_releases = True
    release = draft(actions)
    asset = upload(actions, release, "a.txt", b"a").value
    assert publish(actions, release).value["immutable"] is True
    assert upload(actions, release, "b.txt", b"b").status == 422
    assert actions.delete(f"releases/assets/{asset['id']}").status == 422
    assert actions.patch(f"releases/{release['id']}", {"body": "words may change"}).status == 200
    assert actions.delete("git/refs/tags/v1").status == 422
    assert actions.delete(f"releases/{release['id']}").status == 204
    again = actions.post("releases", {"tag_name": "v1"})
    assert again.message.endswith("tag_name was used by an immutable release")


def test_a_body_has_a_limit(actions: Client) -> None:
    release = draft(actions, body="x" * 125_000)
    assert actions.patch(f"releases/{release['id']}", {"body": "x" * 125_001}).status == 422
