"""Decoding of a target's parts, once each: percent-encoding (RFC 3986), form pairs, cookies (RFC 6265)."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from ringwall.core.message import QueryPair

_BROKEN = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_AGAIN = re.compile(r"%[0-9A-Fa-f]{2}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_PLAIN = re.compile(rb"(?:/[A-Za-z0-9_~-]+)+")
"""A path that holds nothing that could be read in two ways, as most do: seen in one look instead of three a segment."""
_TRICK = re.compile(r"[/\\;]")


class Undecodable(ValueError):
    """Percent-encoding that is broken, or does not hold UTF-8."""


def decoded(raw: bytes) -> str:
    """Percent-decoded text. Raises Undecodable on a stray `%` and on anything but strict UTF-8."""
    if b"%" not in raw:
        return raw.decode("ascii")
    if _BROKEN.search(raw):
        raise Undecodable("stray percent sign")
    try:
        return unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError:
        raise Undecodable("not UTF-8") from None


def path_segments(path: bytes) -> tuple[str, ...] | None:
    """The decoded segments of an absolute path, or None for a path that could be read in two ways.

    A trailing slash is an empty last segment. Refused: `.`, `..`, empty segments, `;`, an encoded slash or
    backslash, control characters, and what would decode again to something else.
    """
    if _PLAIN.fullmatch(path):
        return tuple(path.decode("ascii")[1:].split("/"))
    raw = path[1:].split(b"/")
    segments = tuple(decoded(part) for part in raw)
    for position, segment in enumerate(segments):
        if not segment and position != len(segments) - 1:
            return None
        if segment in (".", "..") or _TRICK.search(segment) or _CONTROL.search(segment) or _AGAIN.search(segment):
            return None
    return segments


def query_pairs(query: bytes, limit: int) -> tuple[QueryPair, ...] | None:
    """The pairs of a query by the URL Standard's form decoding, made strict; None for too many or a NUL."""
    if not query:
        return ()
    parts = query.split(b"&")
    if len(parts) > limit:
        return None
    pairs = []
    for part in parts:
        if not part:
            continue
        name, _, value = part.partition(b"=")
        pair = QueryPair(_form(name), _form(value), value.decode("ascii"))
        if "\0" in pair.name or "\0" in pair.value:
            return None
        pairs.append(pair)
    return tuple(pairs)


def _form(raw: bytes) -> str:
    return decoded(raw.replace(b"+", b" "))


def cookies(header: str) -> tuple[tuple[str, str], ...]:
    """The pairs of a Cookie header in order; what is no pair is left out."""
    if not header:
        return ()
    pairs = (part.strip(" \t").partition("=") for part in header.split(";"))
    return tuple((name, value) for name, sep, value in pairs if sep)
