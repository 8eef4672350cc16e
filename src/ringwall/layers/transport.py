"""Transport: what a browser may send from elsewhere, and the headers that every reply carries.

Strict HTTP itself is `core.admit`, before there is an operation. This layer may not look at who calls.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from ringwall.contract.model import Cors, Operation
from ringwall.core.known import Known
from ringwall.core.message import Head, Header, Headers, Request, Response
from ringwall.core.plan import Guard, Guards
from ringwall.core.reasons import Layer, Reason
from ringwall.core.verdict import PASS, Refuse, Verdict

LAYER = Layer.TRANSPORT

ORIGIN = Reason(
    "transport.origin",
    403,
    "Origin not allowed",
    "Call from an origin that the API allows.",
    "A page of another origin sent this. Name the origin under `cors.origins` if it should be able to.",
)
TLS = Reason(
    "transport.tls",
    403,
    "HTTPS required",
    "Use https.",
    "The request came in clear. Serve over TLS, or name the proxy that ends TLS under `trusted_proxies`.",
)
ROUTE = Reason(
    "transport.route",
    404,
    "Not found",
    "Check the path against the API's documentation.",
    "No operation of the API has this path. What is not declared is closed.",
)
METHOD_NOT_ALLOWED = Reason(
    "transport.method.undeclared",
    405,
    "Method not allowed",
    "Use one of the methods in Allow.",
    "The path is declared, the method is not. What is not declared is closed.",
)
DEPTH = Reason(
    "transport.depth",
    400,
    "Nested too deeply",
    "Send flatter content.",
    "The content nests more than 1,000 deep, as no honest document does: made to exhaust a parser's stack.",
)
REASONS = (ORIGIN, TLS, ROUTE, METHOD_NOT_ALLOWED, DEPTH)

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_DEEPEST = 1000
"""Brackets within brackets: the most that `limits.depth` may state, and near where parsers with a stack end."""
_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_BUT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


@dataclass(frozen=True, slots=True)
class Settings:
    """`cors` as stated (None: no foreign origin may write or read); `https` refuses what came in clear."""

    cors: Cors | None
    https: bool


def forge(operation: Operation, settings: Settings) -> Guards:
    """The guards of one operation: TLS where it is demanded, and the origin of writes and WebSockets."""
    writes = operation.api.method not in _SAFE or operation.api.websocket
    return Guards(
        head=(*_tls(settings), *(own_origin(settings) if writes else ())),
        body=(Guard(LAYER, "depth", _deep),) if operation.api.body else (),
    )


def _deep(request: Request, known: Known) -> Verdict:
    """What is nested beyond any honest document reaches no parser, ours or another's: brackets are counted."""
    content = request.body
    if content is None or content.count(b"[") + content.count(b"{") <= _DEEPEST:
        return PASS
    if b"json" not in request.head.media_type.encode("latin-1", "replace"):
        return PASS
    if _steepest(content) <= _DEEPEST:
        return PASS
    return Refuse(DEPTH) if _steepest(_STRINGS.sub(b"", content)) > _DEEPEST else PASS


def _steepest(content: bytes) -> int:
    """How deep brackets go at most, those within strings included."""
    return max(accumulate(1 if bracket in b"[{" else -1 for bracket in content.translate(None, _BUT_BRACKETS)))


def own_origin(settings: Settings) -> tuple[Guard[Callable[[Head, Known], Verdict]], ...]:
    """The guard that refuses what a page of another origin sends (cross-site request forgery)."""
    allowed = _origins(settings.cors)

    def origin(head: Head, known: Known) -> Verdict:
        claimed = head.headers.get("origin")
        if claimed is None:
            crossing = head.headers.get("sec-fetch-site") == "cross-site"
            return Refuse(ORIGIN) if crossing else PASS
        if claimed in allowed or claimed == _own(head):
            return PASS
        return Refuse(ORIGIN)

    return (Guard(LAYER, "origin", origin, "cors"),)


def own_page() -> tuple[Guard[Callable[[Head, Known], Verdict]], ...]:
    """The guard of what only a page of our own may send: it says so (Origin, or Fetch Metadata), or is refused."""

    def page(head: Head, known: Known) -> Verdict:
        claimed = head.headers.get("origin")
        if claimed is None:
            return PASS if head.headers.get("sec-fetch-site") == "same-origin" else Refuse(ORIGIN)
        return PASS if claimed == _own(head) else Refuse(ORIGIN)

    return (Guard(LAYER, "origin", page),)


def _tls(settings: Settings) -> tuple[Guard[Callable[[Head, Known], Verdict]], ...]:
    def tls(head: Head, known: Known) -> Verdict:
        return PASS if head.secure else Refuse(TLS)

    return (Guard(LAYER, "tls", tls),) if settings.https else ()


def refuse_route(allow: tuple[str, ...]) -> Guards:
    """The guards of a request that no operation is declared for; `allow` are the methods that its path has."""
    refusal = Refuse(METHOD_NOT_ALLOWED, headers=((b"allow", ", ".join(allow).encode()),)) if allow else Refuse(ROUTE)
    return Guards(head=(Guard(LAYER, "route", lambda head, known: refusal),))


