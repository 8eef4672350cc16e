"""Reading from the application itself, for a guard that has to know whose an object is (the `Fetch` question).

Such a read carries no caller's credential and no caller's headers. Answers are bounded in size and time.
"""

from __future__ import annotations

import asyncio
import inspect
import io
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import unquote

from ringwall.adapters import current
from ringwall.core.message import Response
from ringwall.core.ports import Fetch, Question, Unavailable

Message = MutableMapping[str, Any]
Application = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]
WsgiApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

BYTES, SECONDS = 1 << 20, 5.0


def asgi_fetcher(app: Application) -> Callable[[Question], Response]:
    """Answers `Fetch` from an ASGI application, on the event loop that serves it; called from a worker thread."""

    def fetch(question: Question) -> Response:
        asking, loop = fetch_of(question), current.loop.get()
        if loop is None:
            raise Unavailable("no event loop serves this exchange")
        asked = asyncio.run_coroutine_threadsafe(_asgi_read(app, asking), loop)
        try:
            return asked.result(SECONDS)
        except TimeoutError:
            asked.cancel()
            raise Unavailable("the application did not answer a read of its own") from None

    return fetch


def asgi_get(app: Application, target: str) -> Response:
    """`GET target` from an ASGI application that no server runs yet, on an event loop made for it."""
    return asyncio.run(_asgi_read(app, Fetch(target)))


def is_asgi(app: object) -> bool:
    """Whether an application is ASGI (a coroutine function), else it is WSGI."""
    return inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(type(app).__call__)


async def _asgi_read(app: Application, asking: Fetch) -> Response:
    token = current.exchange.set(None)
    reply = _Collected()
    asked = iter(({"type": "http.request", "body": b"", "more_body": False},))

    async def receive() -> Message:
        return next(asked, {"type": "http.disconnect"})

    try:
        await app(_scope(asking), receive, reply.take)
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


def _scope(asking: Fetch) -> Message:
    path, _, query = asking.target.partition("?")
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
        "headers": [(b"host", b"localhost"), (b"accept", b"application/json"), *asking.headers],
        "client": ("127.0.0.1", 0),
        "server": ("localhost", 443),
        "state": {},
    }


def fetch_of(question: Question) -> Fetch:
    """What is to be read. Raises Unavailable for another question."""
    if isinstance(question, Fetch):
        return question
    raise Unavailable(type(question).__name__)


def wsgi_fetcher(app: WsgiApplication) -> Callable[[Question], Response]:
    """Answers `Fetch` from a WSGI application, in the calling thread."""
    return lambda question: _wsgi_read(app, fetch_of(question))


def wsgi_get(app: WsgiApplication, target: str) -> Response:
    """`GET target` from a WSGI application, in the calling thread."""
    return _wsgi_read(app, Fetch(target))


def _wsgi_read(app: WsgiApplication, asking: Fetch) -> Response:
    path, _, query = asking.target.partition("?")
    named = {f"HTTP_{n.decode().upper().replace('-', '_')}": v.decode("latin-1") for n, v in asking.headers}
    started: list[tuple[str, list[tuple[str, str]]]] = []
    token = current.exchange.set(None)
    try:
        parts = app(
            {**_environ(path, query), **named}, lambda status, headers, exc_info=None: started.append((status, headers))
        )
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
