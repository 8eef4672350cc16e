"""How values are joined to be authenticated, and how bytes are spelled. Both have one reading only."""

from __future__ import annotations

import binascii
from typing import Final

_TO_STANDARD: Final = str.maketrans("-_", "+/")
_TO_URLSAFE: Final = bytes.maketrans(b"+/", b"-_")


def joined(*parts: bytes) -> bytes:
    """The parts in order, each after its length as 4 bytes, most significant first: no two lists are joined alike."""
    return b"".join([b"%b%b" % (len(part).to_bytes(4), part) for part in parts])


def to_text(data: bytes) -> str:
    """Base64url without padding (RFC 4648, section 5)."""
    return binascii.b2a_base64(data, newline=False).rstrip(b"=").translate(_TO_URLSAFE).decode()


def from_text(text: str) -> bytes | None:
    """The bytes behind `text`, or None unless it is exactly what `to_text` would have written."""
    try:
        data = binascii.a2b_base64(text.translate(_TO_STANDARD) + "==")
    except ValueError:
        return None
    return data if to_text(data) == text else None
