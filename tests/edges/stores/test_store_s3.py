"""The store in a bucket of a real server."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.core import objects
from scripts.core.errors import OUTSIDE, USAGE, Mistake
from scripts.edges.stores import stores
from scripts.edges.stores.store import Store
from scripts.edges.stores.store_s3 import Bucket
from tests import s3_server, stored
from tests.s3_server import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with s3_server.served(tmp_path_factory.mktemp("s3")) as found:
        yield found


@pytest.fixture
def bucket(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """A folder of its own for every test."""
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ROLE_ARN", "AWS_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    return Bucket(f"s3://bucket/{tmp_path.name}", server.endpoint, timeout=6)


def told(bucket: Bucket) -> str:
    began = time.monotonic()
    with pytest.raises(Mistake) as raised:
        bucket.reach()
    (line,) = raised.value.lines
    assert time.monotonic() - began < 20 and raised.value.code in (OUTSIDE, USAGE)
    assert s3_server.SECRET not in line and s3_server.KEY not in line
    return line


def test_all_that_git_names_goes_through_the_bucket(bucket: Bucket, server: Server, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    stored.lay_out(one)
    assert Store(bucket, one).push().sent == 6
    folder = server.root / "bucket" / tmp_path.name
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == {
        objects.laid(oid) for oid in bucket.all()
    }
    stored.named(two)
    Store(bucket, two).pull()
    assert stored.found(two) == stored.contents()
    assert Store(bucket, two).push().sent == 0 and Store(bucket, two).check(read=True) == []


def test_what_the_bucket_lost_or_cut_is_found_and_sent_again(bucket: Bucket, server: Server, tmp_path: Path) -> None:
    one = tmp_path / "one"
    stored.lay_out(one)
    store = Store(bucket, one)
    store.push()
    folder = server.root / "bucket" / tmp_path.name
    lost, cut = stored.one(store, "data/2024-01.parquet"), stored.one(store, "data/2024-02.parquet")
    (folder / objects.laid(lost.oid)).unlink()
    (folder / objects.laid(cut.oid)).write_bytes(b"feb")
    assert store.missing(store.named()) == [lost, cut]
    stored.named(tmp_path / "two")
    with pytest.raises(Mistake, match=r"is altered|has not got"):
        Store(bucket, tmp_path / "two").pull()
    assert store.push().sent == 2
    Store(bucket, tmp_path / "two").pull()
    assert stored.found(tmp_path / "two") == stored.contents()


def by_hand(act: str, root: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "dvc", act, "-q", "data.dvc", "models/production.zip.dvc"], cwd=root, check=True
    )


def test_dvc_by_hand_reads_what_was_pushed(bucket: Bucket, tmp_path: Path) -> None:
    stored.lay_out(tmp_path / "one")
    Store(bucket, tmp_path / "one").push()
    stored.named(tmp_path / "two")
    stores.configure(bucket, tmp_path / "two")
    by_hand("pull", tmp_path / "two")
    assert (tmp_path / "two/data/2024-01.parquet").read_bytes() == stored.BATCHES["2024-01.parquet"]


@pytest.mark.faults
def test_what_dvc_by_hand_pushes_is_read(bucket: Bucket, tmp_path: Path) -> None:
    stored.lay_out(tmp_path / "one")
    stores.configure(bucket, tmp_path / "one")
    by_hand("push", tmp_path / "one")
    stored.named(tmp_path / "two")
    Store(bucket, tmp_path / "two").pull(["data", "models/production.zip"])
    assert (tmp_path / "two/data/2024-02.parquet").read_bytes() == stored.BATCHES["2024-02.parquet"]


def test_what_keeps_a_bucket_from_being_used_is_told_in_a_line(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no such bucket. Make it, or mend DVC_REMOTE_URL" in told(replace(bucket, url="s3://nowhere/x"))
    port = s3_server.free_port()
    down = told(replace(bucket, endpoint=f"http://127.0.0.1:{port}"))
    assert f"at http://127.0.0.1:{port}: does not answer" in down and "DVC_ENDPOINT_URL" in down
    assert "is no bucket's address" in told(replace(bucket, endpoint="not an address"))
    assert "is no bucket's address" in told(replace(bucket, url="s3:///x"))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-the-secret")
    assert "the secret key is wrong. Mend AWS_SECRET_ACCESS_KEY" in told(replace(bucket))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "not-the-key")
    assert "the access key is not known there. Mend AWS_ACCESS_KEY_ID" in told(replace(bucket))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "")
    monkeypatch.setenv("HOME", "/nonexistent")
    assert "no credentials were found. Set AWS_ACCESS_KEY_ID" in told(replace(bucket))


def test_a_server_that_takes_calls_and_never_answers_is_given_up(bucket: Bucket) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(16)
        taken: list[socket.socket] = []
        threading.Thread(target=lambda: _take(silent, taken), daemon=True).start()
        began = time.monotonic()
        line = told(replace(bucket, endpoint=f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=3))
        assert "does not answer (ReadTimeoutError)" in line
        assert time.monotonic() - began < 2 * 3
        for each in taken:
            each.close()


def _take(silent: socket.socket, taken: list[socket.socket]) -> None:
    while True:
        try:
            taken.append(silent.accept()[0])
        except OSError:
            return
