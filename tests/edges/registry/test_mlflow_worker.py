import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from scripts.edges.registry import mlflow_worker
from scripts.edges.registry.mlflow_worker import SQLITE

ROOT = Path(__file__).parents[3]


def asked(folder: Path, uri: str, **job: Any) -> tuple[str, str]:
    """What the process says on stdout and stderr."""
    lines = [json.dumps({"uri": uri, "timeout": 1, "retries": 0}), *([json.dumps(job)] if job else [])]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "scripts.edges.registry.mlflow_worker"],
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        timeout=60,
    )
    return done.stdout, done.stderr


def test_it_answers_in_one_line_and_says_nothing_else(tmp_path: Path) -> None:
    out, errors = asked(tmp_path, "sqlite:///mlflow.db", job="alias", name="a", digest="sha256:0", alias="production")
    assert json.loads(out) == {"reason": "a has no version with the bundle sha256:0"}
    assert out.count("\n") == 1
    assert errors == ""


def test_it_dies_with_its_parent_in_the_middle_of_a_job(tmp_path: Path) -> None:
    script = """
        import os, sys
        from scripts.edges.registry.mlflow_registry import Settings, Worker
        with Worker(Settings(sys.argv[1], 60, 0)) as worker:
            print(worker.process.pid, flush=True)
            worker.alias("a", "sha256:0", "production")
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(120)
        parent = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(script), f"http://127.0.0.1:{server.getsockname()[1]}"],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        connection, _ = server.accept()  # the job is under way, and nobody will answer it
        with connection:
            parent.send_signal(signal.SIGKILL)
            parent.wait()
            parent.stdout.close()
            assert ended(worker)


def ended(process: int) -> bool:
    for _ in range(100):
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":  # nobody has asked for its exit code yet
            return True
        time.sleep(0.1)
    return False


def test_tables_that_a_kill_left_half_made_are_no_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, made = tmp_path / "mlflow.db", tmp_path / "mlflow.db.new-by-a-kill"
    made.mkdir()
    (made / "mlflow.db").write_text("half")

    def killed(uri: str) -> None:
        sqlite3.connect(uri.removeprefix(SQLITE)).execute("CREATE TABLE half (a)")
        raise KeyboardInterrupt

    monkeypatch.setattr(mlflow_worker, "_client", killed)
    with pytest.raises(KeyboardInterrupt):
        mlflow_worker.opened({"uri": f"{SQLITE}{path}", "timeout": 1})
    assert not list(tmp_path.iterdir())


def test_a_store_that_another_process_made_meanwhile_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mlflow.db"

    def slow(uri: str) -> str:
        Path(uri.removeprefix(SQLITE)).write_bytes(b"")
        sqlite3.connect(path).execute("CREATE TABLE theirs (a)").connection.close()
        return uri

    monkeypatch.setattr(mlflow_worker, "_client", slow)
    mlflow_worker._create_store(path)
    assert sqlite3.connect(path).execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]


def test_the_settings_are_bounds_and_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {"KEPT": "1"})
    monkeypatch.setattr(mlflow_worker.logging, "disable", lambda level: None)
    mlflow_worker._configure({"timeout": 2.5})
    assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "3"
    assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "0"  # it would repeat writes without a look
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == os.environ["DO_NOT_TRACK"] == "true"
    assert os.environ["KEPT"] == "1"


@pytest.mark.parametrize(("faults", "retries", "works"), [(0, 0, True), (1, 0, False), (1, 1, True), (3, 2, False)])
def test_a_job_is_tried_again_as_often_as_asked(
    faults: int, retries: int, works: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mlflow_worker.time, "sleep", lambda seconds: None)
    attempts: list[int] = []

    def job() -> dict[str, Any]:
        attempts.append(1)
        if len(attempts) <= faults:
            raise ConnectionError("gone")
        return {"done": True}

    if works:
        assert mlflow_worker._persistently(retries, job) == {"done": True}
    else:
        with pytest.raises(ConnectionError):
            mlflow_worker._persistently(retries, job)
    assert len(attempts) == min(faults, retries) + 1


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        ("... (Caused by NewConnectionError('x: [Errno 111] Connection refused'))", "Connection refused"),
        ("... (Caused by ResponseError('too many 503 error responses'))", "it answers 503"),
        ("API request to endpoint failed with error code 401 != 200. Response body: 'Bearer x'", "it answers 401"),
        ("... failed with timeout exception HTTPConnectionPool(...): Read timed out.", "no answer in time"),
        ("(sqlite3.OperationalError) database is locked\n[SQL: PRAGMA]", "database is locked"),
        ("something\nelse", "something else"),
        ("", "ValueError"),
        ("x" * 500, "x" * 200),
    ],
)
def test_a_reason_is_one_line(raised: str, told: str) -> None:
    assert mlflow_worker.reason(ValueError(raised)) == told