def preflight(cors: Cors, methods: tuple[str, ...]) -> Callable[[Request, Known], Response]:
    """What answers a browser's CORS preflight (Fetch Standard, section 3.2.3): from the contract alone."""
    granted: Headers = (
        (b"access-control-allow-methods", ", ".join(methods).encode()),
        (b"access-control-allow-headers", ", ".join(cors.headers).encode()),
        (b"access-control-max-age", b"%d" % cors.max_age),
        (b"content-length", b"0"),
    )

    def answer(request: Request, known: Known) -> Response:
        return Response(204, granted)

    return answer


def dresser(settings: Settings) -> Callable[[Head | None, Response], Response]:
    """What dresses every reply: CORS from the contract alone, and the headers that close a browser's doors.

    The application's own word stands on framing, referrers, content policy and caching, which it knows better; that
    browsers may not guess a type is not its choice.
    """
    allowed = _origins(settings.cors)
    credentials = bool(settings.cors and settings.cors.credentials)
    expose = ", ".join(settings.cors.expose).encode() if settings.cors else b""

    def dress(head: Head | None, response: Response) -> Response:
        names = [name.lower() for name, _ in response.headers]
        present = set(names)
        kept = list(response.headers)
        if not present.isdisjoint(_REMOVED) or _CORS in b" ".join(names):
            kept = [
                h for h, name in zip(kept, names, strict=True) if name not in _REMOVED and not name.startswith(_CORS)
            ]
        if head is not None and head.secure and not present.isdisjoint(_LEADING):
            kept = [_mended(h[0].lower(), h, head) for h in kept]
        kept.append(_NO_GUESSING)
        kept.extend([h for h in _USUALLY if h[0] not in present])
        if b"content-security-policy" not in present:
            kept.append(_PAGE_POLICY if response.media.startswith(_PAGES) else _DATA_POLICY)
        if head is not None:
            kept.append((b"ringwall-request-id", head.request_id.encode()))
            if head.secure and _HSTS[0] not in present:
                kept.append(_HSTS)
            origin = head.headers.get("origin")
            if settings.cors is not None:
                kept.append((b"vary", b"Origin"))
            if origin is not None and origin in allowed:
                kept.extend(_cors(origin, credentials=credentials, expose=expose))
        return response.with_headers(tuple(kept))

    return dress


def _mended(name: bytes, header: Header, head: Head) -> Header:
    """A cookie that would also be sent in clear, and a link of our own host that leads back into the clear, mended: an
    application behind TLS often does not know that it is."""
    value = header[1]
    if name not in _LEADING:
        return header
    if name == b"set-cookie":
        attributes = [part.strip().lower() for part in value.split(b";")[1:]]
        return header if b"secure" in attributes else (header[0], value + b"; Secure")
    clear = b"http://" + head.host.encode("latin-1")
    return header if clear.lower() not in value.lower() else (header[0], _whole(clear).sub(b"https" + clear[4:], value))


@lru_cache(maxsize=64)
def _whole(clear: bytes) -> re.Pattern[bytes]:
    """An origin, and no longer name or other port that begins like it."""
    return re.compile(re.escape(clear) + rb"(?![\w.:@-])", re.IGNORECASE)


def _cors(origin: str, *, credentials: bool, expose: bytes) -> list[Header]:
    headers: list[Header] = [(b"access-control-allow-origin", origin.encode("latin-1"))]
    if credentials:
        headers.append((b"access-control-allow-credentials", b"true"))
    if expose:
        headers.append((b"access-control-expose-headers", expose))
    return headers


class _Any(frozenset[str]):
    """Every origin but `null`: what `origins: ["*"]` says. Never together with credentials (`check` refuses)."""

    def __contains__(self, origin: object) -> bool:
        return origin != "null"


def _origins(cors: Cors | None) -> frozenset[str]:
    if cors is None:
        return frozenset()
    return _Any() if "*" in cors.origins and not cors.credentials else frozenset(cors.origins) - {"*", "null"}


def _own(head: Head) -> str:
    return f"{'https' if head.secure else 'http'}://{head.host}"


_PAGES = (b"text/html", b"application/xhtml", b"image/svg")
_CORS = b"access-control-"
"""How the names begin that let other origins read."""
_REMOVED = frozenset({b"server", b"x-powered-by", b"x-aspnet-version", b"x-runtime", b"ringwall-request-id",
                      b"x-content-type-options"})  # fmt: skip
_LEADING = frozenset({b"set-cookie", b"location", b"content-location", b"refresh", b"link"})
_NO_GUESSING: Header = (b"x-content-type-options", b"nosniff")
_USUALLY: Headers = (
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
_DATA_POLICY: Header = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_PAGE_POLICY: Header = (
    b"content-security-policy",
    b"default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
)
_HSTS: Header = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")
