"""Connections to the application: made within a time limit, kept while they stay silent, used again."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from typing import Final

from ringwall.adapters.gateway.bounds import Bounds, Upstream
from ringwall.adapters.gateway.wire import Wire

_SURELY_OPEN: Final = 1.0
"""Seconds of silence after which a request that may not be sent twice gets a new connection."""


class Unreachable(Exception):
    """No connection to the application could be made."""


class Pool:
    """Idle connections, the last used first: those at the other end are the ones that the application closes."""

    def __init__(self, upstream: Upstream, bounds: Bounds) -> None:
        self._host, self._port = upstream.host, upstream.port
        self._context: ssl.SSLContext | None = upstream.context()
        self._bounds = bounds
        self._idle: deque[Wire] = deque()
        self._loop = asyncio.get_running_loop()

    def idle(self, *, repeatable: bool) -> Wire | None:
        """A kept connection that is still good, or None. One that said something unasked is not."""
        oldest = self._loop.time() - (self._bounds.pooled_seconds if repeatable else _SURELY_OPEN)
        while self._idle:
            wire = self._idle.pop()
            if wire.idle_since < oldest:
                self._idle.append(wire)
                return None
            if not (wire.ended or wire.buffer or wire.transport.is_closing()):
                return wire
            wire.abort()
        return None

    async def connect(self) -> Wire:
        """A new connection. Raises Unreachable, also where the certificate is not the application's."""
        try:
            async with asyncio.timeout(self._bounds.connect):
                _, wire = await self._loop.create_connection(
                    lambda: Wire(self._loop, half_open=False),
                    self._host,
                    self._port,
                    ssl=self._context,
                    server_hostname=self._host if self._context else None,
                )
        except (OSError, ssl.SSLError, TimeoutError, UnicodeError):
            raise Unreachable from None
        return wire

    def keep(self, wire: Wire) -> None:
        """Take back a connection whose reply was read to its end."""
        if wire.ended or wire.buffer or wire.transport.is_closing():
            wire.abort()
            return
        wire.idle_since = self._loop.time()
        wire.on_lost = None
        wire.release()
        self._idle.append(wire)
        self._thin_out()

    def _thin_out(self) -> None:
        oldest = self._loop.time() - self._bounds.pooled_seconds
        while self._idle and (
            len(self._idle) > self._bounds.pooled or self._idle[0].ended or self._idle[0].idle_since < oldest
        ):
            self._idle.popleft().close()

    def close(self) -> None:
        """Close all that is idle."""
        while self._idle:
            self._idle.pop().close()
