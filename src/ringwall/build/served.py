"""Serving an application in process, by uvicorn."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


async def serve_asgi(
    app: Any, listener: socket.socket, tls: ssl.SSLContext | None, ready: Callable[[], None], *, asgi: bool
) -> None:
    """Serve until a signal. A WSGI application is served by threads. `ready` is called once it accepts."""
    config = uvicorn.Config(
        app,
        http=HttpToolsProtocol,
        interface="asgi3" if asgi else "wsgi",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
        h11_max_incomplete_event_size=65_536,
    )
    config.load()
    config.ssl = tls
    server = _Announcing(config, ready)
    await server.serve(sockets=[listener])


class _Announcing(uvicorn.Server):
    """A server that says when it accepts connections."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()
