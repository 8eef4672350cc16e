"""Heads of requests and replies: read from a wire, checked as bytes, parsed by llhttp; and written to one.

Decides nothing of what a head means: a request's goes to `core.admit` as it came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import httptools

from ringwall.adapters.gateway.bounds import MOST_HEAD
from ringwall.adapters.gateway.content import Chunked, Content, Malformed, Sized, UntilClose
from ringwall.adapters.gateway.fields import NONE, members, tokens
from ringwall.adapters.gateway.syntax import flaw_of_request, flaw_so_far, is_reply
from ringwall.adapters.gateway.wire import Cut, Wire
from ringwall.core import admit
from ringwall.core.message import Headers, RawHead
from ringwall.core.reasons import Reason

_END: Final = b"\r\n\r\n"
_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})


class _Fields:
    """What llhttp calls back while it reads a head."""

    __slots__ = ("headers", "target")

    def __init__(self) -> None:
        self.target = b""
        self.headers: list[tuple[bytes, bytes]] = []

    def on_url(self, target: bytes) -> None:
        self.target += target

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value.rstrip(b" \t")))


async def read_request_head(wire: Wire, seconds: float) -> bytes | Reason | None:
    """The bytes of the next request's head, or why they are none, or None where the caller has nothing more to say.

    The wire's deadline is the idle one when this is called; from the first byte on `seconds` are left.
    Raises Slow.
    """
    seen, buffer = 0, wire.buffer
    while True:
        if not seen and buffer.startswith(b"\r\n"):
            del buffer[:2]  # RFC 9112, section 2.2: an empty line before a request line is passed over
        end = buffer.find(_END, max(seen - 3, 0), MOST_HEAD)
        if end >= 0:
            return wire.take(end + 4)
        flaw = flaw_so_far(buffer, seen)
        if flaw is not None:
            return flaw
        if len(buffer) >= MOST_HEAD:
            return admit.HEADER_SIZE if buffer.find(b"\n", 0, MOST_HEAD) >= 0 else admit.TARGET_SIZE
        seen = len(buffer)
        if not await wire.more():
            return None if not buffer else admit.SYNTAX
        if not seen:
            wire.within(seconds)


def parse_request(head: bytes, peer: str, *, secure: bool) -> RawHead | Reason:
    """A request's head as it came, or the reason for which its bytes are none."""
    flaw = flaw_of_request(head)
    if flaw is not None:
        return flaw
    fields = _Fields()
    parser, upgrades = httptools.HttpRequestParser(fields), False
    try:
        parser.feed_data(head)
    except httptools.HttpParserUpgrade:
        upgrades = True  # asks for another protocol; the answer decides whether there is one
    except httptools.HttpParserInvalidMethodError:
        return admit.METHOD
    except httptools.HttpParserInvalidURLError:
        return admit.TARGET
    except httptools.HttpParserError:
        return admit.FRAMING if _FRAMING & {n.lower() for n in _names(head)} else admit.SYNTAX
    method, headers, version = parser.get_method(), tuple(fields.headers), parser.get_http_version()
    shakes = upgrades and method == b"GET" and version == "1.1" and _handshake(headers)
    return RawHead(method, fields.target, headers, peer, secure, version, websocket=shakes)


def _handshake(headers: Headers) -> bool:
    """Whether these are the headers of a WebSocket's opening handshake (RFC 6455, section 4.1), without content."""
    return (
        tokens(headers, b"upgrade") == {b"websocket"}
        and b"upgrade" in tokens(headers, b"connection")
        and not any(name.lower() in (b"content-length", b"transfer-encoding") for name, _ in headers)
    )


def _names(head: bytes) -> list[bytes]:
    return [line.partition(b":")[0] for line in head.split(b"\r\n")[1:]]


def content_of_request(raw: RawHead, wire: Wire) -> Content:
    """What follows a request's head, by what llhttp accepted: one length, or chunked as the last coding."""
    for name, value in raw.headers:
        low = name.lower()
        if low == b"transfer-encoding":
            return Chunked(wire)
        if low == b"content-length":
            return Sized(wire, int(value))
    return Content(wire)


@dataclass(frozen=True, slots=True)
class ReplyHead:
    """A reply's head as the application sent it; `named` are the values by lower-case name."""

    status: int
    headers: Headers
    version: str
    named: Mapping[bytes, list[bytes]]

    @property
    def ended(self) -> frozenset[bytes]:
        """The names in its Connection header."""
        said = self.named.get(b"connection")
        return members(b",".join(said)) if said else NONE

    @property
    def goes_on(self) -> bool:
        """Whether the application will answer another request on this connection."""
        return self.version == "1.1" and b"close" not in self.ended


async def read_reply_head(wire: Wire) -> ReplyHead:
    """The head of the application's answer; interim replies but 101 are dropped (RFC 9110, section 15.2).

    Raises Cut, Slow and Malformed.
    """
    while True:
        head = _parsed_reply(await _reply_bytes(wire))
        if head.status >= 200 or head.status == 101:
            return head


async def _reply_bytes(wire: Wire) -> bytes:
    seen, buffer = 0, wire.buffer
    while True:
        end = buffer.find(_END, max(seen - 3, 0), MOST_HEAD)
        if end >= 0:
            return wire.take(end + 4)
        if len(buffer) >= MOST_HEAD:
            raise Malformed
        seen = len(buffer)
        if not await wire.more():
            raise Cut


def _parsed_reply(head: bytes) -> ReplyHead:
    fields = _Fields()
    parser = httptools.HttpResponseParser(fields)
    try:
        if not is_reply(head):
            raise Malformed
        parser.feed_data(head)
    except httptools.HttpParserUpgrade:
        pass  # 101
    except httptools.HttpParserError:
        raise Malformed from None
    named: dict[bytes, list[bytes]] = {}
    for name, value in fields.headers:
        named.setdefault(name.lower(), []).append(value)
    return ReplyHead(parser.get_status_code(), tuple(fields.headers), parser.get_http_version(), named)


def content_of_reply(head: ReplyHead, wire: Wire, *, to_head: bool) -> Content:
    """What follows a reply's head (RFC 9112, section 6.3, without its leniencies). Raises Malformed."""
    codings, lengths = head.named.get(b"transfer-encoding", ()), head.named.get(b"content-length", ())
    if (codings and lengths) or len(lengths) > 1 or len(codings) > 1:
        raise Malformed
    if lengths and not (lengths[0].isdigit() and len(lengths[0]) <= 15):
        raise Malformed
    if codings and (codings[0].lower() != b"chunked" or head.version == "1.0"):
        raise Malformed
    if to_head or head.status in (101, 204, 304):
        return Content(wire)
    if codings:
        return Chunked(wire)
    return Sized(wire, int(lengths[0])) if lengths else UntilClose(wire)


_PHRASES: Final = {status.value: status.phrase.encode() for status in HTTPStatus}


def written_reply(status: int, headers: Headers) -> bytes:
    """The bytes of a reply's head. Raises ValueError for a header that would end its line."""
    line = b"HTTP/1.1 %d %b\r\n" % (status, _PHRASES.get(status, b""))
    return line + written_fields(headers) + b"\r\n"


def written_fields(headers: Headers) -> bytes:
    """Header or trailer lines. Raises ValueError for one that would end its line."""
    fields = b"".join([b"%b: %b\r\n" % pair for pair in headers])
    if fields.count(b"\n") != len(headers) or fields.count(b"\r") != len(headers):
        raise ValueError("a header holds a line end")
    return fields
