"""uvicorn's HTTP/1.1 on a socket, held to what the gateway holds: bytes that are no request, or that two programs could
read in two ways, are refused with a reason and an event, and no head, idle caller or padding holds a connection.

Parses nothing itself: llhttp does, through uvicorn. What a complete head means is `core.admit`'s to judge.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ringwall.adapters.drive import recorded
from ringwall.adapters.gateway.bounds import MOST_HEAD, Bounds
from ringwall.adapters.gateway.heads import written_reply
from ringwall.core import admit, reasons
from ringwall.core.exchange import Exchange, Record, Send
from ringwall.core.message import Response
from ringwall.core.plan import Wall
from ringwall.core.reasons import Reason

_LINGER: Final = 1.0
_LINGER_TLS: Final = 0.2
_PADDED: Final = 8
"""Bytes on the wire for one of content: a chunk of one byte takes six, and nobody honest sends many."""

_SAID: Final = (
    ("chunk", admit.CHUNK),
    ("Content-Length", admit.FRAMING),
    ("Transfer-Encoding", admit.FRAMING),
    ("expected CR", admit.LINE_END),
    ("Expected CRLF", admit.LINE_END),
    ("expected LF", admit.LINE_END),
    ("version", admit.VERSION),
    ("PRI", admit.VERSION),
    ("whitespace after header", admit.FOLD),
    ("space after start line", admit.FOLD),
    ("header", admit.HEADER),
)
"""What llhttp says of a flaw, and the reason that it is; anything else is no HTTP."""


class _Flaw(Exception):
    """Raised to the parser for a head that it accepts and that is refused here."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.code)
        self.reason = reason


def strict_http(wall: Wall, bounds: Bounds | None = None) -> type[HttpToolsProtocol]:
    """The protocol class for `uvicorn.Config(http=…)` in front of an application behind `wall`."""
    return type("StrictHttp", (_StrictHttp,), {"wall": wall, "bounds": bounds or Bounds()})


class _StrictHttp(HttpToolsProtocol):
    """One connection. `_extra` are its bytes since the last head that were no content; once `_ended`, none is read."""

    wall: Wall
    bounds: Bounds

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._timer: asyncio.TimerHandle | None = None
        self._extra = 0
        self._in_head = False
        self._ended = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
        super().connection_made(transport)
        self._within(self.bounds.idle)
        if len(self.connections) > self.bounds.connections:
            self._refuse(admit.CONNECTIONS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._at_ease()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._ended:
            return
        self._extra += len(data)
        super().data_received(data)
        if self._ended or self.transport.is_closing():
            return
        if self._timer is None and not self._busy():
            self._within(self.bounds.head)
        if self._extra > MOST_HEAD:
            self._refuse(admit.HEADER_SIZE if self._in_head else admit.CHUNK)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        self._within(self.bounds.head)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header. Trailers are left out: merged into the headers they would be believed as headers are (RFC 9110,
        section 6.5.1)."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._at_ease()
        if self.parser.get_http_version() not in ("1.0", "1.1"):
            raise _Flaw(admit.VERSION)
        if not self.url.startswith(b"/") or b"#" in self.url:
            raise _Flaw(admit.TARGET)
        tls = self.transport.get_extra_info("ssl_object")
        chain = certificate_chain(tls) if tls is not None else []
        if chain:
            self.scope.setdefault("extensions", {})["tls"] = {"client_cert_chain": chain}
        super().on_headers_complete()
        self._extra = 0

    def on_body(self, body: bytes) -> None:
        self._extra -= _PADDED * len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        if self._timer is not None and not self._busy():
            self._within(self.config.timeout_keep_alive)

    def on_response_complete(self) -> None:
        """Whoever was answered before all content came has a moment to send the rest: it is not waited for."""
        super().on_response_complete()
        if self.cycle.more_body and not self.transport.is_closing():
            self._within(_LINGER)

    def send_400_response(self, msg: str) -> None:
        """What uvicorn does where the parser gave up: called while its error is handled."""
        self._refuse(_reason(sys.exception()))

    def handle_websocket_upgrade(self) -> None:
        """From here on another protocol has the connection."""
        self._ended = True
        self._at_ease()
        super().handle_websocket_upgrade()

    def _busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _within(self, seconds: float) -> None:
        self._at_ease()
        self._timer = self.loop.call_later(seconds, self._late)

    def _at_ease(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self) -> None:
        self._timer = None
        if self._busy():
            self._within(self.bounds.head)  # reading may be paused until the reply is out
        elif self._in_head:
            self._refuse(reasons.BODY_SLOW)
        else:
            self.transport.close()

    def _refuse(self, reason: Reason) -> None:
        """Record and answer it, unless the reply to an earlier request is still on its way: that one ends the
        connection then, for the caller would take this one for it."""
        self._ended = True
        self._at_ease()
        reply = self._told(reason)
        if not self._busy():
            self._say(reply)
        elif self.pipeline or (self.cycle.more_body and self.cycle.response_started):
            self.transport.abort()
        elif self.cycle.more_body:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            self._say(reply)
        else:
            self.cycle.keep_alive = False

    def _told(self, reason: Reason) -> Response:
        way = Exchange(self.wall).turn_away(reason, self.client[0] if self.client else "")
        want = next(way)
        while not isinstance(want, Send):
            want = way.send(recorded(self.wall.ports, want.event) if isinstance(want, Record) else None)
        way.close()
        return want.response

    def _say(self, reply: Response) -> None:
        """Send it, then take what still comes for a moment, so that no reset destroys it (RFC 9112, section 9.6)."""
        headers = (*self.server_state.default_headers, *reply.headers, (b"connection", b"close"))
        self.transport.write(written_reply(reply.status, headers) + (reply.body or b""))
        plain = self.transport.can_write_eof()
        if plain:
            self.transport.write_eof()
        self.loop.call_later(_LINGER if plain else _LINGER_TLS, self.transport.close)


def certificate_chain(tls: ssl.SSLObject) -> list[str]:
    """The certificate that the client showed, in PEM, as ASGI's TLS extension has it."""
    der = tls.getpeercert(binary_form=True)
    return [ssl.DER_cert_to_PEM_cert(der)] if der else []


def _reason(failure: BaseException | None) -> Reason:
    """The reason behind a parser's error."""
    if isinstance(failure, httptools.HttpParserCallbackError):
        cause = failure.__context__
        return cause.reason if isinstance(cause, _Flaw) else admit.TARGET  # nothing else of a head is read there
    if isinstance(failure, httptools.HttpParserInvalidMethodError):
        return admit.SYNTAX
    if isinstance(failure, httptools.HttpParserInvalidURLError):
        return admit.TARGET
    said = str(failure)
    return next((reason for words, reason in _SAID if words in said), admit.SYNTAX)
