"""The bytes of a request as the application gets it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ringwall.adapters.gateway.bounds import Upstream
from ringwall.adapters.gateway.fields import Rewrite, forwarded, inward, public_addresses, with_length, without_length
from ringwall.adapters.gateway.heads import written_fields
from ringwall.adapters.gateway.upload import chunk, last_chunk
from ringwall.core.admit import Network
from ringwall.core.message import Header, Headers, Request


@dataclass(frozen=True, slots=True)
class Route:
    """What is worked out once of the way to the application: its base path and name, the credential that it gets
    in place of the caller's, which proxies are believed, and how its own addresses become public ones."""

    base: bytes
    authority: bytes
    credential: tuple[Header, ...]
    trusted: tuple[Network, ...]
    public: Rewrite


def route_to(upstream: Upstream, trusted: tuple[Network, ...]) -> Route:
    """The route to an application."""
    return Route(
        upstream.base.encode(),
        upstream.authority.encode(),
        (upstream.header,) if upstream.header else (),
        trusted,
        public_addresses(upstream),
    )


def message_of(request: Request, route: Route, peer: str, *, upgrade: bool, trailers: Headers) -> bytes:
    """The head, and the content where it was read whole."""
    head = request.head
    fields = inward(request.headers, head)
    for name, _ in route.credential:
        fields = [pair for pair in fields if pair[0].lower() != name.lower()]
    fields = _framed(fields, request, trailers)
    fields += [*route.credential, *forwarded(head, peer, route.trusted)]
    if not head.host:
        fields.insert(0, (b"Host", route.authority))
    if upgrade:
        fields += [(b"Connection", b"Upgrade"), (b"Upgrade", b"websocket")]
    elif "trailers" in head.headers.get("te", "").lower():
        fields += [(b"Connection", b"TE"), (b"TE", b"trailers")]
    line = b"%b %b%b HTTP/1.1\r\n" % (head.method.encode(), route.base, head.target)
    return line + written_fields(tuple(fields)) + b"\r\n" + _written_body(request.body, trailers)


def _framed(fields: list[Header], request: Request, trailers: Headers) -> list[Header]:
    """The fields with the one framing that fits what is sent (RFC 9112, section 6)."""
    body, head = request.body, request.head
    if (body is None and head.length is None) or (body and trailers):
        named = [pair for pair in head.raw_headers if pair[0].lower() == b"trailer"]
        return [*without_length(fields), (b"Transfer-Encoding", b"chunked"), *named]
    if body == b"" and not head.chunked and head.length is None:
        return without_length(fields)
    return with_length(fields, len(body) if body is not None else head.length or 0)


def _written_body(body: bytes | None, trailers: Headers) -> bytes:
    if not body:
        return b""
    return chunk(body) + last_chunk(trailers) if trailers else body
