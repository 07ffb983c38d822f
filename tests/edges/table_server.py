"""A real HTTP server on this machine that answers as told: one answer a request, the last one again and again."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Answer:
    body: bytes = b""
    status: int = 200
    kind: str | None = "text/csv"
    length: int | None = None  # what Content-Length says; None: the truth
    chunked: bool = False  # no Content-Length at all
    stalls: bool = False  # nothing more until the server ends, after the body's first half
    silent: bool = False  # not even headers


@dataclass
class Server:
    url: str
    answers: list[Answer]
    asked: list[str] = field(default_factory=list)


@contextmanager
def serving(*answers: Answer) -> Iterator[Server]:
    closing = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.asked.append(self.path)
            answer = server.answers.pop(0) if len(server.answers) > 1 else server.answers[0]
            if answer.silent:
                closing.wait()
                return
            self.send_response(answer.status)
            if answer.kind is not None:
                self.send_header("Content-Type", answer.kind)
            if not answer.chunked:
                self.send_header("Content-Length", str(len(answer.body) if answer.length is None else answer.length))
            self.end_headers()
            self.wfile.write(answer.body[: len(answer.body) // 2] if answer.stalls else answer.body)
            if answer.stalls:
                closing.wait()

        def log_message(self, format: str, *args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server = Server(f"http://127.0.0.1:{http.server_port}", list(answers))
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        closing.set()
        http.shutdown()
        thread.join()
        http.server_close()
