"""One request to the application and its answer, streamed both ways.

Translates only: which request goes is the Exchange's word, what became of it goes back as a value.
"""

from __future__ import annotations

import asyncio
from math import inf
from typing import Final

from ringwall.adapters.gateway.content import Content, Malformed, UntilClose
from ringwall.adapters.gateway.fields import NONE
from ringwall.adapters.gateway.heads import ReplyHead, content_of_reply, read_reply_head
from ringwall.adapters.gateway.pool import Pool, Unreachable
from ringwall.adapters.gateway.upload import Fault, Upload, chunk, last_chunk
from ringwall.adapters.gateway.wire import Cut, Slow, Wire
from ringwall.core import reasons
from ringwall.core.reasons import Reason

_REPEATABLE: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


class Call:
    """One call. After `ask` has a reply, `head` and `content` are its, and `wire` the connection. `uploaded` says that
    nothing of the caller's content is still on its way, `fault` why the caller's side ended the call."""

    __slots__ = ("_loop", "_pool", "_pump", "content", "fault", "head", "received", "uploaded", "wire")

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._loop = asyncio.get_running_loop()
        self._pump: asyncio.Task[None] | None = None
        self.wire: Wire | None = None
        self.head: ReplyHead | None = None
        self.content: Content | None = None
        self.fault: Reason | None = None
        self.received = 0
        self.uploaded = True

    async def ask(self, method: str, message: bytes, upload: Upload | None, seconds: float) -> ReplyHead | Reason:
        """Send a request and wait for the reply's head, at most `seconds` from when it was sent whole.

        A kept connection that turns out to be closed is replaced once, if the request may be sent twice
        (RFC 9110, section 9.2.2) and none of its content was streamed.
        """
        repeatable = method in _REPEATABLE and upload is None
        kept = self._pool.idle(repeatable=repeatable)
        try:
            if kept is not None:
                try:
                    return await self._once(kept, method, message, upload, seconds)
                except Cut:
                    if not repeatable or kept.buffer or self.fault:
                        raise
            fresh = await self._pool.connect()
            return await self._once(fresh, method, message, upload, seconds)
        except Unreachable:
            return reasons.UPSTREAM_DOWN
        except Slow:
            return self._failed(reasons.UPSTREAM_SLOW)
        except (Cut, Malformed):
            return self._failed(reasons.UPSTREAM_CUT)

    async def _once(self, wire: Wire, method: str, message: bytes, upload: Upload | None, seconds: float) -> ReplyHead:
        self.wire = wire
        if self.fault is not None:
            raise Cut
        wire.write(message)
        wire.within(seconds)
        if upload is not None:
            wire.until = inf
            self.uploaded = False
            self._pump = self._loop.create_task(self._upload(wire, upload, seconds))
        self.head = await read_reply_head(wire)
        self.content = content_of_reply(self.head, wire, to_head=method == "HEAD")
        return self.head

    async def _upload(self, wire: Wire, upload: Upload, seconds: float) -> None:
        """Stream the caller's content to the application; a fault of the caller's ends the call."""
        try:
            async for part in upload.parts():
                wire.write(chunk(part) if upload.chunked else part)
                await wire.drained(seconds)
            if upload.chunked:
                wire.write(last_chunk(upload.content.trailers))
            self.uploaded = True
            wire.within(seconds)
        except Fault as fault:
            self.give_up(fault.reason)
        except Slow:
            self.give_up(reasons.UPSTREAM_SLOW)
        except Cut:
            wire.abort()

    def give_up(self, reason: Reason) -> None:
        """End the call for a reason of the caller's."""
        self.fault = reason
        self.abandon()

    def _failed(self, reason: Reason) -> Reason:
        self.abandon()
        return self.fault or reason

    async def part(self, seconds: float) -> bytes:
        """The next bytes of the reply, or b"" after the last. Raises Cut, Slow and Malformed."""
        if self.content is None or self.wire is None:
            return b""
        self.wire.within(seconds)
        data = await self.content.part()
        self.received += len(data)
        return data

    @property
    def ended(self) -> frozenset[bytes]:
        """The names of the reply's fields that are for this hop alone."""
        return self.head.ended if self.head is not None else NONE

    @property
    def empty(self) -> bool:
        """Whether the reply has no content at all."""
        return self.content is not None and self.content.done and self.head is not None and self.head.status != 101

    def finish(self) -> None:
        """Keep the connection where both messages are complete and the application will go on; else drop it."""
        if self.wire is None or self.head is None or self.content is None:
            return
        sent = self.uploaded and self.fault is None
        if sent and self.content.done and self.head.goes_on and not isinstance(self.content, UntilClose):
            self._pool.keep(self.wire)
            self.wire = None
        else:
            self.abandon()

    def abandon(self) -> None:
        """Drop the connection at once."""
        if self._pump is not None and self._pump is not asyncio.current_task():
            self._pump.cancel()
        if self.wire is not None:
            self.wire.abort()
