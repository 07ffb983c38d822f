"""Every kind of fault, as a client without any cleverness meets it."""

import socket
import time

import pytest
import requests

from tests.github_server import KINDS, Fault, Forge
from tests.github_server.client import client
from tests.github_server.faults import LIMITS

LOST = ("cut_before", "cut_after", "reset", "short_body")


def test_every_kind_is_tested_here() -> None:
    assert set(KINDS) == {*LOST, *LIMITS, "stall", "502_after", "html_200"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_befalls_the_request_it_is_meant_for(forge: Forge, kind: str) -> None:
    actions = client(forge)
    forge.faults = [Fault(2, kind)]
    assert actions.get("issues").value == []
    with_answer = kind not in (*LOST, "stall")
    try:
        headers = {"Authorization": f"token {actions.token}"}
        reply = requests.post(forge.at.repo("/issues"), json={"title": "x"}, headers=headers, timeout=0.3)
        assert with_answer
        assert reply.status_code == forge.requests[-1].status
    except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError):
        assert not with_answer
    forge.faults = []
    assert len(actions.get("issues").value) == int(KINDS[kind])
    assert [one.fault for one in forge.requests] == [None, kind, None]


def test_what_the_answers_say(forge: Forge) -> None:
    actions = client(forge)
    forge.faults = [Fault(number, kind) for number, kind in enumerate(("429", "429_retry_after", "secondary_403"), 1)]
    plain, told, secondary = (actions.get("issues") for _ in range(3))
    assert (plain.status, plain.headers.get("Retry-After")) == (429, None)
    assert (told.status, told.headers["Retry-After"]) == (429, "1")
    assert secondary.status == 403 and "secondary rate limit" in secondary.message


def test_a_reset_is_a_reset(forge: Forge) -> None:
    forge.faults = [Fault(1, "reset")]
    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        client(forge).get("issues")


def test_a_stall_ends_with_the_clients_patience(forge: Forge) -> None:
    forge.faults = [Fault(1, "stall")]
    begun = time.monotonic()
    with pytest.raises(requests.Timeout):
        requests.get(forge.at.repo("/issues"), timeout=0.2)
    assert time.monotonic() - begun < 5


def test_counting_can_leave_git_out_or_take_it_in(forge: Forge) -> None:
    forge.faults = [Fault(1, "html_200", among=("api",), times=2)]
    assert requests.get(f"{forge.git_url}/info/refs?service=git-upload-pack", timeout=5).status_code == 200
    for _ in range(2):
        assert client(forge).get("issues").headers["Content-Type"].startswith("text/html")
    assert client(forge).get("issues").value == []
    assert (forge.count("git"), forge.count("api"), forge.count("api", "git"), forge.count()) == (1, 3, 4, 3)
    forge.begin_count()
    assert (forge.count(), forge.requests) == (0, [])


def test_an_upload_that_the_client_breaks_off_is_left_as_a_starter(forge: Forge) -> None:
    actions = client(forge)
    release = actions.post("releases", {"tag_name": "v1", "draft": True}).value
    path = release["upload_url"].partition("{")[0].removeprefix(forge.url)
    host, port = forge.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as line:
        head = f"POST {path}?name=a.bin HTTP/1.1\r\nHost: x\r\nAuthorization: token {actions.token}\r\n"
        line.sendall(f"{head}Content-Length: 1000\r\n\r\nonly this".encode())
    for _ in range(100):
        if forge.starters:
            break
        time.sleep(0.02)
    assert [asset.name for asset in forge.starters] == ["a.bin"]
