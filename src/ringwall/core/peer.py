"""What a caller's own TLS connection showed of it."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import unquote_to_bytes

from ringwall.core.message import Head


def thumbprint(head: Head) -> str | None:
    """The SHA-256 thumbprint, in base64url, of the certificate that the caller's TLS connection showed, or None."""
    if head.certificate is None:
        return None
    return base64.urlsafe_b64encode(hashlib.sha256(head.certificate).digest()).rstrip(b"=").decode()


def handed_on(value: str | None) -> bytes | None:
    """The certificate in a proxy's header: a byte sequence of DER (RFC 9440, section 2; RFC 8941, section 3.3.5), or
    PEM with percent-encoding, as nginx writes it."""
    text = (value or "").strip(" ")
    try:
        if text.startswith(":") and text.endswith(":") and len(text) > 2:
            return base64.b64decode(text[1:-1], validate=True)
        pem = unquote_to_bytes(text).split()
        if pem[:2] == [b"-----BEGIN", b"CERTIFICATE-----"] and pem[-2:] == [b"-----END", b"CERTIFICATE-----"]:
            return base64.b64decode(b"".join(pem[2:-2]), validate=True)
    except ValueError:
        return None
    return None
