"""Secrets that must be found nowhere, and a server that gives back all it is told."""

import base64
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, quote_plus

EDGE = 3  # letters at the ends of a base64 text that depend on what stands beside it


def canary(name: str) -> str:
    """Recognisable, and other when it is written for a URL."""
    return f"kanarie-{name}/+%7E=&ü"


CANARIES = {
    name: canary(name)
    for name in ("github", "app", "key", "aws", "session", "endpoint", "password", "apprise", "path", "data", "origin")
}
CANARIES |= {name: f"kanarie{name}PlainEnoughForAHeader" for name in ("github", "app", "key", "aws", "session")}


def forms(secret: str) -> set[str]:
    """As it is, as a URL has it, and what of it stands in any base64 text that holds it."""
    found = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret)}
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + secret.encode()).decode().rstrip("=")
        inside = whole[EDGE + 1 : -EDGE]
        found |= {inside, inside.replace("+", "-").replace("/", "_")}
    return found


FORMS = {form: name for name, secret in CANARIES.items() for form in forms(secret)}


def leaks(sinks: Mapping[str, bytes]) -> list[str]:
    """Which sink holds which secret, and how it is written there."""
    texts = {name: content.decode("utf-8", errors="replace") for name, content in sinks.items()}
    return [
        f"{name}: {secret} as {form}" for name, text in texts.items() for form, secret in FORMS.items() if form in text
    ]


@dataclass
class Echo:
    """Answers everything with `status` and with all that it was told, credentials decoded."""

    host: str = ""
    status: int = 500
    asked: list[str] = field(default_factory=list)


@contextmanager
def echo(status: int = 500) -> Iterator[Echo]:
    found = Echo(status=status)

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            found.asked.append(f"{self.command} {self.path}")
            login = self.headers.get("Authorization", "").partition(" ")[2]
            plain = base64.b64decode(login + "==", validate=False) if login else b""
            said = f"{self.path}\n{self.headers}\n".encode() + plain + b"\n" + body
            self.send_response(found.status)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(said)

        do_GET = do_POST = do_PUT = do_HEAD = do_PATCH = do_DELETE = answer

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.host = f"127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
