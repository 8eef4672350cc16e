"""How values are joined to be authenticated, and how bytes are spelled. Both have one reading only."""

from __future__ import annotations

import binascii
from struct import Struct
from typing import Final

_TO_STANDARD: Final = bytes.maketrans(b"-_", b"+/")
_TO_URLSAFE: Final = bytes.maketrans(b"+/", b"-_")
_LENGTHS: Final = tuple(Struct(f">B{count}I").pack for count in range(16))  # no list here is longer


def joined(*parts: bytes) -> bytes:
    """How many parts (1 byte), the length of each (4 bytes, most significant first), and the parts."""
    return _LENGTHS[len(parts)](len(parts), *map(len, parts)) + b"".join(parts)


def to_text(data: bytes) -> str:
    """Base64url without padding (RFC 4648, section 5)."""
    return binascii.b2a_base64(data, newline=False).rstrip(b"=").translate(_TO_URLSAFE).decode()


def from_text(text: str) -> bytes | None:
    """The bytes behind `text`, or None unless it is exactly what `to_text` would have written."""
    try:
        data = binascii.a2b_base64(text.encode("ascii").translate(_TO_STANDARD) + b"==")
    except ValueError:
        return None
    return data if to_text(data) == text else None
