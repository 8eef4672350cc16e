"""A caller's content on its way in: within its limit, in time, and as chunks where its length is not known."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from ringwall.adapters.gateway.content import Content, Malformed
from ringwall.adapters.gateway.fields import may_trail
from ringwall.adapters.gateway.heads import written_fields
from ringwall.adapters.gateway.wire import Cut, Slow
from ringwall.core import admit, reasons
from ringwall.core.message import Headers
from ringwall.core.reasons import Reason


class Fault(Exception):
    """The caller's content cannot go on, and why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.code)
        self.reason = reason


class Upload:
    """A caller's content: at most `limit` bytes, within `seconds` and one more for each `rate` bytes received.

    Only time spent waiting for the caller counts, not that for an application which takes its time.
    """

    __slots__ = ("_limit", "_patience", "_rate", "chunked", "content", "received")

    def __init__(self, content: Content, limit: int, seconds: float, rate: int, *, chunked: bool) -> None:
        self.content = content
        self.chunked = chunked
        self.received = 0
        self._limit = limit
        self._patience = seconds
        self._rate = rate

    async def parts(self) -> AsyncIterator[bytes]:
        """Its bytes as they come. Raises Fault with the reason for which they cannot go on."""
        now, wire = asyncio.get_running_loop().time, self.content.wire
        try:
            while True:
                before = now()
                wire.until = before + self._patience
                part = await self.content.part()
                self._patience += len(part) / self._rate - (now() - before)
                self.received += len(part)
                if self.received > self._limit:
                    raise Fault(reasons.BODY_SIZE)
                if not part:
                    return
                yield part
        except Slow:
            raise Fault(reasons.BODY_SLOW) from None
        except Cut:
            raise Fault(reasons.DISCONNECTED) from None
        except Malformed:
            raise Fault(admit.CHUNK) from None

    async def whole(self) -> bytes | Reason:
        """All of it, or the reason for which it could not be had."""
        try:
            got = [part async for part in self.parts()]
        except Fault as fault:
            return fault.reason
        return got[0] if len(got) == 1 else b"".join(got)


def chunk(part: bytes) -> bytes:
    """One chunk (RFC 9112, section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(part), part)


def last_chunk(trailers: Headers) -> bytes:
    """The end of chunked content, with the trailers that may pass."""
    return b"0\r\n" + written_fields(may_trail(trailers)) + b"\r\n"
