"""How values are joined to be authenticated, and how bytes are spelled. Both have one reading only."""

from __future__ import annotations

import binascii
from struct import Struct
from typing import Final

_TO_STANDARD: Final = bytes.maketrans(b"-_+/=", b"+/\xff\xff\xff")  # what it is not spelled with is none
_TO_URLSAFE: Final = bytes.maketrans(b"+/", b"-_")
_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_ENDS: Final = ("", "", _ALPHABET[::16], _ALPHABET[::4])  # the last character's unused bits are zero
_PADS: Final = (b"", b"", b"==", b"=")
LENGTHS: Final = tuple(Struct(f">B{count}I").pack for count in range(16))  # no list here is longer


def joined(*parts: bytes) -> bytes:
    """How many parts (1 byte), the length of each (4 bytes, most significant first), and the parts."""
    return LENGTHS[len(parts)](len(parts), *map(len, parts)) + b"".join(parts)


def to_text(data: bytes) -> str:
    """Base64url without padding (RFC 4648, section 5)."""
    return binascii.b2a_base64(data, newline=False).rstrip(b"=").translate(_TO_URLSAFE).decode()


def from_text(text: str) -> bytes | None:
    """The bytes behind `text`, or None unless it is exactly what `to_text` would have written."""
    rest = len(text) & 3
    if rest == 1 or (rest and text[-1] not in _ENDS[rest]):
        return None
    try:
        return binascii.a2b_base64(text.encode("ascii").translate(_TO_STANDARD) + _PADS[rest], strict_mode=True)
    except ValueError:
        return None
