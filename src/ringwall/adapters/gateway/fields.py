"""Which header fields pass in each direction (RFC 9110, section 7.6.1; RFC 7239). Pure.

Order and case of what passes stay as they came. Hop-by-hop fields end here, and who called is written anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from ringwall.adapters.gateway.bounds import Upstream
from ringwall.core.admit import Network, within
from ringwall.core.message import Head, Header, Headers

Rewrite = Callable[[list[Header], Head], list[Header]]
NONE: Final[frozenset[bytes]] = frozenset()
_HOP: Final = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"proxy-authenticate", b"proxy-authorization", b"te",
     b"transfer-encoding", b"upgrade", b"http2-settings"}
)  # fmt: skip
_OURS: Final = _HOP | {b"forwarded", b"x-real-ip", b"x-client-ip", b"true-client-ip", b"via", b"expect", b"trailer"}
_KEPT: Final = (
    b"host", b"authorization", b"cookie", b"content-", b"origin", b"x-api-key", b"ringwall-", b"sec-", b"accept",
    b"traceparent",
)  # fmt: skip
_UNTRAILED: Final = (
    b"content-", b"transfer-", b"authorization", b"cookie", b"set-cookie", b"host", b"connection", b"upgrade", b"te",
    b"trailer", b"cache-control", b"expect", b"forwarded", b"x-forwarded-", b"x-real-ip", b"range", b"location",
    b"ringwall-", b"www-authenticate", b"proxy-", b"x-api-key", b"if-", b"age", b"date", b"expires", b"retry-after",
    b"vary", b"origin", b"access-control-", b"strict-transport-", b"max-forwards", b"x-http-method", b"keep-alive",
)  # fmt: skip


def tokens(headers: Headers, name: bytes) -> frozenset[bytes]:
    """The lower-case members of a list field such as Connection."""
    values = [value for key, value in headers if key.lower() == name]
    return members(b",".join(values)) if values else NONE


def members(value: bytes) -> frozenset[bytes]:
    """The lower-case members of a list field's value."""
    return frozenset(part.strip().lower() for part in value.split(b","))


def inward(headers: Headers, head: Head) -> list[Header]:
    """A request's fields that go on to the application: not those of this hop, nor what a caller claims to have
    forwarded. A Connection header ends only fields that the caller sent and that decide nothing."""
    named = head.headers.get("connection")
    ended = {name for name in members(named.encode("latin-1")) if not name.startswith(_KEPT)} if named else NONE
    return [pair for pair in headers if _passes(pair[0].lower(), ended)]


def _passes(name: bytes, ended: set[bytes] | frozenset[bytes]) -> bool:
    return name not in _OURS and name not in ended and not name.startswith(b"x-forwarded-")


def forwarded(head: Head, peer: str, trusted: tuple[Network, ...]) -> list[Header]:
    """Who called, by X-Forwarded-* and by RFC 7239. From a trusted proxy, the chain that was believed goes on."""
    hops = [peer or "unknown"]
    if trusted and within(peer, trusted):
        hops = [*_believed(head), peer]
    host, proto = head.host.encode("latin-1"), b"https" if head.secure else b"http"
    elements = [b"for=%b" % _node(hop) for hop in hops]
    elements[-1] += b';host="%b";proto=%b' % (host, proto) if host else b";proto=%b" % proto
    fields = [
        (b"X-Forwarded-For", ", ".join(hops).encode("latin-1")),
        (b"X-Forwarded-Proto", proto),
        (b"Forwarded", b", ".join(elements)),
    ]
    return [*fields, (b"X-Forwarded-Host", host)] if host else fields


def _believed(head: Head) -> list[str]:
    """The end of the chain that a trusted proxy sent, from the caller that `core.admit` found in it."""
    hops = [hop.strip() for hop in head.headers.get("x-forwarded-for", "").split(",")]
    for place in range(len(hops) - 1, -1, -1):
        if hops[place] == head.client:
            return hops[place:]
    return []


def _node(hop: str) -> bytes:
    """A node of RFC 7239, section 6: an IPv6 address in brackets and quotes."""
    return b'"[%b]"' % hop.encode() if ":" in hop else hop.encode()


def outward(headers: Headers, ended: frozenset[bytes], *, chunked: bool) -> tuple[list[Header], set[bytes]]:
    """A reply's fields that go on to the caller, without those that its Connection header `ended`, and their names in
    lower case. Its framing is written anew."""
    dropped = (_HOP | ended) if chunked else (_HOP | ended | _TRAILER)
    named = [(pair[0].lower(), pair) for pair in headers]
    fields = [pair for name, pair in named if name not in dropped]
    return fields, {name for name, _ in named}


def without_length(fields: list[Header]) -> list[Header]:
    """The fields but Content-Length."""
    return [pair for pair in fields if pair[0].lower() != b"content-length"]


def with_length(fields: list[Header], length: int) -> list[Header]:
    """The fields with this one Content-Length, where it stood if it did."""
    value = b"%d" % length
    if not any(name.lower() == b"content-length" for name, _ in fields):
        return [*fields, (b"Content-Length", value)]
    return [(name, value if name.lower() == b"content-length" else was) for name, was in fields]


def may_trail(trailers: Headers) -> Headers:
    """Trailers that pass: none that decides how a message is read, routed or authorized (RFC 9110, 6.5.1)."""
    return tuple(pair for pair in trailers if not pair[0].lower().startswith(_UNTRAILED) and b"_" not in pair[0])


_TRAILER: Final = frozenset({b"trailer"})
ADDRESSES: Final = frozenset({b"location", b"content-location", b"link", b"refresh"})


def public_addresses(upstream: Upstream) -> Rewrite:
    """What rewrites addresses that name the application's own host, or its base path, to the public ones."""
    base = re.escape(upstream.base.encode())
    authority = re.escape(upstream.authority.encode())
    own = re.compile(rb"(?i:https?://" + authority + rb")(?:" + base + rb")?(?=[/?#>\s\"';]|$)")
    below = re.compile(base + rb"(?=[/?#]|$)") if base else None

    def rewrite(headers: list[Header], head: Head) -> list[Header]:
        host = head.host.encode("latin-1") or upstream.authority.encode()
        public = (b"https://" if head.secure else b"http://") + host

        def one(name: bytes, value: bytes) -> Header:
            if name.lower() not in ADDRESSES:
                return name, value
            value = own.sub(lambda found: public, value)
            if below is not None and (at_start := below.match(value)):
                value = value[at_start.end() :] or b"/"
            if head.secure and value.startswith(b"http://" + host + b"/"):
                value = public + value[len(host) + 7 :]
            return name, value

        return [one(name, value) for name, value in headers]

    return rewrite
