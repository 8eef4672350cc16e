"""What content may arrive: its media type, charset and coding, as declared; nothing else is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from ringwall.contract.api import MediaType
from ringwall.contract.model import Operation
from ringwall.core.coding import BOMB, CORRUPT, Unpackable, unpack
from ringwall.core.known import Known
from ringwall.core.message import Head, Request
from ringwall.core.plan import BLANK
from ringwall.core.verdict import PASS, Refuse, Rewritten, Verdict
from ringwall.layers.validation.reasons import CHARSET, CODING, MEDIA, MISSING, UNEXPECTED

Kind = Literal["json", "form", "multipart", "text", "xml", "opaque"]


@dataclass(frozen=True, slots=True)
class Declared:
    """One declared representation, by its key in the document and how it is read."""

    key: str
    kind: Kind
    media: MediaType


def kind_of(media_type: str, media: MediaType) -> Kind:
    """How content of a media type is read. A type of no known syntax is opaque: nothing is claimed of it."""
    if media_type.endswith(("/json", "+json")):
        return "json"
    if media_type == "application/x-www-form-urlencoded":
        return "form"
    if media_type == "multipart/form-data":
        return "multipart"
    if media_type.endswith(("/xml", "+xml")):
        return "xml"
    return "text" if media_type.startswith("text/") else "opaque"


def body_mode(operation: Operation) -> Literal["none", "whole", "stream"]:
    """What a plan's `body` has to be: "stream" where every declared representation is opaque, "none" where there is
    no body."""
    body = operation.api.body
    if body is None:
        return "none"
    kinds = {_range_kind(key, media) for key, media in body.content.items()}
    return "stream" if kinds == {"opaque"} else "whole"


def _range_kind(key: str, media: MediaType) -> Kind:
    """The kind behind a key; `*/*` and `application/*` are opaque only if their schema says binary, or nothing."""
    if not key.endswith("/*") or key.startswith("text/"):
        return kind_of(key, media)
    schema = media.schema
    binary = schema is None or schema is True or (isinstance(schema, dict) and _binary(schema))
    return "opaque" if binary or key.startswith(("image/", "audio/", "video/")) else "json"


def _binary(schema: Mapping[str, object]) -> bool:
    return not schema or schema.get("format") == "binary" or "contentMediaType" in schema


def chooser(operation: Operation) -> Callable[[Head], Declared | Refuse | None]:
    """Which declared representation a request's content is; None where there is none and none is due."""
    body = operation.api.body
    if body is None:
        return lambda head: Refuse(UNEXPECTED) if head.has_body and not _may_be_blank(head) else None
    exact = {key: Declared(key, kind_of(key, media), media) for key, media in body.content.items()}
    accept = ((b"accept", ", ".join(body.content).encode("ascii", "ignore")),)
    streamed = body_mode(operation) == "stream"
    required = body.required

    def choose(head: Head) -> Declared | Refuse | None:
        if not head.has_body:
            return Refuse(MISSING) if required else None
        declared = exact.get(head.media_type) or _in_range(head.media_type, exact)
        if declared is None:
            return Refuse(MEDIA, headers=accept)
        if head.charset and (declared.kind != "opaque") and not _is_utf8(head):
            return Refuse(CHARSET)
        if streamed and head.headers.get("content-encoding", "identity").lower() != "identity":
            return Refuse(CODING)
        return declared

    return choose


def _may_be_blank(head: Head) -> bool:
    """Whether content that is not due is so short that it may say nothing."""
    return head.length is not None and head.length <= BLANK


_SAYS_NOTHING = frozenset({b"", b"{}", b"[]", b"null", b'""'})


def unasked(request: Request, known: Known) -> Verdict:
    """The guard where no content is due: what says nothing is dropped, all else is refused."""
    if not request.body:
        return PASS
    if bytes(request.body).strip() in _SAYS_NOTHING:
        return Rewritten(request.without_body(), "dropped content that says nothing")
    return Refuse(UNEXPECTED)


def _in_range(media_type: str, exact: Mapping[str, Declared]) -> Declared | None:
    """The declared range (`text/*`, then `*/*`) that a type falls into."""
    if "/" not in media_type or "*" in media_type:
        return None
    found = exact.get(media_type.partition("/")[0] + "/*") or exact.get("*/*")
    return Declared(found.key, kind_of(media_type, found.media), found.media) if found else None


def _is_utf8(head: Head) -> bool:
    once = head.headers.get("content-type", "").lower().count("charset") == 1
    return once and head.charset in ("utf-8", "utf8", "us-ascii")


_ACCEPT_CODINGS = ((b"accept-encoding", b"gzip, deflate"),)


def unpacked(content: bytes, coding: str, limit: int) -> bytes | Refuse:
    """Content (a body's, a file's) without its coding, at most `limit` bytes."""
    if coding not in ("gzip", "x-gzip", "deflate"):
        return Refuse(CODING, headers=_ACCEPT_CODINGS)
    try:
        return unpack(content, coding.encode("ascii"), limit)
    except Unpackable as failure:
        return Refuse(BOMB if failure.too_much else CORRUPT)


def unpacking(limit: int) -> Callable[[Request, Known], Verdict]:
    """The guard that takes a content coding off, under a bound: no packed content goes further."""

    def check(request: Request, known: Known) -> Verdict:
        coding = request.head.headers.get("content-encoding")
        if coding is None or coding.lower() == "identity" or not request.body:
            return PASS
        plain = unpacked(request.body, coding.lower(), limit)
        if isinstance(plain, Refuse):
            return plain
        return Rewritten(request.with_body(plain), f"unpacked {len(request.body)} to {len(plain)} bytes")

    return check
