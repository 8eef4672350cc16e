"""A plain listener that serves nothing: it tells browsers the https address, and refuses whatever carries more.

Where a certificate is asked for by ACME, its authority finds here what proves the host (RFC 8555, section 8.3).
Reading is redirected (308), since a person typed a name. Anything else was sent in clear already and is refused, with
an event, so that its sender is mended and not helped along.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable
from typing import Final

import httptools

from ringwall.adapters.drive import recorded
from ringwall.core.exchange import Exchange, Record, Send
from ringwall.core.message import Response
from ringwall.core.plan import Wall
from ringwall.core.reasons import Reason
from ringwall.layers.transport import TLS

_MOST: Final = 8192
_SECONDS: Final = 5.0
_HOST: Final = re.compile(rb"([A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_END: Final = b"Content-Length: %d\r\nConnection: close\r\n"
_CHALLENGE: Final = b"/.well-known/acme-challenge/"
_TARGET: Final = re.compile(rb"/[!#-;=?-\[\]_a-z~%]*")

Proven = Callable[[str], bytes | None]


class Redirect:
    """The listener's answers. `port` is https's."""

    def __init__(self, wall: Wall, port: int, reason: Reason = TLS, proven: Proven | None = None) -> None:
        """`proven` has what proves the host, by the token that its authority asks for."""
        self._wall, self._port, self._reason, self._proven = wall, port, reason, proven

    async def serve(self, listener: socket.socket) -> asyncio.Server:
        """Start to answer on a bound socket."""
        return await asyncio.start_server(self._one, sock=listener, limit=_MOST)

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                peer = writer.get_extra_info("peername")
                writer.write(self._answer(head, str(peer[0]) if peer else ""))
                await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            pass
        finally:
            writer.close()

    def _answer(self, head: bytes, peer: str) -> bytes:
        asked = _asked(head)
        proof = self._proof(asked) if asked is not None else None
        if proof is not None:
            return b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n%b\r\n%b" % (_END % len(proof), proof)
        where = self._where(asked) if asked is not None else None
        if where is not None:
            return b"HTTP/1.1 308 Permanent Redirect\r\nLocation: %b\r\n%b\r\n" % (where, _END % 0)
        refused = self._refused(peer)
        body = refused.body or b""
        return b"HTTP/1.1 %d Forbidden\r\nContent-Type: application/problem+json\r\n%b\r\n%b" % (
            refused.status, _END % len(body), body,
        )  # fmt: skip

    def _refused(self, peer: str) -> Response:
        """Record that a request came in clear, and what to say of it."""
        way = Exchange(self._wall).turn_away(self._reason, peer)
        want = next(way)
        while not isinstance(want, Send):
            want = way.send(recorded(self._wall.ports, want.event) if isinstance(want, Record) else None)
        way.close()
        return want.response

    def _proof(self, asked: _Asked) -> bytes | None:
        if self._proven is None or asked.method != b"GET" or not asked.target.startswith(_CHALLENGE):
            return None
        return self._proven(asked.target.removeprefix(_CHALLENGE).decode("ascii", "replace"))

    def _where(self, asked: _Asked) -> bytes | None:
        host = _HOST.fullmatch(asked.host or b"")
        if asked.method not in (b"GET", b"HEAD") or host is None or not _TARGET.fullmatch(asked.target):
            return None
        return b"https://%b%b%b" % (host[1], b"" if self._port == 443 else b":%d" % self._port, asked.target)


class _Asked:
    """A request's head, as llhttp reads it."""

    def __init__(self) -> None:
        self.method, self.target = b"", b""
        self.host: bytes | None = None
        self._hosts = 0

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"host":
            self._hosts += 1
            self.host = value if self._hosts == 1 else None


def _asked(head: bytes) -> _Asked | None:
    """What is asked for; None where it is no HTTP."""
    found = _Asked()
    parser = httptools.HttpRequestParser(found)
    try:
        parser.feed_data(head)
    except (httptools.HttpParserUpgrade, httptools.HttpParserError):
        return None
    found.method = parser.get_method()
    return found
