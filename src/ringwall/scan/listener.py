"""The scanner's own listener on loopback, for what a target fetches: one address for each label, and who was there."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Self


class Listener:
    """A context manager. Answers every GET with `fetched` and its path; remembers the paths."""

    def __init__(self) -> None:
        self._hits: set[str] = set()
        self._server = ThreadingTCPServer(("127.0.0.1", 0), _handler(self._hits.add))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def url(self, word: str) -> str:
        """An address that is used for one probe only."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/{word}"

    def hit(self, word: str, wait_s: float = 0.0) -> bool:
        """Whether somebody came to that address; `wait_s` allows for targets that fetch a little later."""
        until = time.monotonic() + wait_s
        while f"/{word}" not in self._hits and time.monotonic() < until:
            time.sleep(0.02)
        return f"/{word}" in self._hits


def _handler(note: Callable[[str], None]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 5

        def do_GET(self) -> None:
            note(self.path)
            answer = f"fetched {self.path[1:][::-1]}".encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_POST = do_HEAD = do_PUT = do_GET

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    return Handler
