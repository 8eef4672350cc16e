"""The messages of an exchange as values. Made once by an adapter or by `admit`; nothing here decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from ringwall.core.value import quick

JSON = None | bool | int | float | str | list["JSON"] | dict[str, "JSON"]
Header = tuple[bytes, bytes]
Headers = tuple[Header, ...]


@quick
@dataclass(frozen=True, slots=True)
class RawHead:
    """A request's head as an adapter read it, nothing decoded.

    `target` is the request target in origin form (RFC 9112, section 3.2.1), percent-encoding kept.
    `headers` keep their order and case. `peer` is the address at the other end of the connection. `websocket` says
    that the adapter is in a WebSocket handshake, and will answer it as one: an Upgrade header alone proves nothing.
    `certificate` is the client's, in DER, as its TLS connection showed it.
    """

    method: bytes
    target: bytes
    headers: Headers
    peer: str
    secure: bool
    version: str = "1.1"
    websocket: bool = False
    certificate: bytes | None = None


class QueryPair(NamedTuple):
    """One `name=value` of the query; `raw` is the value before decoding, where delimiters still differ."""

    name: str
    value: str
    raw: str


@quick
@dataclass(frozen=True, slots=True)
class Head:
    """A strict, canonical request head. Everything later reads this; nothing parses the raw one again.

    `path` is decoded once and `segments` are its parts; `headers` has lower-case names, values of repeated
    fields joined as RFC 9110, section 5.3 says; `target` and `raw_headers` are what goes on to the upstream.
    `certificate` is the client's, in DER, by its own TLS connection or by the word of a trusted proxy.
    """

    method: str
    path: str
    segments: tuple[str, ...]
    query: tuple[QueryPair, ...]
    headers: Mapping[str, str]
    cookies: tuple[tuple[str, str], ...]
    media_type: str
    charset: str
    length: int | None
    chunked: bool
    host: str
    client: str
    secure: bool
    upgrade: bool
    request_id: str
    target: bytes
    raw_headers: Headers
    certificate: bytes | None = None

    @property
    def has_body(self) -> bool:
        """Whether the framing announces a body (RFC 9112, section 6.3)."""
        return self.chunked or bool(self.length)


@quick
@dataclass(frozen=True, slots=True)
class Request:
    """A request on its way to the application: its head, the headers to forward, and its whole body.

    `body` is None where the body is streamed past (an opaque upload); it is b"" where there is none.
    """

    head: Head
    headers: Headers
    body: bytes | None

    def with_body(self, body: bytes) -> Request:
        """The same request with other content; its framing follows the new length."""
        kept = [h for h in self.headers if h[0].lower() not in _FRAMING]
        return Request(self.head, (*kept, (b"content-length", b"%d" % len(body))), body)

    def without_body(self) -> Request:
        """The same request with no content, and no word of any."""
        kept = tuple(h for h in self.headers if h[0].lower() not in _FRAMING and h[0].lower() != b"content-type")
        return Request(self.head, kept, b"")

    def with_headers(self, headers: Headers) -> Request:
        """The same request with other headers to forward."""
        return Request(self.head, headers, self.body)


_FRAMING = frozenset({b"content-length", b"transfer-encoding", b"content-encoding"})


@quick
@dataclass(frozen=True, slots=True)
class Response:
    """A reply. `body` is None where it is streamed past, otherwise the whole content.

    `data` is the content parsed, once, where it is JSON (`parsed`); a guard that rewrites gives `with_data` and
    the Exchange writes it out at the end (`stale` until then). `found` is where guards leave for the next one what they
    found in this very data, which is found only once then; it goes when the data goes.
    """

    status: int
    headers: Headers
    body: bytes | None = b""
    data: JSON = None
    parsed: bool = False
    stale: bool = False
    found: dict[str, object] = field(default_factory=dict, repr=False, compare=False)

    def get(self, name: bytes) -> bytes | None:
        """The first value of a header (`name` in lower case), or None."""
        for key, value in self.headers:
            if key.lower() == name:
                return value
        return None

    @property
    def most_objects(self) -> int | None:
        """How many JSON objects the parsed content can hold at most, by the braces in its text. None once a guard has
        changed it: what was decrypted may be an object, too."""
        return None if self.stale or self.body is None else self.body.count(b"{")

    @property
    def media(self) -> bytes:
        """The media type in lower case, without parameters; empty where none is stated."""
        headers = self.headers
        last = _last[0]
        if last[0] is headers:
            return last[1]
        media = _media_of(self.get(b"content-type") or b"")
        _last[0] = headers, media
        return media

    def with_body(self, body: bytes) -> Response:
        """The same reply with other content; digests and codings of the old content are dropped."""
        kept = [h for h in self.headers if h[0].lower() not in _OF_CONTENT]
        return Response(self.status, (*kept, (b"content-length", b"%d" % len(body))), body)

    def with_headers(self, headers: Headers) -> Response:
        """The same reply with other headers."""
        return Response(self.status, headers, self.body, self.data, self.parsed, self.stale, self.found)

    def with_data(self, data: JSON) -> Response:
        """The same reply with other parsed content, to be written out before it leaves."""
        found = self.found if data is self.data else {}
        return Response(self.status, self.headers, self.body, data, parsed=True, stale=True, found=found)


_last: list[tuple[Headers, bytes]] = [((), b"")]
"""The headers that were asked for their media type last, and it: a reply is asked a dozen times, and keeps its headers
while guards change its content."""


@lru_cache(maxsize=256)
def _media_of(content_type: bytes) -> bytes:
    """An application has few content types."""
    return content_type.split(b";")[0].strip().lower()


_OF_CONTENT = frozenset(
    {
        b"content-length",
        b"transfer-encoding",
        b"content-encoding",
        b"content-md5",
        b"digest",
        b"repr-digest",
        b"content-digest",
        b"accept-ranges",
        b"trailer",
    }
)
