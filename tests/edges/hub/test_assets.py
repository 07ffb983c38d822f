from typing import Any

import pytest

from scripts.core.errors import Mistake
from scripts.edges.hub.assets import Assets, Wanted
from scripts.edges.hub.github import GitHub, Refused
from tests.github_server import Fault, Forge

ONE, TWO = Wanted("one.json", b'{"one": 1}'), Wanted("two.skops", b"two" * 1000)
BOTH = {each.name: each for each in (ONE, TWO)}


@pytest.fixture
def assets(forge: Forge) -> Assets:
    """Of a draft without files; nobody waits."""
    hub = GitHub(forge.settings(forge.token({"contents": "write"})), sleep=lambda seconds: None)
    made = hub.write("POST", "{repo}/releases", {"tag_name": "v1", "draft": True})
    forge.begin_count()
    return Assets(hub, made["id"], made["upload_url"])


def held(forge: Forge) -> dict[str, bytes]:
    (release,) = forge.state.releases.values()
    return {asset.name: asset.content for asset in release.assets}


def sent(forge: Forge) -> list[str]:
    return [f"{one.verb} {one.path.rpartition('/')[2]}" for one in forge.writes]


def test_files_are_sent_once_and_come_back_as_they_were(forge: Forge, assets: Assets) -> None:
    assets.put(BOTH)
    assets.check(BOTH)
    assert assets.fetched(BOTH) == {name: each.content for name, each in BOTH.items()}
    assert sent(forge) == ["POST assets", "POST assets"]


def test_what_is_whole_is_left_and_what_is_half_other_or_of_no_use_goes(forge: Forge, assets: Assets) -> None:
    assets.put({"one.json": ONE, "two.skops": Wanted("two.skops", b"other"), "old.txt": Wanted("old.txt", b"old")})
    forge.begin_count()
    assets.put(BOTH)
    assert held(forge) == {name: each.content for name, each in BOTH.items()}
    assert sorted(one.split()[0] for one in sent(forge)) == ["DELETE", "DELETE", "POST"]


def test_an_upload_that_broke_off_is_deleted_and_sent_again(forge: Forge, assets: Assets) -> None:
    forge.faults = [Fault(at=2, kind="502_after")]
    assets.put(BOTH)
    assets.check(BOTH)
    assert not forge.starters
    assert sent(forge).count("POST assets") == 3
    verbs = [one.verb for one in forge.requests]
    assert verbs[:6] == ["GET", "POST", "GET", "DELETE", "POST", "POST"], "looked before it was sent again"


@pytest.mark.parametrize("kind", ["cut_after", "short_body"])
def test_an_upload_that_went_well_unheard_is_not_sent_again(forge: Forge, assets: Assets, kind: str) -> None:
    forge.faults = [Fault(at=2, kind=kind)]
    assets.put(BOTH)
    assets.check(BOTH)
    assert sent(forge).count("POST assets") == 2


@pytest.mark.parametrize("kind", ["429", "429_retry_after", "secondary_403"])
def test_a_limit_is_waited_for(forge: Forge, assets: Assets, kind: str) -> None:
    forge.faults = [Fault(at=2, kind=kind)]
    assets.put(BOTH)
    assets.check(BOTH)


def test_a_refusal_is_said_at_once(forge: Forge, assets: Assets) -> None:
    reader = GitHub(forge.settings(forge.token({"contents": "read"})))
    with pytest.raises(Refused):
        Assets(reader, assets.release, assets.upload_url).put(BOTH)


@pytest.mark.parametrize(
    ("there", "words"),
    [
        ({"one.json": ONE}, "two.skops: is missing"),
        ({**BOTH, "late.txt": Wanted("late.txt", b"late")}, "late.txt: does not belong there"),
        ({**BOTH, "one.json": Wanted("one.json", b"other 10 b")}, "one.json: is uploaded with 10 bytes"),
    ],
)
def test_a_check_names_what_is_wrong(assets: Assets, there: Any, words: str) -> None:
    assets.put(there)
    with pytest.raises(Mistake, match=words):
        assets.check(BOTH)


def test_bytes_that_come_back_otherwise_are_found(assets: Assets) -> None:
    assets.put({**BOTH, "two.skops": Wanted("two.skops", b"other")})
    with pytest.raises(Mistake, match=r"two.skops: came back with other bytes"):
        assets.fetched(BOTH)


def test_nothing_is_deleted_that_is_not_this_publishers(forge: Forge, assets: Assets) -> None:
    assets.put({"old.txt": Wanted("old.txt", b"old")})

    class Lost(Exception):
        pass

    def guard() -> None:
        raise Lost

    with pytest.raises(Lost):
        Assets(assets.github, assets.release, assets.upload_url, guard).put(BOTH)
    assert held(forge) == {"old.txt": b"old"}


def test_the_token_is_not_sent_on_to_the_storage(forge: Forge, assets: Assets) -> None:
    assets.put(BOTH)
    assets.fetched(BOTH)
    storage = [one for one in forge.requests if one.kind == "web"]
    assert len(storage) == 2 and all("authorization" not in one.headers for one in storage)
