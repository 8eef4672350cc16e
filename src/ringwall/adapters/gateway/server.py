"""The gateway as a server: it listens, counts its callers, and stops without cutting anyone short."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl as tls
from typing import Final

from ringwall.adapters.gateway.bounds import Bounds, Upstream
from ringwall.adapters.gateway.connection import Connection
from ringwall.adapters.gateway.passage import Identify, Site
from ringwall.adapters.gateway.pool import Pool
from ringwall.adapters.gateway.request import route_to
from ringwall.adapters.gateway.wire import Wire
from ringwall.core import admit
from ringwall.core.admit import Network
from ringwall.core.plan import Wall

log: Final = logging.getLogger("ringwall.gateway")


class Gateway:
    """A wall in front of an application. `trusted` are the proxies whose X-Forwarded-* fields are believed, the
    same as those that the wall's `admit` believes. `identify` tells the application who calls."""

    def __init__(
        self,
        wall: Wall,
        upstream: Upstream,
        *,
        bounds: Bounds | None = None,
        trusted: tuple[Network, ...] = (),
        identify: Identify = lambda principal: (),
    ) -> None:
        self._wall = wall
        self._upstream = upstream
        self._bounds = bounds or Bounds()
        self._trusted = trusted
        self._identify = identify

    async def serve(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        ssl: tls.SSLContext | None = None,
        sock: socket.socket | None = None,
    ) -> Server:
        """Listen on an address, or on a socket that is bound already (one of several with SO_REUSEPORT, or a Unix
        socket). Raises OSError where that is not possible."""
        server = Server(self._wall, self._upstream, self._bounds, self._trusted, self._identify)
        await server.listen(host, port, ssl, sock)
        return server


class Server:
    """A gateway that listens. `port` is 0 for a Unix socket."""

    def __init__(
        self, wall: Wall, upstream: Upstream, bounds: Bounds, trusted: tuple[Network, ...], identify: Identify
    ) -> None:
        self.site = Site(wall, bounds, Pool(upstream, bounds), route_to(upstream, trusted), identify)
        self.port = 0
        self._open: dict[asyncio.Task[None], tuple[Connection, Wire]] = {}
        self._listener: asyncio.Server | None = None

    async def listen(self, host: str, port: int, ssl: tls.SSLContext | None, sock: socket.socket | None) -> None:
        """Start to accept callers."""
        loop, timeout = asyncio.get_running_loop(), self.site.bounds.head if ssl else None

        def door() -> Wire:
            return _Door(loop, self, half_open=ssl is None)

        if sock is None:
            self._listener = await loop.create_server(
                door, host, port, ssl=ssl, backlog=2048, ssl_handshake_timeout=timeout
            )
        else:
            self._listener = await loop.create_server(
                door, sock=sock, ssl=ssl, backlog=2048, ssl_handshake_timeout=timeout
            )
        name = self._listener.sockets[0].getsockname()
        self.port = name[1] if isinstance(name, tuple) else 0

    def welcome(self, wire: Wire) -> None:
        """Take a new caller, or refuse it where there are too many."""
        refuse = admit.CONNECTIONS if len(self._open) >= self.site.bounds.connections else None
        connection = Connection(self.site, wire)
        task = asyncio.get_running_loop().create_task(connection.run(refuse))
        self._open[task] = (connection, wire)
        task.add_done_callback(self._farewell)

    def _farewell(self, task: asyncio.Task[None]) -> None:
        _, wire = self._open.pop(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            wire.abort()
            log.error("a connection failed", exc_info=failure)

    async def close(self, grace: float = 10.0) -> None:
        """Accept no one any more, let each request under way have `grace` seconds, then end what is left."""
        self.site.closing = True
        if self._listener is not None:
            self._listener.close()
        for connection, wire in list(self._open.values()):
            if not connection.busy:
                wire.close()
        if self._open:
            await asyncio.wait(list(self._open), timeout=grace)
        left = list(self._open)
        for task in left:
            self._open[task][1].abort()
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        self.site.pool.close()


class _Door(Wire):
    """The connection of a caller who just came in."""

    __slots__ = ("_server",)

    def __init__(self, loop: asyncio.AbstractEventLoop, server: Server, *, half_open: bool) -> None:
        super().__init__(loop, half_open=half_open)
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio.Protocol."""
        super().connection_made(transport)
        self._server.welcome(self)
