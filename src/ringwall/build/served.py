"""Serving an application in process, by uvicorn; one that speaks WSGI in threads, by a2wsgi, behind the same wall."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import ssl
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, MutableMapping
from contextvars import ContextVar
from typing import Any, Final

import uvicorn
from a2wsgi import WSGIMiddleware

from ringwall.adapters.asgi import AsgiWall
from ringwall.adapters.asgi_talk import Message, Receive, Scope, Write
from ringwall.adapters.uvicorn_http import strict_http

GRACE_S: Final = 5
STARTS_S: Final = 60.0
SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


async def serve_asgi(
    app: AsgiWall, listener: socket.socket, tls: ssl.SSLContext | None, ready: Callable[[], None]
) -> None:
    """Serve until a signal. `ready` is called once it accepts."""
    config = uvicorn.Config(
        app,
        http=strict_http(app.wall),
        interface="asgi3",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    config.load()
    config.ssl = tls
    server = _Announcing(config, ready)
    async with stopping(server.handle_exit):
        await server.serve(sockets=[listener])


@contextlib.asynccontextmanager
async def stopping(stop: Callable[[int, None], None]) -> AsyncIterator[None]:
    """Within it a signal only asks to stop, so that what follows still runs and the process ends as it means to."""
    loop = asyncio.get_running_loop()
    for name in SIGNALS:
        loop.add_signal_handler(name, stop, name, None)
    try:
        yield
    finally:
        for name in SIGNALS:  # a second signal while all is being closed is not to break that off
            loop.remove_signal_handler(name)
            signal.signal(name, signal.SIG_IGN)


class _Announcing(uvicorn.Server):
    """A server that says when it accepts connections, and leaves signals to `stopping`."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


class Left(OSError):
    """Told to a WSGI application whose caller has gone, or whose time is over."""


class Bridge:
    """A WSGI application as an ASGI one, for the wall to stand before.

    What a2wsgi leaves open: a caller who goes in mid-body is a failed read and no end of the content; a thread whose
    exchange is over ends at its next part, and its queue is drained until then.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]], threads: int = 32) -> None:
        self._threads = WSGIMiddleware(_Told(app), workers=threads)  # type: ignore[arg-type] # its own TypedDict of an environ
        self._running: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Write) -> None:
        """One connection."""
        if scope["type"] != "http":
            await self._threads(scope, receive, send)  # type: ignore[arg-type] # the same mappings, typed loosely
            return
        gone = _gone.set([])
        task = asyncio.create_task(self._threads(scope, _reading(receive), _writing(send)))  # type: ignore[arg-type]
        self._running.add(task)
        task.add_done_callback(self._done)
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            _gone.get().append("cancelled")
            raise
        finally:
            _gone.reset(gone)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # looked at: whoever waited has it, and nobody did where the exchange was over


_gone: ContextVar[list[str]] = ContextVar("ringwall.gone")
"""Not empty once the exchange that this context belongs to is over."""


def _reading(receive: Receive) -> Receive:
    async def read() -> Message:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Left("the caller left before the content was complete")
        return message

    return read


def _writing(send: Write) -> Write:
    gone = _gone.get()

    async def write(message: Message) -> None:
        if gone:
            return
        try:
            await send(message)
        except OSError:
            gone.append("withheld")

    return write


class _Told:
    """A WSGI application with the caller in its environ, as `adapters.wsgi` has it, stopped once nobody listens."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self._app = app

    def __call__(self, environ: MutableMapping[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        scope = environ.pop("asgi.scope")
        environ["ringwall.caller"] = scope["state"].get("ringwall") if "state" in scope else None
        environ["wsgi.input_terminated"] = True
        environ["wsgi.errors"] = sys.stderr
        return _while_heard(self._app(environ, start_response))


def _while_heard(parts: Iterable[bytes]) -> Iterator[bytes]:
    gone = _gone.get()
    try:
        for part in parts:
            if gone:
                return
            yield part
    finally:
        getattr(parts, "close", lambda: None)()


@contextlib.contextmanager
def serving(app: Any) -> Iterator[str]:
    """The URL of an application, bare or behind its wall, served by a thread on a free port of loopback."""
    listener = socket.create_server(("127.0.0.1", 0))
    protocol = strict_http(app.wall) if isinstance(app, AsgiWall) else "auto"
    config = uvicorn.Config(app, http=protocol, log_level="critical", access_log=False)
    started = threading.Event()
    server = _Announcing(config, started.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        if not started.wait(STARTS_S):
            raise OSError("the application did not start")
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(STARTS_S)
        listener.close()
