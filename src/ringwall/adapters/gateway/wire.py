"""One TCP or TLS connection as bytes to wait for and bytes to write, with backpressure and deadlines.

Knows nothing of HTTP. Both sides of the gateway stand on it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from math import inf
from typing import Final

HIGH: Final = 262_144
"""Bytes read ahead, or waiting to be written, above which the sender has to wait."""

_RESET: Final = struct.pack("ii", 1, 0)
"""Linger for no time: closing sends a reset and drops what was not yet sent."""


class Cut(Exception):
    """The other end has gone, or stopped in the middle of what it was saying."""


class Slow(Exception):
    """The other end did not send, or did not take, anything in time."""


class Wire(asyncio.Protocol):
    """A connection. `buffer` is what was read and not yet taken; `until` is the deadline of whoever waits to read.

    One task reads and one writes at a time. `on_lost` is called once when the connection is gone. `half_open`
    says whether the other end may say no more and still listen (not over TLS); `broken`, that it was no clean end.
    """

    __slots__ = (
        "_armed", "_draining", "_held", "_loop", "_paused", "_reading", "_timer", "broken", "buffer", "ended",
        "half_open", "idle_since", "lost", "on_lost", "transport", "until",
    )  # fmt: skip

    def __init__(self, loop: asyncio.AbstractEventLoop, *, half_open: bool) -> None:
        self._loop = loop
        self.half_open = half_open
        self.buffer = bytearray()
        self.ended = self.lost = self.broken = False
        self.until = inf
        self.idle_since = 0.0
        self.on_lost: Callable[[], None] | None = None
        self._held = self._paused = False
        self._reading: asyncio.Future[None] | None = None
        self._draining: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._armed = inf

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio.Protocol."""
        self.transport: asyncio.Transport = transport  # type: ignore[assignment] # it is a stream's
        self.transport.set_write_buffer_limits(high=HIGH)

    def data_received(self, data: bytes) -> None:
        """Part of asyncio.Protocol."""
        self.buffer += data
        if len(self.buffer) > HIGH and not self._held:
            self.hold()
        _wake(self._reading)

    def eof_received(self) -> bool:
        """Part of asyncio.Protocol."""
        self.ended = True
        _wake(self._reading)
        return self.half_open

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of asyncio.Protocol."""
        self.ended = self.lost = True
        self.broken = self.broken or exc is not None
        if self._timer is not None:
            self._timer.cancel()
        _wake(self._reading)
        _wake(self._draining)
        if self.on_lost is not None:
            self.on_lost()

    def pause_writing(self) -> None:
        """Part of asyncio.Protocol."""
        self._paused = True

    def resume_writing(self) -> None:
        """Part of asyncio.Protocol."""
        self._paused = False
        _wake(self._draining)

    def hold(self) -> None:
        """Read no more from the other end for now."""
        self._held = True
        if not self.lost:
            self.transport.pause_reading()

    def release(self) -> None:
        """Read on."""
        if self._held:
            self._held = False
            if not self.lost and not self.transport.is_closing():
                self.transport.resume_reading()

    async def more(self) -> bool:
        """Wait until there is more in `buffer`, or False at the end. Raises Slow at the deadline."""
        if self.ended:
            return False
        self.release()
        had = len(self.buffer)
        self._reading = self._loop.create_future()
        self._arm()
        try:
            await self._reading
        finally:
            self._reading = None
        return len(self.buffer) > had

    def within(self, seconds: float) -> None:
        """Set the deadline, also of a wait that is under way."""
        self.until = self._loop.time() + seconds
        if self._reading is not None:
            self._arm()

    def take(self, most: int) -> bytes:
        """Up to `most` of the bytes read."""
        if len(self.buffer) <= most:
            taken = bytes(self.buffer)
            self.buffer.clear()
            return taken
        with memoryview(self.buffer) as view:
            taken = bytes(view[:most])
        del self.buffer[:most]
        return taken

    def write(self, data: bytes) -> None:
        """Hand bytes to the connection; nothing happens once it is gone."""
        if not self.lost:
            self.transport.write(data)

    async def drained(self, seconds: float) -> None:
        """Wait until the other end has taken enough, mostly not at all. Raises Slow, and Cut when it has gone."""
        if self._paused and not self.lost:
            self._draining = self._loop.create_future()
            timer = self._loop.call_later(seconds, _fail, self._draining)
            try:
                await self._draining
            finally:
                timer.cancel()
                self._draining = None
        if self.lost:
            raise Cut

    def must_listen(self) -> None:
        """From now on the other end's last word ends the connection both ways."""
        self.half_open = False
        if self.ended:
            self.close()

    def say_no_more(self) -> None:
        """End this side and still listen, where the transport can (not over TLS)."""
        if not self.lost and not self.transport.is_closing() and self.transport.can_write_eof():
            self.transport.write_eof()

    def close(self) -> None:
        """Send what is written, then close."""
        if not self.lost:
            self.transport.close()

    def abort(self) -> None:
        """Close by a reset, so that the other end cannot mistake what it has for the whole."""
        self.ended = self.broken = True
        if not self.lost:
            with contextlib.suppress(OSError):
                self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.transport.abort()
        _wake(self._reading)

    def _arm(self) -> None:
        """Have the timer ring at the deadline; one that rings later is brought forward, one earlier looks again."""
        if self.until >= self._armed or self.until == inf:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._armed = self.until
        self._timer = self._loop.call_at(self.until, self._ring)

    def _ring(self) -> None:
        self._timer, self._armed = None, inf
        if self._reading is None:
            return
        if self._loop.time() >= self.until:
            _fail(self._reading)
        else:
            self._arm()


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)


def _fail(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_exception(Slow())
