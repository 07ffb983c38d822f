import socket
from typing import Any

import pytest

from scripts.core.errors import FAILED, OUTSIDE, Mistake
from scripts.core.settings.data_params import Url
from scripts.edges.batches import download as module
from scripts.edges.batches.download import download, shown
from tests.edges.table_server import Answer, serving

TABLE = b"a,b\n1,2\n"


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE", 0)


def settings(url: str, **more: Any) -> Url:
    return Url(**{"kind": "url", "url": url, "timeout": 5.0, "retries": 2} | more)


def refused(url: str, **more: Any) -> tuple[str, int]:
    with pytest.raises(Mistake) as mistake:
        download(settings(url, **more))
    assert len(mistake.value.lines) == 1 and "\n" not in mistake.value.lines[0]
    return mistake.value.lines[0], mistake.value.code


def test_brings_the_body() -> None:
    with serving(Answer(TABLE)) as server:
        assert download(settings(f"{server.url}/a.csv")) == TABLE
    assert server.asked == ["/a.csv"]


@pytest.mark.parametrize("kind", ["text/csv; charset=utf-8", "text/plain", "application/octet-stream", None])
def test_takes_what_may_be_a_table(kind: str | None) -> None:
    with serving(Answer(TABLE, kind=kind)) as server:
        assert download(settings(f"{server.url}/a.csv")) == TABLE


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "application/json", "image/png", "application/xhtml+xml"])
def test_refuses_what_is_no_table(kind: str) -> None:
    with serving(Answer(b"<html>log in</html>", kind=kind)) as server:
        line, code = refused(f"{server.url}/a.csv")
    assert kind.split(";")[0] in line and "login" in line and code == FAILED
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_server_in_trouble_is_asked_again(status: int) -> None:
    with serving(Answer(status=status), Answer(status=status), Answer(TABLE)) as server:
        assert download(settings(f"{server.url}/a.csv")) == TABLE
    assert len(server.asked) == 3


def test_a_server_that_stays_in_trouble_is_given_up() -> None:
    with serving(Answer(status=503)) as server:
        line, code = refused(f"{server.url}/a.csv")
    assert line.endswith("/a.csv: HTTP 503 (3 attempts). The server is in trouble: run again later.")
    assert code == OUTSIDE and len(server.asked) == 3


@pytest.mark.parametrize(
    ("status", "says"), [(404, "HTTP 404"), (403, "access refused"), (401, "access refused"), (410, "410")]
)
def test_an_answer_that_will_not_change_is_not_asked_for_again(status: int, says: str) -> None:
    with serving(Answer(status=status, kind="text/html")) as server:
        line, code = refused(f"{server.url}/a.csv")
    assert says in line and "data.source.url" in line and code == OUTSIDE
    assert len(server.asked) == 1


def test_a_body_that_breaks_off_is_fetched_again() -> None:
    with serving(Answer(TABLE, length=1000), Answer(TABLE)) as server:
        assert download(settings(f"{server.url}/a.csv")) == TABLE
    assert len(server.asked) == 2


def test_a_body_that_always_breaks_off_is_refused() -> None:
    with serving(Answer(TABLE, length=1000)) as server:
        line, code = refused(f"{server.url}/a.csv", retries=1)
    assert "broke off (2 attempts)" in line and code == OUTSIDE


@pytest.mark.parametrize("answer", [Answer(silent=True), Answer(TABLE, stalls=True)])
def test_a_server_that_stalls_is_given_up(answer: Answer) -> None:
    with serving(answer) as server:
        line, code = refused(f"{server.url}/a.csv", timeout=0.2, retries=1)
        assert len(server.asked) == 2
    assert "no answer within 0.2 s (2 attempts)" in line and "data.source.timeout" in line and code == OUTSIDE


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_not_read_to_its_end(chunked: bool) -> None:
    with serving(Answer(b"x" * 300_000, chunked=chunked)) as server:
        line, code = refused(f"{server.url}/a.csv", max_mb=0.1)
    assert "is larger than 0.1 MB. Raise data.source.max_mb" in line and code == FAILED
    assert len(server.asked) == 1


def test_a_size_that_is_announced_as_too_large_is_refused_before_the_body() -> None:
    with serving(Answer(TABLE, length=10**12, stalls=True)) as server:
        line, _ = refused(f"{server.url}/a.csv", timeout=1)
    assert "is larger than 500 MB" in line


def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    line, code = refused(f"http://127.0.0.1:{port}/a.csv")
    assert "can't be reached (Connection refused, 3 attempts)" in line and code == OUTSIDE


@pytest.mark.parametrize("url", ["nonsense", "ftp://host/a.csv", "http:///a.csv"])
def test_what_is_no_http_url(url: str) -> None:
    line, code = refused(url)
    assert "Check data.source.url" in line and code == OUTSIDE


def test_secrets_of_the_url_are_not_shown() -> None:
    with serving(Answer(status=404)) as server:
        line, _ = refused(server.url.replace("http://", "http://me:canary1@") + "/a.csv?token=canary2")
    assert "canary" not in line and "/a.csv: HTTP 404" in line
    assert shown("https://me:pw@host:8080/x/a.csv?k=v#f") == "https://host:8080/x/a.csv"


def test_an_error_has_no_cause_that_holds_the_url() -> None:
    with pytest.raises(Mistake) as mistake:
        download(settings("http://127.0.0.1:1/a.csv?token=canary", retries=0))
    assert mistake.value.__suppress_context__
