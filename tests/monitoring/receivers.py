"""Real receivers on loopback: HTTP, SMTP with STARTTLS, syslog over TLS. Each keeps what it got."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

from ringwall.state.tls import Certificate, local_certificate


@dataclass
class Web:
    """An HTTP receiver. `statuses` are what it answers with, one after another, then 200; `delay` how late."""

    port: int = 0
    got: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    delay: threading.Event = field(default_factory=threading.Event)
    slow: bool = False

    def paths(self) -> list[str]:
        return [path for path, _, _ in self.got]


@contextmanager
def web() -> Iterator[Web]:
    held = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if held.slow:
                held.delay.wait(30)
            held.got.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            status = held.statuses.pop(0) if held.statuses else 200
            with suppress(OSError):
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", f"http://127.0.0.1:{held.port}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

        do_GET = do_POST

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    held.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield held
    finally:
        held.delay.set()
        server.shutdown()
        server.server_close()
        thread.join()


def certified(directory: Path) -> tuple[Certificate, ssl.SSLContext]:
    made = local_certificate(directory, ("localhost", "127.0.0.1"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.chain, made.key)
    return made, context


class Mailbox:
    """What an SMTP server was handed."""

    def __init__(self) -> None:
        self.got: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        assert session.ssl is not None, "mail came in clear"
        self.got.append(envelope)
        return "250 OK"


@contextmanager
def mail(context: ssl.SSLContext) -> Iterator[tuple[int, Mailbox]]:
    box = Mailbox()
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    server = Controller(box, hostname="127.0.0.1", port=port, tls_context=context, require_starttls=True)
    server.start()
    try:
        yield port, box
    finally:
        server.stop()


@contextmanager
def syslog_server(context: ssl.SSLContext) -> Iterator[tuple[int, list[bytes]]]:
    """Reads frames as RFC 5425 has them: a length, a space, so many bytes."""
    got: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)
    stop = threading.Event()

    def read(connection: ssl.SSLSocket) -> None:
        data = b""
        connection.settimeout(0.1)
        while not stop.is_set():
            try:
                more = connection.recv(65536)
            except TimeoutError:
                continue
            except OSError:
                return
            if not more:
                return
            data += more
            while b" " in data:
                length, _, rest = data.partition(b" ")
                if len(rest) < int(length):
                    break
                got.append(rest[: int(length)])
                data = rest[int(length) :]

    def serve() -> None:
        while not stop.is_set():
            with suppress(OSError):
                plain, _ = listener.accept()
                with plain, context.wrap_socket(plain, server_side=True) as connection:
                    read(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1], got
    finally:
        stop.set()
        thread.join()
        listener.close()
