"""Serving an application in process by uvicorn, and reading from an upstream for a guard's question."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ringwall.adapters.gateway import Upstream
from ringwall.build.answers import Fetcher
from ringwall.core.message import Response
from ringwall.core.ports import Unavailable

BYTES, SECONDS = 1 << 20, 5.0


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


def upstream_fetch(base: str, upstream: Upstream) -> Fetcher:
    """How to read one object from an upstream: a GET of its own with the upstream's credential, never a caller's."""
    parts = urlsplit(base)
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    if upstream.header is not None:
        headers[upstream.header[0]] = upstream.header[1]

    def fetch(target: str) -> Response:
        connection = (
            http.client.HTTPSConnection(parts.netloc, timeout=SECONDS)
            if parts.scheme == "https"
            else http.client.HTTPConnection(parts.netloc, timeout=SECONDS)
        )
        try:
            connection.request("GET", parts.path.rstrip("/") + target, headers=headers)
            reply = connection.getresponse()
            body = reply.read(BYTES + 1)
        except (OSError, http.client.HTTPException) as failure:
            raise Unavailable(f"upstream: {type(failure).__name__}") from failure
        finally:
            connection.close()
        if len(body) > BYTES:
            raise Unavailable("too large a reply to a read of our own")
        pairs = tuple((n.encode("latin-1"), v.encode("latin-1")) for n, v in reply.getheaders())
        return Response(reply.status, pairs, body)

    return fetch
