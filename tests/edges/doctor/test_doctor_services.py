import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from scripts.core.alerts import trial
from scripts.core.doctor.findings import Unseen
from scripts.core.doctor.outside import Tried
from scripts.core.errors import Mistake
from scripts.edges.doctor import doctor_services
from scripts.edges.stores.store_folder import Folder

SECRET = "s3cr3t-canary"
Seen = list[tuple[str, str | None, bytes]]


@contextmanager
def server(status: int) -> Iterator[tuple[str, Seen]]:
    """Answers everything with this status; what it was asked."""
    seen: Seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            seen.append((self.path, self.headers.get("Authorization"), body))
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"127.0.0.1:{http.server_port}", seen
    finally:
        http.shutdown()
        http.server_close()


def fault(found: Tried | Unseen) -> Tried:
    assert isinstance(found, Tried) and found.cure, found
    assert SECRET not in str(found)
    return found


def fine(found: Tried | Unseen) -> Tried:
    assert isinstance(found, Tried) and not found.cure, found
    return found


def test_a_folder_is_written_to_and_holds_nothing_foreign_afterwards(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    place = Folder(tmp_path / "store")
    assert fine(doctor_services.store(place)).says == "can be read and written"
    assert place.all() == {doctor_services.EMPTY: 0}


def test_a_folder_that_is_not_there_yet_is_not_made(tmp_path: Path) -> None:
    fine(doctor_services.store(Folder(tmp_path / "store")))
    assert not (tmp_path / "store").exists()


class Failing(Folder):
    """A store that fails of one thing."""

    what = ""

    def reach(self) -> None:
        if self.what == "reach":
            raise Mistake(f"{self.name}: access is denied. Allow these keys to list the bucket.")

    def write(self, oid: str, content: bytes) -> None:
        if self.what == "write":
            raise Mistake(f"{self.name}: access is denied. Allow these keys to write it.")

    def size(self, oid: str) -> int | None:
        return None


@pytest.mark.parametrize(
    ("what", "said"), [("reach", "access is denied"), ("write", "access is denied"), ("", "took an object and has not")]
)
def test_a_store_that_refuses_says_why_once_and_the_cure(tmp_path: Path, what: str, said: str) -> None:
    place = Failing(tmp_path)
    object.__setattr__(place, "what", what)
    found = fault(doctor_services.store(place))
    assert found.says.startswith(said)
    assert place.name not in found.says


def test_mlflow_answers() -> None:
    with server(200) as (address, seen):
        fine(doctor_services.mlflow(f"http://{address}/", 2, {}))
    [(path, authorization, _)] = seen
    assert path.startswith("/api/2.0/mlflow/experiments/search?") and authorization is None


@pytest.mark.parametrize(
    ("given", "authorization"),
    [
        ({"MLFLOW_TRACKING_USERNAME": "u", "MLFLOW_TRACKING_PASSWORD": "p"}, "Basic dTpw"),
        ({"MLFLOW_TRACKING_TOKEN": "t"}, "Bearer t"),
    ],
)
def test_mlflow_is_asked_with_the_credentials(given: dict[str, str], authorization: str) -> None:
    with server(200) as (address, seen):
        fine(doctor_services.mlflow(f"http://{address}", 2, given))
    assert [each[1] for each in seen] == [authorization]


@pytest.mark.parametrize(("status", "cure"), [(401, "MLFLOW_TRACKING_USERNAME"), (403, "USERNAME"), (500, "its log")])
def test_mlflow_that_refuses(status: int, cure: str) -> None:
    with server(status) as (address, _):
        found = fault(doctor_services.mlflow(f"http://user:{SECRET}@{address}", 2, {}))
    assert str(status) in found.says and cure in found.cure
    assert found.where == f"http://***@{address}"


def test_mlflow_that_is_not_there() -> None:
    with server(200) as (address, _):
        pass
    found = fault(doctor_services.mlflow(f"http://user:{SECRET}@{address}", 2, {}))
    assert found.says == "nothing listens there"
    assert fault(doctor_services.mlflow("http://nowhere.invalid", 2, {})).says == "no such host"
    assert fault(doctor_services.mlflow("http://[::bad", 2, {}))


def test_a_file_of_records_and_a_database(tmp_path: Path) -> None:
    fine(doctor_services.mlflow(f"sqlite:///{tmp_path}/mlflow.db", 2, {}))
    assert not (tmp_path / "mlflow.db").exists()
    found = doctor_services.mlflow(f"postgresql://user:{SECRET}@host/db", 2, {})
    assert isinstance(found, Unseen) and SECRET not in str(found)


def test_channels_that_can_be_read_and_those_that_can_not() -> None:
    text = f"ops=json://user:{SECRET}@127.0.0.1:9/x\nnonsense\nnosuchservice://{SECRET}"
    found = doctor_services.channels(text, {"released": ("ops",), "broken": ("team",)}, None, 2)
    assert [bool(each.cure) for each in found] == [True, True, False, True]
    assert "tags ops" in found[2].says
    assert SECRET not in str(found)
    assert doctor_services.channels("", {}, None, 2) == []


def test_a_test_is_sent_only_when_asked_for() -> None:
    test = trial("small", datetime.now(UTC))
    with server(200) as (address, seen):
        doctor_services.channels(f"json://{address}/x", {}, None, 5)
        assert seen == []
        [found] = doctor_services.channels(f"json://{address}/x", {}, test, 5)
    assert "took the test" in fine(found).says
    assert b"Nothing has happened" in seen[0][2]
    with server(500) as (address, _):
        [found] = doctor_services.channels(f"json://{address}/{SECRET}", {}, test, 5)
    assert "Mend entry 1 of APPRISE_URLS" in fault(found).cure
