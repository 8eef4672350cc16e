"""Content codings (RFC 9110, section 8.4): what may be asked of the application, and bounded inflation."""

from __future__ import annotations

import zlib

from ringwall.core.message import Request, Response
from ringwall.core.plan import Plan
from ringwall.core.reasons import Reason
from ringwall.core.verdict import Refuse

BOMB = Reason(
    "validation.coding.size",
    413,
    "Content too large",
    "Send less, or send it without a content coding.",
    "Compressed content unpacks to more than the limit: a mistake or a decompression bomb.",
)
CORRUPT = Reason(
    "validation.coding",
    400,
    "Content coding not understood",
    "Send gzip or deflate that unpacks, or none.",
    "The content does not unpack as its Content-Encoding says.",
)
REPLY_CODING = Reason(
    "upstream.coding",
    502,
    "Bad gateway",
    "Try again later.",
    "The application's reply is packed in a way that cannot be checked, or unpacks beyond `limits.reply`.",
)
REASONS = (BOMB, CORRUPT, REPLY_CODING)

WBITS = {b"gzip": 31, b"x-gzip": 31, b"deflate": 15}
"""The codings that can be opened, with the window that zlib wants for each."""


class Unpackable(Exception):
    """The content is not what its coding says, or too much of it."""

    def __init__(self, *, too_much: bool) -> None:
        super().__init__("too much" if too_much else "corrupt")
        self.too_much = too_much


def unpack(content: bytes, coding: bytes, limit: int) -> bytes:
    """Content without its coding, at most `limit` bytes. Raises Unpackable.

    One member, complete, nothing after it: two readers can then not see two contents.
    """
    wbits = WBITS.get(coding)
    if wbits is None:
        raise Unpackable(too_much=False)
    engine = zlib.decompressobj(wbits)
    try:
        out = engine.decompress(content, limit + 1)
    except zlib.error:
        raise Unpackable(too_much=False) from None
    if len(out) > limit:
        raise Unpackable(too_much=True)
    if not engine.eof or engine.unused_data:
        raise Unpackable(too_much=False)
    return out


def inflate(response: Response, limit: int) -> Response | Refuse:
    """A reply whose content is plain; its Content-Encoding no longer holds and is gone."""
    coding = (response.get(b"content-encoding") or b"identity").strip().lower()
    if coding == b"identity" or not response.body:
        return response
    try:
        return response.with_body(unpack(response.body, coding, limit))
    except Unpackable:
        return Refuse(REPLY_CODING)


def codings_kept(request: Request, plan: Plan) -> Request:
    """Ask the application only for codings that the reply guards can open, and for no part of a list: its bytes are
    counted in everyone's."""
    asked = request.head.headers
    if plan.reply == "stream" or not ("accept-encoding" in asked or (plan.listed is not None and "range" in asked)):
        return request
    parts = _PARTS if plan.listed is not None else frozenset[bytes]()
    kept = [
        (name, b"gzip" if b"gzip" in value.lower() else b"identity")
        if name.lower() == b"accept-encoding"
        else (name, value)
        for name, value in request.headers
        if name.lower() not in parts
    ]
    return request.with_headers(tuple(kept))


_PARTS = frozenset({b"range", b"if-range"})
