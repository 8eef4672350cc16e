"""Reading from the application itself, for a guard that has to know whose an object is (the `Fetch` question).

Such a read carries no caller's credential and no caller's headers. Answers are bounded in size and time.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import unquote

from ringwall.adapters import current
from ringwall.core.message import Response
from ringwall.core.ports import Unavailable

Message = MutableMapping[str, Any]
Application = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]
WsgiApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

BYTES, SECONDS = 1 << 20, 5.0


class AsgiInside:
    """An ASGI application that can also be read from: transparent to its server, it only notes the event loop."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        """Pass a connection through."""
        self._loop = asyncio.get_running_loop()
        await self._app(scope, receive, send)

    def note_loop(self) -> None:
        """Note the loop that serves the application, before its first request."""
        self._loop = asyncio.get_running_loop()

    def fetch(self, target: str) -> Response:
        """`GET target` on the application's own loop; called from a worker thread. Raises Unavailable."""
        if self._loop is None:
            raise Unavailable("the application's event loop is not running yet")
        asked = asyncio.run_coroutine_threadsafe(self._get(target), self._loop)
        try:
            return asked.result(SECONDS)
        except TimeoutError:
            asked.cancel()
            raise Unavailable("the application did not answer a read of its own") from None

    async def _get(self, target: str) -> Response:
        token = current.exchange.set(None)
        reply = _Collected()
        asked = iter(({"type": "http.request", "body": b"", "more_body": False}, {"type": "http.disconnect"}))

        async def receive() -> Message:
            return next(asked, {"type": "http.disconnect"})

        try:
            await self._app(_scope(target), receive, reply.take)
        finally:
            current.exchange.reset(token)
        return reply.response()


class _Collected:
    """A reply put together from its messages."""

    def __init__(self) -> None:
        self._status = 500
        self._headers: tuple[tuple[bytes, bytes], ...] = ()
        self._body = bytearray()

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = tuple((bytes(n), bytes(v)) for n, v in message.get("headers", ()))
        elif message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            if len(self._body) > BYTES:
                raise Unavailable("too large a reply to a read of our own")

    def response(self) -> Response:
        return Response(self._status, self._headers, bytes(self._body))


def _scope(target: str) -> Message:
    path, _, query = target.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "https",
        "path": unquote(path),
        "raw_path": path.encode("ascii"),
        "query_string": query.encode("ascii"),
        "root_path": "",
        "headers": [(b"host", b"localhost"), (b"accept", b"application/json")],
        "client": ("127.0.0.1", 0),
        "server": ("localhost", 443),
        "state": {},
    }


def wsgi_fetch(app: WsgiApplication, target: str) -> Response:
    """`GET target` from a WSGI application, in the calling thread."""
    path, _, query = target.partition("?")
    started: list[tuple[str, list[tuple[str, str]]]] = []
    token = current.exchange.set(None)
    try:
        parts = app(_environ(path, query), lambda status, headers, exc_info=None: started.append((status, headers)))
        body = b"".join(parts)
        getattr(parts, "close", lambda: None)()
    finally:
        current.exchange.reset(token)
    if not started or len(body) > BYTES:
        raise Unavailable("the application gave no usable reply to a read of our own")
    status, headers = started[0]
    return Response(int(status[:3]), tuple((n.encode("latin-1"), v.encode("latin-1")) for n, v in headers), body)


def _environ(path: str, query: str) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(path, encoding="latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "HTTP_ACCEPT": "application/json",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
