"""The content of a message as it stands on a wire: by length, in chunks, or until the connection closes.

One way of reading for requests and replies. What is read is passed on newly framed, never as it came.
"""

from __future__ import annotations

from typing import Final

import httptools

from ringwall.adapters.gateway.wire import HIGH, Cut, Wire
from ringwall.core.message import Header

_END: Final = b"\r\n\r\n"
_PRIMER: Final = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
_PADDING: Final = 65_536
"""Bytes of chunk lines, extensions and trailers that a content may have, and eight more for each of its own."""


class Malformed(Exception):
    """The bytes break the chunked coding."""


class Content:
    """Content that is not there: what `part` of it all is. The other kinds read from their wire."""

    __slots__ = ("done", "trailers", "wire")

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.done = True
        self.trailers: tuple[Header, ...] = ()

    async def part(self) -> bytes:
        """The next bytes, or b"" after the last. Raises Cut, Slow (the wire's deadline) and Malformed."""
        return b""

    def skip(self) -> bool:
        """Throw away what has already arrived; whether that was all of it."""
        return self.done


class Sized(Content):
    """Content of a known length."""

    __slots__ = ("left",)

    def __init__(self, wire: Wire, length: int) -> None:
        super().__init__(wire)
        self.left = length
        self.done = not length

    async def part(self) -> bytes:
        """The next bytes, or b"" after the last."""
        if self.done:
            return b""
        if not self.wire.buffer and not await self.wire.more():
            raise Cut
        return self._take()

    def _take(self) -> bytes:
        taken = self.wire.take(self.left)
        self.left -= len(taken)
        self.done = not self.left
        return taken

    def skip(self) -> bool:
        """Throw away what has already arrived; whether that was all of it."""
        self._take()
        return self.done


class UntilClose(Content):
    """A reply's content that ends with its connection (RFC 9112, section 6.3, rule 8)."""

    __slots__ = ()

    def __init__(self, wire: Wire) -> None:
        super().__init__(wire)
        self.done = False

    async def part(self) -> bytes:
        """The next bytes, or b"" after the last. A reset is no end: it raises Cut."""
        if not self.wire.buffer and not self.done and not await self.wire.more():
            if self.wire.broken:
                raise Cut
            self.done = True
        return self.wire.take(HIGH)


class Chunked(Content):
    """Content in chunks (RFC 9112, section 7.1), decoded by llhttp, with its trailers."""

    __slots__ = ("_got", "_padding", "_parser", "_parts", "_tail")

    def __init__(self, wire: Wire) -> None:
        super().__init__(wire)
        self.done = False
        self._parts: list[bytes] = []
        self._tail = b""
        self._padding = _PADDING
        self._got: list[Header] = []
        self._parser = httptools.HttpRequestParser(self)
        self._parser.feed_data(_PRIMER)
        self._got.clear()

    async def part(self) -> bytes:
        """The next bytes, or b"" after the last; then `trailers` are known."""
        while not self._parts and not self.done:
            if not self.wire.buffer and not await self.wire.more():
                raise Cut
            self._feed()
        whole = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts.clear()
        return whole

    def skip(self) -> bool:
        """Throw away what has already arrived; whether that was all of it."""
        while self.wire.buffer and not self.done:
            self._feed()
            self._parts.clear()
        return self.done

    def _feed(self) -> None:
        """Give the parser what has arrived, but nothing beyond an empty line: only there can the content end, and
        what follows is the next message's."""
        piece = self.wire.take(self._up_to_empty_line())
        self._tail = (self._tail + piece)[-3:]
        before = sum(map(len, self._parts))
        try:
            self._parser.feed_data(piece)
        except httptools.HttpParserError:
            raise Malformed from None
        self._padding += 9 * (sum(map(len, self._parts)) - before) - len(piece)
        if self._padding < 0:
            raise Malformed
        if self.done:
            self.trailers = tuple(self._got)

    def _up_to_empty_line(self) -> int:
        buffer, tail = self.wire.buffer, self._tail
        across = (tail + bytes(buffer[:3])).find(_END)
        if across >= 0:
            return across + 4 - len(tail)
        found = buffer.find(_END)
        return found + 4 if found >= 0 else len(buffer)

    def on_body(self, data: bytes) -> None:
        """Content, from the parser."""
        self._parts.append(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A trailer, from the parser."""
        self._got.append((name, value.rstrip(b" \t")))

    def on_message_complete(self) -> None:
        """From the parser: the last chunk and its trailers are there."""
        self.done = True
