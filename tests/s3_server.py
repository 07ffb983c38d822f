"""A real S3 server on loopback: rclone, serving a folder."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

KEY, SECRET = "evergreen-key", "evergreen-secret"  # shorter ones than eight characters are refused


@dataclass(frozen=True)
class Server:
    endpoint: str
    root: Path  # a bucket is a folder of it

    @property
    def environment(self) -> dict[str, str]:
        return {
            "DVC_REMOTE_URL": "s3://bucket/evergreen",
            "DVC_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@contextmanager
def served(root: Path) -> Iterator[Server]:
    (root / "bucket").mkdir(parents=True, exist_ok=True)
    port = free_port()
    near = Path(sys.executable).parent / "rclone"
    rclone = str(near) if near.exists() else shutil.which("rclone")
    assert rclone is not None, "rclone is among the packages for tests"
    command = [rclone, "serve", "s3", str(root), "--addr", f"127.0.0.1:{port}", "--auth-key", f"{KEY},{SECRET}"]
    environment = os.environ | {"RCLONE_CONFIG": os.devnull}
    # Tests change files behind its back; with 0s it would spin for ever when several write at once.
    with subprocess.Popen(
        [*command, "--dir-cache-time", "1ms"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            answers(port)
            yield Server(f"http://127.0.0.1:{port}", root)
        finally:
            process.terminate()


def answers(port: int, patience: float = 20) -> None:
    until = time.monotonic() + patience
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
