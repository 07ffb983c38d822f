"""The HTTP side: reads a request, lets the forge answer it, and sends the answer, or what a fault makes of it."""

import json
import select
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.github_server import faults
from tests.github_server.answers import Answer

LIMIT = 5000


@dataclass
class Request:
    """One line of the log."""

    verb: str
    path: str  # of an API request without /api/v3
    query: str
    kind: str  # api, web or git
    headers: dict[str, str] = field(repr=False)  # lower case; without the token
    data: bytes = field(repr=False)
    whole: bool = True  # False: the client broke off
    token: str | None = field(default=None, repr=False)
    actor: str | None = None
    status: int | None = None  # None: no answer was sent
    fault: str | None = None
    answer: Any = field(default=None, repr=False)

    @property
    def body(self) -> Any:
        """What was sent: JSON parsed, other bytes as they are, None for nothing."""
        if not self.data:
            return None
        try:
            return json.loads(self.data)
        except ValueError:
            return self.data


RESET = struct.pack("ii", 1, 0)  # closing drops what is unsent and says so

Carried = Callable[[Request, bool], Answer]  # the request, and whether an upload is to break off
Noted = Callable[[Request], faults.Fault | None]


def url_path(target: str) -> tuple[str, str]:
    parts = urlsplit(target)
    return parts.path, parts.query


class Server(ThreadingHTTPServer):
    daemon_threads, block_on_close = True, False
    request_queue_size = 64

    def shutdown_request(self, request: Any) -> None:
        """A connection that is to be reset is not ended politely first."""
        if request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, len(RESET)) == RESET:
            self.close_request(request)
        else:
            super().shutdown_request(request)


@contextmanager
def serving(noted: Noted, carried: Carried) -> Iterator[str]:
    """A server on this machine; its address. `noted` logs a request and says which fault befalls it."""
    closing = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def handle_one_request(self) -> None:
            with suppress(ConnectionError, TimeoutError):
                super().handle_one_request()
                return
            self.close_connection = True

        def answer(self) -> None:
            path, query = url_path(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            data, whole = self.data(headers)
            request = Request(self.command, path, query, "", headers, data, whole)
            fault = noted(request)
            if fault is None or fault.acts:
                request.answer = carried(request, not whole or (fault is not None and fault.kind == "502_after"))
            if not whole:
                self.close_connection = True
            elif fault is None:
                self.send(request, request.answer)
            else:
                self.befall(request, fault.kind)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer

        def data(self, headers: dict[str, str]) -> tuple[bytes, bool]:
            """The body, and whether all of it came."""
            if headers.get("transfer-encoding", "").lower() == "chunked":
                return self.chunks()
            size = int(headers.get("content-length", 0))
            content = self.rfile.read(size) if size else b""
            return content, len(content) == size

        def chunks(self) -> tuple[bytes, bool]:
            content = b""
            while line := self.rfile.readline().split(b";")[0].strip():
                size = int(line, 16)
                content += self.rfile.read(size)
                self.rfile.readline()
                if size == 0:
                    return content, True
            return content, False

        def befall(self, request: Request, kind: str) -> None:
            other = faults.instead(kind)
            if other is not None:
                self.send(request, other)
            elif kind == "short_body":
                self.send(request, request.answer, short=True)
            else:
                if kind == "stall":
                    self.wait_for_the_client()
                elif kind == "reset":
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                self.close_connection = True

        def wait_for_the_client(self) -> None:
            """Until it hangs up, or everything ends."""
            while not closing.is_set() and not select.select([self.connection], [], [], 0.05)[0]:
                pass

        def send(self, request: Request, answer: Answer, short: bool = False) -> None:
            content = answer.raw if answer.raw is not None else b""
            headers = {"X-GitHub-Request-Id": "F00D:1", "X-RateLimit-Limit": str(LIMIT), **answer.headers}
            headers.setdefault("X-RateLimit-Remaining", str(LIMIT - 1))
            if answer.raw is None and answer.value is not None:
                content = json.dumps(answer.value).encode()
                headers.setdefault("Content-Type", "application/json; charset=utf-8")
            if short and not content:
                self.close_connection = True
                return
            request.status = answer.status
            self.send_response(answer.status)
            for name, value in headers.items():
                self.send_header(name, value)
            if answer.status != 204:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content[: len(content) // 2] if short else content)
            self.wfile.flush()
            self.close_connection = self.close_connection or short

        def log_message(self, format: str, *args: object) -> None:
            pass

    http = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_port}"
    finally:
        closing.set()
        http.shutdown()
        thread.join()
        http.server_close()
