"""Bytes both ways after an upgrade (RFC 9110, section 7.8; RFC 6455), with backpressure. Looks into none of them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Sequence
from typing import Final

from ringwall.adapters.gateway.wire import HIGH, Cut, Slow, Wire
from ringwall.core.message import Header, Headers

_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_FAREWELL: Final = 10.0
"""Seconds that one side may still speak after the other has ended."""


def accepts(request: Headers, reply: Headers) -> bool:
    """Whether a 101 answers this very WebSocket handshake (RFC 6455, section 4.1)."""
    key, answer = _only(request, b"sec-websocket-key"), _only(reply, b"sec-websocket-accept")
    wanted = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())
    return bool(key) and answer == wanted and _only(reply, b"upgrade").lower() == b"websocket"


def _only(headers: Headers | Sequence[Header], name: bytes) -> bytes:
    found = [value for key, value in headers if key.lower() == name]
    return found[0] if len(found) == 1 else b""


class Tunnel:
    """A caller and the application, connected. `sizes` counts bytes from the caller and to it."""

    def __init__(self, caller: Wire, application: Wire, idle: float, write: float) -> None:
        self._caller, self._application = caller, application
        self._idle, self._write = idle, write
        self._loop = asyncio.get_running_loop()
        self._last = self._loop.time()
        self.sizes = [0, 0]

    async def run(self) -> None:
        """Until both sides have ended, one is gone, or both were silent for too long; then both are closed."""
        ways = (
            self._loop.create_task(self._pour(self._caller, self._application, 0)),
            self._loop.create_task(self._pour(self._application, self._caller, 1)),
        )
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait(ways, timeout=_FAREWELL)
        finally:
            for way in ways:
                way.cancel()
            self._caller.close()
            self._application.close()

    async def _pour(self, source: Wire, sink: Wire, side: int) -> None:
        try:
            while await self._some(source):
                part = source.take(HIGH)
                self.sizes[side] += len(part)
                self._last = self._loop.time()
                sink.write(part)
                await sink.drained(self._write)
        except (Cut, Slow):
            pass
        sink.say_no_more()

    async def _some(self, source: Wire) -> bool:
        """Wait for bytes; silence of one side is none while the other still speaks. Raises Slow."""
        while not source.buffer:
            source.until = self._last + self._idle
            try:
                return await source.more()
            except Slow:
                if self._loop.time() - self._last >= self._idle:
                    raise
        return True
