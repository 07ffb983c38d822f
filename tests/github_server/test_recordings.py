"""The forge's answers beside recordings of the real GitHub: the same keys, to the depth of both."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.github_server import Forge
from tests.github_server.client import Client, Reply, client
from tests.github_server.packages import Package

INTEGRITY = "sha512-niG+SVffZ/xzojT3CE6M7DlqX7H9aQ75A6Xxjt4N47CkqssKXpSy2k6+Tj5ntcI5uWW2D9POzKxwJDmBfR+sJw=="
# Keys that came after the recordings were made; the description has them.
NEWER = {"digest", "immutable", "updated_at", "status", "has_discussions"}
RECORDINGS = Package("@octokit/fixtures", "23.1.2", INTEGRITY)


def recorded(scenario: str, verb: str, path: str) -> dict[str, Any]:
    """The first recording of a scenario whose path ends like this."""
    content = RECORDINGS.member(f"scenarios/api.github.com/{scenario}/normalized-fixture.json")
    found = [one for one in json.loads(content) if one["method"] == verb and re.search(f"{path}$", one["path"])]
    return dict(found[0])


def release(actions: Client) -> Reply:
    made = actions.post("releases", {"tag_name": "v1.0.0", "name": "One", "body": "b"})
    assert made.status == 201
    return actions.get("releases/tags/v1.0.0")


def asset(actions: Client) -> Reply:
    url = release(actions).value["upload_url"].partition("{")[0]
    return actions.post(url, b"content", name="test-upload.txt", label="test")


def asset_twice(actions: Client) -> Reply:
    url = asset(actions).request_url
    return actions.post(url, b"content", name="test-upload.txt", label="test")


def issue(actions: Client) -> Reply:
    return actions.post("issues", {"title": "Issue without a label"})


def labels_of_issue(actions: Client) -> Reply:
    issue(actions)
    return actions.post("issues/1/labels", {"labels": ["Foo", "bAr"]})


def label(actions: Client) -> Reply:
    return actions.post("labels", {"name": "test-label", "color": "663399"})


def wrong_label(actions: Client) -> Reply:
    return actions.post("labels", {"name": "foo", "color": "invalid"})


def status(actions: Client) -> Reply:
    return actions.post(f"statuses/{actions.forge.tip()}", {"state": "success", "context": "example"})


def combined(actions: Client) -> Reply:
    status(actions)
    return actions.get(f"commits/{actions.forge.tip()}/status")


def ref(actions: Client) -> Reply:
    return actions.post("git/refs", {"ref": "refs/heads/test", "sha": actions.forge.tip()})


def repository(actions: Client) -> Reply:
    return actions.get("")


CASES: list[tuple[str, str, str, Callable[[Client], Reply]]] = [
    ("release-assets", "get", "/releases/tags/v1.0.0", release),
    ("release-assets", "post", "/assets.*", asset),
    ("release-assets-conflict", "post", "/assets.*", asset_twice),
    ("add-labels-to-issue", "post", "/issues", issue),
    ("add-labels-to-issue", "post", "/labels", labels_of_issue),
    ("labels", "post", "/labels", label),
    ("errors", "post", "/labels", wrong_label),
    ("create-status", "post", "/statuses/.*", status),
    ("create-status", "get", "/status", combined),
    ("git-refs", "post", "/git/refs", ref),
    ("get-repository", "get", "/hello-world", repository),
]


def differing(real: Any, ours: Any, place: str = "") -> Iterator[str]:
    """Keys that one side has alone: with a minus those that the forge lacks, with a plus those that it adds."""
    if isinstance(real, list) and isinstance(ours, list) and real and ours:
        yield from differing(real[0], ours[0], f"{place}[]")
    elif isinstance(real, dict) and isinstance(ours, dict):
        yield from (f"-{place}/{name}" for name in real.keys() - ours.keys())
        yield from (f"+{place}/{name}" for name in ours.keys() - real.keys())
        for name in real.keys() & ours.keys():
            yield from differing(real[name], ours[name], f"{place}/{name}")


@pytest.mark.parametrize(("scenario", "verb", "path", "act"), CASES)
def test_the_forge_answers_with_the_keys_of_the_real_one(
    forge: Forge, scenario: str, verb: str, path: str, act: Callable[[Client], Reply]
) -> None:
    real = recorded(scenario, verb, path)
    ours = act(client(forge))
    assert ours.status == real["status"]
    found = set(differing(real["response"], ours.value))
    newer = {key for key in found if key[0] == "+" and key.rpartition("/")[2] in NEWER}
    assert found - newer <= {"-/organization"}  # the recorded repository belongs to one, the forge's to a person
