"""What a caller's own TLS connection showed of it."""

from __future__ import annotations

from ringwall.core.message import Head


def thumbprint(head: Head) -> str | None:
    """The SHA-256 thumbprint, in base64url, of the certificate that the caller's TLS connection showed, or None."""
    return None
