"""Whether a redirect URI is registered, compared letter by letter.

One exception: the port of a loopback address, which a native application learns only when it starts (RFC 8252,
section 7.3).
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from ringwall.contract.redirects import LOOPBACK, flaw


def matching(uri: str, registered: Iterable[str]) -> bool:
    """Whether a URI is one of those registered (RFC 9700, section 2.1)."""
    return any(uri == known or _same_but_port(uri, known) for known in registered)


def _same_but_port(uri: str, known: str) -> bool:
    mine, theirs = LOOPBACK.fullmatch(uri), LOOPBACK.fullmatch(known)
    if mine is None or theirs is None or flaw(uri) is not None:
        return False
    return mine.groups() == theirs.groups()


def source(uri: str) -> str:
    """Where a URI leads, as a content security policy names it: its origin, or its scheme."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"
